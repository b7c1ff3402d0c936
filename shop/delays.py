"""When a supplier's day is set or moves: exactly the promises that it breaks are made anew and told (law 10)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from backorders import promises, queue, turns
from backorders.facts import Moved
from backorders.models import Queue
from inventory import purchasing
from inventory.locking import StockBusy
from inventory.models import PurchaseOrder, PurchaseOrderLine, Supplier
from shop import notices, wakeups
from shop.settling import Foreseen, Outcome, tell
from shop.transactions import use_case

_MORE_IS_COMING = "we ordered more"


@use_case
def place_purchase_order(order: PurchaseOrder, *, at: datetime) -> list[Moved]:
    """From now on the order's lines are supply; those who get a better day by it are told.

    Raises UnableToChangePurchaseOrder unless it is a draft with lines.
    """
    return _tell(_place(order.pk, at), _MORE_IS_COMING, at)


def preview_place(order: PurchaseOrder, *, at: datetime) -> Foreseen:
    """Who would get a better day, by the code that does it, in a transaction that is rolled back."""
    return _foresee(partial(_place, order.pk, at), _MORE_IS_COMING, at)


@use_case
def move_expected_day(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> list[Moved]:
    """Set a purchase line's expected day, None for unknown, and tell those whose day breaks or gets better.

    Raises UnableToChangePurchaseOrder without a reason, which customers read.
    """
    return _tell(_move(line.pk, day, confirmed, reason, actor, at), reason, at)


def preview_move(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_move, line.pk, day, confirmed, reason, actor, at), reason, at)


@use_case
def write_off(
    line: PurchaseOrderLine, units: int, *, reason: str, actor: str, at: datetime, seen: int | None = None
) -> list[Moved]:
    """Units of a purchase line that will not come any more. Raises UnableToChangePurchaseOrder.

    With `seen`, the units that were outstanding when somebody chose: a second click then writes nothing more off.
    """
    return _tell(_write_off(line.pk, units, reason, actor, at, seen), reason, at)


def preview_write_off(line: PurchaseOrderLine, units: int, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Whose promise would break, by the code that does it, in a transaction that is rolled back."""
    return _foresee(partial(_write_off, line.pk, units, reason, actor, at), reason, at)


@use_case
def change_handling_days(supplier: Supplier, days: int, *, reason: str, actor: str, at: datetime) -> list[Moved]:
    """Set how many working days a supplier's goods need here before they ship, and tell those whose day moves by it.

    Raises UnableToChangePurchaseOrder without a reason, which customers read.
    """
    return _tell(_change_handling_days(supplier.pk, days, reason), reason, at)


def preview_handling_days(supplier: Supplier, days: int, *, reason: str, at: datetime) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_change_handling_days, supplier.pk, days, reason), reason, at)


def _tell(queues: Mapping[int, Queue], reason: str, at: datetime) -> list[Moved]:
    """Plan the queues anew; returns what is told with the change itself. The worker tells the rest."""
    moved = promises.revise(queues.values(), reason=reason, at=at)
    tell(queues.values(), moved, at=at)
    return moved


def _foresee(act: Callable[[], Mapping[int, Queue]], reason: str, at: datetime) -> Foreseen:
    with transaction.atomic():
        moved = promises.revise_all(act().values(), reason=reason, at=at)
        foreseen = Foreseen(Outcome((), tuple(moved)), notices.foresee(moved, at=at))
        transaction.set_rollback(True)
    return foreseen


def _change_handling_days(pk: int, days: int, reason: str) -> Mapping[int, Queue]:
    lines = PurchaseOrderLine.objects.inbound().filter(order__supplier=pk)
    queues = queue.lock(lines.values_list("item_id", flat=True))
    supplier = Supplier.objects.select_for_update().get(pk=pk)
    if lines.exclude(item__in=queues).exists():
        raise StockBusy("Something was ordered from this supplier just now. Try again in a moment.")
    purchasing.change_handling_days(supplier, days, reason=reason)
    return queues


def _place(pk: int, at: datetime) -> Mapping[int, Queue]:
    queues = queue.lock(PurchaseOrderLine.objects.filter(order=pk).values_list("item_id", flat=True))
    order = PurchaseOrder.objects.select_for_update().get(pk=pk)
    # Its handling days count from here on: they are not to change in the same moment.
    Supplier.objects.select_for_update().get(pk=order.supplier_id)
    purchasing.place(order, on=timezone.localdate(at))
    return queues


def _write_off(
    pk: int, units: int, reason: str, actor: str, at: datetime, seen: int | None = None
) -> Mapping[int, Queue]:
    item_id = PurchaseOrderLine.objects.values_list("item_id", flat=True).get(pk=pk)
    queues = queue.lock([item_id])
    line = PurchaseOrderLine.objects.select_related("order", "item").get(pk=pk)
    if seen not in {None, line.outstanding}:
        raise purchasing.UnableToChangePurchaseOrder(f"{line} changed since you looked: see what it still owes.")
    purchasing.write_off(line, units)
    if not line.outstanding:
        turns.call_back(queues, [line.pk], reason=reason, actor=actor, at=at)
        wakeups.wake_fill(queues)
    return queues


def _move(pk: int, day: date | None, confirmed: bool, reason: str, actor: str, at: datetime) -> Mapping[int, Queue]:
    item_id = PurchaseOrderLine.objects.values_list("item_id", flat=True).get(pk=pk)
    queues = queue.lock([item_id])
    line = PurchaseOrderLine.objects.select_related("order", "item").get(pk=pk)
    purchasing.change_expected_day(line, day, confirmed=confirmed, reason=reason, actor=actor, at=at)
    return queues
