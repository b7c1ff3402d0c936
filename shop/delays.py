"""When a supplier's day is set or moves: exactly the promises that it breaks are made anew and told (law 10)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from backorders import promises, queue
from backorders.facts import Moved
from inventory import purchasing
from inventory.models import PurchaseOrder, PurchaseOrderLine
from shop import messages, wakeups
from shop.transactions import use_case


@use_case
def place_purchase_order(order: PurchaseOrder, *, at: datetime) -> list[Moved]:
    """From now on the order's lines are supply; those who get a better day by it are told.

    Raises UnableToChangePurchaseOrder unless it is a draft with lines.
    """
    queues = queue.lock(order.lines.values_list("item_id", flat=True))
    purchasing.place(order, on=timezone.localdate(at))
    moved = promises.revise(queues.values(), reason="we ordered more", at=at)
    messages.days_moved(moved, at=at)
    wakeups.wake_mailer()
    return moved


@use_case
def move_expected_day(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> list[Moved]:
    """Set a purchase line's expected day, None for unknown, and tell those whose day breaks or gets better.

    Raises UnableToChangePurchaseOrder without a reason, which customers read.
    """
    moved = _move(line.pk, day, confirmed, reason, actor, at)
    messages.days_moved(moved, at=at)
    wakeups.wake_mailer()
    return moved


def preview_move(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> list[Moved]:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    with transaction.atomic():
        moved = _move(line.pk, day, confirmed, reason, actor, at)
        transaction.set_rollback(True)
    return moved


@use_case
def write_off(line: PurchaseOrderLine, units: int, *, reason: str, actor: str, at: datetime) -> list[Moved]:
    """Units of a purchase line that will not come any more. Raises UnableToChangePurchaseOrder."""
    queues = queue.lock([line.item_id])
    purchasing.write_off(PurchaseOrderLine.objects.select_related("order", "item").get(pk=line.pk), units)
    moved = promises.revise(queues.values(), reason=reason, at=at)
    messages.days_moved(moved, at=at)
    wakeups.wake_mailer()
    return moved


def _move(pk: int, day: date | None, confirmed: bool, reason: str, actor: str, at: datetime) -> list[Moved]:
    item_id = PurchaseOrderLine.objects.values_list("item_id", flat=True).get(pk=pk)
    queues = queue.lock([item_id])
    line = PurchaseOrderLine.objects.select_related("order", "item").get(pk=pk)
    purchasing.change_expected_day(line, day, confirmed=confirmed, reason=reason, actor=actor, at=at)
    return promises.revise(queues.values(), reason=reason, at=at)
