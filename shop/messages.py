"""Facts become letters: one per order and occasion, in the words of a shopkeeper.

Every function writes into the outbox, in the transaction of the fact and under a key made of the fact. The number of
queries does not depend on the number of orders. Days and amounts are put into words here, so that a letter says what
held when it was written, whenever it is sent.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_datetime
from django.utils import timezone
from django_countries import countries

from backorders.facts import Filled, Joined, Moved, Withdrawn
from backorders.plan import Portion, after
from backorders.queries import holding
from notifications import outbox
from notifications.models import Letter
from shop.formats import LOCALE, long_day, money
from shop.gateways import invoice
from shop.models import Order, OrderLine, Shipment

LINK_SALT = "shop.order-link.view"
# A letter stays under 100 KB, which is where some mail programs cut it off; the order page shows every line.
LINES_IN_A_LETTER = 60

type Item = dict[str, Any]
type Told = Mapping[int, tuple[int, tuple[Portion, ...]]]


def order_placed(order: Order, joined: Mapping[int, Joined], *, at: datetime) -> None:
    """The confirmation: a day for every portion, what it costs, where it goes, how to pay and how to cancel."""
    portions = {fact.claim_id: fact.portions for fact in joined.values()}
    lines = order.lines.order_by("id")
    context = {
        "items": [
            _item(line, line.quantity, _days(portions[line.claim_id]), _money(order, line.unit_price * line.quantity))
            for line in lines
        ],
        "complete_by": _complete_by(portions.values()),
        "some_now": any(portion.now for told in portions.values() for portion in told),
        "estimated": any(not portion.confirmed for told in portions.values() for portion in told),
        "placed_on": long_day(timezone.localdate(order.placed_at)),
        "goods": _money(order, order.goods_total),
        "shipping_name": order.shipping_name,
        "shipping": _money(order, order.shipping_price),
        "total": _money(order, order.total),
        "payment": invoice.PROMISE,
        "address": _address(order),
        "consent": order.consent_text,
        "consented_at": order.consented_at and _moment(order.consented_at),
    }
    outbox.write(_letter(order, "order_placed", f"placed:{order.number}", at, context))


def units_arrived(filled: Sequence[Filled], *, at: datetime) -> None:
    """What was waited for is set aside now: one letter per order, whichever of its lines were filled."""
    units: Counter[int] = Counter()
    for fact in filled:
        units[fact.claim_id] += fact.units
    orders = _lines_by_order(units)
    told = holding([line.claim_id for lines in orders.values() for line in lines if line.claim.lacks])
    letters = []
    for order, lines in orders.items():
        arrived = [line for line in lines if line.claim_id in units]
        # A correction can take units away that the next delivery brings again: the moment tells the two apart.
        key = _digest(at.timestamp(), [(line.claim_id, line.claim.allocated) for line in arrived])
        context = {
            "items": [_item(line, units[line.claim_id], _set_aside(line, units[line.claim_id])) for line in arrived],
            "units": sum(units[line.claim_id] for line in arrived),
            "to_come": [_waiting(line, told) for line in lines if line.claim.lacks],
        }
        letters.append(_letter(order, "units_arrived", f"arrived:{order.number}:{key}", at, context))
    outbox.write(*letters)


def parcel_shipped(shipment: Shipment, *, at: datetime) -> None:
    """The parcel has left: what is in it, how to follow it, and what is still to come by which day."""
    order = shipment.order
    rows = list(shipment.lines.select_related("line").order_by("id"))
    open_lines = [line for line in _lines_of(order) if line.claim.shipped < line.claim.quantity]
    context = {
        "items": [_item(row.line, row.quantity) for row in rows],
        "amount": _money(order, sum((row.line.unit_price * row.quantity for row in rows), Decimal(0))),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "to_come": _to_come(open_lines, holding([line.claim_id for line in open_lines])),
    }
    outbox.write(_letter(order, "parcel_shipped", f"shipped:{shipment.pk}", at, context))


def days_moved(moved: Sequence[Moved], *, at: datetime) -> None:
    """Told days that changed. What got worse and what got better are two letters: only the first one asks something.

    Worse means that any unit ships later than it was told, even if the last one does not.
    """
    by_claim = {fact.claim_id: fact for fact in moved}
    letters = []
    for order, lines in _lines_by_order(by_claim).items():
        facts = [(line, by_claim[line.claim_id]) for line in lines if line.claim_id in by_claim]
        for template, worse in (("days_later", True), ("days_earlier", False)):
            if told := [(line, fact) for line, fact in facts if fact.is_later == worse]:
                key = _digest([(fact.claim_id, fact.version) for _, fact in told])
                letters.append(_letter(order, template, f"moved:{order.number}:{key}", at, _change(told)))
    outbox.write(*letters)


def units_withdrawn(order: Order, withdrawn: Sequence[Withdrawn], *, at: datetime) -> None:
    """The acknowledgement of a cancellation: what, when, what it takes off the bill, and what is still on its way."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    lines = _lines_of(order)
    cancelled = [line for line in lines if line.claim_id in units]
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    key = _digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    context = {
        "items": [_item(line, units[line.claim_id]) for line in cancelled],
        "cancelled_at": _moment(at),
        "amount": _money(order, sum((line.unit_price * units[line.claim_id] for line in cancelled), Decimal(0))),
        "nothing_left": not any(line.claim.quantity for line in lines),
        "to_come": _to_come(open_lines, holding([line.claim_id for line in open_lines])),
    }
    outbox.write(_letter(order, "units_withdrawn", f"withdrawn:{order.number}:{key}", at, context))


