"""An order that is sent together: what holds its ready part back, and letting that part go before the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F

from backorders import queue
from backorders.plan import Portion, after
from backorders.queries import holding
from shop import payments
from shop.formats import long_day
from shop.models import Order, OrderLine, Payment, Release, Shipment
from shop.sending import Told, day_of_all, is_together, method_of, waits_for_the_rest
from shop.transactions import use_case


class UnableToRelease(Exception):
    """The sentence says why there is nothing to release."""


class DearerThanShown(UnableToRelease):
    """The further parcel costs more than the customer was shown: show her the new price and ask again."""


@dataclass(frozen=True, slots=True)
class Part:
    """A line's units that would leave at once, and those that would wait, with the days they are promised for."""

    line: OrderLine
    ready: int
    waiting: tuple[Portion, ...]


@dataclass(frozen=True, slots=True)
class ReadyPart:
    """What a release would do: which units leave at once, which wait until when, and what it costs the customer."""

    parts: tuple[Part, ...]
    by: date | None
    price: Decimal

    @property
    def leaving(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.ready)

    @property
    def staying(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.waiting)


def ready_part(order: Order) -> ReadyPart:
    """What could leave now, at the price of today. Raises UnableToRelease when there is nothing to choose."""
    lines = _lines(order)
    if not is_together(order):
        raise UnableToRelease("This order is sent as it gets ready: what is set aside leaves without waiting.")
    if open_release(order):
        raise UnableToRelease("The ready part is released already, and leaves with the next parcel.")
    if not any(line.claim.lacks for line in lines):
        raise UnableToRelease("Nothing of this order has to wait any more: there is no part to release.")
    if not any(line.claim.ready for line in lines):
        raise UnableToRelease("Nothing of this order is set aside yet: we write as soon as the first part is here.")
    payment = Payment.objects.get(order=order)
    if payment.state == Payment.State.DUE and payment.due_by:
        raise UnableToRelease("This order is paid before it ships: its ready part can leave once the payment is here.")
    told = holding([line.claim_id for line in lines])
    parts = (
        Part(line, line.claim.ready, tuple(after(told[line.claim_id][1], line.claim.allocated)))
        for line in lines
        if line.claim.shipped < line.claim.quantity
    )
    day = day_of_all(lines, told)
    return ReadyPart(tuple(parts), None if day == date.max else day, _price(order, payment))


@use_case
def release(order: Order, *, shown_price: Decimal | None, actor: str, at: datetime) -> Release:
    """Let the ready part of an order leave before the rest. A second click finds the first one's release.

    `shown_price` is what the customer was shown and the most that she pays; None gives the parcel away.
    Raises UnableToRelease, and its DearerThanShown when the price rose meanwhile.
    """
    queue.lock(items_of(order))
    if earlier := open_release(order):
        return earlier
    payments.lock(order.pk)
    price = ready_part(order).price
    if shown_price is None:
        price = Decimal(0)
    elif price > shown_price:
        raise DearerThanShown("The price of the further parcel changed since you looked. Please check it once more.")
    made = Release.objects.create(order=order, price=price, actor=actor, at=at)
    _charge(order, price)
    return made


def open_release(order: Order) -> Release | None:
    return order.releases.filter(shipment=None).first()


def items_of(order: Order) -> list[int]:
    """The stock items to lock before the order's parcel is looked at: those of all lines that have not left."""
    still = order.lines.filter(claim__shipped__lt=F("claim__quantity"))
    return list(still.values_list("claim__item_id", flat=True))


def clear_for_dispatch(order: Order, lines: Sequence[OrderLine]) -> Release | None:
    """The release under which the parcel may leave, if it needs one. Raises UnableToShip while it has to wait.

    Called under the lock of `items_of`.
    """
    opened = open_release(order) if is_together(order) else None
    if waits_for_the_rest(order, lines, is_released=opened is not None):
        told = holding([line.claim_id for line in lines])
        raise queue.UnableToShip(why_it_waits(order, lines, told))
    return opened


def why_it_waits(order: Order, lines: Sequence[OrderLine], told: Told) -> str:
    """One sentence for staff. `told` are the promises that hold."""
    missing = sum(line.claim.lacks for line in lines)
    day = day_of_all(lines, told)
    until = "no day can be given" if day == date.max else f"promised by {long_day(day)}"
    units = "1 unit is" if missing == 1 else f"{missing} units are"
    return (
        f"Order {order.number} is sent together, and {units} still missing ({until}): wait for the rest, or release "
        "the ready part."
    )


def use_up(opened: Release, shipment: Shipment) -> None:
    """The released part has left. If the rest came in time after all, there is no further parcel to pay for."""
    opened.shipment = shipment
    opened.save(update_fields=["shipment"])
    if not items_of(opened.order):
        _charge(opened.order, -opened.price)


def _charge(order: Order, price: Decimal) -> None:
    if price:
        payments.lock(order.pk)
        Order.objects.filter(pk=order.pk).update(shipping_price=F("shipping_price") + price)
        payments.reduce_to_what_is_wanted(order)


def _lines(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("claim").order_by("id"))


def _price(order: Order, payment: Payment) -> Decimal:
    """What is paid costs no more."""
    method = method_of(order) if payment.state != Payment.State.PAID else None
    return method.further_parcel_price if method else Decimal(0)
