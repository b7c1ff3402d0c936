"""Facts become letters: one per order and occasion, in the words of a shopkeeper.

Every function writes into the outbox, in the transaction of the fact and under a key made of the fact. The number of
queries does not depend on the number of orders. Days and amounts are put into words here, so that a letter says what
held when it was written, whenever it is sent.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_countries import countries

from backorders.facts import Filled, Joined, Moved, Withdrawn
from backorders.plan import Portion
from backorders.queries import holding
from notifications import outbox
from notifications.outbox import Draft
from shop import wording
from shop.formats import long_day, long_moment, money
from shop.gateways import BY_NAME, transfer
from shop.models import Order, OrderLine, Payment, Release, Shipment
from shop.plain import AnyLine, AnyOrder, PlainLine, PlainOrder, orders_of
from shop.sending import Told, day_of_all, is_together, move_of_all, released, waits_for_the_rest

LINK_SALT = "shop.order-link.view"
# A letter stays under 100 KB, which is where some mail programs cut it off; the order page shows every line.
LINES_IN_A_LETTER = 60


def order_placed(order: Order, joined: Sequence[tuple[OrderLine, Joined]], *, at: datetime) -> None:
    """The confirmation: a day for every portion, what it costs, where it goes, how to pay and how to cancel."""
    promised = [fact.portions for _, fact in joined]
    context = {
        "items": [
            wording.item(
                line,
                line.quantity,
                wording.days(order, fact.portions),
                _money(order, line.unit_price * line.quantity),
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
        "goods": _money(order, order.goods_total),
        "shipping_name": order.shipping_name,
        "shipping": _money(order, order.shipping_price),
        "total": _money(order, order.total),
        "address": _address(order),
        "consent": order.consent_text,
        "consented_at": order.consented_at and long_moment(order.consented_at),
    }
    outbox.write([_letter(order, "order_placed", f"placed:{order.number}", context)], at=at)


def _leaves_later(order: Order, promised: Iterable[Sequence[Portion]]) -> str:
    """The day on which what is on the shelf leaves, when that is not the day of the order."""
    days = {portion.ships_on for told in promised for portion in told if portion.now and portion.ships_on}
    return long_day(max(days)) if days and max(days) > timezone.localdate(order.placed_at) else ""


def units_arrived(filled: Sequence[Filled], *, at: datetime) -> None:
    """What was waited for is set aside now: one letter per order, whichever of its lines were filled."""
    units: Counter[int] = Counter()
    for fact in filled:
        units[fact.claim_id] += fact.units
    orders = list(orders_of(units))
    told = _told_to_all(orders)
    free_to_go = released(order for order, _ in orders)
    letters = []
    for order, lines in orders:
        arrived = [line for line in lines if line.claim_id in units]
        # A correction can take units away that the next delivery brings again: the moment tells the two apart.
        key = _digest(at.timestamp(), [(line.claim_id, line.claim.allocated) for line in arrived])
        context = {
            "items": [
                wording.item(line, units[line.claim_id], wording.set_aside(line, units[line.claim_id]))
                for line in arrived
            ],
            "units": sum(units[line.claim_id] for line in arrived),
            "to_come": [wording.waiting(order, line, told) for line in lines if line.claim.lacks],
            "together": _together(order, lines, told, is_released=order.pk in free_to_go),
        }
        letters.append(_letter(order, "units_arrived", f"arrived:{order.number}:{key}", context))
    outbox.write(letters, at=at)


def parcel_shipped(shipment: Shipment, *, at: datetime) -> None:
    """The parcel has left: what is in it, how to follow it, and what is still to come by which day."""
    order = shipment.order
    rows = list(shipment.lines.select_related("line").order_by("id"))
    open_lines = [line for line in _lines_of(order) if line.claim.shipped < line.claim.quantity]
    told = holding([line.claim_id for line in open_lines])
    context = {
        "items": [wording.item(row.line, row.quantity) for row in rows],
        "amount": _money(order, sum((row.line.unit_price * row.quantity for row in rows), Decimal(0))),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "to_come": wording.to_come(order, open_lines, told),
        "together": _together(order, open_lines, told, is_released=False),
        "ahead": _ahead(shipment),
    }
    outbox.write([_letter(order, "parcel_shipped", f"shipped:{shipment.pk}", context)], at=at)


def days_moved(moved: Sequence[Moved], *, at: datetime) -> None:
    """Told days that changed. What got worse and what got better are two letters: only the first one asks something.

    Worse means that any unit ships later than it was told, even if the last one does not. An order that is sent
    together has one day, and only that day is news.
    """
    by_claim = {fact.claim_id: fact for fact in moved}
    orders = list(orders_of(by_claim))
    told_to_all = holding([line.claim_id for order, lines in orders if is_together(order) for line in lines])
    letters = []
    for order, lines in orders:
        facts = [(line, by_claim[line.claim_id]) for line in lines if line.claim_id in by_claim]
        if is_together(order):
            letters += _day_of_all_moved(order, lines, facts, told_to_all)
            continue
        for template, worse in (("days_later", True), ("days_earlier", False)):
            if told := [(line, fact) for line, fact in facts if fact.is_later == worse]:
                key = _digest([(fact.claim_id, fact.version) for _, fact in told])
                letters.append(_letter(order, template, f"moved:{order.number}:{key}", wording.change(order, told)))
    outbox.write(letters, at=at)


def _day_of_all_moved(
    order: PlainOrder, lines: Sequence[PlainLine], facts: Sequence[tuple[PlainLine, Moved]], told: Told
) -> list[Draft]:
    move = move_of_all(lines, told, {fact.claim_id: fact for _, fact in facts})
    if move is None:
        return []
    old, new = move
    key = _digest([(fact.claim_id, fact.version) for _, fact in facts])
    context = wording.change(order, facts) | {
        "old_day": wording.day_or_none(old),
        "new_day": wording.day_or_none(new),
        "what": "the rest" if any(line.claim.shipped for line in lines) else "everything",
        "together": True,
    }
    template = "days_later" if new > old else "days_earlier"
    return [_letter(order, template, f"moved:{order.number}:{key}", context)]


def units_withdrawn(order: Order, withdrawn: Sequence[Withdrawn], *, refund: Decimal, at: datetime) -> None:
    """The acknowledgement of a cancellation: what, when, what it takes off the bill, and what is still on its way."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    lines = _lines_of(order)
    cancelled = [line for line in lines if line.claim_id in units]
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    told = holding([line.claim_id for line in open_lines])
    key = _digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    context = {
        "items": [wording.item(line, units[line.claim_id]) for line in cancelled],
        "cancelled_at": long_moment(at),
        "amount": _money(order, sum((line.unit_price * units[line.claim_id] for line in cancelled), Decimal(0))),
        "nothing_left": not any(line.claim.quantity for line in lines),
        "refund": _money(order, refund) if refund else "",
        "to_come": wording.to_come(order, open_lines, told),
        "together": _together(order, open_lines, told, is_released=order.pk in released([order])),
    }
    outbox.write([_letter(order, "units_withdrawn", f"withdrawn:{order.number}:{key}", context)], at=at)


