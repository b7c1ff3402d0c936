"""The timeline of one stock item: what is free today and what comes when. Pure: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that a supplier owes us. `available_on` is None while no day is known.

    `line` names the purchase line that it rests on; it breaks ties between arrivals of one day.
    """

    quantity: int
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


def supply(unallocated: int, arrivals: Iterable[Arrival], *, since: date | None = None) -> Supply:
    """The timeline a promise may rest on.

    An arrival without a day is left out: nobody stands for it. With `since` given, arrivals from before that day are
    left out as well: an overdue line is not supply for a newcomer until a person confirms a day (law 11). Those who
    were promised units of it keep their day, so their own timeline is asked for without `since`.
    """
    dated = [
        arrival
        for arrival in arrivals
        if arrival.quantity > 0
        and arrival.available_on is not None
        and (since is None or arrival.available_on >= since)
    ]
    return Supply(unallocated, tuple(sorted(dated, key=lambda arrival: (arrival.available_on, arrival.line))))
