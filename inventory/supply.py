"""The timeline of one stock item: what is free today and what comes when. Pure: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that a supplier owes us.

    `expected_on` is the day that the supplier named, None while no day is known. `available_on` is the first day on
    which they can ship from here: a working day, after the goods were handled. `line` names the purchase line that
    they rest on; it breaks ties between arrivals of one day.
    """

    quantity: int
    expected_on: date | None
    available_on: date | None
    line: int = 0
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Supply:
    """Units on the shelf that nobody holds, then dated arrivals, earliest first."""

    unallocated: int
    arrivals: tuple[Arrival, ...] = ()

    @property
    def total(self) -> int:
        return self.unallocated + sum(arrival.quantity for arrival in self.arrivals)


def supply(unallocated: int, arrivals: Iterable[Arrival], *, since: date) -> Supply:
    """The timeline a new promise may rest on.

    An arrival without a day is left out: nobody stands for it. So is one that was expected before `since`: an overdue
    line is not supply for a newcomer until a person confirms a day (law 11).
    """
    return Supply(
        unallocated, _in_order(each for each in arrivals if each.expected_on is not None and each.expected_on >= since)
    )


def stated(unallocated: int, arrivals: Iterable[Arrival], *, since: date) -> Supply:
    """The timeline as it stands, for those who were told their day already.

    Overdue arrivals are in it with the day that has passed: who was promised units of them keeps her day until a
    person moves it.
    """
    return Supply(
        unallocated,
        _in_order(
            each if each.expected_on >= since else replace(each, available_on=each.expected_on)
            for each in arrivals
            if each.expected_on is not None
        ),
    )


def _in_order(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    known = [(each.available_on, each.line, each) for each in arrivals if each.available_on and each.quantity > 0]
    return tuple(arrival for _, _, arrival in sorted(known, key=lambda row: row[:2]))
