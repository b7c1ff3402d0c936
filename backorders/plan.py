"""Who gets what, and when. Pure: supply and an ordered queue in, portions out. No database, no clock.

The rule is first come, first served with partial fill: units go to claims in the order of the queue, earliest supply
first. A newcomer stands behind everybody who waits, so her quote is the supply after `waiting` units have been taken
off its front: one counter answers for a queue of any length.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from itertools import accumulate, groupby, repeat, takewhile

from inventory.supply import Supply

SHELF = "shelf"
LEAD_TIME = "lead time"
UNSUPPLIED = "nothing on order"


class State(Enum):
    """What a shopper reads about a wanted quantity; the value is the wording."""

    IN_STOCK = "In stock"
    BACKORDER = "Backorder"
    OUT_OF_STOCK = "Out of stock"


class Limit(Enum):
    """What keeps a quote from promising more; the value is the sentence that a shopper reads."""

    CLOSED = "We sell it from the shelf only: nothing more is taken on backorder."
    UNSUPPLIED = "Nobody can give us a day for more of it, and without a day we do not sell it."
    TOO_LONG = "More would take longer than we let anybody wait for it."
    FULL = "All that we may promise of it for now is promised already."
    PER_ORDER = "One order cannot have more of it on backorder."
    PER_CUSTOMER = "One customer cannot wait for more of it at a time."


@dataclass(frozen=True, slots=True)
class Portion:
    """So many units by this day. `now` means from the shelf; `ships_on` is then the next day on which a parcel leaves.

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

    def of(self, units: int) -> "Portion":
        """So many units by the same day."""
        # Called for each of thousands who wait: `replace` takes many times as long.
        return self if units == self.quantity else Portion(units, self.ships_on, self.now, self.confirmed, self.basis)


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules for joining a queue: may newcomers wait for arrivals, or even for what is not ordered yet.

    `lead_on` is the day that the queue's lead time means today; None unless it is open with one. `cap` is the most
    units that may wait at once, `per_order` and `customers_rest` the most that this order and this customer may add to
    them, `latest` the last day that is promised to anybody. None means no such limit.
    """

    backorders: bool = False
    lead_on: date | None = None
    cap: int | None = None
    per_order: int | None = None
    customers_rest: int | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer to "how many, by when?" for a wanted quantity. `limit` says why not more, when units are missing."""

    wanted: int
    portions: tuple[Portion, ...] = ()
    limit: Limit | None = None

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

    def first(self, units: int) -> "Quote":
        """The quote for at most so many units: who wants more gets the same first units."""
        fewer = tuple(take(self.portions, units))
        return Quote(units, fewer, self.limit if units > self.promised else None)


@dataclass(frozen=True, slots=True)
class Need:
    """What a claim still lacks. With `since`, it takes only what arrives on that day or later."""

    units: int
    since: date | None = None


def quote(
    supply: Supply, *, waiting: int, wanted: int, terms: Terms, ready_on: date, put_off: Sequence[Need] = ()
) -> Quote:
    """Portions for a newcomer who wants `wanted` units and stands behind `waiting` units.

    `supply` must leave out overdue arrivals (law 11); `ready_on` is the first day on which anything ordered now can
    leave. `put_off` are those of the waiting who take later supply only; `waiting` counts them as well. Never promises
    a unit twice: those who wait have the first right to the supply, whatever the terms say (law 4).
    """
    left = list(after(_units(supply, ready_on, terms.lead_on), waiting - sum(need.units for need in put_off)))
    for need in put_off:
        _, left = _served(left, need)
    portions, limit = list(take(left, wanted)), Limit.UNSUPPLIED
    if not terms.backorders:
        portions, limit = [portion for portion in portions if portion.now], Limit.CLOSED
    elif terms.lead_on is not None and _sum(portions) < wanted:
        portions.append(_on_lead_time(wanted - _sum(portions), terms.lead_on))
    return _limited(wanted, merge(portions), limit, terms, waiting)


def _limited(wanted: int, portions: Sequence[Portion], limit: Limit, terms: Terms, waiting: int) -> Quote:
    """The portions within the queue's limits; what lies on the shelf is limited by none of them."""
    latest = terms.latest
    if latest is not None and any(not portion.now and portion.by > latest for portion in portions):
        portions, limit = [portion for portion in portions if portion.now or portion.by <= latest], Limit.TOO_LONG
    now = sum(portion.quantity for portion in portions if portion.now)
    room = {
        Limit.FULL: None if terms.cap is None else terms.cap - waiting,
        Limit.PER_ORDER: terms.per_order,
        Limit.PER_CUSTOMER: terms.customers_rest,
    }
    for reason, units in room.items():
        if units is not None and _sum(portions) - now > max(0, units):
            portions, limit = list(take(portions, now + max(0, units))), reason
    return Quote(wanted, tuple(portions), limit if _sum(portions) < wanted else None)


def expected(supply: Supply, needs: Sequence[Need], ready_on: date = date.min) -> list[tuple[Portion, ...]]:
    """What each waiting claim, in the order of the queue, can expect. What no supply covers has no portion.

    Those who wait were told their days long ago, so an arrival of this afternoon is still of today for them: only with
    `ready_on` is nothing expected before that day.
    """
    units = list(_units(supply, ready_on, None))
    result = []
    for need in needs:
        got, units = _served(units, need)
        result.append(merge(got))
    return result


