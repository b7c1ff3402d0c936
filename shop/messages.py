"""Facts become letters: one per order and occasion, in the words of a shopkeeper.

Every function writes into the outbox, in the transaction of the fact and under a key made of the fact. The number of
queries does not depend on the number of orders. Days and amounts are put into words here, so that a letter says what
held when it was written, whenever it is sent.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from backorders.facts import Filled, Joined, Withdrawn
from backorders.plan import Portion
from backorders.queries import holding
from inventory.pipelining import pipelined
from notifications import outbox
from notifications.outbox import Draft
from shop import letterhead, payments, wording
from shop.formats import long_day, long_moment
from shop.letterhead import HowPaid
from shop.models import Announcement, Order, OrderLine, Payment, Refund, Release, Reply, Return, Shipment
from shop.plain import PlainLine, PlainOrder, orders_of
from shop.sending import Told, is_together, released, waits_for_the_rest


def order_placed(
    order: Order,
    joined: Sequence[tuple[OrderLine, Joined]],
    *,
    parts: Iterable[tuple[str, str]] = (),
    at: datetime,
) -> None:
    """The confirmation: a day for every portion, what it costs, where it goes, how to pay and how to cancel.

    `parts` are the pages that were named as part of the order, each by its title and its path.
    """
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
        "return_days": settings.RETURN_DAYS,
        "parts": [{"title": title, "path": path} for title, path in parts],
    }
    outbox.write([letterhead.letter(order, "order_placed", f"placed:{order.number}", context)], at=at)


def _leaves_later(order: Order, promised: Iterable[Sequence[Portion]]) -> str:
    """The day on which what is on the shelf leaves, when that is not the day of the order."""
    days = {portion.ships_on for told in promised for portion in told if portion.now and portion.ships_on}
    return long_day(max(days)) if days and max(days) > timezone.localdate(order.placed_at) else ""


def units_arrived(
    filled: Sequence[Filled], *, at: datetime, orders: Iterable[tuple[PlainOrder, Sequence[PlainLine]]] = ()
) -> None:
    """What was waited for is set aside now: one letter per order, whichever of its lines were filled.

    `orders` are those of the claims (shop.plain.orders_of), if they were read before.
    """
    if not filled:
        return
    units: Counter[int] = Counter()
    for fact in filled:
        units[fact.claim_id] += fact.units
    with pipelined():
        orders = list(orders or orders_of(units))
        told = letterhead.told_to_all(orders)
        free_to_go = released(order for order, _ in orders)
        # Thousands got all that they waited for: it is put into words once.
        in_words = cache(_in_words)
        news = (_Arrival.of(order, lines, units, at) for order, lines in orders)
        for some in letterhead.a_few(news, attrgetter("key")):
            outbox.write([_arrived(part, told, free_to_go, in_words) for part in some], at=at)


class _Goods(NamedTuple):
    """So many units of a line came, and so many of it are ready to leave now."""

    title: str
    choice: str
    units: int
    ready: int


class _Arrival(NamedTuple):
    """An order, and the units of its claims that are set aside now: what one letter tells."""

    key: str
    order: PlainOrder
    lines: Sequence[PlainLine]
    goods: tuple[_Goods, ...]

    @classmethod
    def of(cls, order: PlainOrder, lines: Sequence[PlainLine], units: Mapping[int, int], at: datetime) -> "_Arrival":
        arrived = [line for line in lines if line.claim_id in units]
        # A correction can take units away that the next delivery brings again: the moment tells the two apart.
        facts = [(line.claim_id, line.claim.allocated) for line in arrived]
        key = f"arrived:{order.number}:{letterhead.digest(at.timestamp(), facts)}"
        goods = tuple(_Goods(line.title, line.choice, units[line.claim_id], line.claim.ready) for line in arrived)
        return cls(key, order, lines, goods)


def _arrived(
    news: _Arrival, told: Told, free_to_go: Collection[int], in_words: Callable[..., Mapping[str, Any]]
) -> Draft:
    order, lines, paying = news.order, news.lines, HowPaid.of(news.order)
    to_come = [wording.waiting(order, line, told) for line in lines if line.claim.lacks]
    if to_come or is_together(order):
        together = letterhead.together(order, lines, told, is_released=order.pk in free_to_go)
        words = _in_words(news.goods, paying, to_come, together)
    else:
        words = in_words(news.goods, paying)
    return letterhead.addressed(order, "units_arrived", news.key, words)


def _in_words(
    goods: tuple[_Goods, ...],
    paying: HowPaid,
    to_come: Sequence[wording.Item] = (),
    together: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    context = {
        "items": [wording.item(line, line.units, wording.set_aside(line.ready, line.units)) for line in goods],
        "units": sum(line.units for line in goods),
        "to_come": to_come,
        "together": together,
    }
    return letterhead.words(context, paying)


def parcel_shipped(shipment: Shipment, *, returnable_until: date | None, at: datetime) -> None:
    """The parcel has left: what is in it, how to follow it, what is still to come by which day, and until when goods
    can be sent back; the last parcel has that day."""
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
        "to_come": wording.to_come(order, open_lines, told, at),
        "together": letterhead.together(order, open_lines, told, is_released=False),
        "ahead": _ahead(shipment),
        "returnable_until": long_day(returnable_until) if returnable_until else "",
        "return_days": settings.RETURN_DAYS,
    }
    outbox.write([letterhead.letter(order, "parcel_shipped", f"shipped:{shipment.pk}", context)], at=at)


def tracking_corrected(shipment: Shipment, change_id: int, *, at: datetime) -> None:
    """How a parcel that has left is followed. What was wrong is not repeated: it may be somebody else's parcel."""
    rows = shipment.lines.select_related("line").order_by("id")
    context = {
        "items": [wording.item(row.line, row.quantity) for row in rows],
        "shipped_on": long_day(timezone.localdate(shipment.shipped_at)),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_link": shipment.tracking_link,
    }
    draft = letterhead.letter(shipment.order, "tracking_corrected", f"tracking:{change_id}", context)
    outbox.write([draft], at=at)


