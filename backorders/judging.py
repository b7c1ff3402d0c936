"""Which places of a queue must be looked at again. Pure: two timelines in, ranges of places out.

A place is a unit of the queue, counted from its head. A timeline says what each place can expect; who stands on a place
whose expectation is what it was when it was last judged has a promise that is as good as it was then. So a delivery
that comes as it was planned is no reason to read a queue of a million claims.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from backorders.plan import LEAD_TIME, Portion
from inventory.supply import Supply

# What a place can expect: a day as ISO text and whether it is confirmed; None when nothing comes.
type Expectation = tuple[str, bool] | None
# So many units in a row that expect the same: units, day, confirmed; no day when nothing comes. It can be kept as JSON.
type Timeline = Sequence[tuple[int, str | None, bool]]
# Places [from, to).
type Range = tuple[int, int]

_NOW = date.min.isoformat()
# As long as a reason may be that is told.
_MOST = 255


@dataclass(frozen=True, slots=True)
class Doubt:
    """Places that must be looked at again because of one fact, and what those who stand there read of it.

    `own` has another reason for single claims.
    """

    reason: str
    own: Mapping[int, str] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()

    def at(self, ranges: Iterable[Range]) -> "Doubt":
        return replace(self, ranges=tuple(merged(ranges)))

    def moved_up(self, *, filled: int, freed: int, waiting: int) -> "Doubt":
        """The same units after others have left the queue: see `changed`."""
        return self.at((max(0, low - filled - freed), min(waiting, high - filled)) for low, high in self.ranges)

    def beyond(self, place: int) -> "Doubt":
        """What is left of it once everything before a place was looked at."""
        return self.at((max(place, low), high) for low, high in self.ranges)

    def reaches(self, start: int, end: int) -> bool:
        return any(start < high and end > low for low, high in self.ranges)

    @property
    def json(self) -> dict[str, object]:
        return {"reason": self.reason, "own": dict(self.own), "ranges": self.ranges}

    @classmethod
    def read(cls, json: Mapping[str, Any]) -> "Doubt":
        own = {int(claim_id): reason for claim_id, reason in json["own"].items()}
        return cls(json["reason"], own, tuple((low, high) for low, high in json["ranges"]))


def together(doubts: Iterable[Doubt]) -> list[Doubt]:
    """Facts that are told in the same words as one; what has no place is left out."""
    known: list[Doubt] = []
    for doubt in doubts:
        same = next((each for each in known if (each.reason, each.own) == (doubt.reason, doubt.own)), None)
        if same:
            known[known.index(same)] = same.at([*same.ranges, *doubt.ranges])
        else:
            known.append(doubt)
    return [doubt for doubt in known if doubt.ranges]


def why(doubts: Sequence[Doubt], claim_id: int, start: int, end: int) -> str:
    """What is told as the reason to a claim on these places: all that reaches it, in the order in which it happened."""
    reaching = [doubt for doubt in doubts if doubt.reaches(start, end)] or doubts[-1:]
    reasons = list(dict.fromkeys(doubt.own.get(claim_id, doubt.reason) for doubt in reaching))
    while len(reasons) > 1 and len("; ".join(reasons)) > _MOST:
        del reasons[0]
    return "; ".join(reasons)


def timeline(supply: Supply) -> Timeline:
    """What the places of a queue can expect of a supply, from its head on."""
    days = [
        (each.quantity, each.available_on.isoformat(), each.confirmed) for each in supply.arrivals if each.available_on
    ]
    shelf = [(supply.unallocated, _NOW, True)] if supply.unallocated > 0 else []
    return [*shelf, *days]


def with_newcomer(old: Timeline, start: int, told: Iterable[Portion], ready_on: date) -> Timeline:
    """What the places of a queue could expect when they were judged, and from the place `start` on what a newcomer was
    told where that is something else: the supply that she came by may have been judged by nobody yet.

    The same timeline where she was told nothing else. `start` is the end of the queue as it was when it was judged: it
    counts who left since, so that hers is nobody else's place. `ready_on` is the first day on which what is ordered now
    can leave: nobody is told one before it, whatever is expected.
    """
    hers, end = list(_hers(old, start, told, ready_on)), start + sum(portion.quantity for portion in told)
    if all(is_told for _, _, is_told in hers):
        return old
    before = [(high - low, expectation) for low, high, expectation in _parts(old, start)]
    told_now = [(units, expectation) for units, expectation, _ in hers]
    beyond = [(units, day and (day, confirmed)) for units, day, confirmed in _beyond(old, end)]
    runs = groupby([*before, *told_now, *beyond], key=itemgetter(1))
    return [(sum(units for units, _ in run), *(expectation or (None, False))) for expectation, run in runs]


def _hers(
    old: Timeline, start: int, told: Iterable[Portion], ready_on: date
) -> Iterator[tuple[int, Expectation, bool]]:
    """Units, what their places expect now, and whether they were expected to."""
    for portion in told:
        for low, high, expectation in _parts(_beyond(old, start), portion.quantity):
            is_told = _is_told(expectation, portion, ready_on)
            yield high - low, expectation if is_told else _told(portion), is_told
        start += portion.quantity


def _beyond(units: Timeline, start: int) -> Timeline:
    """What is beyond a place."""
    rest = []
    for quantity, day, confirmed in units:
        if quantity > start:
            rest.append((quantity - start, day, confirmed))
        start = max(0, start - quantity)
    return rest


def _is_told(expectation: Expectation, portion: Portion, ready_on: date) -> bool:
    """Was she told what is expected here? Of a lead time, supply that does not beat it is no news; nor is it one that
    goods of today leave tomorrow, and that overdue goods are not promised to anybody."""
    if expectation is None:
        return _told(portion) is None
    day, _ = expectation
    is_by_lead_time = portion.basis == LEAD_TIME and portion.ships_on and day >= portion.ships_on.isoformat()
    return day < ready_on.isoformat() or is_by_lead_time or expectation == _told(portion)


def _told(portion: Portion) -> Expectation:
    if portion.basis == LEAD_TIME or portion.ships_on is None:
        return None
    return portion.ships_on.isoformat(), portion.confirmed


def places(units: Timeline, waiting: int) -> Iterator[tuple[int, int, str | None, bool]]:
    """Ranges [from, to) of the places of a queue with the day that they can expect, ISO text or None, and whether it is
    confirmed. What lies on the shelf for them is left out: it has come."""
    for start, end, expectation in _parts(units, waiting):
        if expectation is None:
            yield start, end, None, False
        elif expectation != (_NOW, True):
            yield start, end, *expectation


def changed(old: Timeline, new: Timeline, *, filled: int, freed: int, waiting: int) -> list[Range]:
    """Ranges [from, to) of places whose expectation is, or may be, another than when `old` was judged.

    `filled` units have left at the head since, and `freed` units anywhere: a unit that now stands on place p stood
    between p + filled and p + filled + freed. Units on the shelf are no news: the fill tells them.
    """
    ranges = []
    for start, end, expectation in _parts(new, waiting):
        if expectation == (_NOW, True):
            continue
        for old_start, old_end, before in _parts(old, waiting + filled + freed):
            low, high = max(start, old_start - filled - freed), min(end, old_end - filled)
            if before != expectation and low < high:
                ranges.append((low, high))
    return merged(ranges)


def _parts(units: Timeline, length: int) -> Iterator[tuple[int, int, Expectation]]:
    """Cut or filled up to a length: what is beyond the supply expects nothing."""
    start = 0
    for quantity, day, confirmed in units:
        end = min(length, start + quantity)
        if start < end:
            yield start, end, None if day is None else (day, confirmed)
        start = end
    if start < length:
        yield start, length, None


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same places, in order, as ranges that are apart."""
    apart: list[Range] = []
    for low, high in sorted(ranges):
        if low >= high:
            continue
        if apart and low <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(high, apart[-1][1]))
        else:
            apart.append((low, high))
    return apart