def expected_at(places: Iterable[tuple[int, int]], supply: Supply) -> Iterator[tuple[Portion, ...]]:
    """The same for some claims of a queue of which nobody is put off: pairs of first place and units, in order."""
    units, gone = list(_units(supply, date.min, None)), 0
    for start, lacks in places:
        units, gone = list(after(units, start - gone)), start
        yield merge(take(units, lacks))


def _served(units: list[Portion], need: Need) -> tuple[list[Portion], list[Portion]]:
    """What a claim takes of the supply, earliest first, and what it leaves."""
    since = need.since or date.min
    passed = sum(1 for _ in takewhile(lambda portion: portion.by < since, units))
    return list(take(units[passed:], need.units)), [*units[:passed], *after(units[passed:], need.units)]


def renew(
    planned: Sequence[Portion],
    told: Sequence[Portion],
    today: date,
    lead_on: date | None = None,
    ready_on: date = date.min,
) -> tuple[Portion, ...]:
    """What can be told now for the units of `told`, all still to come; `planned` is what supply covers of them.

    Unit by unit: a lead time that was told stands, whatever the rules are now; else the day of the lead time that the
    queue offers now stands for what supply brings later or not at all; else it is the supply's day, or no day.
    No day gets better than `ready_on`, the first on which something that is not packed yet can leave. Nobody is told a
    day that has passed: a unit that falls to an overdue arrival keeps the day it was told if that day rests on it, and
    else has no supply that somebody stands for.
    """
    nothing = Portion(1, None, confirmed=False, basis=UNSUPPLIED)
    offered = nothing if lead_on is None else _on_lead_time(1, lead_on)
    renewed = []
    for units, fresh, old in aligned(planned, told, nothing):
        limit = old if old.basis == LEAD_TIME else offered
        best = min(limit, fresh, key=lambda portion: portion.by)
        if best.by < today:
            best = old if best.by <= old.by else limit
        if best.by < min(ready_on, old.by):
            best = replace(best, ships_on=min(ready_on, old.by))
        renewed.append(best.of(units))
    return merge(sorted(renewed, key=lambda portion: portion.by))


def aligned(
    planned: Sequence[Portion], told: Sequence[Portion], nothing: Portion
) -> Iterator[tuple[int, Portion, Portion]]:
    """Both side by side, cut where either has an edge: a number of units, their plan, and what was told of them."""
    ends = sorted({*accumulate(p.quantity for p in planned), *accumulate(p.quantity for p in told)})
    start = 0
    for end in ends:
        fresh = next(after(planned, start), nothing)
        old = next(after(told, start), nothing)
        yield end - start, fresh, old
        start = end


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
    """Does any unit ship later than what was shown, or not at all? (law 7)

    Of two units with the same day, the one that is on the shelf already is the better.
    """
    fresh_days, shown_days = list(_days_and_shelf(fresh)), list(_days_and_shelf(shown))
    return len(fresh_days) < len(shown_days) or any(new > old for new, old in zip(fresh_days, shown_days, strict=False))


def is_better(fresh: Iterable[Portion], shown: Iterable[Portion], *, by_more_than: timedelta) -> bool:
    """Does any unit ship so much earlier than what was shown?"""
    return any(old - new > by_more_than for new, old in zip(_days(fresh), _days(shown), strict=False))


def merge(portions: Iterable[Portion]) -> tuple[Portion, ...]:
    """Portions of one day as one portion; it is confirmed only when all its parts are."""
    merged = []
    for _, same_day in groupby(portions, key=lambda portion: (portion.now, portion.ships_on)):
        first, *more = same_day
        if more:
            parts = [first, *more]
            first = replace(first, quantity=_sum(parts), confirmed=all(part.confirmed for part in parts))
        merged.append(first)
    return tuple(merged)


def _units(supply: Supply, ready_on: date, lead_on: date | None) -> Iterator[Portion]:
    """The supply as portions. A queue that is open with a lead time promises that lead time for any number of units, so
    an arrival beyond it makes no day later."""
    if supply.unallocated > 0:
        yield Portion(supply.unallocated, ready_on, now=True)
    for arrival in supply.arrivals:
        day = max(ready_on, arrival.available_on) if arrival.available_on else None
        portion = Portion(arrival.quantity, day, False, arrival.confirmed, f"purchase line {arrival.line}")
        if lead_on is not None:
            portion = min(portion, _on_lead_time(arrival.quantity, lead_on), key=lambda either: either.by)
        yield portion


def _on_lead_time(units: int, lead_on: date) -> Portion:
    return Portion(units, lead_on, confirmed=False, basis=LEAD_TIME)


def take(portions: Iterable[Portion], units: int) -> Iterator[Portion]:
    """The first `units` units of the portions."""
    for portion in portions:
        if units <= 0:
            return
        yield portion.of(min(units, portion.quantity))
        units -= portion.quantity


def after(portions: Iterable[Portion], units: int) -> Iterator[Portion]:
    """What is left of the portions when their first `units` units are taken off."""
    for portion in portions:
        skipped = min(units, portion.quantity)
        units -= skipped
        if portion.quantity > skipped:
            yield portion.of(portion.quantity - skipped)


def _days_and_shelf(portions: Iterable[Portion]) -> Iterator[tuple[date, bool]]:
    for portion in portions:
        yield from repeat((portion.ships_on or date.max, not portion.now), portion.quantity)


def _days(portions: Iterable[Portion]) -> Iterator[date]:
    for portion in portions:
        yield from repeat(portion.by, portion.quantity)


def _sum(portions: Iterable[Portion]) -> int:
    return sum(portion.quantity for portion in portions)
