"""The days and the hour on which goods leave the house. Pure: no database, no clock.

A day that we promise is a day on which somebody ships: never a Sunday on which nobody is there, never a holiday.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

_DAY = timedelta(days=1)
_YEAR = 366


class NeverOpen(Exception):
    """A whole year without a working day: nothing could ever be promised."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """When the house ships.

    `weekdays` counts from Monday, 0. `country` and `subdivision` are ISO 3166 codes whose public holidays are free,
    such as "DE" and "BY"; empty means that no holiday is kept. `closed` are days of our own. What is ordered at
    `cutoff` o'clock or later counts as ordered on the next day. `handling_days` are the working days that a parcel
    takes from the order, or from the arrival of its goods, to the door.
    """

    weekdays: frozenset[int] = frozenset(range(7))
    country: str = ""
    subdivision: str = ""
    closed: frozenset[date] = frozenset()
    cutoff: time | None = None
    handling_days: int = 0

    def include(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.closed and not self._is_holiday(day)

    def first_from(self, day: date) -> date:
        """The day itself if it is a working day, else the next one. Raises NeverOpen."""
        for ahead in range(_YEAR):
            if self.include(day + ahead * _DAY):
                return day + ahead * _DAY
        raise NeverOpen(f"There is no working day in the year from {day:%d %B %Y} on.")

    def after(self, day: date, working_days: int) -> date:
        """So many working days after a day, counted from the first working day on or after it."""
        day = self.first_from(day)
        for _ in range(working_days):
            day = self.first_from(day + _DAY)
        return day

    def ready_on(self, moment: datetime) -> date:
        """The day on which something leaves that is on the shelf and is ordered at this moment of the house's time."""
        is_late = self.cutoff is not None and moment.time() >= self.cutoff
        return self.after(moment.date() + (_DAY if is_late else timedelta()), self.handling_days)

    def available_on(self, expected_on: date, handling_days: int = 0) -> date:
        """The day on which goods leave that are expected on a day; `handling_days` is what their supplier adds."""
        return self.after(expected_on, self.handling_days + handling_days)

    def overdue_before(self, today: date) -> date:
        """Goods that were expected before this day could have been received on a working day, and were not (law 11)."""
        day = today
        while not self.include(day - _DAY):
            day -= _DAY
        return day

    def _is_holiday(self, day: date) -> bool:
        return bool(self.country) and day in _holidays(self.country, self.subdivision)


@cache
def _holidays(country: str, subdivision: str) -> holidays.HolidayBase:
    """The public holidays of a country, year by year as they are asked for."""
    return holidays.country_holidays(country, subdiv=subdivision or None)
