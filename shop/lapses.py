"""Deadlines that passed: what nobody shipped, told or answered in time is cancelled, refunded or asked once more."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from backorders import consent, promises, queue
from backorders.deadlines import Silence, Standing
from backorders.models import Claim, Notice, Queue
from backorders.queries import holding
from inventory.dispatch import working_days
from notifications.models import Letter
from shop import cancellations, delay_letters, notices, payments, wakeups
from shop.models import Order, OrderLine, Payment, Release, Sends
from shop.sending import is_together, next_days, released, waits_for_the_rest
from shop.transactions import use_case

logger = logging.getLogger(__name__)

# Who cancels what was not answered or not told in time.
ACTOR = "deadline"
REASONS = {
    Silence.WE_WERE_SILENT: "we did not tell you in time that it would be late",
    Silence.SHE_WAS_SILENT: "your answer did not come in time",
    Silence.LAST_DAY_PASSED: "the last day that you set has passed",
}
# Where nothing was asked and no last day was set, a line has no other day than that of its order.
_WAIT_FOR_OTHERS = {Standing.AS_TOLD, Standing.DELAYED, Standing.AGREED, Standing.LATE}
# A parcel that still stands here so long before its day ends will not leave on it: its customer hears so before.
UNPACKED = timedelta(hours=4)
_LATE_PACKING = "your goods are here, but we did not get your parcel packed in time"
_STILL_WITHOUT_A_DAY = "nobody can give us a day yet"


def orders_due(at: datetime, limit: int) -> list[int]:
    """Ids of orders of which something has to ship, or be told, or was to be answered by now; the longest due first."""
    claims = consent.due(at, limit)
    lines = OrderLine.objects.filter(claim__in=claims).order_by("claim__due_at")
    return list(dict.fromkeys(lines.values_list("order_id", flat=True)))


@use_case
def lapse(order_id: int, *, at: datetime) -> bool:
    """Do what silence means for every line of an order whose deadline has passed. False when none has.

    The locks of the stock items decide between a deadline, an answer and a delivery: the first one wins.
    """
    order = Order.objects.get(pk=order_id)
    queues, lines = cancellations.lock_all(order)
    payment = payments.lock(order_id)
    still = [line for line in lines if line.claim.left]
    due = [line for line in still if line.claim.due_at and line.claim.due_at < at]
    if payment.is_awaited:
        # It is due once it is paid; until then its own time to pay runs.
        consent.suspend([line.claim for line in due])
        return False
    if is_together(order):
        due = _wait_for_the_others(still, due, at)
    days = next_days(order, lines, holding([line.claim_id for line in still]))
    fates: dict[Silence, list[OrderLine]] = defaultdict(list)
    for line in due:
        fates[consent.what_silence_means(line.claim, days[line.claim_id], at)].append(line)
    if is_together(order):
        _share(fates)
    for fate, late in fates.items():
        if fate.cancels:
            _cancel(order, queues, late, fate, at)
        else:
            _tell(order, late, fate, at)
    wakeups.wake_mailer()
    return bool(fates)


def _wait_for_the_others(still: Sequence[OrderLine], due: Sequence[OrderLine], at: datetime) -> list[OrderLine]:
    """What is due of an order that is sent together: a line is not due before the last of the others.

    The day of all moved with that one, and was told. A question and a last day of her own end when they end.
    """
    ends = [line.claim.due_at for line in still]
    last = None if None in ends else max(end for end in ends if end)
    if last and last < at:
        return list(due)
    waiting = [line for line in due if line.claim.standing in _WAIT_FOR_OTHERS]
    consent.extend([line.claim for line in waiting], last)
    return [line for line in due if line not in waiting]


def _share(fates: dict[Silence, list[OrderLine]]) -> None:
    """What leaves together is late together: nothing was kept from her of a line that only waits for another."""
    others = [fate for fate in fates if fate != Silence.WE_WERE_SILENT]
    if others and Silence.WE_WERE_SILENT in fates:
        waited = fates.pop(Silence.WE_WERE_SILENT)
        if others[0].cancels:
            fates[others[0]] += waited


def _cancel(order: Order, queues: Mapping[int, Queue], late: Sequence[OrderLine], fate: Silence, at: datetime) -> None:
    units = {line.claim_id: line.claim.left for line in late}
    reason = REASONS[fate]
    order, withdrawn, refund = cancellations.withdraw(order, queues, units, reason=reason, actor=ACTOR, at=at)
    if fate == Silence.WE_WERE_SILENT:
        logger.error("Order %s: %d lines were cancelled because we let their day pass in silence.", order, len(late))
    delay_letters.order_lapsed(order, withdrawn, fate, refund=refund, at=at)


def _tell(order: Order, late: Sequence[OrderLine], fate: Silence, at: datetime) -> None:
    if fate == Silence.ASK_AGAIN:
        notices.ask_again(order, late, reason=_STILL_WITHOUT_A_DAY, at=at)
        return
    letter = delay_letters.day_passed_key(order, late)
    for line in late:
        consent.apologise(line.claim, letter=letter, at=at)
    delay_letters.day_passed(order, late, letter, at=at)


def parcels_left_behind(at: datetime, limit: int) -> list[int]:
    """Ids of orders with units that are here and will not leave on their day any more, though it is not over yet."""
    soon = Claim.objects.holding().filter(due_at__gte=at, due_at__lt=at + UNPACKED).exclude(standing=Standing.LAST_DAY)
    unpaid, open_releases = Payment.objects.awaited(), Release.objects.filter(shipment=None)
    bound = (
        OrderLine.objects.waiting().filter(order__sends=Sends.TOGETHER).exclude(order__in=open_releases.values("order"))
    )
    lines = OrderLine.objects.filter(claim__in=soon).order_by("claim__due_at")
    may_leave = lines.exclude(order__in=unpaid.values("order")).exclude(order__in=bound.values("order"))
    return list(dict.fromkeys(may_leave.values_list("order_id", flat=True)[:limit]))


@use_case
def give_packing_another_day(order_id: int, *, at: datetime) -> bool:
    """Tell the customer before her day is over that her parcel leaves later. False when there is nothing to tell.

    What waits for its payment, or for the rest of the order, has no parcel to be packed; and no later day is told to
    who set a last one.
    """
    order = Order.objects.get(pk=order_id)
    _, lines = cancellations.lock_all(order)
    is_released = order.pk in released([order])
    if payments.lock(order_id).is_awaited or waits_for_the_rest(order, lines, is_released=is_released):
        return False
    late = [
        line.claim
        for line in lines
        if line.claim.ready
        and line.claim.standing != Standing.LAST_DAY
        and line.claim.due_at
        and at <= line.claim.due_at < at + UNPACKED
    ]
    new_day = working_days().after(timezone.localdate(at), notices.PACKING_DAYS)
    moved = promises.postpone(late, new_day, reason=_LATE_PACKING, at=at)
    notices.tell(moved, at=at)
    wakeups.wake_mailer()
    return bool(moved)


def never_delivered(limit: int) -> list[int]:
    """Ids of notices that the mail server refused for good, or that could not be sent at all."""
    dead = Letter.objects.filter(state=Letter.State.DEAD).values("key")
    return list(consent.undelivered(dead).order_by("id").values_list("pk", flat=True)[:limit])


@use_case
def note_bounce(notice_id: int, *, at: datetime) -> None:
    """A notice that did not arrive is no notice: the deadline before it counts again, and the desk shows it."""
    notice = Notice.objects.select_related("claim").get(pk=notice_id)
    queue.lock([notice.claim.item_id])
    claim = Claim.objects.get(pk=notice.claim_id)
    answer = Letter.objects.values_list("server_answer", flat=True).get(key=notice.letter)
    consent.bounced(claim, notice, answer, at=at)
