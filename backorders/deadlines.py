"""What a slip asks for, what silence means, and the instant at which a day ends. Pure: no database, no clock.

The rules are 16 CFR 435.2 for the United States ("us") and, for the United Kingdom and the European Union ("uk_eu"),
the Consumer Rights Act 2015 s.28 and directive 2011/83/EU art. 18. The rule of the house takes the strictest of them
for everybody: it asks as the first does, and lets the customer go as freely as the others do.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from backorders.plan import Portion, aligned
from inventory.working_days import WorkingDays

# A first delay up to so much later than the day that was first promised needs no answer: 435.2(b)(1)(ii).
GRACE = timedelta(days=30)
# Who agreed to wait without a day hears from us again after so long, and has as long to say yes once more.
CHECK_IN = timedelta(days=30)
# A refund is sent within so many working days: 435.1(b)(1).
REFUND_WORKING_DAYS = 7
# ... and within so many days: directive 2011/83/EU art. 13(1).
REFUND_DAYS = timedelta(days=14)


class Rule(StrEnum):
    """Whose law the deadlines follow."""

    HOUSE = "house"
    US = "us"
    UK_EU = "uk_eu"

    @property
    def knows_last_days(self) -> bool:
        """May a customer who is told of a delay set the last day until which she waits?"""
        return self != Rule.US


class Standing(StrEnum):
    """Where a claim stands between us and its customer, until it has shipped.

    As told: the day that she was promised holds. Delayed: she knows a later one, and her silence keeps the order.
    Asked: without her yes to a long delay the order ends. Asked again: the same, for a further delay. Agreed: she said
    yes. Last day: she set one, and the order ends with it. Late: the day passed, and she was told so.
    """

    AS_TOLD = "as_told"
    DELAYED = "delayed"
    ASKED = "asked"
    ASKED_AGAIN = "asked_again"
    AGREED = "agreed"
    LAST_DAY = "last_day"
    LATE = "late"

    @property
    def is_question(self) -> bool:
        """Is her answer awaited? Silence then ends the order of it."""
        return self in {Standing.ASKED, Standing.ASKED_AGAIN}

    @property
    def has_slipped(self) -> bool:
        """Was a delay told that still holds, by which or by whose question it may yet ship?"""
        return self.is_question or self in {Standing.DELAYED, Standing.AGREED}


class Kind(StrEnum):
    """A notice: of a delay that silence keeps, a long one or one without a day, a further one, a day that passed."""

    SHORT = "short"
    LONG = "long"
    RENEWED = "renewed"
    MISSED = "missed"


class Silence(StrEnum):
    """What it means that a deadline passed and nothing shipped."""

    WE_WERE_SILENT = "we were silent"
    SHE_WAS_SILENT = "she was silent"
    LAST_DAY_PASSED = "her last day passed"
    ASK_AGAIN = "ask again"
    APOLOGISE = "apologise"

    @property
    def cancels(self) -> bool:
        return self in {Silence.WE_WERE_SILENT, Silence.SHE_WAS_SILENT, Silence.LAST_DAY_PASSED}


@dataclass(frozen=True, slots=True)
class Slip:
    """Units of a claim that will ship later: the day that held until now, and the new one; None: nobody can give one.

    While nothing has slipped yet, the day that holds is the one that the law counts from.
    """

    old: date
    new: date | None

    @classmethod
    def between(cls, old: date, new: date) -> "Slip":
        """Of days as they are compared, where the last day of all stands for an unknown one."""
        return cls(old, None if new == date.max else new)


# Thousands were told the same, and their day moves alike.
@lru_cache(1000)
def slips(now: tuple[Portion, ...], before: tuple[Portion, ...]) -> tuple[Slip, ...]:
    """The days of units that ship later than they were told to; both promises are for the same units."""
    nothing = Portion(1, None)
    pairs = ((old.by, new.by) for _, new, old in aligned(now, before, nothing) if new.by > old.by)
    return tuple(dict.fromkeys(Slip.between(old, new) for old, new in pairs))


@dataclass(frozen=True, slots=True)
class Offer:
    """The notice that a slip calls for. With `answer_by`, her yes must be here by the end of that day.

    Without it silence keeps the order, unless the standing is a question: then the deadline of that question stays.
    """

    kind: Kind
    standing: Standing
    answer_by: date | None = None


def offer(slips: Collection[Slip], standing: Standing, rule: Rule) -> Offer:
    """What is to be told of the units of one claim that slip together.

    While a question is open, a further slip is told and never gives us more time than the question did. Who set a last
    day has said until when she waits: she is told, and not asked.
    """
    unknown = any(slip.new is None for slip in slips)
    if standing == Standing.LAST_DAY:
        return Offer(Kind.LONG if unknown else Kind.SHORT, standing)
    if rule == Rule.UK_EU:
        return Offer(Kind.LONG if unknown else Kind.SHORT, Standing.DELAYED)
    if standing.is_question:
        kind = Kind.LONG if standing == Standing.ASKED else Kind.RENEWED
        return Offer(kind, standing)
    if standing in {Standing.DELAYED, Standing.AGREED}:
        return Offer(Kind.RENEWED, Standing.ASKED_AGAIN, min(slip.old for slip in slips))
    long = [slip.old for slip in slips if slip.new is None or slip.new > slip.old + GRACE]
    if long:
        return Offer(Kind.LONG, Standing.ASKED, min(long) + GRACE)
    return Offer(Kind.SHORT, Standing.DELAYED)


def silence(standing: Standing, day: date | None, rule: Rule) -> Silence:
    """What is to be done when the claim's deadline passes unshipped. `day` is the day that she agreed to, or None."""
    if standing == Standing.LAST_DAY:
        return Silence.LAST_DAY_PASSED
    if standing.is_question:
        return Silence.SHE_WAS_SILENT
    if standing == Standing.AGREED and day is None:
        return Silence.ASK_AGAIN
    return Silence.APOLOGISE if rule == Rule.UK_EU else Silence.WE_WERE_SILENT


