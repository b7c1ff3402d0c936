"""Every unit of a queue whose day may have changed lies in the ranges that are judged anew."""

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from backorders.judging import Doubt, changed, together, why, with_newcomer
from backorders.plan import LEAD_TIME, Portion

DAYS = ["0001-01-01", "2026-12-01", "2026-12-09", "2027-01-04"]
timelines = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(DAYS[1:]), st.booleans()), max_size=4)


def expectations(timeline, length):
    known = [(day, confirmed) if day else None for units, day, confirmed in timeline for _ in range(units)]
    return (known + [None] * length)[:length]


@given(timelines, timelines, st.lists(st.booleans(), max_size=12), st.integers(0, 5))
def test_a_unit_that_expects_something_else_is_found_whoever_left_before_it(old, new, leaves, filled):
    before = expectations(old, filled + len(leaves))[filled:]
    stayed = [place for place, has_left in enumerate(leaves) if not has_left]
    after = expectations(new, len(stayed))
    ranges = changed(old, new, filled=filled, freed=sum(leaves), waiting=len(stayed))
    for place, (was_at, now) in enumerate(zip(stayed, after, strict=True)):
        if before[was_at] != now:
            assert any(low <= place < high for low, high in ranges)


portions = st.builds(
    Portion,
    st.integers(1, 3),
    st.sampled_from([date.fromisoformat(day) for day in DAYS[1:]]),
    confirmed=st.booleans(),
    basis=st.sampled_from(["purchase line 1", LEAD_TIME]),
)


def told_units(told):
    return [portion for portion in told for _ in range(portion.quantity)]


@given(timelines, timelines, st.integers(0, 12), st.lists(portions, min_size=1, max_size=3), st.data())
def test_a_newcomer_whose_day_is_another_now_is_found_whatever_was_judged_before_her(old, new, waiting, told, data):
    """Some have left before she came, and some leave after."""
    filled, freed, filled_later = (data.draw(st.integers(0, 3)) for _ in range(3))
    gone = data.draw(st.integers(0, max(0, waiting - filled_later)))
    judged = json.loads(json.dumps(with_newcomer(old, waiting + filled + freed, told, date.min)))
    place = max(0, waiting - filled_later - gone)
    length = place + len(told_units(told))
    ranges = changed(judged, new, filled=filled + min(waiting, filled_later), freed=freed + gone, waiting=length)
    for at, portion in enumerate(told_units(told), place):
        expects = expectations(new, length)[at]
        if portion.basis == LEAD_TIME:
            has_news = expects is not None and expects[0] < portion.ships_on.isoformat()
        else:
            has_news = expects != (portion.ships_on.isoformat(), portion.confirmed)
        assert not has_news or any(low <= at < high for low, high in ranges)


@given(timelines, st.integers(0, 12), st.lists(portions, max_size=3))
def test_a_newcomer_changes_nothing_of_those_before_and_after_her(old, start, told):
    judged, end = with_newcomer(old, start, told, date.min), start + len(told_units(told))
    assert expectations(judged, start) == expectations(old, start)
    assert expectations(judged, 60)[end:] == expectations(old, 60)[end:]


@given(timelines, st.integers(0, 12), st.integers(0, 9))
def test_a_newcomer_who_was_told_what_was_judged_is_no_news(old, start, units):
    told = [
        Portion(1, date.fromisoformat(day[0]), confirmed=day[1])
        for day in expectations(old, start + units)[start:]
        if day is not None
    ]
    assert with_newcomer(old, start, told, date.min) is old


def test_goods_of_today_that_leave_tomorrow_and_overdue_goods_are_no_news():
    overdue_and_today = [(1, "2026-11-30", True), (1, DAYS[1], True)]
    tomorrow = date.fromisoformat(DAYS[2])
    assert with_newcomer(overdue_and_today, 0, [Portion(2, tomorrow)], tomorrow) is overdue_and_today


@given(timelines, st.integers(1, 50))
def test_many_newcomers_who_are_told_the_same_are_one_part(old, newcomers):
    told, judged = [Portion(1, date(2027, 3, 1))], old
    for place in range(newcomers):
        judged = with_newcomer(judged, place, told, date.min)
    assert len(judged) <= len(old) + 1
    assert expectations(judged, newcomers) == [("2027-03-01", True)] * newcomers


@given(timelines, st.integers(0, 30))
def test_a_delivery_that_comes_as_planned_changes_nobody(timeline, waiting):
    filled, rest = (timeline[0][0], timeline[1:]) if timeline else (0, [])
    assert changed(timeline, rest, filled=filled, freed=0, waiting=waiting) == []


@given(timelines, timelines, st.integers(0, 4), st.integers(0, 4), st.integers(0, 20))
def test_ranges_are_apart_and_inside_the_queue(old, new, filled, freed, waiting):
    ranges = changed(old, new, filled=filled, freed=freed, waiting=waiting)
    edges = [edge for pair in ranges for edge in pair]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= waiting for edge in edges)


def test_units_on_the_shelf_are_no_news():
    assert changed([(3, DAYS[1], True)], [(3, DAYS[0], True)], filled=0, freed=0, waiting=3) == []


ranges = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=4)


def covered(doubt):
    return {place for low, high in doubt.ranges for place in range(low, high)}


@given(ranges, st.lists(st.booleans(), max_size=12), st.integers(0, 5))
def test_a_unit_in_doubt_stays_in_doubt_whoever_left_before_it(places, leaves, filled):
    doubt = Doubt("the ship is late").at(places)
    stayed = [place for place, has_left in enumerate(leaves) if not has_left]
    later = doubt.moved_up(filled=filled, freed=sum(leaves), waiting=len(stayed))
    for place, was_at in enumerate(stayed):
        if was_at + filled in covered(doubt):
            assert place in covered(later)
    assert all(0 <= place < len(stayed) for place in covered(later))


@given(ranges, st.integers(0, 15))
def test_what_was_looked_at_is_in_doubt_no_more(places, edge):
    doubt = Doubt("the ship is late").at(places)
    assert covered(doubt.beyond(edge)) == {place for place in covered(doubt) if place >= edge}


@given(ranges)
def test_what_is_in_doubt_is_kept_as_json(places):
    doubt = Doubt("the ship is late", {7: "she is away"}).at(places)
    assert Doubt.read(json.loads(json.dumps(doubt.json))) == doubt


def test_who_stands_where_two_facts_reach_reads_both_and_the_others_read_their_own():
    slip = Doubt("the ship is late", {2: "your address is unclear"}, ((0, 4),))
    cancel = Doubt("somebody cancelled", {}, ((3, 6),))

    told = [why([slip, cancel], claim, place, place + 1) for claim, place in ((1, 0), (2, 2), (3, 3), (4, 5))]

    both = "the ship is late; somebody cancelled"
    assert told == ["the ship is late", "your address is unclear", both, "somebody cancelled"]


def test_reasons_that_are_too_many_for_one_promise_leave_the_oldest_out():
    doubts = [Doubt(f"{number}" * 100, {}, ((0, 1),)) for number in range(4)]
    assert why(doubts, 1, 0, 1) == f"{'2' * 100}; {'3' * 100}"


def test_facts_that_are_told_in_the_same_words_are_one():
    freed = [Doubt("somebody cancelled", {}, ((place, place + 1),)) for place in (4, 1, 5)]
    assert together([*freed, Doubt("the ship is late")]) == [Doubt("somebody cancelled", {}, ((1, 2), (4, 6)))]
