"""The stage on which the demo's story is played: each scene goes through the shop's real functions.

Every scene has a name of its own (an order's label, the number of a purchase order or a delivery) and is played once: a
second run, or a run after one that was cut short, leaves alone what has happened.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from inventory import purchasing
from inventory.models import ExpectedDayChange, PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from inventory.receiving import Arrived
from shop import announcements, cancellations, carts, checkout, delays, fulfilment, holds, inquiries, payments
from shop.cancellations import CUSTOMER
from shop.demo.people import Person
from shop.models import Announcement, Cart, Inquiry, Order, Reply, Sends, Shipment, ShippingMethod, User, Variant

_LABELS = UUID("1b6c3f0e-2f4e-4d0e-9a53-6b1f6f1f0d1b")


class Stage:
    """Days are counted from today: -3 is three days ago. `actor` is who did what staff does."""

    def __init__(self, now: datetime, *, actor: str) -> None:
        self.now, self.today, self.actor = now, timezone.localdate(now), actor
        self.played = 0

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def at(self, days: int, hour: int) -> datetime:
        """A moment of that day; nothing happens later than now, however early the demo is set up."""
        day = self.day(days)
        return min(timezone.make_aware(datetime(day.year, day.month, day.day, hour, 20)), self.now)

    def buy(self, number: str, supplier: str, days: int, **lines: tuple[int, int | None, bool]) -> None:
        """Order from a supplier: SKU (with _ for -) = units, day it is expected or None, whether that is confirmed."""
        with transaction.atomic():
            order = self._write_purchase_order(number, supplier, lines)
            if order is not None:
                purchasing.send(order, on=self.day(days))

    def draft(self, number: str, supplier: str, **lines: tuple[int, int | None, bool]) -> None:
        """A purchase order that is being written and counts for nothing yet."""
        with transaction.atomic():
            self._write_purchase_order(number, supplier, lines)

    def order(
        self,
        label: str,
        person: Person,
        days: int,
        hour: int,
        shipping: str = "",
        sends: Sends = Sends.AS_READY,
        payment: str = "",
        **lines: int,
    ) -> None:
        """A customer orders; she agrees to whatever the review says on that day. SKU (with _ for -) = units."""
        cart_key = uuid5(_LABELS, label)
        if Order.objects.filter(cart_key=cart_key).exists():
            return
        at, user = self.at(days, hour), User.objects.filter(email=person.email).first()
        methods = ShippingMethod.objects.order_by("-offered", "position", "id")
        method = methods.filter(name=shipping).first() or methods[0]
        with transaction.atomic():
            Cart.objects.filter(pk=cart_key).delete()
            chosen = {"shipping_method": method.pk, "payment": payment or payments.offered()[0].name}
            cart = Cart.objects.create(pk=cart_key, user=user, details=person.details | chosen)
            for sku, units in lines.items():
                carts.add(cart, Variant.objects.get(stock_item__sku=_sku(sku)), units)
        shown = checkout.review(cart, at).shown
        checkout.place_order(cart_key, shown=shown, sends=sends, consented=True, user=user, at=at)
        self.played += 1

    def deliver(self, number: str, purchase_order: str, days: int, hour: int, **lines: int) -> None:
        """Goods arrive and go to those who wait, also where an earlier run stopped between the two."""
        at, ids = self.at(days, hour), {sku: _item(sku).pk for sku in lines}
        arrived = [Arrived(ids[sku], units) for sku, units in lines.items()]
        order = PurchaseOrder.objects.get(number=purchase_order)
        received = fulfilment.receive(number, arrived, order=order, actor=self.actor, at=at)
        fulfilment.fill_waiting(ids.values(), actor=self.actor, at=at if received.is_new else self.now)
        self.played += received.is_new

    def ship(self, label: str, tracking: str, days: int, hour: int) -> None:
        if not Shipment.objects.filter(tracking_number=tracking).exists():
            at = self.at(days, hour)
            fulfilment.ship_ready(_order(label), carrier="DHL", tracking_number=tracking, actor=self.actor, at=at)
            self.played += 1

    def move(self, purchase_order: str, sku: str, days: int, hour: int, *, to: int, confirmed: bool, why: str) -> None:
        """A supplier moves a day."""
        line = PurchaseOrderLine.objects.get(order__number=purchase_order, item=_item(sku))
        if not ExpectedDayChange.objects.filter(line=line, reason=why).exists():
            at = self.at(days, hour)
            delays.move_expected_day(line, self.day(to), confirmed=confirmed, reason=why, actor=self.actor, at=at)
            self.played += 1

    def cancel(self, label: str, days: int, hour: int, *, why: str) -> None:
        order = _order(label)
        if not order.lines.filter(claim__withdrawals__isnull=False).exists():
            cancellations.cancel_order(order, reason=why, actor=CUSTOMER, at=self.at(days, hour))
            self.played += 1

    def give_back(self, label: str, days: int, hour: int) -> None:
        """The time to pay of an order is over, if its payment is still awaited then."""
        self.played += holds.expire(_order(label).pk, at=self.at(days, hour))

    def reduce(self, label: str, sku: str, units: int, days: int, hour: int, *, why: str) -> None:
        line = _order(label).lines.select_related("order", "claim").get(sku=_sku(sku))
        if not line.claim.withdrawals.exists():
            cancellations.cancel_line(line, units, reason=why, actor=CUSTOMER, at=self.at(days, hour))
            self.played += 1

    def announce(self, label: str, sku: str, units: int, days: int, hour: int, *, why: str) -> None:
        """A customer says what she sends back."""
        order = _order(label)
        if not Announcement.objects.filter(line__order=order).exists():
            line = order.lines.get(sku=_sku(sku))
            announcements.announce(order, {line.pk: units}, reason=why, actor=CUSTOMER, at=self.at(days, hour))
            self.played += 1

    def ask(self, label: str, text: str, days: int, hour: int) -> None:
        """A customer asks something about her order."""
        order = _order(label)
        if not Inquiry.objects.filter(order=order).exists():
            inquiries.ask(order, text, at=self.at(days, hour))
            self.played += 1

    def reply(self, label: str, text: str, days: int, hour: int) -> None:
        order = _order(label)
        if not Reply.objects.filter(inquiry__order=order).exists():
            seen = inquiries.length(inquiries.of_order(order))
            inquiries.reply(order, text, seen=seen, actor=self.actor, at=self.at(days, hour))
            self.played += 1

    def _write_purchase_order(
        self, number: str, supplier: str, lines: Mapping[str, tuple[int, int | None, bool]]
    ) -> PurchaseOrder | None:
        """The draft, or None when there is a purchase order of this number."""
        if PurchaseOrder.objects.filter(number=number).exists():
            return None
        order = PurchaseOrder.objects.create(number=number, supplier=Supplier.objects.get(name=supplier))
        PurchaseOrderLine.objects.bulk_create(
            PurchaseOrderLine(
                order=order,
                item=_item(sku),
                quantity=units,
                expected_on=None if expected is None else self.day(expected),
                confirmed=confirmed,
            )
            for sku, (units, expected, confirmed) in lines.items()
        )
        self.played += 1
        return order


def _sku(word: str) -> str:
    return word.replace("_", "-")


def _item(sku: str) -> StockItem:
    return StockItem.objects.get(sku=_sku(sku))


def _order(label: str) -> Order:
    return Order.objects.get(cart_key=uuid5(_LABELS, label))