def _letter(order: Order, template: str, key: str, at: datetime, context: Mapping[str, Any]) -> Letter:
    """The link's token is made when the letter is rendered: what is stored here opens no order."""
    lists = {name: context[name] for name in ("items", "to_come") if name in context}
    link = {
        "path": f"/orders/{order.number}/open/{{token}}/",
        "salt": LINK_SALT,
        "payload": {"order": order.number, "v": order.link_version},
    }
    return Letter(
        key=key,
        template=template,
        recipient=order.email,
        thread=order.number,
        written_at=at,
        due_at=at,
        context={
            **context,
            **{name: items[:LINES_IN_A_LETTER] for name, items in lists.items()},
            "left_out": sum(len(items[LINES_IN_A_LETTER:]) for items in lists.values()),
            "number": order.number,
            "name": order.name,
            "links": {"order": link},
        },
    )


def _lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("claim").order_by("id"))


def _lines_by_order(claim_ids: Iterable[int]) -> dict[Order, list[OrderLine]]:
    """All lines of every order that one of the claims belongs to. One query."""
    orders = Order.objects.filter(lines__claim__in=list(claim_ids)).values("id")
    result: dict[Order, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("order", "claim").order_by("order_id", "id"):
        result[line.order].append(line)
    return result


def _item(line: OrderLine, quantity: int, notes: Sequence[str] = (), price: str = "") -> Item:
    return {"what": f"{quantity} × {line.title}", "choice": line.choice, "notes": list(notes), "price": price}


def _waiting(line: OrderLine, told: Told) -> Item:
    """The units of a line that are not on the shelf yet, with the days that hold for them."""
    claim = line.claim
    return _item(line, claim.lacks, _days(after(told[claim.pk][1], claim.allocated)))


def _to_come(lines: Iterable[OrderLine], told: Told) -> list[Item]:
    """What of these lines has not left yet: units set aside, and units that are waited for."""
    items = []
    for line in lines:
        ready = [f"{line.claim.ready} set aside for you"] if line.claim.ready else []
        days = _waiting(line, told)["notes"] if line.claim.lacks else []
        items.append(_item(line, line.claim.quantity - line.claim.shipped, [*ready, *days]))
    return items


def _set_aside(line: OrderLine, arrived: int) -> list[str]:
    """Units that were set aside before go into the same parcel, if they have not left."""
    ready = line.claim.ready
    return [f"with what was set aside before: {ready} in all"] if ready > arrived else []


def _change(told: Sequence[tuple[OrderLine, Moved]]) -> dict[str, Any]:
    facts = [fact for _, fact in told]
    items = []
    for line, fact in told:
        notes = [*(f"Was: {words}" for words in _days(fact.old)), *(f"Now: {words}" for words in _days(fact.new))]
        items.append(_item(line, sum(portion.quantity for portion in fact.new), notes))
    return {
        "items": items,
        "old_day": _latest(fact.old for fact in facts),
        "new_day": _latest(fact.new for fact in facts),
        "what": items[0]["what"] if len(items) == 1 else f"{len(items)} articles",
        "reasons": list(dict.fromkeys(fact.reason.rstrip(". ") for fact in facts if fact.reason)),
    }


def _days(portions: Iterable[Portion]) -> list[str]:
    return [_when(portion) for portion in portions]


def _when(portion: Portion) -> str:
    ships = f"{portion.quantity} {'ships' if portion.quantity == 1 else 'ship'}"
    if portion.now:
        return f"{ships} now"
    if portion.ships_on is None:
        return f"{portion.quantity} waiting: we cannot give a day yet"
    return f"{ships} by {long_day(portion.ships_on)}{'' if portion.confirmed else ' (estimated)'}"


def _complete_by(told: Iterable[Sequence[Portion]]) -> str:
    """The day on which the last unit ships; empty when everything ships now."""
    latest = max(portions[-1].by for portions in told)
    return "" if latest == date.min else long_day(latest)


def _latest(told: Iterable[Sequence[Portion]]) -> str:
    """The day of the last unit of all; empty when no day can be given for it."""
    latest = max(portions[-1].by for portions in told)
    return "" if latest == date.max else long_day(latest)


def _address(order: Order) -> list[str]:
    lines = [order.name, order.line1, order.line2, f"{order.postcode} {order.city}", countries.name(str(order.country))]
    return [line for line in lines if line.strip()]


def _moment(moment: datetime) -> str:
    return format_datetime(timezone.localtime(moment), "d MMMM y 'at' HH:mm z", locale=LOCALE)


def _money(order: Order, amount: Decimal) -> str:
    return money(amount, order.currency)


def _digest(*facts: object) -> str:
    """A key for any number of claims; it always fits."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
