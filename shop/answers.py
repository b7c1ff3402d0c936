"""What a customer answers when a day slips: keep it, wait until a last day, or take something else. By hand or by link.

To cancel is an answer too, and stands in `cancellations`; to let the ready part go stands in `releases`.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone

from backorders import consent
from backorders.consent import UnableToAnswer
from backorders.deadlines import Standing
from backorders.models import Claim, Consent
from backorders.queries import holding
from shop import cancellations, delay_letters, sending, wakeups
from shop.models import Order, OrderLine
from shop.transactions import use_case

NOT_AHEAD = "Choose a day after today, or cancel the line at once."
CHANGED = "We wrote to you about another day since: read below what holds now, and answer that."
_NOTHING = "Nothing of this order waits for your answer any more: see below what holds."
# Where there is no delay to speak of any more, or where a last day of her own decides.
_SETTLED = {Standing.AS_TOLD, Standing.LAST_DAY}


def awaits_answer(claim: Claim, at: datetime) -> bool:
    """Was its customer told of a delay that still holds, has she not answered it, and is there time to?

    Her answer need not be a question's: where silence keeps the order, she may say so all the same.
    """
    notice = claim.notice
    if notice is None or not claim.lacks or claim.standing in _SETTLED or answer_of(claim):
        return False
    is_over = claim.is_asked and notice.answer_by is not None and at > notice.answer_by
    return not is_over and not consent.case_of(claim).is_too_late(at, consent.law())


def answer_of(claim: Claim) -> Consent | None:
    """What was answered to the newest notice."""
    return getattr(claim.notice, "consent", None)


@use_case
def keep(order: Order, seen: Mapping[int, int], *, actor: str, at: datetime) -> list[OrderLine]:
    """She agrees to wait for these lines: line id -> the notice that she read. Returns the lines that she keeps.

    An answer that was given already stays as it is: a second click finds it. Raises UnableToAnswer when nothing waits
    for one any more, or when another day was told meanwhile.
    """
    _, lines = cancellations.lock_all(order)
    chosen = [line for line in lines if line.pk in seen]
    waiting = [line for line in chosen if awaits_answer(line.claim, at)]
    if not waiting:
        if chosen and all(_is_kept(line.claim, seen[line.pk]) for line in chosen):
            return chosen
        raise UnableToAnswer(_NOTHING)
    if any(line.claim.notice_id != seen[line.pk] for line in waiting):
        raise UnableToAnswer(CHANGED)
    told = holding([line.claim_id for line in lines])
    days = sending.next_days(order, lines, told)
    asked = [line.claim for line in waiting if line.claim.is_asked]
    delayed = [line.claim for line in waiting if line.claim.standing == Standing.DELAYED]
    consent.keep(asked, next_days=days, actor=actor, at=at)
    consent.note([line.claim for line in waiting], Consent.Answer.KEEP, actor=actor, at=at)
    # Where the notice had not arrived the old day counted: she knows the new one now.
    consent.schedule(delayed, days, at=at)
    delay_letters.answer_received(order, waiting, told, at=at)
    wakeups.wake_mailer()
    return waiting


def _is_kept(claim: Claim, notice_id: int) -> bool:
    answer = answer_of(claim)
    return answer is not None and answer.notice_id == notice_id and answer.answer == Consent.Answer.KEEP


@use_case
def set_last_day(order: Order, line_id: int, day: date, *, actor: str, at: datetime) -> None:
    """She waits for a line until a day of her own, and the order of it ends with that day.

    Consumer Rights Act 2015 s.28(7), directive 2011/83/EU art. 18(2). Raises UnableToAnswer.
    """
    _, lines = cancellations.lock_all(order)
    line = next((line for line in lines if line.pk == line_id), None)
    if line is None or not may_set_last_day(line.claim, at):
        raise UnableToAnswer("No last day can be set for this any more: see below what holds, or cancel at any time.")
    if day <= timezone.localdate(at):
        raise UnableToAnswer(NOT_AHEAD)
    consent.set_last_day(line.claim, day, actor=actor, at=at)
    delay_letters.last_day_set(order, line, day, at=at)
    wakeups.wake_mailer()


def may_set_last_day(claim: Claim, at: datetime) -> bool:
    return consent.rule().knows_last_days and awaits_answer(claim, at)
