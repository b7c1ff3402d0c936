"""What a customer answers when a day slips: keep it, wait until a last day, or take something else. By hand or by link.

To cancel is an answer too, and stands in `cancellations`; to let the ready part go stands in `releases`.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone

from backorders import consent
from backorders.consent import UnableToAnswer
from backorders.queries import holding
from shop import cancellations, messages, sending, wakeups
from shop.models import Order, OrderLine
from shop.transactions import use_case

CHANGED = "We wrote to you about another day since: read below what holds now, and answer that."


@use_case
def keep(order: Order, seen: Mapping[int, int], *, actor: str, at: datetime) -> list[OrderLine]:
    """She agrees to wait for these lines: line id -> the notice that she read. Returns the lines that she keeps.

    An answer that was given already stays as it is: a second click finds it. Raises UnableToAnswer when nothing waits
    for one any more, or when another day was told meanwhile.
    """
    _, lines = cancellations.lock_all(order)
    asked = [line for line in lines if line.pk in seen]
    open_questions = [line for line in asked if line.claim.is_asked]
    if not open_questions:
        if asked and all(_kept(line, seen[line.pk]) for line in asked):
            return asked
        raise UnableToAnswer("Nothing of this order waits for your answer any more: see below what holds.")
    if any(line.claim.notice_id != seen[line.pk] for line in open_questions):
        raise UnableToAnswer(CHANGED)
    told = holding([line.claim_id for line in lines])
    claims = [line.claim for line in open_questions]
    consent.keep(claims, next_days=sending.next_days(order, lines, told), actor=actor, at=at)
    messages.answer_received(order, open_questions, told, at=at)
    wakeups.wake_mailer()
    return open_questions


def _kept(line: OrderLine, notice_id: int) -> bool:
    notice = line.claim.notice
    return line.claim.notice_id == notice_id and notice is not None and hasattr(notice, "consent")


@use_case
def set_last_day(order: Order, line_id: int, day: date, *, actor: str, at: datetime) -> None:
    """She waits for a line until a day of her own, and the order of it ends with that day.

    Consumer Rights Act 2015 s.28(7), directive 2011/83/EU art. 18(2). Raises UnableToAnswer.
    """
    _, lines = cancellations.lock_all(order)
    line = next((line for line in lines if line.pk == line_id), None)
    if line is None or not line.claim.notice_id or line.claim.shipped == line.claim.quantity:
        raise UnableToAnswer("Nothing of this line is late: there is no last day to set.")
    if day <= timezone.localdate(at):
        raise UnableToAnswer("Choose a day after today, or cancel the line at once.")
    consent.set_last_day(line.claim, day, actor=actor, at=at)
    messages.last_day_set(order, line, day, at=at)
    wakeups.wake_mailer()


def may_set_last_day() -> bool:
    return consent.rule().knows_last_days