# Of lines that leave together, the furthest one decides: a question goes before what was settled.
_HOW_FAR = (
    *(Standing.AS_TOLD, Standing.LATE, Standing.LAST_DAY),
    *(Standing.DELAYED, Standing.AGREED, Standing.ASKED, Standing.ASKED_AGAIN),
)


@dataclass(frozen=True, slots=True)
class Law:
    """The rule that holds, and the time zone of the house."""

    rule: Rule
    house: str

    def ours_end(self, day: date | None, country: str) -> datetime | None:
        return None if day is None else ours_ends(day, country, self.house)

    def hers_end(self, day: date, country: str) -> datetime:
        return hers_ends(day, country, self.house)

    def ends_alike(self, one: str, other: str, days: Iterable[date]) -> bool:
        """Is each of these days over at the same instants in both countries, whoever owes the other something?"""
        return all(_both(day, one, self.house) == _both(day, other, self.house) for day in days)


@dataclass(frozen=True, slots=True)
class Case:
    """Where one claim stands, and until when silence is right: each change makes a new case.

    Until `due_at` it ships, or its customer has heard from us or answered; None while nothing is due. `answer_by` is
    the deadline of the newest question. `next_day` is always the day by which the next unit was told to ship.
    """

    country: str
    standing: Standing = Standing.AS_TOLD
    due_at: datetime | None = None
    answer_by: datetime | None = None

    def is_too_late(self, at: datetime, law: Law) -> bool:
        """Has the deadline passed, so that silence is being dealt with? A notice after the day is no notice."""
        return law.rule != Rule.UK_EU and self.due_at is not None and at > self.due_at

    def can_be_told(self, at: datetime, law: Law, *, is_later: bool) -> bool:
        """Does a day that moved still count? To who waits without a day one can be told whenever there is one."""
        return not self.is_too_late(at, law) or (self.standing == Standing.AGREED and not is_later)

    def slipped(self, units: Collection[Slip], next_day: date | None, at: datetime, law: Law) -> tuple["Case", Kind]:
        """She is told of a delay."""
        made = offer(units, self.standing, law.rule)
        answer_by = self.answer_by if self.standing.is_question else None
        if made.answer_by:
            answer_by = law.hers_end(made.answer_by, self.country)
        return replace(self, standing=made.standing, answer_by=answer_by).scheduled(next_day, at, law), made.kind

    def leaving_with(self, others: Iterable["Case"]) -> "Case":
        """What leaves together has slipped together: a line of which nothing slipped stands where another one does.

        An open question decides before a delay that is known or agreed to.
        """
        if self.standing != Standing.AS_TOLD:
            return self
        furthest = max(others, key=lambda other: _HOW_FAR.index(other.standing), default=self)
        if not furthest.standing.has_slipped:
            return self
        return replace(self, standing=furthest.standing, answer_by=furthest.answer_by)

    def improved(self, next_day: date | None, at: datetime, law: Law, *, undone: bool) -> "Case":
        """A better day binds us as the first one did. A question stays, unless nothing is late any more (`undone`).

        It puts no deadline off, unless she waited without a day.
        """
        standing = Standing.AS_TOLD if undone else self.standing
        better = replace(self, standing=standing).scheduled(next_day, at, law)
        return better if self.standing == Standing.AGREED else better.no_later_than(self.due_at)

    def scheduled(self, next_day: date | None, at: datetime, law: Law) -> "Case":
        """Due by the day that was told or with the question, whichever is over first.

        A last day of her own stays as it is, and so does the time after which she is asked again who agreed to wait
        without a day. Of a day that has passed, and was told so, nothing is due any more.
        """
        told = law.ours_end(next_day, self.country)
        if self.standing == Standing.LAST_DAY:
            return self
        if self.standing == Standing.AGREED and told is None:
            return self
        if self.standing == Standing.LATE and told and told < at:
            told = None
        asked = self.answer_by if self.standing.is_question else None
        return replace(self, due_at=min((end for end in (told, asked) if end), default=None))

    def kept(self, next_day: date | None, today: date, law: Law) -> "Case":
        """She said yes: until the day that she was told, or for a while where nobody can give one."""
        due_at = law.ours_end(next_day or today + CHECK_IN, self.country)
        return replace(self, standing=Standing.AGREED, due_at=due_at)

    def ends_with(self, day: date, law: Law) -> "Case":
        """She waits no longer than until a day of her own."""
        return replace(self, standing=Standing.LAST_DAY, due_at=law.hers_end(day, self.country))

    def asked_again(self, today: date, law: Law) -> "Case":
        """She is asked once more whether she still waits."""
        answer_by = law.hers_end(today + CHECK_IN, self.country)
        return replace(self, standing=Standing.ASKED_AGAIN, due_at=answer_by, answer_by=answer_by)

    def apologised(self) -> "Case":
        """She was told that the day has passed; nothing more is due before there is a new one."""
        return replace(self, standing=Standing.LATE, due_at=None)

    def untold(self, old_day: date, law: Law) -> "Case":
        """The newest notice did not arrive: the day that held before it counts."""
        if self.standing == Standing.DELAYED or self.standing.is_question:
            return self.no_later_than(law.ours_end(old_day, self.country))
        return self

    def no_later_than(self, due_at: datetime | None) -> "Case":
        """Whatever is due is due by then."""
        return replace(self, due_at=min((end for end in (self.due_at, due_at) if end), default=None))

    def silence(self, next_day: date | None, at: datetime, law: Law, *, undelivered: bool = False) -> Silence:
        """What is to be done now that the deadline has passed.

        It is ours where the question did not arrive, and where a told day passed while she may still answer.
        """
        may_answer = self.answer_by is not None and at <= self.answer_by
        is_ours = self.standing.is_question and (undelivered or may_answer)
        return silence(Standing.AS_TOLD if is_ours else self.standing, next_day, law.rule)


