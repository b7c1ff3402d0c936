"""Giving up units before they ship, by the customer or for her. Freed units go to the next in the queue at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from backorders import consent, queue
from backorders.facts import Withdrawn
from backorders.models import Claim, Consent, Queue
from notifications.models import Letter
from shop import departures, messages, payments, sending
from shop.models import Order, OrderLine
from shop.notices import reschedule
from shop.settling import settle
from shop.transactions import use_case

# Who acts on the pages that her links open, as the rows keep it.
CUSTOMER = "customer"

_UNITS_FREED = "somebody before you needed fewer units"
_NOTHING_LEFT = "Nothing is left to cancel: it has shipped, or was cancelled."
_BEING_GIVEN = "Goods have just come and are being given to those who wait: try again in a moment."
_CHANGED = "The order changed since you looked: see what is left of it, and cancel that."


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """An order of which so many units were cancelled, and the money that goes back for them."""

    order: Order
    units: int
    refund: Decimal


@use_case
def cancel_line(
    line: OrderLine, units: int, *, reason: str = "", actor: str, at: datetime, seen: int | None = None
) -> Withdrawn:
    """Cancel some or all units of a line that have not shipped. Raises UnableToLeave with what is still possible.

    With `seen`, the units that were wanted when somebody chose to cancel: a second click then cancels nothing more.
    """
    queues, _ = lock_all(line.order)
    if line.claim.item_id not in queues:
        raise queue.UnableToLeave(_NOTHING_LEFT)
    if seen not in {None, Claim.objects.values_list("quantity", flat=True).get(pk=line.claim_id)}:
        raise queue.UnableToLeave(_CHANGED)
    return _cancel(line.order, queues, {line.claim_id: units}, reason, actor, at)[0]


@use_case
def cancel_lines(
    order: Order, seen: Mapping[int, int], *, reason: str = "", actor: str, at: datetime
) -> list[Withdrawn]:
    """Cancel all that has not shipped of some lines: line id -> the units that were wanted when somebody chose.

    Raises UnableToLeave when nothing is left of them, or when fewer or more units are wanted by now.
    """
    queues, lines = lock_all(order)
    chosen = [line for line in lines if line.pk in seen]
    left = {line.claim_id: line.claim.left for line in chosen if line.claim.left}
    if not left:
        raise queue.UnableToLeave(_NOTHING_LEFT)
    if any(line.claim.quantity != seen[line.pk] for line in chosen):
        raise queue.UnableToLeave(_CHANGED)
    return _cancel(order, queues, left, reason, actor, at)


@use_case
def cancel_waiting(
    seen: Mapping[int, Mapping[int, int]], *, reason: str, actor: str, at: datetime
) -> tuple[CancelledOrder, ...]:
    """Cancel what claims of one queue wait for, and nothing that is there for them: for each order, by id, claim id ->
    the units that it lacked when somebody chose.

    All of them leave at once, so that nobody is told a better day who is to leave as well, and who stays is told once.
    Raises UnableToLeave when one of them lacks fewer or more by now, and then nothing has changed.
    """
    return _cancel_waiting(seen, reason, actor, at)


def preview_waiting(
    seen: Mapping[int, Mapping[int, int]], *, reason: str, actor: str, at: datetime
) -> tuple[tuple[CancelledOrder, ...], Letter]:
    """The same and the first of its letters, by the code that does it, in a transaction that is rolled back."""
    with transaction.atomic():
        cancelled = _cancel_waiting(seen, reason, actor, at)
        letter = Letter.objects.filter(template="units_withdrawn", thread=cancelled[0].order.number).latest("id")
        transaction.set_rollback(True)
    return cancelled, letter


def _cancel_waiting(
    seen: Mapping[int, Mapping[int, int]], reason: str, actor: str, at: datetime
) -> tuple[CancelledOrder, ...]:
    still = OrderLine.objects.filter(order__in=seen, claim__shipped__lt=F("claim__quantity"))
    queues = queue.lock(still.values_list("claim__item_id", flat=True))
    units = {pk: lacked for claims in seen.values() for pk, lacked in claims.items()}
    claims = list(Claim.objects.filter(pk__in=units))
    if units != {claim.pk: claim.lacks for claim in claims} or not queues.keys() >= {each.item_id for each in claims}:
        raise queue.UnableToLeave(_CHANGED)
    if any(queue.is_filling(queues[claim.item_id]) for claim in claims):
        raise queue.UnableToLeave(_BEING_GIVEN)
    orders = [payments.lock(pk).order for pk in sorted(seen)]
    withdrawn = pass_on(queues, units, reason=reason, actor=actor, at=at)
    cancelled = []
    for order in orders:
        hers = [fact for fact in withdrawn if fact.claim_id in seen[order.pk]]
        order, refund = _withdrawn(order, hers, reason, at)
        _tell(order, hers, refund, actor, at)
        cancelled.append(CancelledOrder(order, sum(fact.units for fact in hers), refund))
    return tuple(cancelled)


@use_case
def cancel_order(order: Order, *, reason: str = "", actor: str, at: datetime) -> list[Withdrawn]:
    """Cancel everything of an order that has not shipped. Raises UnableToLeave when nothing is left."""
    queues, _ = lock_all(order)
    if not (left := left_of(order)):
        raise queue.UnableToLeave(_NOTHING_LEFT)
    return _cancel(order, queues, left, reason, actor, at)


def left_of(order: Order) -> dict[int, int]:
    """What of the order has not shipped, as units by claim; read it under the lock."""
    claims = Claim.objects.filter(order_line__order=order, shipped__lt=F("quantity"))
    return {claim.pk: claim.quantity - claim.shipped for claim in claims}


def pass_on(
    queues: Mapping[int, Queue], units: Mapping[int, int], *, reason: str, actor: str, at: datetime
) -> list[Withdrawn]:
    """Units by claim leave the queue and go to the next in it, who are told. Their own customer is told by the caller.

    Raises UnableToLeave when fewer are left.
    """
    withdrawn = queue.leave(queues, units, reason=reason, actor=actor, at=at)
    departures.note(units)
    touched = {fact.item_id: queues[fact.item_id] for fact in withdrawn}
    settle(touched, reason=_UNITS_FREED, actor=actor, at=at)
    return withdrawn


def withdraw(
    order: Order,
    queues: Mapping[int, Queue],
    units: Mapping[int, int],
    *,
    reason: str,
    actor: str,
    at: datetime,
) -> tuple[Order, list[Withdrawn], Decimal]:
    """Units by claim leave the order: what is owed falls, and what was paid for them is due back.

    Returns the order as it is now, what left it, and the money that is due back by it. The customer is told by the
    caller. Raises UnableToLeave when fewer are left.
    """
    payments.lock(order.pk)
    withdrawn = pass_on(queues, units, reason=reason, actor=actor, at=at)
    order, refund = _withdrawn(order, withdrawn, reason, at)
    return order, withdrawn, refund


def _withdrawn(order: Order, facts: Sequence[Withdrawn], reason: str, at: datetime) -> tuple[Order, Decimal]:
    """What it means for the order and its money that this left it: the order as it is now, and what is due back."""
    # Where all that is left of a line is on the shelf, nothing is waited for, and so nothing is asked any more.
    complete = Claim.objects.filter(pk__in=[fact.claim_id for fact in facts], allocated=F("quantity"))
    consent.arrived(list(complete.values_list("pk", flat=True)))
    sending.drop_parcels_that_never_leave(order)
    payment = payments.reduce_to_what_is_wanted(order)
    refund = payments.owe_back(payment, reason=reason or "cancelled", at=at)
    reschedule(payment.order, at=at)
    return payment.order, refund


def lock_all(order: Order, *more: int) -> tuple[dict[int, Queue], list[OrderLine]]:
    """Lock the queues of everything of the order that has not shipped, and of more items, by their ids.

    Returns them by item, and all lines of the order, read under that lock.
    """
    still = order.lines.filter(claim__shipped__lt=F("claim__quantity"))
    queues = queue.lock([*still.values_list("claim__item_id", flat=True), *more])
    return queues, list(order.lines.select_related("claim__notice__consent", "order").order_by("id"))


def _cancel(
    order: Order, queues: Mapping[int, Queue], units: Mapping[int, int], reason: str, actor: str, at: datetime
) -> list[Withdrawn]:
    """What left the order; the customer is told."""
    order, withdrawn, refund = withdraw(order, queues, units, reason=reason, actor=actor, at=at)
    _tell(order, withdrawn, refund, actor, at)
    return withdrawn


def _tell(order: Order, withdrawn: Sequence[Withdrawn], refund: Decimal, actor: str, at: datetime) -> None:
    given_up = Claim.objects.filter(pk__in=[fact.claim_id for fact in withdrawn], quantity=F("shipped"))
    consent.note(given_up, Consent.Answer.CANCEL, actor=actor, at=at)
    messages.units_withdrawn(order, withdrawn, refund=refund, at=at)
