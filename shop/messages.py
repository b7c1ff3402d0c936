"""Facts become letters: one per order and occasion, in the words of a shopkeeper.

Every function writes into the outbox, in the transaction of the fact and under a key made of the fact. The number of
queries does not depend on the number of orders. Days and amounts are put into words here, so that a letter says what
held when it was written, whenever it is sent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from django.utils import timezone

from backorders.facts import Filled, Joined, Withdrawn
from backorders.plan import Portion
from backorders.queries import holding
from inventory.pipelining import pipelined
from notifications import outbox
from notifications.outbox import Draft
from shop import letterhead, wording
from shop.formats import long_day, long_moment
from shop.models import Order, OrderLine, Payment, Refund, Release, Reply, Shipment
from shop.plain import PlainLine, PlainOrder, orders_of
from shop.sending import Told, is_together, released, waits_for_the_rest


def order_placed(order: Order, joined: Sequence[tuple[OrderLine, Joined]], *, at: datetime) -> None:
    """The confirmation: a day for every portion, what it costs, where it goes, how to pay and how to cancel."""
    promised = [fact.portions for _, fact in joined]
    context = {
        "items": [
            wording.item(
                line,
                line.quantity,
                wording.days(order, fact.portions),
                letterhead.money_of(order, line.unit_price * line.quantity),
            )
            for line, fact in joined
        ],
        "days": len({portion.ships_on for told in promised for portion in told}),
        "together": is_together(order),
        "complete_by": wording.complete_by(promised),
        "some_now": any(portion.now for told in promised for portion in told),
        "leaves_on": _leaves_later(order, promised),
        "estimated": any(not portion.confirmed for told in promised for portion in told),
        "placed_on": long_day(timezone.localdate(order.placed_at)),
        "goods": letterhead.money_of(order, order.goods_total),
        "shipping_name": order.shipping_name,
        "shipping": letterhead.money_of(order, order.shipping_price),
        "total": letterhead.money_of(order, order.total),
        "address": order.address_lines,
        "consent": order.consent_text,
        "consented_at": order.consented_at and long_moment(order.consented_at),
    }
    outbox.write([letterhead.letter(order, "order_placed", f"placed:{order.number}", context)], at=at)


def _leaves_later(order: Order, promised: Iterable[Sequence[Portion]]) -> str:
    """The day on which what is on the shelf leaves, when that is not the day of the order."""
    days = {portion.ships_on for told in promised for portion in told if portion.now and portion.ships_on}
    return long_day(max(days)) if days and max(days) > timezone.localdate(order.placed_at) else ""


def units_arrived(filled: Sequence[Filled], *, at: datetime) -> None:
    """What was waited for is set aside now: one letter per order, whichever of its lines were filled."""
    if not filled:
        return
    units: Counter[int] = Counter()
    for fact in filled:
        units[fact.claim_id] += fact.units
    with pipelined():
        orders = list(orders_of(units))
        told = letterhead.told_to_all(orders)
        free_to_go = released(order for order, _ in orders)
        news = (_Arrival(order, lines, units, at) for order, lines in orders)
        for some in letterhead.a_few(news, attrgetter("key")):
            outbox.write([_arrived(part, told, is_released=part.order.pk in free_to_go) for part in some], at=at)


@dataclass(frozen=True)
class _Arrival:
    """An order, and the units of its claims that are set aside now."""

    order: PlainOrder
    lines: Sequence[PlainLine]
    units: Mapping[int, int]
    at: datetime

    @cached_property
    def arrived(self) -> list[PlainLine]:
        return [line for line in self.lines if line.claim_id in self.units]

    @cached_property
    def key(self) -> str:
        # A correction can take units away that the next delivery brings again: the moment tells the two apart.
        facts = [(line.claim_id, line.claim.allocated) for line in self.arrived]
        return f"arrived:{self.order.number}:{letterhead.digest(self.at.timestamp(), facts)}"


def _arrived(news: _Arrival, told: Told, *, is_released: bool) -> Draft:
    order, lines, units = news.order, news.lines, news.units
    context = {
        "items": [
            wording.item(line, units[line.claim_id], wording.set_aside(line, units[line.claim_id]))
            for line in news.arrived
        ],
        "units": sum(units[line.claim_id] for line in news.arrived),
        "to_come": [wording.waiting(order, line, told) for line in lines if line.claim.lacks],
        "together": letterhead.together(order, lines, told, is_released=is_released),
    }
    return letterhead.letter(order, "units_arrived", news.key, context)


def parcel_shipped(shipment: Shipment, *, at: datetime) -> None:
    """The parcel has left: what is in it, how to follow it, and what is still to come by which day."""
    order = shipment.order
    rows = list(shipment.lines.select_related("line").order_by("id"))
    open_lines = [line for line in letterhead.lines_of(order) if line.claim.shipped < line.claim.quantity]
    told = holding([line.claim_id for line in open_lines])
    context = {
        "items": [wording.item(row.line, row.quantity) for row in rows],
        "amount": letterhead.money_of(order, sum((row.line.unit_price * row.quantity for row in rows), Decimal(0))),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_link": shipment.tracking_link,
        "to_come": wording.to_come(order, open_lines, told),
        "together": letterhead.together(order, open_lines, told, is_released=False),
        "ahead": _ahead(shipment),
    }
    outbox.write([letterhead.letter(order, "parcel_shipped", f"shipped:{shipment.pk}", context)], at=at)


def units_withdrawn(order: Order, withdrawn: Sequence[Withdrawn], *, refund: Decimal, at: datetime) -> None:
    """The acknowledgement of a cancellation: what, when, what it takes off the bill, and what is still on its way."""
    key = letterhead.digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    lines = letterhead.lines_of(order)
    context = letterhead.withdrawal(order, lines, withdrawn, refund, at)
    outbox.write([letterhead.letter(order, "units_withdrawn", f"withdrawn:{order.number}:{key}", context)], at=at)


def payment_received(order: Order, payment: Payment, *, at: datetime) -> None:
    """The money is here: how much, and what now happens with the goods."""
    lines = letterhead.lines_of(order)
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    context = {
        "amount": letterhead.money_of(order, payment.amount),
        "received_at": long_moment(at),
        "some_ready": any(line.claim.ready for line in lines)
        and not waits_for_the_rest(order, lines, is_released=order.pk in released([order])),
        "to_come": wording.to_come(order, open_lines, holding([line.claim_id for line in open_lines])),
    }
    outbox.write([letterhead.letter(order, "payment_received", f"paid:{order.number}", context)], at=at)


def payment_missed(
    order: Order, withdrawn: Sequence[Withdrawn], asked: Decimal, due_by: datetime, *, at: datetime
) -> None:
    """The order was not paid in time: what was given back, that nothing is owed, and how to order again."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    context = {
        "items": [
            wording.item(line, units[line.claim_id]) for line in letterhead.lines_of(order) if line.claim_id in units
        ],
        "asked": letterhead.money_of(order, asked),
        "until": long_moment(due_by),
    }
    outbox.write([letterhead.letter(order, "payment_missed", f"unpaid:{order.number}", context)], at=at)