def refund_by(day: date, days: WorkingDays, rule: Rule) -> date:
    """The last day on which a refund that is due since a day is sent."""
    if rule == Rule.UK_EU:
        return day + REFUND_DAYS
    sent = days.after(day, REFUND_WORKING_DAYS)
    return sent if rule == Rule.US else min(sent, day + REFUND_DAYS)


# Thousands that slip together were told the same few days.
@lru_cache(maxsize=1000)
def ours_ends(day: date, country: str, house: str) -> datetime:
    """The instant at which a day is over for what we owe: in the house's zone or hers, whichever is earlier."""
    return min(_ends(day, country, house))


@lru_cache(maxsize=1000)
def hers_ends(day: date, country: str, house: str) -> datetime:
    """The instant until which an answer is in time: the end of the day in the house's zone or hers, the later one."""
    return max(_ends(day, country, house))


def _both(day: date, country: str, house: str) -> tuple[datetime, datetime]:
    return ours_ends(day, country, house), hers_ends(day, country, house)


def _ends(day: date, country: str, house: str) -> Iterable[datetime]:
    # The instant itself still belongs to the day: what comes at exactly the same time as a deadline is in time.
    midnight = datetime.combine(day + timedelta(days=1), time())
    return (midnight.replace(tzinfo=zone).astimezone(UTC) for zone in _zones(country) | {ZoneInfo(house)})


@cache
def _zones(country: str) -> frozenset[ZoneInfo]:
    """The time zones of a country, by its ISO 3166 code; none for one that is not known."""
    # They are kept, not their names: ZoneInfo itself remembers eight, and reads the others from the disk each time.
    return frozenset(map(ZoneInfo, get_global("territory_zones").get(country, ())))