def payment_received(order: Order, payment: Payment, *, at: datetime) -> None:
    """The money is here: how much, and what now happens with the goods."""
    lines = _lines_of(order)
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    context = {
        "amount": _money(order, payment.amount),
        "received_at": long_moment(at),
        "some_ready": any(line.claim.ready for line in lines)
        and not waits_for_the_rest(order, lines, is_released=order.pk in released([order])),
        "to_come": wording.to_come(order, open_lines, holding([line.claim_id for line in open_lines])),
    }
    outbox.write([_letter(order, "payment_received", f"paid:{order.number}", context)], at=at)


def payment_missed(
    order: Order, withdrawn: Sequence[Withdrawn], asked: Decimal, due_by: datetime, *, at: datetime
) -> None:
    """The order was not paid in time: what was given back, that nothing is owed, and how to order again."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    context = {
        "items": [wording.item(line, units[line.claim_id]) for line in _lines_of(order) if line.claim_id in units],
        "asked": _money(order, asked),
        "until": long_moment(due_by),
    }
    outbox.write([_letter(order, "payment_missed", f"unpaid:{order.number}", context)], at=at)


def _letter(order: AnyOrder, template: str, key: str, context: Mapping[str, Any]) -> Draft:
    """The link's token is made when the letter is rendered: what is stored here opens no order."""
    lists = {name: context[name] for name in ("items", "to_come") if name in context}
    link = {
        "path": f"/orders/{order.number}/open/{{token}}/",
        "salt": LINK_SALT,
        "payload": {"order": order.number, "v": order.link_version},
    }
    return Draft(
        key,
        template,
        recipient=order.email,
        thread=order.number,
        context={
            **context,
            "paying": _paying(order),
            **{name: items[:LINES_IN_A_LETTER] for name, items in lists.items()},
            "left_out": sum(len(items[LINES_IN_A_LETTER:]) for items in lists.values()),
            "number": order.number,
            "name": order.name,
            "links": {"order": link},
        },
    )


def _paying(order: AnyOrder) -> dict[str, Any]:
    """How the order is paid. While its payment is awaited, `due` says how much, where to and until when."""
    payment = order.payment
    gateway = BY_NAME[payment.gateway]
    due = None
    if payment.is_awaited and payment.due_by:
        due = asdict(transfer.account()) | {
            "amount": _money(order, payment.amount),
            "until": long_moment(payment.due_by),
        }
    return {"promise": gateway.promise, "on_dispatch": gateway.on_dispatch, "due": due}


def _lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("claim").order_by("id"))


def _together(order: AnyOrder, lines: Sequence[AnyLine], told: Told, *, is_released: bool) -> dict[str, Any] | None:
    """For an order that is sent together: by when, and whether what is set aside has to wait for the rest."""
    if not is_together(order):
        return None
    waits = waits_for_the_rest(order, lines, is_released=is_released)
    is_complete = not any(line.claim.lacks for line in lines)
    return {"by": wording.day_or_none(day_of_all(lines, told)), "waits": waits, "complete": is_complete}


def _ahead(shipment: Shipment) -> dict[str, str] | None:
    """The release by which a part leaves before the rest, with what that costs."""
    if not is_together(shipment.order):
        return None
    release = Release.objects.filter(shipment=shipment).first()
    return {"price": _money(shipment.order, release.price) if release.price else ""} if release else None


def _told_to_all(orders: Iterable[tuple[PlainOrder, Sequence[PlainLine]]]) -> Told:
    """The promises that hold for what still waits; where all is sent together, for every line."""
    return holding(
        [line.claim_id for order, lines in orders for line in lines if line.claim.lacks or is_together(order)]
    )


def _address(order: Order) -> list[str]:
    lines = [order.name, order.line1, order.line2, f"{order.postcode} {order.city}", countries.name(str(order.country))]
    return [line for line in lines if line.strip()]


def _money(order: AnyOrder, amount: Decimal) -> str:
    return money(amount, order.currency)


def _digest(*facts: object) -> str:
    """A key for any number of claims; it always fits."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