def units_withdrawn(order: Order, withdrawn: Sequence[Withdrawn], *, refund: Decimal, at: datetime) -> None:
    """The acknowledgement of a cancellation: what, when, what it takes off the bill, and what is still on its way."""
    key = letterhead.digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    lines = letterhead.lines_of(order)
    context = letterhead.withdrawal(order, lines, withdrawn, refund, at)
    outbox.write([letterhead.letter(order, "units_withdrawn", f"withdrawn:{order.number}:{key}", context)], at=at)


def return_announced(order: Order, announced: Sequence[Announcement], *, send_by: date, at: datetime) -> None:
    """The acknowledgement of a withdrawal after the goods have left: what, when, in whose words, where to and until
    when they go, and what becomes of the money. Directive 2011/83/EU art. 11a(4)."""
    price = sum((row.line.unit_price * row.units for row in announced), Decimal(0))
    price = min(price, payments.owed_for_what_left(order))
    context = {
        "items": [wording.item(row.line, row.units) for row in announced],
        "announced_at": long_moment(at),
        "reason": announced[0].reason,
        "send_by": long_day(send_by),
        "address": settings.RETURN_ADDRESS,
        "amount": letterhead.money_of(order, price) if price else "",
        "is_paid": order.payment.state == Payment.State.PAID,
    }
    draft = letterhead.letter(order, "return_announced", f"announced:{announced[0].pk}", context)
    outbox.write([draft], at=at)


def return_dropped(order: Order, dropped: Sequence[Announcement], *, at: datetime) -> None:
    """What was to come back does not: the customer keeps it."""
    context = {
        "items": [wording.item(row.line, row.dropped) for row in dropped],
        "announced_on": long_day(timezone.localdate(dropped[0].at)),
        "dropped_at": long_moment(at),
    }
    outbox.write([letterhead.letter(order, "return_dropped", f"dropped:{dropped[-1].pk}", context)], at=at)


def units_returned(order: Order, returned: Return, *, refund: Decimal, at: datetime) -> None:
    """What she sent back is here: which goods, and what that takes off the bill. Why is for staff to know."""
    context = {
        "items": [wording.item(returned.line, returned.units)],
        "returned_on": long_day(timezone.localdate(at)),
        "amount": letterhead.money_of(order, returned.amount) if returned.amount else "",
        "told": returned.told,
        "owed": letterhead.money_of(order, order.payment.amount) if order.payment.state == Payment.State.DUE else "",
        **letterhead.refund_of(order, refund),
    }
    outbox.write([letterhead.letter(order, "units_returned", f"returned:{returned.pk}", context)], at=at)


def payment_received(order: Order, payment: Payment, *, too_much: Decimal, at: datetime) -> None:
    """The money is here: how much, what of it goes back, and what now happens with the goods."""
    lines = letterhead.lines_of(order)
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    context = {
        "amount": letterhead.money_of(order, payment.amount),
        "received_at": long_moment(at),
        **letterhead.refund_of(order, too_much),
        "some_ready": any(line.claim.ready for line in lines)
        and not waits_for_the_rest(order, lines, is_released=order.pk in released([order])),
        "to_come": wording.to_come(order, open_lines, holding([line.claim_id for line in open_lines]), at),
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


def order_link(order: Order, turn: int, *, at: datetime) -> None:
    """The way to an order, for whoever lost the letters about it; once in each turn."""
    outbox.write([letterhead.letter(order, "order_link", f"link:{order.number}:{turn}", {})], at=at)


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
