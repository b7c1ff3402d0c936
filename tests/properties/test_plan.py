"""The plan's algebra: nothing created, nothing lost, order kept, more supply never makes a day later."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backorders.plan import (
    Need,
    Portion,
    Quote,
    State,
    Terms,
    expected,
    expected_at,
    is_worse,
    merge,
    quote,
    share,
    split,
)
from inventory.supply import Arrival, supply

TODAY = date(2026, 11, 21)

units = st.integers(0, 8)
days = st.integers(-5, 40).map(lambda n: TODAY + timedelta(days=n))
caps = st.none() | st.integers(0, 12)
leads = st.none() | st.integers(1, 60).map(lambda n: TODAY + timedelta(days=n))
latest = st.none() | days
terms = st.builds(
    Terms,
    backorders=st.booleans(),
    lead_on=leads,
    cap=caps,
    per_order=caps,
    customers_rest=caps,
    latest=latest,
)


def arriving(units: int, day: date | None, line: int, handling: int = 0) -> Arrival:
    return Arrival(units, day, day and day + timedelta(days=handling), line)


arrivals = st.lists(
    st.builds(arriving, st.integers(0, 6), st.none() | days, st.integers(1, 9), st.integers(0, 4)), max_size=5
)
needs = st.lists(st.builds(Need, st.integers(1, 5), st.none() | days), max_size=6)


def day_of_each_unit(portions: tuple[Portion, ...]) -> list[date]:
    return [portion.by for portion in portions for _ in range(portion.quantity)]


def newcomers(free: int, inbound: list[Arrival], waiting: int, wanted: int, rules: Terms) -> Quote:
    return quote(supply(free, inbound, since=TODAY), waiting=waiting, wanted=wanted, terms=rules, ready_on=TODAY)


@given(units, arrivals, units, units, terms)
def test_a_quote_promises_no_more_than_is_wanted_and_never_earlier_units_later(free, inbound, waiting, wanted, rules):
    answer = newcomers(free, inbound, waiting, wanted, rules)
    assert 0 <= answer.promised <= wanted
    assert all(portion.quantity > 0 for portion in answer.portions)
    promised_days = [portion.by for portion in answer.portions]
    assert promised_days == sorted(set(promised_days))


@given(units, arrivals, units, units, caps)
def test_nothing_is_promised_beyond_supply_after_those_who_wait(free, inbound, waiting, wanted, cap):
    answer = newcomers(free, inbound, waiting, wanted, Terms(backorders=True, cap=cap))
    timeline = supply(free, inbound, since=TODAY)
    for day in {portion.by for portion in answer.portions}:
        there = free + sum(
            a.quantity for a in timeline.arrivals if a.available_on is not None and a.available_on <= day
        )
        told = sum(portion.quantity for portion in answer.portions if portion.by <= day)
        assert told <= max(0, there - waiting)
    if cap is not None:
        assert sum(portion.quantity for portion in answer.later) <= max(0, cap - waiting)


@given(units, arrivals, units, units, terms)
def test_what_ships_now_is_what_is_free_after_those_who_wait(free, inbound, waiting, wanted, rules):
    assert newcomers(free, inbound, waiting, wanted, rules).now == min(wanted, max(0, free - waiting))


@given(units, arrivals, units, units, terms)
def test_a_quote_for_one_more_begins_with_the_quote(free, inbound, waiting, wanted, rules):
    fewer = day_of_each_unit(newcomers(free, inbound, waiting, wanted, rules).portions)
    more = day_of_each_unit(newcomers(free, inbound, waiting, wanted + 1, rules).portions)
    assert more[: len(fewer)] == fewer


@given(units, arrivals, units, units, terms, st.integers(1, 5), days)
def test_more_supply_never_makes_a_day_later(free, inbound, waiting, wanted, rules, extra, day):
    before = newcomers(free, inbound, waiting, wanted, rules).portions
    with_arrival = newcomers(free, [*inbound, arriving(extra, day, 10)], waiting, wanted, rules).portions
    with_stock = newcomers(free + extra, inbound, waiting, wanted, rules).portions
    assert not is_worse(with_arrival, before)
    assert not is_worse(with_stock, before)


@given(units, arrivals, units, units, terms, units)
def test_who_comes_later_never_gets_an_earlier_day(free, inbound, waiting, wanted, rules, ahead):
    first = newcomers(free, inbound, waiting, wanted, rules).portions
    second = newcomers(free, inbound, waiting + ahead, wanted, rules).portions
    assert not is_worse(first, second)


@given(units, arrivals, units, units)
def test_an_overdue_or_undated_arrival_is_no_supply_for_a_newcomer(free, inbound, waiting, wanted):
    sure = [a for a in inbound if a.available_on is not None and a.available_on >= TODAY]
    rules = Terms(backorders=True)
    assert newcomers(free, inbound, waiting, wanted, rules) == newcomers(free, sure, waiting, wanted, rules)


@given(units, arrivals, st.lists(st.integers(1, 5), max_size=6))
def test_expected_gives_every_unit_once_and_keeps_the_order(free, inbound, lacking):
    timeline = supply(free, inbound, since=TODAY)
    plans = expected(timeline, [Need(units) for units in lacking], TODAY)
    given_units = sum(portion.quantity for plan in plans for portion in plan)
    assert given_units == min(timeline.total, sum(lacking))
    each = [day for plan in plans for day in day_of_each_unit(plan)]
    assert each == sorted(each)


@given(units, arrivals, st.lists(st.integers(1, 5), max_size=6), st.integers(1, 6))
def test_a_newcomers_quote_is_what_the_plan_expects_for_the_end_of_the_queue(free, inbound, lacking, wanted):
    timeline = supply(free, inbound, since=TODAY)
    quoted = quote(timeline, waiting=sum(lacking), wanted=wanted, terms=Terms(backorders=True), ready_on=TODAY)
    assert quoted.portions == expected(timeline, [Need(units) for units in [*lacking, wanted]], TODAY)[-1]


@given(st.integers(0, 30), st.lists(st.integers(1, 6), max_size=8))
def test_sharing_gives_all_there_is_to_the_front_of_the_queue(free, lacking):
    given_units = list(share(free, lacking))
    assert sum(given_units) == min(free, sum(lacking))
    full = [index for index, (got, lacks) in enumerate(zip(given_units, lacking, strict=True)) if got == lacks]
    assert full == list(range(len(full)))
    assert all(got == 0 for got in given_units[len(full) + 1 :])


@given(units, arrivals, st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_splitting_a_sum_among_its_lines_loses_and_doubles_nothing(free, inbound, quantities):
    answer = newcomers(free, inbound, 0, sum(quantities), Terms(backorders=True))
    parts = split(answer.portions, quantities)
    assert merge(portion for part in parts for portion in part) == answer.portions
    assert all(sum(p.quantity for p in part) <= wanted for part, wanted in zip(parts, quantities, strict=True))


@given(units, arrivals, units, st.integers(1, 12), st.integers(1, 12), terms)
def test_the_quote_for_fewer_can_be_read_from_that_for_more(free, inbound, waiting, fewer, more, rules):
    read = newcomers(free, inbound, waiting, max(fewer, more), rules).first(min(fewer, more))
    asked = newcomers(free, inbound, waiting, min(fewer, more), rules)
    assert (read.wanted, read.limit, read.state, read.now) == (asked.wanted, asked.limit, asked.state, asked.now)
    assert day_of_each_unit(read.portions) == day_of_each_unit(asked.portions)
    # Units of one day are one portion, and it is an estimate if one of them is: who reads it from more is more careful.
    assert asked.confirmed or not read.confirmed


@given(units, arrivals, units, units, terms)
def test_a_quote_that_falls_short_says_why_and_any_other_does_not(free, inbound, waiting, wanted, rules):
    answer = newcomers(free, inbound, waiting, wanted, rules)
    assert (answer.limit is None) == (answer.missing == 0)


@given(units, arrivals, units, units, terms)
def test_every_limit_is_kept(free, inbound, waiting, wanted, rules):
    later = newcomers(free, inbound, waiting, wanted, rules).later
    units_later = sum(portion.quantity for portion in later)
    assert rules.per_order is None or units_later <= rules.per_order
    assert rules.customers_rest is None or units_later <= rules.customers_rest
    assert rules.cap is None or units_later <= max(0, rules.cap - waiting)
    assert rules.latest is None or all(portion.by <= rules.latest for portion in later)
    assert rules.backorders or not later


@given(units, arrivals, needs, st.integers(1, 6))
def test_a_newcomer_gets_what_the_put_off_leave_in_whatever_order_they_stand(free, inbound, waiting, wanted):
    timeline = supply(free, inbound, since=TODAY)
    quoted = quote(
        timeline,
        waiting=sum(need.units for need in waiting),
        wanted=wanted,
        terms=Terms(backorders=True),
        ready_on=TODAY,
        put_off=[need for need in waiting if need.since],
    )
    assert quoted.portions == expected(timeline, [*waiting, Need(wanted)], TODAY)[-1]


@given(units, arrivals, needs)
def test_expected_gives_no_unit_twice_and_none_before_its_day(free, inbound, waiting):
    timeline = supply(free, inbound, since=TODAY)
    plans = expected(timeline, waiting, TODAY)
    for need, plan in zip(waiting, plans, strict=True):
        assert sum(portion.quantity for portion in plan) <= need.units
        assert need.since is None or all(portion.by >= need.since for portion in plan)
    for day in {portion.by for plan in plans for portion in plan}:
        there = free + sum(
            a.quantity for a in timeline.arrivals if a.available_on is not None and a.available_on <= day
        )
        assert sum(p.quantity for plan in plans for p in plan if p.by <= day) <= there


@given(units, arrivals, st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_who_stands_earlier_never_gets_a_later_day_for_the_same_quantity(free, inbound, lacking):
    plans = expected(supply(free, inbound, since=TODAY), [Need(units) for units in lacking], TODAY)
    for first, second in pairwise(plans):
        both = min(sum(p.quantity for p in first), sum(p.quantity for p in second))
        assert all(a <= b for a, b in zip(day_of_each_unit(first)[:both], day_of_each_unit(second)[:both], strict=True))


@given(units, arrivals, st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_to_cancel_and_join_again_never_improves_ones_place(free, inbound, lacking, data):
    place = data.draw(st.integers(0, len(lacking) - 1))
    timeline = supply(free, inbound, since=TODAY)
    stayed = expected(timeline, [Need(units) for units in lacking], TODAY)[place]
    others = [*lacking[:place], *lacking[place + 1 :]]
    joined_again = expected(timeline, [Need(units) for units in [*others, lacking[place]]], TODAY)[-1]
    assert not is_worse(stayed, joined_again)


@given(units, arrivals, st.lists(st.integers(1, 5), max_size=6), st.data())
def test_some_places_are_read_as_the_whole_queue_is(free, inbound, lacking, data):
    timeline = supply(free, inbound, since=TODAY)
    chosen = data.draw(st.lists(st.sampled_from(range(len(lacking))), unique=True) if lacking else st.just([]))
    starts = [sum(lacking[:n]) for n in range(len(lacking))]
    some = list(expected_at([(starts[n], lacking[n]) for n in sorted(chosen)], timeline))
    everybody = expected(timeline, [Need(units) for units in lacking])
    assert some == [everybody[n] for n in sorted(chosen)]


def test_two_now_and_three_on_the_day_of_the_arrival():
    inbound = [Arrival(8, TODAY + timedelta(days=18), TODAY + timedelta(days=18), line=4, confirmed=False)]
    answer = newcomers(2, inbound, 0, 5, Terms(backorders=True))
    assert answer.portions == (
        Portion(2, TODAY, now=True),
        Portion(3, TODAY + timedelta(days=18), confirmed=False, basis="purchase line 4"),
    )
    assert (answer.state, answer.now, answer.missing) == (State.BACKORDER, 2, 0)


def test_a_closed_queue_sells_the_shelf_and_nothing_else():
    inbound = [arriving(8, TODAY, line=4)]
    assert newcomers(2, inbound, 0, 5, Terms()).missing == 3
    assert newcomers(2, inbound, 0, 5, Terms()).state is State.OUT_OF_STOCK
    assert newcomers(2, inbound, 0, 2, Terms()).state is State.IN_STOCK


def test_a_lead_time_holds_for_any_number_of_units():
    inbound = [arriving(1, TODAY + timedelta(days=5), line=4), arriving(1, TODAY + timedelta(days=60), line=5)]
    answer = newcomers(0, inbound, 0, 4, Terms(backorders=True, lead_on=TODAY + timedelta(days=10)))
    assert [(p.quantity, p.ships_on) for p in answer.portions] == [
        (1, TODAY + timedelta(days=5)),
        (3, TODAY + timedelta(days=10)),
    ]
    assert not answer.confirmed


def test_is_worse_compares_unit_by_unit():
    soon, late = TODAY + timedelta(days=2), TODAY + timedelta(days=9)
    assert is_worse([Portion(1, soon), Portion(2, late)], [Portion(2, soon), Portion(1, late)])
    assert not is_worse([Portion(2, soon), Portion(1, late)], [Portion(1, soon), Portion(2, late)])
    assert is_worse([Portion(2, soon)], [Portion(3, soon)])
    assert is_worse([Portion(1, None)], [Portion(1, late)])
    assert is_worse([Portion(1, soon, now=True)], [Portion(1, TODAY, now=True)])
    assert is_worse([Portion(1, soon)], [Portion(1, soon, now=True)])
    assert not is_worse([Portion(1, soon, now=True)], [Portion(1, soon)])
