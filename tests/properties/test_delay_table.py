"""Slips, answers and silence at every boundary: backorders.deadlines and a table drawn from the rules say the same."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest

from backorders.deadlines import Case, Kind, Silence, Slip, Standing
from tests.properties.delay_law import (
    NEXT,
    Event,
    LastDay,
    Line,
    Notice,
    Told,
    Yes,
    first_midnight,
    judge,
    last_midnight,
)
from tests.properties.followed import Followed, Noticed

# Days count from T, and what happens on one happens at noon. Each history is judged three times: a second before the
# midnight that ends the day in the second column, at it, and a second after it; "then" happens at these very instants.
HISTORIES = """
history                                         | end of  | then
-                                               | ours 0  | -, told 1, told ?
-10 told 0                                      | ours 0  | -
-10 told 1                                      | ours 1  | -
-10 told 29                                     | ours 29 | -
-10 told 30                                     | ours 30 | -, told 40, told ?
-10 told 31                                     | hers 30 | -, yes, told 60, told ?
-10 told ?                                      | hers 30 | -, yes, told 60
-10 told 31                                     | ours 0  | -
-10 told 1                                      | hers 1  | yes
-20 told -5                                     | ours -5 | -
-20 told -5, -10 told 25                        | ours 25 | -
-20 told -5, -10 told 26                        | hers 25 | -, yes
-10 told 20, 10 told 15                         | ours 15 | -
-10 told 20, 10 told 25                         | hers 20 | -, yes
-10 told 20, 10 told ?                          | hers 20 | -, yes
-10 told 20, 10 told 25, 15 told 70             | hers 20 | -, yes
-10 told 31, 10 told 90                         | hers 30 | -, yes
-10 told 31, 10 told 20                         | ours 20 | -
-20 told 20, -10 told 0                         | ours 0  | -, told 1
-20 told 31, -10 told 0                         | ours 0  | -, told 1
-20 told ?, -15 yes, -10 told 0                 | ours 0  | -, told 1
-10 told 31, 0 yes                              | ours 31 | -, told 32
-10 told 31, 0 yes, 10 told 25                  | ours 25 | -
-10 told 31, 0 yes, 10 told ?                   | hers 31 | -, yes
-10 told ?, 0 yes                               | ours 30 | -
-10 told ?, 0 yes                               | hers 61 | -, yes
-10 told ?, 0 yes, 5 told 60                    | ours 60 | -
-10 told ?, 0 yes, 5 told 60, 10 told 61        | hers 60 | -, yes
5 told 40                                       | ours 40 | -
5 told ?                                        | ours 90 | -
5 last day 20                                   | hers 20 | -
5 last day 20, 6 told 10                        | hers 20 | -
5 last day 20, 6 told ?                         | hers 20 | -
-10 told 30, 5 last day 40                      | hers 40 | -
-10 told 30, 5 last day 40, 10 told 60          | hers 40 | -, told ?
-10 told ?, 5 last day 40                       | hers 40 | -
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in HISTORIES.strip().splitlines()[1:]]
CASES = [
    (rule, country, history, end_of, then)
    for rule, country, (history, end_of, acts) in product(["house", "us", "uk_eu"], ["ES", "PT", "US"], ROWS)
    for then in acts.split(", ")
    # Nobody asks under the one rule, and nobody sets a last day under the others.
    if ("last day" not in history if rule != "uk_eu" else then != "yes")
]
NAMES = [f"{rule} {country}: {history}; end of {end_of}: {then}" for rule, country, history, end_of, then in CASES]
# In the thirty days after T summer time ends, begins, or does neither.
T = {"ES": date(2026, 9, 26), "PT": date(2027, 2, 27), "US": date(2026, 12, 1)}
SECOND = timedelta(seconds=1)
LETTERS = {
    Kind.SHORT: "A",
    Kind.LONG: "B",
    Kind.RENEWED: "RENEWED",
    Kind.MISSED: "SORRY",
    Silence.WE_WERE_SILENT: "C",
    Silence.SHE_WAS_SILENT: "SILENCE",
    Silence.LAST_DAY_PASSED: "HER DAY",
}
type Seen = tuple[str, list[tuple[str, datetime | None]]]


def follow(rule: str, country: str, day: date, events: Collection[Event], instant: datetime, start: type[Case]) -> Seen:
    """The line that was promised for `day`, as the shop sees it at `instant`, and the letters that it wrote."""
    line = Followed(rule, country, [day], min([instant, *(event.at for event in events)]), start)
    for event in events:
        line.sweep_until(event.at)
        if line.is_open:
            hear(line, event)
    line.sweep_until(instant)
    asked = line.is_open and line.case.standing.is_question
    letters = [(letter(notice), notice.answer_by) for notice in line.notices]
    ended = [(LETTERS[line.ended], None)] if line.ended else []
    return "cancelled" if line.ended else "asked" if asked else "kept", letters + ended


