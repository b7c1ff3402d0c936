"""Which places of a queue must be looked at again. Pure: two timelines in, ranges of places out.

A place is a unit of the queue, counted from its head. A timeline says what each place can expect; who stands on a place
whose expectation is what it was when it was last judged has a promise that is as good as it was then. So a delivery
that comes as it was planned is no reason to read a queue of a million claims.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from inventory.supply import Supply

# What a place can expect: a day as ISO text and whether it is confirmed; None when nothing comes.
type Expectation = tuple[str, bool] | None
# So many units in a row that expect the same: units, day, confirmed. It can be kept as JSON.
type Timeline = Sequence[tuple[int, str, bool]]

_NOW = date.min.isoformat()


def timeline(supply: Supply) -> Timeline:
    """What the places of a queue can expect of a supply, from its head on."""
    days = [
        (each.quantity, each.available_on.isoformat(), each.confirmed) for each in supply.arrivals if each.available_on
    ]
    shelf = [(supply.unallocated, _NOW, True)] if supply.unallocated > 0 else []
    return [*shelf, *days]


def places(units: Timeline, waiting: int) -> Iterator[tuple[int, int, str | None, bool]]:
    """Ranges [from, to) of the places of a queue with the day that they can expect, ISO text or None, and whether it is
    confirmed. What lies on the shelf for them is left out: it has come."""
    for start, end, expectation in _parts(units, waiting):
        if expectation is None:
            yield start, end, None, False
        elif expectation != (_NOW, True):
            yield start, end, *expectation


def changed(old: Timeline, new: Timeline, *, filled: int, freed: int, waiting: int) -> list[tuple[int, int]]:
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
    return list(_merged(sorted(ranges)))


def _parts(units: Timeline, length: int) -> Iterator[tuple[int, int, Expectation]]:
    """Cut or filled up to a length: what is beyond the supply expects nothing."""
    start = 0
    for quantity, day, confirmed in units:
        end = min(length, start + quantity)
        if start < end:
            yield start, end, (day, confirmed)
        start = end
    if start < length:
        yield start, length, None


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    low = high = -1
    for start, end in ranges:
        if start > high:
            if high > low:
                yield low, high
            low = start
        high = max(high, end)
    if high > low:
        yield low, high
