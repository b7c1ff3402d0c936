"""What an order's customer was told of delays, what she can answer, and what holds where nothing is asked any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from django.forms import Form
from django.utils import timezone

from backorders.deadlines import Standing as ClaimStanding
from backorders.models import Consent
from shop import alternatives, answers, lapses
from shop.alternatives import Alternative
from shop.cancellations import CUSTOMER
from shop.models import Order
from shop.web.forms import GiveUpForm, LastDayForm, PostcodeForm
from shop.web.standing import LineStanding, Standing


class Fate(StrEnum):
    """Where a line stands that was told of a delay. Asked: without an answer it ends. May answer: silence keeps it."""

    ASKED = "asked"
    MAY_ANSWER = "may_answer"
    TOO_LATE = "too_late"
    KEPT = "kept"
    LAST_DAY = "last_day"
    REPLACED = "replaced"
    CANCELLED_BY_HER = "cancelled_by_her"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"
    HERE = "here"
    BETTER = "better"

    @property
    def is_open(self) -> bool:
        return self in {Fate.ASKED, Fate.MAY_ANSWER}

    @property
    def is_cancelled(self) -> bool:
        return self in {Fate.CANCELLED_BY_HER, Fate.LAPSED, Fate.CANCELLED}


@dataclass(frozen=True, slots=True)
class DelayedLine:
    """A line that was told of a delay. `last_day` is None where none can be set."""

    stands: LineStanding
    fate: Fate
    instead: tuple[tuple[Alternative, Form], ...]
    last_day: Form | None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What staff offered her instead of a line, each with the form by which she takes it."""

    stands: LineStanding
    instead: tuple[tuple[Alternative, Form], ...]


@dataclass(frozen=True, slots=True)
class Delays:
    """The delays of an order. `covered` are the lines that go when she cancels all of it, `cancel` asks before.

    `proposed` is what staff offered instead of lines, delayed or not.
    """

    standing: Standing
    lines: tuple[DelayedLine, ...]
    proposed: tuple[Proposed, ...]
    covered: tuple[LineStanding, ...]
    cancel: Form

    @classmethod
    def of(cls, order: Order, at: datetime, *, failed: Form | None = None) -> Self:
        """Two queries more than the standing of the order, and one for each line that staff proposed something for.

        `failed` is a form that was sent with something wrong."""
        standing = Standing.of(order)
        told = [(stands, _fate(stands, at)) for stands in standing.lines if stands.claim.notice]
        still_open = [stands for stands, fate in told if fate.is_open]
        proposed = alternatives.proposed([stands.line for stands in standing.lines], at)
        # What was proposed for a line stands above, with what staff chose for it.
        unproposed = [stands.line for stands in still_open if stands.line.pk not in proposed]
        offered = alternatives.for_lines(unproposed, at)
        lines = tuple(
            DelayedLine(
                stands,
                fate,
                tuple(_instead(order, stands, offered.get(stands.line.pk, ()), failed)),
                _last_day(stands, at, failed),
            )
            for stands, fate in told
        )
        # What is sent together is late together.
        covered = [stands for stands in standing.lines if stands.left] if standing.together else still_open
        cancel = _sent(GiveUpForm(order=order, prefix="cancel"), failed)
        asked = tuple(
            Proposed(stands, tuple(_instead(order, stands, proposed[stands.line.pk], failed)))
            for stands in standing.lines
            if stands.line.pk in proposed
        )
        return cls(standing, lines, asked, tuple(covered), cancel)

    @property
    def open(self) -> tuple[DelayedLine, ...]:
        """Those that she can answer."""
        return tuple(line for line in self.lines if line.fate.is_open)

    @property
    def answer_by(self) -> datetime | None:
        """Until when a yes is awaited, the first one if there are several; None where silence keeps everything."""
        asked = (line.stands.claim.notice for line in self.lines if line.fate == Fate.ASKED)
        return min((notice.answer_by for notice in asked if notice and notice.answer_by), default=None)

    @property
    def told_first(self) -> date | None:
        """The day of an order that is sent together, before it moved for the first time."""
        notices = (moved.notice for line in self.lines for moved in line.stands.moved if moved.notice)
        return next((notice.old_day for notice in sorted(notices, key=lambda each: each.pk) if notice.old_day), None)

    @property
    def has_other_ways(self) -> bool:
        """Is there more to choose than to keep or to cancel all of it?"""
        may_release = self.standing.together is not None and self.standing.together.may_release
        is_one_unit = len(self.open) == 1 and self.open[0].stands.left == 1
        return may_release or not is_one_unit or any(line.instead or line.last_day for line in self.open)


def _fate(stands: LineStanding, at: datetime) -> Fate:
    claim = stands.claim
    if answers.awaits_answer(claim, at):
        return Fate.ASKED if claim.is_asked else Fate.MAY_ANSWER
    answer = answers.answer_of(claim)
    if answer and answer.answer == Consent.Answer.ALTERNATIVE:
        return Fate.REPLACED
    if not claim.quantity:
        who = stands.withdrawn[-1].actor
        return {CUSTOMER: Fate.CANCELLED_BY_HER, lapses.ACTOR: Fate.LAPSED}.get(who, Fate.CANCELLED)
    if not claim.lacks:
        return Fate.HERE if claim.left else Fate.SHIPPED
    if claim.standing == ClaimStanding.LAST_DAY:
        return Fate.LAST_DAY
    if answer:
        return Fate.KEPT
    return Fate.BETTER if claim.standing == ClaimStanding.AS_TOLD else Fate.TOO_LATE


def _instead(
    order: Order, stands: LineStanding, offered: Sequence[Alternative], failed: Form | None
) -> Iterator[tuple[Alternative, Form]]:
    for each in offered:
        form = PostcodeForm(order=order, prefix=f"instead-{stands.line.pk}-{each.variant.pk}")
        yield each, _sent(form, failed)


def _last_day(stands: LineStanding, at: datetime, failed: Form | None) -> Form | None:
    if not answers.may_set_last_day(stands.claim, at):
        return None
    return _sent(LastDayForm(today=timezone.localdate(at), prefix=f"day-{stands.line.pk}"), failed)


def _sent(form: Form, failed: Form | None) -> Form:
    """The form as it was sent, if it is the one that was."""
    return failed if failed and failed.prefix == form.prefix else form
