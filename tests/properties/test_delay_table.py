"""Slips, answers and silence at every boundary: backorders.deadlines and a table drawn from the rules say the same."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from backorders.deadlines import (
    CHECK_IN,
    Kind,
    Offer,
    Rule,
    Silence,
    Slip,
    Standing,
    hers_ends,
    offer,
    ours_ends,
    silence,
)
from tests.properties.delay_law import (
    HOUSE,
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
-10 told 31, 0 yes                              | ours 31 | -, told 32
-10 told 31, 0 yes, 10 told 25                  | ours 25 | -
-10 told 31, 0 yes, 10 told ?                   | hers 31 | -, yes
-10 told ?, 0 yes                               | ours 30 | -
-10 told ?, 0 yes                               | hers 60 | -, yes
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
    Silence.WE_WERE_SILENT: "C",
    Silence.SHE_WAS_SILENT: "SILENCE",
    Silence.LAST_DAY_PASSED: "HER DAY",
    Silence.APOLOGISE: "SORRY",
}
Ask = Callable[[Collection[Slip], Standing, Rule], Offer]


class Followed:
    """An order line as backorders.deadlines sees it, moved as backorders.consent moves one, without its tables."""

    def __init__(self, rule: str, country: str, day: date, ask: Ask) -> None:
        self.rule, self.country, self.ask = Rule(rule), country, ask
        self.standing = Standing.AS_TOLD
        self.cancelled = False
        self.day: date | None = day
        self.due_on: date | None = day
        self.notices: list[Notice] = []

    @property
    def outcome(self) -> str:
        return "cancelled" if self.cancelled else "asked" if self.standing.is_question else "kept"

    def is_over(self, day: date, instant: datetime) -> bool:
        is_hers = self.standing.is_question or self.standing == Standing.LAST_DAY
        ends = hers_ends if is_hers else ours_ends
        return ends(day, self.country, HOUSE) < instant

    def wait_until(self, instant: datetime) -> None:
        while self.due_on and self.is_over(self.due_on, instant):
            meaning = silence(self.standing, self.day, self.rule)
            if meaning == Silence.ASK_AGAIN:
                self.standing, self.due_on = Standing.ASKED_AGAIN, self.due_on + CHECK_IN
                self.notices.append(Notice("RENEWED", self.due_on))
            else:
                self.standing, self.due_on, self.cancelled = Standing.LATE, None, meaning.cancels
                self.notices.append(Notice(LETTERS[meaning]))

    def hear(self, event: Event) -> None:
        self.wait_until(event.at)
        if self.cancelled:
            return
        match event:
            case Told(day=day):
                before, self.day = self.day, day
                self.tell(before, day)
            case Yes(at=at) if self.standing.is_question:
                self.standing = Standing.AGREED
                self.due_on = self.day or at.astimezone(ZoneInfo(HOUSE)).date() + CHECK_IN
            case LastDay(day=day):
                self.standing, self.due_on = Standing.LAST_DAY, day

    def tell(self, old: date | None, new: date | None) -> None:
        before = self.standing
        is_bound = before.is_question or before == Standing.LAST_DAY
        if old is None or (new and new <= old):
            self.due_on = self.due_on if is_bound else new
            return
        made = self.ask([Slip(old, new)], before, self.rule)
        self.standing = made.standing
        self.due_on = self.due_on if is_bound else made.answer_by or new
        letter = "AGAIN" if before.is_question else LETTERS[made.kind]
        self.notices.append(Notice(letter, self.due_on if made.standing.is_question else None))


def follow(rule: str, country: str, day: date, events: Collection[Event], instant: datetime, ask: Ask) -> Followed:
    """The line that was promised for `day`, as it stands at `instant`."""
    line = Followed(rule, country, day, ask)
    for event in events:
        line.hear(event)
    line.wait_until(instant)
    return line


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


def as_seen(line: Line | Followed) -> tuple[str, list[Notice]]:
    return line.outcome, line.notices


def by_table(rule: str, country: str, *row: str) -> list[tuple[str, list[Notice]]]:
    return [as_seen(judge(rule, country, T[country], events, at)) for events, at in instances(country, *row)]


def by_deadlines(rule: str, country: str, *row: str, ask: Ask = offer) -> list[tuple[str, list[Notice]]]:
    return [as_seen(follow(rule, country, T[country], events, at, ask)) for events, at in instances(country, *row)]


@pytest.mark.parametrize(("rule", "country", "history", "end_of", "then"), CASES, ids=NAMES)
def test_the_deadlines_follow_the_table(rule, country, history, end_of, then):
    assert by_deadlines(rule, country, history, end_of, then) == by_table(rule, country, history, end_of, then)


def test_every_row_of_the_table_is_visited():
    visited = set()
    for rule, country, *row in CASES:
        for events, at in instances(country, *row):
            visited |= judge(rule, country, T[country], events, at).visited
    assert visited == set(NEXT)


def grant_one_day_more(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """Wrong: thirty-one days are a short delay."""
    return offer([Slip(slip.old, slip.new and slip.new - timedelta(days=1)) for slip in slips], standing, rule)


def ask_by_the_new_day(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """Wrong: a renewed question runs until the new day instead of the one that held."""
    made = offer(slips, standing, rule)
    new = min((slip.new for slip in slips if slip.new), default=None)
    return replace(made, answer_by=new or made.answer_by) if made.kind == Kind.RENEWED else made


def ask_once(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """Wrong: only a first delay needs an answer."""
    made = offer(slips, standing, rule)
    return Offer(Kind.SHORT, Standing.DELAYED) if made.kind == Kind.RENEWED else made


@pytest.mark.parametrize("wrong", [grant_one_day_more, ask_by_the_new_day, ask_once])
def test_a_wrong_rule_differs_from_the_table(wrong):
    assert any(by_deadlines(*case, ask=wrong) != by_table(*case) for case in CASES)