def address_changed(order: Order, change_id: int, *, at: datetime) -> None:
    """Where the order goes from now on. The address before is not repeated: somebody else may live there."""
    context = {"address": order.address_lines, "changed_at": long_moment(at)}
    outbox.write([letterhead.letter(order, "address_changed", f"address:{change_id}", context)], at=at)


def refund_sent(refund: Refund, *, at: datetime) -> None:
    """Money is on its way back: how much, and when to expect it. The reason was noted for staff, not for her."""
    context = {"amount": letterhead.money_of(refund.order, refund.amount), "sent_on": long_day(timezone.localdate(at))}
    outbox.write([letterhead.letter(refund.order, "refund_sent", f"refunded:{refund.pk}", context)], at=at)


def inquiry_replied(order: Order, reply: Reply, *, at: datetime) -> None:
    """What the desk replied, below what was asked."""
    context = {
        "asked": reply.inquiry.text.splitlines(),
        "asked_on": long_day(timezone.localdate(reply.inquiry.at)),
        "reply": reply.text.splitlines(),
    }
    outbox.write([letterhead.letter(order, "inquiry_replied", reply_key(reply), context)], at=at)


def reply_key(reply: Reply) -> str:
    return f"reply:{reply.pk}"


def _ahead(shipment: Shipment) -> dict[str, str] | None:
    """The release by which a part leaves before the rest, with what that costs."""
    if not is_together(shipment.order):
        return None
    release = Release.objects.filter(shipment=shipment).first()
    return {"price": letterhead.money_of(shipment.order, release.price) if release.price else ""} if release else None
