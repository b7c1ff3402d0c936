"""Every unit of a queue whose day may have changed lies in the ranges that are judged anew."""

from hypothesis import given
from hypothesis import strategies as st

from backorders.judging import changed

DAYS = ["0001-01-01", "2026-12-01", "2026-12-09", "2027-01-04"]
timelines = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(DAYS[1:]), st.booleans()), max_size=4)


def expectations(timeline, length):
    known = [(day, confirmed) for units, day, confirmed in timeline for _ in range(units)]
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
