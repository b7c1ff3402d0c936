"""How letters put goods and their days into words."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from backorders.facts import Moved
from backorders.plan import Portion, after
from shop.formats import long_day
from shop.plain import AnyLine, AnyOrder
from shop.sending import Told, is_together

type Item = dict[str, Any]


def item(line: AnyLine, quantity: int, notes: Sequence[str] = (), price: str = "") -> Item:
    return {"what": f"{quantity} × {line.title}", "choice": line.choice, "notes": list(notes), "price": price}


def waiting(order: AnyOrder, line: AnyLine, told: Told) -> Item:
    """The units of a line that are not on the shelf yet, with the days that hold for them."""
    claim = line.claim
    return item(line, claim.lacks, days(order, after(told[claim.pk][1], claim.allocated)))


def to_come(order: AnyOrder, lines: Iterable[AnyLine], told: Told) -> list[Item]:
    """What of these lines has not left yet: units set aside, and units that are waited for."""
    items = []
    for line in lines:
        ready = [f"{line.claim.ready} set aside for you"] if line.claim.ready else []
        lacking = waiting(order, line, told)["notes"] if line.claim.lacks else []
        items.append(item(line, line.claim.quantity - line.claim.shipped, [*ready, *lacking]))
    return items


def set_aside(line: AnyLine, arrived: int) -> list[str]:
    """Units that were set aside before go into the same parcel, if they have not left."""
    ready = line.claim.ready
    return [f"with what was set aside before: {ready} in all"] if ready > arrived else []


def change(order: AnyOrder, told: Sequence[tuple[AnyLine, Moved]]) -> dict[str, Any]:
    """Lines whose days moved: what was and what is now, and why."""
    facts = [fact for _, fact in told]
    items = []
    for line, fact in told:
        was, now = days(order, fact.old), days(order, fact.new)
        notes = [*(f"Was: {words}" for words in was), *(f"Now: {words}" for words in now)]
        items.append(item(line, sum(portion.quantity for portion in fact.new), notes))
    return {
        "items": items,
        "old_day": latest(fact.old for fact in facts),
        "new_day": latest(fact.new for fact in facts),
        "what": items[0]["what"] if len(items) == 1 else f"{len(items)} articles",
        "reasons": list(dict.fromkeys(fact.reason.rstrip(". ") for fact in facts if fact.reason)),
    }


def days(order: AnyOrder, portions: Iterable[Portion]) -> list[str]:
    return [when_held(order, portion) or when(order, portion) for portion in portions]


def when_held(order: AnyOrder, portion: Portion) -> str:
    """Where a unit that is here does not leave at once: it waits for the rest, or for its payment."""
    if is_together(order):
        return when_here(portion)
    return f"{portion.quantity} set aside for you" if portion.now and order.payment.is_awaited else ""


def when_here(portion: Portion) -> str:
    """What is sent together does not ship when it arrives: it waits here for the rest."""
    if portion.now:
        return f"{portion.quantity} on our shelf"
    if portion.ships_on is None:
        return when_unknown(portion)
    return f"{portion.quantity} here by {long_day(portion.ships_on)}{'' if portion.confirmed else ' (estimated)'}"


def when_unknown(portion: Portion) -> str:
    return f"{portion.quantity} waiting: we cannot give a day yet"


def when(order: AnyOrder, portion: Portion) -> str:
    """Such as "1 ships now": on the shelf, but on a day on which nobody ships it is "1 ships on 23 November 2026"."""
    ships = f"{portion.quantity} {'ships' if portion.quantity == 1 else 'ship'}"
    if portion.now:
        at_once = portion.ships_on in {None, timezone.localdate(order.placed_at)}
        return f"{ships} now" if at_once else f"{ships} on {long_day(portion.ships_on)}"
    if portion.ships_on is None:
        return when_unknown(portion)
    return f"{ships} by {long_day(portion.ships_on)}{'' if portion.confirmed else ' (estimated)'}"


def complete_by(told: Iterable[Sequence[Portion]]) -> str:
    """The day on which the last unit ships, an estimate if it is one; empty when everything ships now."""
    ends = [portions[-1] for portions in told]
    last = max(portion.by for portion in ends)
    is_sure = all(portion.confirmed for portion in ends if portion.by == last)
    return "" if last == date.min else f"{long_day(last)}{'' if is_sure else ' (estimated)'}"


def latest(told: Iterable[Sequence[Portion]]) -> str:
    """The day of the last unit of all; empty when no day can be given for it."""
    return day_or_none(max(portions[-1].by for portions in told))


def until(moment: datetime) -> str:
    """The last day on which an answer is in time, such as "8 January 2027".

    The deadline is the midnight after it, of the house or later: she has the hours by which her own day ends later.
    """
    return long_day(timezone.localdate(moment) - timedelta(days=1))


def day_or_none(day: date) -> str:
    return "" if day in {date.min, date.max} else long_day(day)
