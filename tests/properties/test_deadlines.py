"""What holds of deadlines, offers and silence for every slip, standing and day, and wrong rules that are found out."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_countries.data import COUNTRIES
from hypothesis import find, given, settings
from hypothesis import strategies as st

from backorders.deadlines import Kind, Offer, Rule, Slip, Standing, hers_ends, offer, ours_ends, silence

Ask = Callable[[Collection[Slip], Standing, Rule], Offer]

MILD_TO_STRICT = [Kind.SHORT, Kind.LONG, Kind.RENEWED]
THIRTY = timedelta(days=30)

few = settings(deadline=None)
many = settings(max_examples=500, deadline=None)
days = st.dates(date(2026, 1, 1), date(2030, 12, 31))
# Few days, close to each other and to the thirty: they meet often, and one draw is one slip.
DAYS = [date(2026, 12, 1) + timedelta(days=count) for count in (0, 1, 15, 30, 31)]
WAITS = [timedelta(days=count) for count in (1, 15, 29, 30, 31, 60)]
slips = st.sampled_from([Slip(day, new) for day in DAYS for new in [None, *(day + wait for wait in WAITS)]])
units = st.lists(slips, min_size=1, max_size=4)
standings = st.sampled_from(Standing)
questions = st.sampled_from([standing for standing in Standing if standing.is_question])
rules = st.sampled_from(Rule)
asking = st.sampled_from([Rule.HOUSE, Rule.US])
countries = st.sampled_from(["", *COUNTRIES])
houses = st.sampled_from(["America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu"])
# Slips, by how much later each could be still: None is without a day.
worse = st.lists(st.tuples(slips, st.sampled_from([None, timedelta(), *WAITS])), min_size=1, max_size=4)


def is_no_milder(made: Offer, than: Offer) -> bool:
    """The notice is no friendlier, a question is still asked, and there is no more time to answer it."""
    return (
        MILD_TO_STRICT.index(made.kind) >= MILD_TO_STRICT.index(than.kind)
        and made.standing.is_question >= than.standing.is_question
        and (than.answer_by is None or (made.answer_by is not None and made.answer_by <= than.answer_by))
    )


def grows_no_milder(ask: Ask, worse: Collection[tuple[Slip, timedelta | None]], standing: Standing, rule: Rule) -> bool:
    now = [slip for slip, _ in worse]
    later = [Slip(slip.old, slip.new + more if slip.new and more is not None else None) for slip, more in worse]
    return is_no_milder(ask(later, standing, rule), ask(now, standing, rule))


def asks_without_a_day(ask: Ask, day: date, others: Collection[Slip], standing: Standing, rule: Rule) -> bool:
    made = ask([Slip(day, None), *others], standing, rule)
    return made.kind != Kind.SHORT and made.standing.is_question


@many
@given(days, countries, houses)
def test_what_we_owe_ends_first_and_what_she_may_do_last(day, country, house):
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(house))
    assert ours_ends(day, country, house) <= midnight <= hers_ends(day, country, house)


@many
@given(days, st.sampled_from(WAITS), countries, houses, st.sampled_from([ours_ends, hers_ends]))
def test_the_later_the_day_the_later_it_ends(day, wait, country, house, ends):
    assert ends(day, country, house) < ends(day + wait, country, house)


@many
@given(worse, standings, rules)
def test_a_later_day_never_makes_an_offer_milder(worse, standing, rule):
    assert grows_no_milder(offer, worse, standing, rule)


@many
@given(units, slips, standings, rules)
def test_one_more_slip_never_makes_an_offer_milder(units, one_more, standing, rule):
    assert is_no_milder(offer([*units, one_more], standing, rule), than=offer(units, standing, rule))


@many
@given(
    st.sampled_from(DAYS),
    st.lists(slips, max_size=3),
    standings.filter(lambda standing: standing != Standing.LAST_DAY),
    asking,
)
def test_without_a_day_we_ask(day, others, standing, rule):
    assert asks_without_a_day(offer, day, others, standing, rule)


@many
@given(units, standings, asking)
def test_a_new_question_is_open_no_longer_than_thirty_days_after_each_day_that_slips_so_far(units, standing, rule):
    made = offer(units, standing, rule)
    far = [slip.old for slip in units if slip.new is None or slip.new > slip.old + THIRTY]
    assert made.answer_by is None or all(made.answer_by <= day + THIRTY for day in far)
    assert (made.answer_by is not None) == (made.standing.is_question and not standing.is_question)


@many
@given(units, questions, asking)
def test_a_slip_leaves_an_open_question_as_it_is(units, question, rule):
    made = offer(units, question, rule)
    assert (made.standing, made.answer_by) == (question, None)


@few
@given(questions, st.none() | days, rules)
def test_silence_never_keeps_an_order_that_waits_for_a_yes(question, day, rule):
    assert silence(question, day, rule).cancels


@few
@given(standings, days, asking)
def test_a_day_that_passes_without_a_word_ends_the_order_where_we_ask(standing, day, rule):
    assert silence(standing, day, rule).cancels


@many
@given(st.lists(units | st.sampled_from(["a last day", "silence"]), max_size=8))
def test_where_we_inform_only_her_last_day_ends_an_order(happens):
    standing = Standing.AS_TOLD
    for what in happens:
        if what == "a last day":
            standing = Standing.LAST_DAY
        elif what == "silence":
            is_over = silence(standing, None, Rule.UK_EU).cancels
            assert is_over == (standing == Standing.LAST_DAY)
            standing = Standing.LATE
        else:
            made = offer(what, standing, Rule.UK_EU)
            assert made.answer_by is None
            standing = made.standing


def wait_with_the_new_day(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """Wrong: the time to answer grows with the delay."""
    made = offer(slips, standing, rule)
    return replace(made, answer_by=made.answer_by and max(slip.new or slip.old for slip in slips if slip.old))


def take_no_day_for_a_short_delay(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """Wrong: what has no day is not compared with thirty days."""
    return offer([Slip(slip.old, slip.new or slip.old) for slip in slips], standing, rule)


@pytest.mark.parametrize("wrong", [wait_with_the_new_day, take_no_day_for_a_short_delay])
def test_a_rule_that_grows_milder_is_found_out(wrong):
    find(st.tuples(worse, standings, rules), lambda case: not grows_no_milder(wrong, *case))


def test_a_rule_that_does_not_ask_is_found_out():
    cases = st.tuples(st.sampled_from(DAYS), st.just(()), standings, asking)
    find(cases, lambda case: not asks_without_a_day(take_no_day_for_a_short_delay, *case))
