"""One order line on its way through backorders.deadlines: moved as the shop moves one, without its tables.

What the shop finds in its tables stands here in lists: the day that each unit was told, and the notices. Deadlines act
when somebody sweeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backorders.deadlines import Case, Kind, Law, Rule, Silence, Standing, slips
from backorders.plan import Portion

HOUSE = "Europe/Berlin"
INSTANT = timedelta(microseconds=1)
PACKING = timedelta(days=2)

type Day = date | None


@dataclass(frozen=True)
class Noticed:
    kind: Kind
    before: Standing
    old_day: Day
    answer_by: datetime | None


def house_day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(HOUSE)).date()


class Followed:
    """A line of some units, each with the day it was told; `start` can be a wrong kind of case."""

    def __init__(self, rule: str, country: str, told: Sequence[Day], at: datetime, start: type[Case] = Case) -> None:
        self.law = Law(Rule(rule), HOUSE)
        self.told = sorted(told, key=by)
        self.here = self.gone = 0
        self.notices: list[Noticed] = []
        self.lost: set[int] = set()
        self.answered: set[int] = set()
        self.held: list[Day] = []
        self.ended: Silence | None = None
        self.case = start(country).scheduled(self.next_day, at, self.law)

    @property
    def is_open(self) -> bool:
        return self.ended is None and self.gone < len(self.told)

    @property
    def next_day(self) -> Day:
        return self.told[self.gone] if self.gone < len(self.told) else None

    @property
    def newest(self) -> int:
        return len(self.notices) - 1

    def is_too_late(self, at: datetime) -> bool:
        return self.case.is_too_late(at, self.law)

    def tell(self, days: Sequence[Day], at: datetime) -> bool:
        """Other days for the units that are not here. Is it told?"""
        old, new = self.told[self.here :], sorted(days, key=by)
        self.told[self.here :] = new
        # As promises.revise: what is here leaves no later than the first unit that is not.
        today = house_day(at)
        for number in range(self.gone, self.here):
            if by(self.told[number]) > by(new[0]):
                self.told[number] = today
        before, late = self.case, slips(portions(new), portions(old))
        if old == new or not before.can_be_told(at, self.law, is_later=bool(late)):
            return False
        if late:
            if before.standing == Standing.AS_TOLD:
                self.held = old
            self.case, kind = before.slipped(late, self.next_day, at, self.law)
            self.note(kind, before, min(slip.old for slip in late))
        else:
            held = self.held[-len(new) :] if before.standing not in {Standing.LATE, Standing.LAST_DAY} else []
            undone = bool(held) and all(by(a) <= by(b) for a, b in zip(new, held, strict=True))
            self.case = before.improved(self.next_day, at, self.law, undone=undone)
        return True

    def note(self, kind: Kind, before: Case, old_day: Day) -> None:
        answer_by = self.case.answer_by if self.case.standing.is_question else None
        self.notices.append(Noticed(kind, before.standing, old_day, answer_by))

    def keep_what_was_lost(self, before: Case) -> None:
        if self.newest in self.lost - self.answered:
            self.case = self.case.no_later_than(before.due_at)

    def say_yes(self, at: datetime) -> bool:
        answer_by = self.case.answer_by
        if not self.case.standing.is_question or self.is_too_late(at) or (answer_by and at > answer_by):
            return False
        self.answered.add(self.newest)
        self.case = self.case.kept(self.next_day, house_day(at), self.law)
        return True

    def set_last_day(self, day: date, at: datetime) -> bool:
        if not self.notices or self.newest in self.answered or self.is_too_late(at):
            return False
        self.answered.add(self.newest)
        self.case = self.case.ends_with(day, self.law)
        return True

    def bounce(self) -> bool:
        """The newest notice comes back. Did nobody know that before, and was it not answered?"""
        if not self.notices or self.newest in self.lost | self.answered:
            return False
        self.lost.add(self.newest)
        held: list[date] = []
        for number in reversed(range(len(self.notices))):
            if number not in self.lost - self.answered:
                break
            old_day = self.notices[number].old_day
            held += [old_day] if old_day else []
        if held:
            self.case = self.case.untold(min(held), self.law)
        return True

    def arrive(self, units: int, at: datetime) -> None:
        """Units are set aside; one that had no day gets one."""
        before, here = self.case, self.here + units
        if None in self.told[self.gone : here]:
            self.told[self.here : here] = [day or house_day(at) + PACKING for day in self.told[self.here : here]]
            if not self.is_too_late(at):
                self.case = before.scheduled(self.next_day, at, self.law)
                self.keep_what_was_lost(before)
        self.here = here
        if self.here == len(self.told) and self.case.standing.is_question:
            self.case = type(self.case)(before.country, Standing.DELAYED, self.case.due_at, self.case.answer_by)

    def ship(self, units: int, at: datetime) -> None:
        before = self.case
        self.gone += units
        if self.is_open and not self.is_too_late(at):
            self.case = before.scheduled(self.next_day, at, self.law)
            self.keep_what_was_lost(before)

    def sweep(self, at: datetime) -> Silence | None:
        if not self.is_open or self.case.due_at is None or at <= self.case.due_at:
            return None
        meaning = self.case.silence(self.next_day, at, self.law, undelivered=self.newest in self.lost - self.answered)
        before = self.case
        if meaning.cancels:
            self.ended = meaning
        elif meaning == Silence.ASK_AGAIN:
            self.case = before.asked_again(house_day(at), self.law)
            self.note(Kind.RENEWED, before, None)
        else:
            self.case = before.apologised()
            self.note(Kind.MISSED, before, None)
        return meaning

    def sweep_until(self, instant: datetime) -> None:
        """As if somebody swept all the time."""
        while self.is_open and self.case.due_at and self.case.due_at < instant:
            self.sweep(self.case.due_at + INSTANT)


def by(day: Day) -> date:
    return day or date.max


def portions(days: Sequence[Day]) -> tuple[Portion, ...]:
    return tuple(Portion(1, day) for day in days)