def hear(line: Followed, event: Event) -> None:
    match event:
        case Told(at=at, day=day):
            line.tell([day], at)
        case Yes(at=at):
            line.say_yes(at)
        case LastDay(at=at, day=day):
            line.set_last_day(day, at)


def letter(notice: Noticed) -> str:
    return "AGAIN" if notice.before.is_question else LETTERS[notice.kind]


def event(at: datetime, words: str, t: date) -> Event:
    match words.split():
        case ["yes"]:
            return Yes(at)
        case ["told", "?"]:
            return Told(at, None)
        case ["told", day]:
            return Told(at, t + timedelta(days=int(day)))
        case ["last", "day", day]:
            return LastDay(at, t + timedelta(days=int(day)))
    raise ValueError(words)


def instances(country: str, history: str, end_of: str, then: str) -> list[tuple[list[Event], datetime]]:
    """The events of a row, three times, each with the instant at which it is judged."""
    t = T[country]
    before = []
    for words in history.split(", ") if history != "-" else []:
        day, what = words.split(maxsplit=1)
        before.append(event(datetime.combine(t + timedelta(days=int(day)), time(12), UTC), what, t))
    whose, number = end_of.split()
    last = t + timedelta(days=int(number))
    midnight = first_midnight(last) if whose == "ours" else last_midnight(last, country)
    instants = [midnight - SECOND, midnight, midnight + SECOND]
    return [(before if then == "-" else [*before, event(at, then, t)], at) for at in instants]


def as_seen(line: Line) -> Seen:
    def deadline(notice: Notice) -> datetime | None:
        return last_midnight(notice.answer_by, line.country) if notice.answer_by else None

    return line.outcome, [(notice.letter, deadline(notice)) for notice in line.notices]


def by_table(rule: str, country: str, *row: str) -> list[Seen]:
    return [as_seen(judge(rule, country, T[country], events, at)) for events, at in instances(country, *row)]


def by_deadlines(rule: str, country: str, *row: str, start: type[Case] = Case) -> list[Seen]:
    return [follow(rule, country, T[country], events, at, start) for events, at in instances(country, *row)]


@pytest.mark.parametrize(("rule", "country", "history", "end_of", "then"), CASES, ids=NAMES)
def test_the_deadlines_follow_the_table(rule, country, history, end_of, then):
    assert by_deadlines(rule, country, history, end_of, then) == by_table(rule, country, history, end_of, then)


def test_every_row_of_the_table_is_visited():
    visited = set()
    for rule, country, *row in CASES:
        for events, at in instances(country, *row):
            visited |= judge(rule, country, T[country], events, at).visited
    assert visited == set(NEXT)


class GrantsOneDayMore(Case):
    """Wrong: thirty-one days are a short delay."""

    def slipped(self, units, next_day, at, law):
        shorter = [Slip(slip.old, slip.new and slip.new - timedelta(days=1)) for slip in units]
        return super().slipped(shorter, next_day, at, law)


class AsksByTheNewDay(Case):
    """Wrong: a renewed question runs until the new day instead of the one that held."""

    def slipped(self, units, next_day, at, law):
        case, kind = super().slipped(units, next_day, at, law)
        if kind == Kind.RENEWED and next_day:
            case = replace(case, answer_by=law.hers_end(next_day, self.country)).scheduled(next_day, at, law)
        return case, kind


class AsksOnce(Case):
    """Wrong: only a first delay needs an answer."""

    def slipped(self, units, next_day, at, law):
        case, kind = super().slipped(units, next_day, at, law)
        if kind == Kind.RENEWED:
            return replace(case, standing=Standing.DELAYED).scheduled(next_day, at, law), Kind.SHORT
        return case, kind


class IsNotBoundByABetterDay(Case):
    """Wrong: while she is asked, only the question has a deadline."""

    def improved(self, next_day, at, law, *, undone):
        case = super().improved(next_day, at, law, undone=undone)
        return replace(case, due_at=case.answer_by) if case.standing.is_question else case


@pytest.mark.parametrize("wrong", [GrantsOneDayMore, AsksByTheNewDay, AsksOnce, IsNotBoundByABetterDay])
def test_a_wrong_rule_differs_from_the_table(wrong):
    assert any(by_deadlines(*case, start=wrong) != by_table(*case) for case in CASES)
