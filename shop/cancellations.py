"""Giving up units before they ship, by the customer or for her. Freed units go to the next in the queue at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from backorders import promises, queue
from backorders.facts import Withdrawn
from backorders.models import Claim, Queue
from shop import messages, payments, wakeups
from shop.models import Order, OrderLine
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
    return _withdraw(line.order, queues, [(line, units)], reason, actor, at)[0]


@use_case
def cancel_order(order: Order, *, reason: str = "", actor: str, at: datetime) -> list[Withdrawn]:
    """Cancel everything of an order that has not shipped. Raises UnableToLeave when nothing is left."""
    queues = queue.lock(order.lines.values_list("claim__item_id", flat=True))
    lines = order.lines.select_related("claim").order_by("id")
    left = [(line, line.claim.quantity - line.claim.shipped) for line in lines]
    if not any(units for _, units in left):
        raise queue.UnableToLeave("Nothing is left to cancel: it has shipped, or was cancelled.")
    return _withdraw(order, queues, [(line, units) for line, units in left if units], reason, actor, at)


def _withdraw(
    order: Order,
    queues: Mapping[int, Queue],
    lines: Sequence[tuple[OrderLine, int]],
    reason: str,
    actor: str,
    at: datetime,
) -> list[Withdrawn]:
    withdrawn = [
        queue.leave(queues[line.claim.item_id], line.claim_id, units, reason=reason, actor=actor, at=at)
        for line, units in lines
    ]
    filled = [fact for line in queues.values() for fact in queue.fill(line, actor=actor, at=at)]
    moved = promises.revise(queues.values(), reason=_UNITS_FREED, at=at)
    payments.reduce_to_what_is_wanted(order)
    messages.units_withdrawn(order, withdrawn, at=at)
    messages.units_arrived(filled, at=at)
    messages.days_moved(moved, at=at)
    wakeups.wake_fill(queues)
    wakeups.wake_mailer()
    return withdrawn
