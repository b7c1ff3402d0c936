"""A promised day is a day on which somebody ships."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.working_days import NeverOpen, WorkingDays

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)
houses = st.builds(
    WorkingDays,
    weekdays=weekdays,
    country=st.sampled_from(["", "DE", "US"]),
    closed=st.frozensets(days, max_size=5),
    cutoff=st.none() | st.times(),
    handling_days=st.integers(0, 5),
)
BERLIN = WorkingDays(frozenset(range(5)), "DE", "BE", frozenset({date(2026, 12, 24)}), time(14))


@given(houses, days, st.integers(0, 6))
def test_goods_leave_on_a_working_day_and_not_before_they_came(house, expected, handling):
    day = house.available_on(expected, handling)
    assert day >= expected
    assert house.include(day)
    between = sum(house.include(expected + timedelta(days=n)) for n in range((day - expected).days))
    assert between == house.handling_days + handling


@given(houses, days, days)
def test_who_comes_later_never_leaves_earlier(house, first, second):
    first, second = sorted([first, second])
    assert house.available_on(first) <= house.available_on(second)


@given(houses, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.timedeltas(timedelta(0), timedelta(3)))
def test_who_orders_later_never_ships_earlier(house, moment, pause):
    assert house.ready_on(moment) <= house.ready_on(moment + pause)


@given(houses, days, days)
def test_goods_are_overdue_once_a_working_day_went_by_without_them(house, expected, today):
    is_overdue = expected < house.overdue_before(today)
    assert is_overdue == any(house.include(expected + timedelta(days=n)) for n in range((today - expected).days))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 20, 13, 59), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 14, 0), date(2026, 11, 23)),
        (datetime(2026, 11, 21, 9, 0), date(2026, 11, 23)),
        # Christmas Eve is closed, the two days after it are holidays, then comes a weekend.
        (datetime(2026, 12, 23, 15, 0), date(2026, 12, 28)),
    ],
)
def test_a_house_in_berlin(moment, day):
    assert BERLIN.ready_on(moment) == day


def test_a_house_that_never_opens_says_so():
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800))
    with pytest.raises(NeverOpen, match="no working day"):
        WorkingDays(closed=closed).first_from(date(2026, 1, 1))
