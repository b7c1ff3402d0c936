"""The supply timeline of a product page draws a quote: it leaves nothing out and invents nothing."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backorders.plan import Limit, Portion, Quote
from shop.web.supply import MOST_STOPS, stops

ALL = 9999


@st.composite
def answers(draw: st.DrawFn) -> Quote:
    units = draw(st.lists(st.integers(1, 50), max_size=9))
    has_shelf, is_endless = draw(st.booleans()), draw(st.booleans())
    portions = [
        Portion(quantity, date(2026, 12, 1) + timedelta(days=number), now=has_shelf and number == 0)
        for number, quantity in enumerate(units)
    ]
    if is_endless and portions:
        portions[-1] = portions[-1].of(ALL - sum(units[:-1]))
    missing = ALL - sum(portion.quantity for portion in portions)
    return Quote(ALL, tuple(portions), Limit.UNSUPPLIED if missing else None)


@given(answers(), st.integers(1, 400))
def test_it_draws_the_whole_answer_and_the_part_of_it_that_she_wants(answer: Quote, wanted: int):
    drawn = stops(answer, wanted)
    assert len(drawn) <= MOST_STOPS
    assert sum(stop.portion.quantity for stop in drawn) == answer.promised
    assert sum(stop.yours for stop in drawn) == min(wanted, answer.promised)
    assert sum(stop.deliveries for stop in drawn) == len(answer.portions)
    assert [stop.is_endless for stop in drawn] == [False] * (len(drawn) - 1) + [not answer.missing] * bool(drawn)
    days = [stop.portion.by for stop in drawn]
    assert days == sorted(days)
    assert days[-1:] == [portion.by for portion in answer.portions[-1:]]


@given(answers(), st.integers(1, 400))
def test_nothing_of_hers_lies_behind_what_she_did_not_need(answer: Quote, wanted: int):
    drawn = stops(answer, wanted)
    for stop, later in pairwise(drawn):
        assert not later.yours or stop.yours == stop.portion.quantity
