"""20,000 random histories of delays: told days that move, answers, bounces, goods, sweeps at odd times.

Half of them have one unit and are compared, letter by letter, with the table of delay_law. The others have up to three,
told for different days; what each customer knows is written down apart, and holds the deadlines to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from backorders.deadlines import Case, Kind, Silence, Standing
from tests.properties.delay_law import Event, LastDay, Told, Yes, first_midnight, judge, last_midnight
from tests.properties.followed import INSTANT, Day, Followed, by, house_day
from tests.properties.test_delay_table import GrantsOneDayMore, as_seen, follow

LINES, STORIES = 10_000, 10_000
START = datetime(2026, 9, 20, 9, tzinfo=UTC)
TODAY = START.date()
RULES = ["house", "us", "uk_eu"]
# Days until something happens next: often at once or soon, sometimes after a long silence.
WAITS = [0.0, 0.01, 0.3, 1, 1, 2, 5, 8, 13, 31]
SLIPS = [-20, -3, -1, 1, 5, 15, 29, 30, 31, 45, 90, None, None]


def some_day(random: Random, day: Day) -> Day:
    """A day that is told instead, never one before the histories start."""
    step = random.choice(SLIPS)
    if step is None:
        return None
    return max(TODAY + timedelta(days=1), (day or TODAY + timedelta(days=30)) + timedelta(days=step))


def moments(random: Random, steps: int) -> Iterator[datetime]:
    at = START
    for _ in range(steps):
        at += timedelta(days=random.choice(WAITS), seconds=random.randrange(60))
        yield at


# One unit, beside the table.


def a_line(random: Random, rule: str) -> tuple[date, list[Event], datetime]:
    """The day that was promised, what happens, and when it is looked at."""
    first = TODAY + timedelta(days=random.randint(2, 40))
    day: Day = first
    events: list[Event] = []
    *happens, end = moments(random, random.randint(2, 8))
    answers = ["yes"] * 3 if rule != "uk_eu" else ["last day"]
    for at in happens:
        match random.choice(["told", "told", "told", *answers]):
            case "told":
                other = some_day(random, day)
                # Nobody is told a day that has passed, or the same one again.
                other = other and max(other, house_day(at) + timedelta(days=1))
                if other != day:
                    day = other
                    events.append(Told(at, day))
            case "yes":
                events.append(Yes(at))
            case "last day":
                events.append(LastDay(at, house_day(at) + timedelta(days=random.randint(1, 40))))
                # That she sets another one, when a further delay is told, the table does not say.
                answers = []
    return first, events, end


def differs_from_the_table(seed: int, start: type[Case] = Case) -> bool:
    random = Random(seed)
    rule, country = random.choice(RULES), random.choice(["ES", "PT"])
    first, events, end = a_line(random, rule)
    by_table = as_seen(judge(rule, country, first, events, end))
    return follow(rule, country, first, events, end, start) != by_table


def test_ten_thousand_lines_go_as_the_table_says():
    assert [seed for seed in range(LINES) if differs_from_the_table(seed)] == []


# Several units, beside what their customer knows.


@dataclass
class Known:
    """What the customer knows of the units of her line, and what she answered.

    `letters` are the days of every letter that we sent; what came back is struck out.
    """

    letters: list[list[Day]]
    struck: list[bool] = field(default_factory=lambda: [False])
    notices: list[int] = field(default_factory=list)
    last_day: Day = None
    waits_until: Day = None
    was_apologised: bool = False

    def days(self) -> list[Day]:
        return next(days for days, out in zip(self.letters[::-1], self.struck[::-1], strict=True) if not out)

    def hear(self, days: list[Day]) -> None:
        self.letters.append(days)
        self.struck.append(False)


class Story:
    """A line of up to three units with everything that can happen to it. `faults` are the sentences that it breaks."""

    def __init__(self, seed: int, start: type[Case] = Case) -> None:
        self.random = random = Random(seed)
        self.rule, self.country = random.choice(RULES), random.choice(["ES", "PT"])
        days = sorted(TODAY + timedelta(days=random.randint(2, 60)) for _ in range(random.randint(1, 3)))
        self.line = Followed(self.rule, self.country, days, START, start)
        self.known = Known([list(self.line.told)])
        self.faults: list[str] = []

    def play(self) -> list[str]:
        for at in moments(self.random, self.random.randint(3, 14)):
            if not self.line.is_open:
                break
            self.step(at)
        return self.faults

    def step(self, at: datetime) -> None:
        line, due_at, standing, next_day = self.line, self.line.case.due_at, self.line.case.standing, self.line.next_day
        what = self.random.choice(["move", "move", "move", "yes", "last day", "bounce", "arrive", "ship", "sweep"])
        may_be_later = getattr(self, what.replace(" ", "_"))(at)
        was_indefinite = standing == Standing.AGREED and next_day is None
        if due_at and line.is_open and not (may_be_later or was_indefinite):
            end = line.case.due_at
            if end is None or end > due_at:
                self.faults.append(f"{what} put the deadline off")
        self.sweep(self.last_look(at))

    def last_look(self, at: datetime) -> datetime:
        """Mostly a sweep comes at once; sometimes just when a deadline is about to pass, or has passed."""
        due_at = self.line.case.due_at
        around = self.random.choice([timedelta(), timedelta(), -INSTANT, INSTANT])
        return max(at, due_at + around) if around and due_at and due_at - at < timedelta(days=3) else at

    # Each says whether it may put a deadline off.

    def move(self, at: datetime) -> bool:
        line = self.line
        if line.here == len(line.told):
            return False
        tomorrow = house_day(at) + timedelta(days=1)
        days = [some_day(self.random, day) for day in line.told[line.here :]]
        before = len(line.notices)
        if line.tell([day and max(day, tomorrow) for day in days], at):
            self.known.hear(list(line.told))
        is_notice = len(line.notices) > before
        if is_notice:
            self.known.notices.append(len(self.known.letters) - 1)
        return is_notice

    def yes(self, at: datetime) -> bool:
        said = self.line.say_yes(at)
        if said:
            # Who answers has read it, on the order's page if not in the letter.
            self.known.struck[-1] = False
            # She agreed to the day of the next unit as well: for the others she is not asked before it.
            until = house_day(at) + timedelta(days=30)
            self.known.waits_until = max(until, self.line.next_day or until)
        return said

    def last_day(self, at: datetime) -> bool:
        day = house_day(at) + timedelta(days=self.random.randint(1, 40))
        is_set = self.line.set_last_day(day, at)
        if is_set:
            self.known.last_day = day
        return is_set

    def bounce(self, at: datetime) -> bool:
        """A letter that tells no notice, because the day got better, arrives; so does an apology."""
        known, notices = self.known, self.line.notices
        is_newest = bool(known.notices) and known.notices[-1] == len(known.letters) - 1
        if is_newest and notices[-1].kind != Kind.MISSED and self.line.bounce():
            known.struck[-1] = True
        return False

    def arrive(self, at: datetime) -> bool:
        if lacks := len(self.line.told) - self.line.here:
            self.line.arrive(self.random.randint(1, lacks), at)
        return False

    def ship(self, at: datetime) -> bool:
        """What is packed after a deadline, and before anybody swept, is another story."""
        if (ready := self.line.here - self.line.gone) and not self.line.is_too_late(at):
            self.line.ship(self.random.randint(1, ready), at)
            return True
        return False

    def sweep(self, at: datetime) -> bool:
        line = self.line
        standing, due_at = line.case.standing, line.case.due_at
        meaning = line.sweep(at)
        if meaning == Silence.ASK_AGAIN:
            self.known.hear(list(line.told))
            self.known.notices.append(len(self.known.letters) - 1)
        if meaning == Silence.APOLOGISE:
            self.known.was_apologised = True
        if meaning and meaning.cancels:
            self.judge_the_end(meaning, standing, due_at)
        if line.is_open and not self.is_right(at):
            self.faults.append(f"left open, {line.case}")
        return meaning in {Silence.ASK_AGAIN, Silence.APOLOGISE}

    def judge_the_end(self, meaning: Silence, standing: Standing, due_at: datetime | None) -> None:
        if self.rule == "uk_eu" and meaning != Silence.LAST_DAY_PASSED:
            self.faults.append("cancelled by our silence where nobody may")
        day = self.known.days()[self.line.gone]
        is_early = day is None or (due_at and due_at < first_midnight(day))
        if is_early and standing == Standing.AGREED and self.line.here == self.line.gone:
            self.faults.append("cancelled before the day that she said yes to")

    def is_right(self, at: datetime) -> bool:
        """Is the line right to be open, by what its customer knows? Written without `backorders.deadlines`."""
        line = self.line
        day = self.known.days()[line.gone]
        if line.case.standing == Standing.LAST_DAY:
            return self.known.last_day is not None and at <= last_midnight(self.known.last_day, self.country)
        if line.case.standing.is_question:
            answer_by = line.notices[-1].answer_by
            is_told = line.told[line.gone] is None or at <= first_midnight(by(line.told[line.gone]))
            return answer_by is not None and at <= answer_by and is_told
        if self.rule == "uk_eu":
            # One apology for a line that is late, until a further delay of it is told.
            is_newest = line.case.standing == Standing.LATE or self.known.struck[-1]
            was_told = self.known.was_apologised and is_newest
            return was_told or day is None or at <= first_midnight(day)
        if day is None:
            until = self.known.waits_until
            return line.here > line.gone or (until is not None and at <= first_midnight(until))
        return at <= first_midnight(day)


def first_fault(seeds: range, start: type[Case] = Case) -> tuple[int, list[str]] | None:
    return next(((seed, faults) for seed in seeds if (faults := Story(seed, start).play())), None)


def test_in_ten_thousand_stories_nothing_is_late_unless_it_was_told_or_ended():
    assert first_fault(range(STORIES)) is None


class TakesABounceForAnAnswer(Case):
    """Wrong: a notice that did not arrive is a notice."""

    def untold(self, old_day, law):
        return self


class GivesTimeForABetterDay(Case):
    """Wrong: once a question is withdrawn, its deadline is forgotten."""

    def improved(self, next_day, at, law, *, undone):
        standing = Standing.AS_TOLD if undone else self.standing
        return replace(self, standing=standing).scheduled(next_day, at, law)


class TakesSilenceForANo(Case):
    """Wrong: who said yes to wait without a day is cancelled when she is to be asked again."""

    def silence(self, next_day, at, law, *, undelivered=False):
        meaning = super().silence(next_day, at, law, undelivered=undelivered)
        return Silence.SHE_WAS_SILENT if meaning == Silence.ASK_AGAIN else meaning


class CancelsForOurSilence(Case):
    """Wrong: a day that passed ends the order under every law."""

    def silence(self, next_day, at, law, *, undelivered=False):
        meaning = super().silence(next_day, at, law, undelivered=undelivered)
        return Silence.WE_WERE_SILENT if meaning == Silence.APOLOGISE else meaning


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (TakesABounceForAnAnswer, "left open"),
        (GivesTimeForABetterDay, "move put the deadline off"),
        (TakesSilenceForANo, "cancelled before the day that she said yes to"),
        (CancelsForOurSilence, "cancelled by our silence where nobody may"),
    ],
)
def test_a_wrong_rule_is_found_in_the_stories(wrong, fault):
    found = first_fault(range(STORIES), wrong)
    assert found is not None
    assert found[1][0].startswith(fault)


def test_a_wrong_rule_is_found_beside_the_table():
    assert any(differs_from_the_table(seed, GrantsOneDayMore) for seed in range(LINES))
