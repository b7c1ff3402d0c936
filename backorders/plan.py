"""Who gets what, and when. Pure: supply and an ordered queue in, portions out. No database, no clock.

The rule is first come, first served with partial fill: units go to claims in the order of the queue, earliest supply
first. A newcomer stands behind everybody who waits, so her quote is the supply after `waiting` units have been taken
off its front: one counter answers for a queue of any length.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from itertools import groupby, zip_longest

from inventory.supply import Supply

SHELF = "shelf"
LEAD_TIME = "lead time"
UNSUPPLIED = "nothing on order"


class State(Enum):
    """What a shopper reads about a wanted quantity; the value is the wording."""

    IN_STOCK = "In stock"
    BACKORDER = "Backorder"
    OUT_OF_STOCK = "Out of stock"


@dataclass(frozen=True, slots=True)
class Portion:
    """So many units by this day. `now` means from the shelf; `ships_on` is then the day of the asking.

    `ships_on` is None only for a portion that was promised once and has no day any more. `confirmed` is False while the
    day rests on a supplier's unconfirmed word. `basis` names what the day rests on.
    """

    quantity: int
    ships_on: date | None
    now: bool = False
    confirmed: bool = True
    basis: str = SHELF

    @property
    def by(self) -> date:
        """The day as something to compare: now is before every day, an unknown day after all of them."""
        if self.now:
            return date.min
        return self.ships_on or date.max


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules for joining a queue: may newcomers wait for arrivals, or even for what is not ordered yet.

    `lead_days` is None unless the queue is open with a lead time; `cap` is the most units that may wait at once.
    """

    backorders: bool = False
    lead_days: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer to "how many, by when?" for a wanted quantity."""

    wanted: int
    portions: tuple[Portion, ...] = ()

    @property
    def promised(self) -> int:
        return sum(portion.quantity for portion in self.portions)

    @property
    def missing(self) -> int:
        """Units that nobody can promise a day for. Such a quantity is not sold."""
        return self.wanted - self.promised

    @property
    def now(self) -> int:
        return sum(portion.quantity for portion in self.portions if portion.now)

    @property
    def later(self) -> tuple[Portion, ...]:
        return tuple(portion for portion in self.portions if not portion.now)

    @property
    def complete_on(self) -> date | None:
        """The day on which the last promised unit ships; None when nothing is promised."""
        return self.portions[-1].ships_on if self.portions else None

    @property
    def confirmed(self) -> bool:
        return all(portion.confirmed for portion in self.portions)

    @property
    def state(self) -> State:
        if self.missing > 0 or not self.portions:
            return State.OUT_OF_STOCK
        return State.BACKORDER if self.later else State.IN_STOCK


def quote(supply: Supply, *, waiting: int, wanted: int, terms: Terms, today: date) -> Quote:
    """Portions for a newcomer who wants `wanted` units and stands behind `waiting` units.

    `supply` must leave out overdue arrivals (law 11). Never promises a unit twice: the first `waiting` units of the
    supply belong to those who wait, whatever the terms say (law 4).
    """
    portions = list(take(after(_units(supply, today, terms.lead_days), waiting), wanted))
    if not terms.backorders:
        portions = [portion for portion in portions if portion.now]
    elif terms.lead_days is not None and _sum(portions) < wanted:
        portions.append(_on_lead_time(wanted - _sum(portions), terms.lead_days, today))
    if terms.cap is not None:
        now = sum(portion.quantity for portion in portions if portion.now)
        portions = list(take(portions, now + max(0, terms.cap - waiting)))
    return Quote(wanted, merge(portions))


def expected(supply: Supply, lacking: Sequence[int], today: date) -> list[tuple[Portion, ...]]:
    """What each waiting claim, in the order of the queue, can expect. What no supply covers has no portion."""
    units = list(_units(supply, today, None))
    result = []
    for lacks in lacking:
        result.append(merge(take(units, lacks)))
        units = list(after(units, lacks))
    return result


def renew(
    planned: Sequence[Portion], told: Sequence[Portion], today: date, lead_days: int | None = None
) -> tuple[Portion, ...]:
    """What can be told now for the units of `told`, all still to come; `planned` is what supply covers of them.

    Unit by unit: a lead time that was told stands, whatever the rules are now; else a lead time that the queue offers
    now, counted from today, stands for what supply brings later or not at all; else it is the supply's day, or no day.
    Nobody is told a day that has passed: a unit that falls to an overdue arrival keeps the day it was told if that day
    rests on it, and else has no supply that somebody stands for.
    """
    nothing = Portion(1, None, confirmed=False, basis=UNSUPPLIED)
    offered = nothing if lead_days is None else _on_lead_time(1, lead_days, today)
    renewed = []
    for fresh, old in zip_longest(_single(planned), _single(told), fillvalue=nothing):
        limit = old if old.basis == LEAD_TIME else offered
        best = min(limit, fresh, key=lambda portion: portion.by)
        if best.by < today:
            best = old if best.by <= old.by else limit
        renewed.append(best)
    return merge(sorted(renewed, key=lambda portion: portion.by))


def share(units: int, lacking: Iterable[int]) -> Iterator[int]:
    """How many of `units` each claim gets, in the order of the queue: partial fill, nobody is skipped."""
    for lacks in lacking:
        given = min(units, lacks)
        units -= given
        yield given


def split(portions: Sequence[Portion], quantities: Sequence[int]) -> list[tuple[Portion, ...]]:
    """Divide one item's portions among several lines that want it, in the order of the lines.

    Lines of one SKU are summed before they are quoted (law 7); this gives each line its part of the sum.
    """
    rest, result = list(portions), []
    for quantity in quantities:
        result.append(tuple(take(rest, quantity)))
        rest = list(after(rest, quantity))
    return result


def is_worse(fresh: Iterable[Portion], shown: Iterable[Portion]) -> bool:
    """Does any unit ship later than what was shown, or not at all? (law 7)"""
    fresh_days, shown_days = list(_days(fresh)), list(_days(shown))
    return len(fresh_days) < len(shown_days) or any(new > old for new, old in zip(fresh_days, shown_days, strict=False))


def is_better(fresh: Iterable[Portion], shown: Iterable[Portion], *, by_more_than: timedelta) -> bool:
    """Does any unit ship so much earlier than what was shown?"""
    return any(old - new > by_more_than for new, old in zip(_days(fresh), _days(shown), strict=False))


def merge(portions: Iterable[Portion]) -> tuple[Portion, ...]:
    """Portions of one day as one portion; it is confirmed only when all its parts are."""
    merged = []
    for _, same_day in groupby(portions, key=lambda portion: (portion.now, portion.ships_on)):
        parts = list(same_day)
        merged.append(
            replace(parts[0], quantity=_sum(parts), confirmed=all(part.confirmed for part in parts)),
        )
    return tuple(merged)


def _units(supply: Supply, today: date, lead_days: int | None) -> Iterator[Portion]:
    """The supply as portions. A queue that is open with a lead time promises that lead time for any number of units, so
    an arrival beyond it makes no day later."""
    if supply.unallocated > 0:
        yield Portion(supply.unallocated, today, now=True)
    for arrival in supply.arrivals:
        portion = Portion(
            arrival.quantity, arrival.available_on, False, arrival.confirmed, f"purchase line {arrival.line}"
        )
        if lead_days is not None:
            portion = min(portion, _on_lead_time(arrival.quantity, lead_days, today), key=lambda either: either.by)
        yield portion


def _on_lead_time(units: int, lead_days: int, today: date) -> Portion:
    return Portion(units, today + timedelta(days=lead_days), confirmed=False, basis=LEAD_TIME)


def take(portions: Iterable[Portion], units: int) -> Iterator[Portion]:
    """The first `units` units of the portions."""
    for portion in portions:
        if units <= 0:
            return
        yield replace(portion, quantity=min(units, portion.quantity))
        units -= portion.quantity


def after(portions: Iterable[Portion], units: int) -> Iterator[Portion]:
    """What is left of the portions when their first `units` units are taken off."""
    for portion in portions:
        skipped = min(units, portion.quantity)
        units -= skipped
        if portion.quantity > skipped:
            yield replace(portion, quantity=portion.quantity - skipped)


def _single(portions: Iterable[Portion]) -> Iterator[Portion]:
    for portion in portions:
        for _ in range(portion.quantity):
            yield replace(portion, quantity=1)


def _days(portions: Iterable[Portion]) -> Iterator[date]:
    for portion in portions:
        for _ in range(portion.quantity):
            yield portion.by


def _sum(portions: Iterable[Portion]) -> int:
    return sum(portion.quantity for portion in portions)
