"""Giving up units before they ship, by the customer or for her. Freed units go to the next in the queue at once."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from backorders import queue
from backorders.facts import Withdrawn
from backorders.models import Claim, Queue
from shop import messages, payments, sending
from shop.models import Order, OrderLine
from shop.settling import settle
from shop.transactions import use_case

_UNITS_FREED = "somebody before you needed fewer units"


@use_case
def cancel_line(
    line: OrderLine, units: int, *, reason: str = "", actor: str, at: datetime, seen: int | None = None
) -> Withdrawn:
    """Cancel some or all units of a line that have not shipped. Raises UnableToLeave with what is still possible.

    With `seen`, the units that were wanted when somebody chose to cancel: a second click then cancels nothing more.
    """
    queues = queue.lock([line.claim.item_id])
    if seen not in {None, Claim.objects.values_list("quantity", flat=True).get(pk=line.claim_id)}:
        raise queue.UnableToLeave("The order changed since you looked: see what is left of it, and cancel that.")
    return _withdraw(line.order, queues, {line.claim_id: units}, reason, actor, at)[0]


@use_case
def cancel_order(order: Order, *, reason: str = "", actor: str, at: datetime) -> list[Withdrawn]:
    """Cancel everything of an order that has not shipped. Raises UnableToLeave when nothing is left."""
    queues = queue.lock(order.lines.values_list("claim__item_id", flat=True))
    if not (left := left_of(order)):
        raise queue.UnableToLeave("Nothing is left to cancel: it has shipped, or was cancelled.")
    return _withdraw(order, queues, left, reason, actor, at)


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
    settle(queues, reason=_UNITS_FREED, actor=actor, at=at)
    return withdrawn


def _withdraw(
    order: Order,
    queues: Mapping[int, Queue],
    units: Mapping[int, int],
    reason: str,
    actor: str,
    at: datetime,
) -> list[Withdrawn]:
    refunded = payments.refund_due(payments.lock(order.pk))
    withdrawn = pass_on(queues, units, reason=reason, actor=actor, at=at)
    sending.drop_parcels_that_never_leave(order)
    payment = payments.reduce_to_what_is_wanted(order)
    # The letter speaks of this cancellation: what earlier ones send back was told then.
    messages.units_withdrawn(payment.order, withdrawn, refund=payments.refund_due(payment) - refunded, at=at)
    return withdrawn
