"""How letters put goods and their days into words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.utils import timezone

from backorders.deadlines import Kind, slips
from backorders.facts import Moved
from backorders.models import Notice
from backorders.plan import Portion, after, is_worse
from backorders.telling import Asked
from shop.formats import long_day
from shop.plain import AnyLine, AnyOrder
from shop.sending import Told, is_together, ready_ships_by

type Item = dict[str, Any]


class Article(Protocol):
    """What a line is of, in the words that the order keeps."""

    @property
    def title(self) -> str: ...
    @property
    def choice(self) -> str: ...


def item(line: Article, quantity: int, notes: Sequence[str] = (), price: str = "") -> Item:
    return {"what": f"{quantity} × {line.title}", "choice": line.choice, "notes": list(notes), "price": price}


def waiting(order: AnyOrder, line: AnyLine, told: Told) -> Item:
    """The units of a line that are not on the shelf yet, with the days that hold for them."""
    claim = line.claim
    return item(line, claim.lacks, days(order, after(told[claim.pk][1], claim.allocated)))


def to_come(order: AnyOrder, lines: Iterable[AnyLine], told: Told, at: datetime) -> list[Item]:
    """What of these lines has not left yet, as a letter of that moment says it: units set aside, and waited for."""
    items = []
    for line in lines:
        ready = [_ready(order, line, told, timezone.localdate(at))] if line.claim.ready else []
        lacking = waiting(order, line, told)["notes"] if line.claim.lacks else []
        items.append(item(line, line.claim.quantity - line.claim.shipped, [*ready, *lacking]))
    return items


def _ready(order: AnyOrder, line: AnyLine, told: Told, today: date) -> str:
    """Units that are set aside, with their day unless they wait for the rest or for the payment."""
    ready, day = line.claim.ready, ready_ships_by(line.claim, told, today)
    here = f"{ready} set aside for you"
    if day is None or is_together(order) or order.payment.is_awaited:
        return here
    return f"{here}, {'ships' if ready == 1 else 'ship'} by {long_day(day)}"


def set_aside(ready: int, arrived: int) -> list[str]:
    """Units that were set aside before go into the same parcel, if they have not left."""
    return [f"with what was set aside before: {ready} in all"] if ready > arrived else []


class Change(NamedTuple):
    """A line whose days moved, with all that its letter says of it."""

    title: str
    choice: str
    old: tuple[Portion, ...]
    new: tuple[Portion, ...]
    reason: str
    asked: Asked

    @classmethod
    def of(cls, line: Article, moved: Moved, asked: Asked) -> "Change":
        return cls(line.title, line.choice, moved.old, moved.new, moved.reason, asked)


def changes(told: tuple[Change, ...], together: bool) -> Mapping[str, Any]:
    """Lines of an order whose days moved: what was and what is now, why, and what each asks of its customer."""
    asked = [line.asked for line in told]
    ends = [_silence(line, together) for line in told] if len(told) > 1 else [""]
    differs = len(set(ends)) > 1
    goods = [(line, sum(portion.quantity for portion in line.new)) for line in told]
    items = []
    for (line, units), end in zip(goods, ends, strict=True):
        notes = [*was(line.old, together=together), *now(line.new, together=together), *([end] if differs else [])]
        items.append(item(line, units, notes))
    old, new = (max(days) for days in zip(*map(_days_of, told), strict=True))
    last_days = [each.last_day for each in asked if each.last_day]
    # The last of all units may keep its day while earlier ones move.
    is_part = old != max(line.old[-1].by for line in told)
    return {
        "items": items,
        "old_day": day_told(old, [portion for line in told for portion in line.old]),
        "new_day": day_told(new, [portion for line in told for portion in line.new]),
        "what": f"{'part of ' if is_part else ''}{named(goods)}",
        "reasons": reasons(line.reason for line in told),
        "again": any(each.kind == Kind.RENEWED for each in asked),
        "withdrawn": any(each.withdrawn for each in asked),
        "last_day": until(min(last_days)) if last_days else "",
        **deadline([each.answer_by for each in asked if each.answer_by], differs=differs),
    }


def _days_of(moved: Change) -> tuple[date, date]:
    """The last day that moved, and where it moved to: of the units that got later, if any did."""
    old, new = moved.old[-1].by, moved.new[-1].by
    if new > old:
        return old, new
    late = slips(moved.new, moved.old)
    # A day that got better slips if the promise is read backwards.
    pairs = [(slip.old, slip.new) for slip in late or slips(moved.old, moved.new)]
    first, then = (max(day or date.max for day in days) for days in zip(*pairs, strict=True))
    return (first, then) if late else (then, first)


def _silence(line: Change, together: bool) -> str:
    """What becomes of a line if its customer says nothing, where other lines of the letter fare otherwise."""
    asked = line.asked
    if asked.answer_by:
        return without_a_yes(asked.answer_by)
    if asked.withdrawn:
        return "Our earlier question about it needs no answer any more"
    if asked.last_day:
        return f"The last day that you set for it stays: {until(asked.last_day)}"
    day = day_told(_days_of(line)[1], line.new) if is_worse(line.new, line.old) and not together else ""
    return f"Without an answer we keep it{f' until {day}' if day else ''}"


def without_a_yes(answer_by: datetime) -> str:
    return f"Without your yes by {until(answer_by)} we cancel it"


def reminder(order: AnyOrder, line: AnyLine, told: Told, notice: Notice, *, differs: bool) -> Item:
    """A line whose question is still open: the day of its notice, and what holds now, which may be better."""
    words = waiting(order, line, told)
    then = [f"Was: by {long_day(notice.old_day)}"] if notice.old_day else []
    ends = [without_a_yes(notice.answer_by)] if differs and notice.answer_by else []
    return words | {"notes": [*then, *(f"Now: {note}" for note in words["notes"]), *ends]}


def deadline(answer_by: Collection[datetime], *, differs: bool = False) -> dict[str, Any]:
    """By when an answer is needed, empty if none is; whether lines differ, and then each of them says it."""
    return {
        "answer_by": until(min(answer_by)) if answer_by else "",
        "differs": differs or len(set(answer_by)) > 1,
    }


def named(goods: Sequence[tuple[Article, int]]) -> str:
    """What a letter is about, as lines and their units: one article, on however many lines, or how many articles."""
    articles = {(line.title, line.choice) for line, _ in goods}
    if len(articles) > 1:
        return f"{len(articles)} articles"
    return f"{sum(units for _, units in goods)} × {goods[0][0].title}"


def reasons(given: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reason.rstrip(". ") for reason in given if reason))


def was(portions: Iterable[Portion], *, together: bool) -> list[str]:
    """What was told of units that are still to come."""
    return [f"Was: {_to_come(portion, together)}" for portion in portions]


def now(portions: Iterable[Portion], *, together: bool) -> list[str]:
    return [f"Now: {_to_come(portion, together)}" for portion in portions]


def _to_come(portion: Portion, together: bool) -> str:
    return when_here(portion) if together else when_later(portion)


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
    if portion.now:
        at_once = portion.ships_on in {None, timezone.localdate(order.placed_at)}
        return f"{_ships(portion)} now" if at_once else f"{_ships(portion)} on {long_day(portion.ships_on)}"
    return when_later(portion)


def when_later(portion: Portion) -> str:
    """Such as "2 ship by 4 January 2027": units that are still to come."""
    if portion.ships_on is None:
        return when_unknown(portion)
    return f"{_ships(portion)} by {long_day(portion.ships_on)}{'' if portion.confirmed else ' (estimated)'}"


def _ships(portion: Portion) -> str:
    return f"{portion.quantity} {'ships' if portion.quantity == 1 else 'ship'}"


def complete_by(told: Iterable[Sequence[Portion]]) -> str:
    """The day on which the last unit ships, an estimate if it is one; empty when everything ships now."""
    ends = [portions[-1] for portions in told]
    return day_told(max(portion.by for portion in ends), ends)


def latest(told: Iterable[Sequence[Portion]]) -> str:
    """The day of the last unit of all, an estimate if it is one; empty when no day can be given for it."""
    ends = [portions[-1] for portions in told]
    return day_told(max(portion.by for portion in ends), ends)


def until(moment: datetime) -> str:
    """The last day on which an answer is in time, such as "8 January 2027".

    The deadline is the midnight after it, of the house or later: she has the hours by which her own day ends later.
    """
    return long_day(timezone.localdate(moment) - timedelta(days=1))


def due_day(moment: datetime) -> str:
    """The day by whose end we owe something, such as "5 December 2026".

    It ends at midnight, of the house or earlier: where her own day ends before ours, we are bound by hers.
    """
    return long_day(timezone.localdate(moment - timedelta(microseconds=1)))


def day_told(day: date, portions: Iterable[Portion]) -> str:
    """A day out of these portions, an estimate if one of them has it as one; empty where it is none."""
    is_sure = all(portion.confirmed for portion in portions if portion.by == day)
    return f"{long_day(day)}{'' if is_sure else ' (estimated)'}" if day not in {date.min, date.max} else ""
