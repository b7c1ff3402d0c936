"""When a supplier's day is set or moves: exactly the promises that it breaks are made anew and told (law 10)."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from backorders import promises, queue, turns
from backorders.facts import Moved
from backorders.models import Queue
from backorders.queue import Rules
from inventory import purchasing
from inventory.locking import StockBusy
from inventory.models import ExpectedDay, PurchaseOrder, PurchaseOrderLine, Supplier
from shop import notices, purchase_letters, wakeups
from shop.settling import Foreseen, Outcome, tell
from shop.transactions import use_case

MORE_IS_COMING = "we ordered more"

# By the id of a purchase line.
type Days = Mapping[int, ExpectedDay]
type Units = Mapping[int, int]


@use_case
def send_purchase_order(order: PurchaseOrder, *, by_mail: bool = False, at: datetime) -> list[Moved]:
    """From now on the order's lines are supply; those who get a better day by it are told.

    With `by_mail` its supplier gets it as a letter; else somebody has sent it otherwise. Raises
    UnableToChangePurchaseOrder unless it is a draft with lines, whose supplier has an address if it goes by mail.
    """
    return _tell(_send(order.pk, by_mail, at), MORE_IS_COMING, at)


def count_as_sent(orders: Collection[PurchaseOrder], *, at: datetime) -> None:
    """Drafts that somebody has sent otherwise: from now on their lines are supply.

    In the transaction of the caller, who holds the locks of their items and settles their queues. Raises
    UnableToChangePurchaseOrder as above.
    """
    for pk in sorted(order.pk for order in orders):
        _send(pk, False, at)


def preview_send(order: PurchaseOrder, *, by_mail: bool = False, at: datetime) -> Foreseen:
    """Who would get a better day, by the code that does it, in a transaction that is rolled back."""
    return _foresee(partial(_send, order.pk, by_mail, at), MORE_IS_COMING, at)


@use_case
def confirm_purchase_order(
    order: PurchaseOrder,
    days: Days,
    *,
    reason: str,
    actor: str,
    at: datetime,
    seen: Days | None = None,
) -> list[Moved]:
    """The supplier has said yes and named its days, by purchase line; those whose day moves by it are told.

    Raises UnableToChangePurchaseOrder as moving a day does, and for an order that was not sent or is confirmed already.
    """
    return _tell(_confirm(order.pk, days, reason, actor, at, seen), reason, at)


def preview_confirm(order: PurchaseOrder, days: Days, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_confirm, order.pk, days, reason, actor, at), reason, at)


def move_expected_day(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> list[Moved]:
    """Set one purchase line's expected day, as below."""
    return move_expected_days({line.pk: ExpectedDay(day, confirmed)}, reason=reason, actor=actor, at=at)


@use_case
def move_expected_days(days: Days, *, reason: str, actor: str, at: datetime, seen: Days | None = None) -> list[Moved]:
    """Set the expected days of purchase lines, and tell those whose day breaks or gets better, each once.

    With `seen`, the days that stood there when somebody chose: raises UnableToChangePurchaseOrder when somebody else
    moved them meanwhile; and without a reason, which customers read.
    """
    return _tell(_move(days, reason, actor, at, seen), reason, at)


def preview_move(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> Foreseen:
    """What moving one purchase line's day would do, as below."""
    return preview_moves({line.pk: ExpectedDay(day, confirmed)}, reason=reason, actor=actor, at=at)


def preview_moves(days: Days, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_move, days, reason, actor, at), reason, at)


def write_off(
    line: PurchaseOrderLine, units: int, *, reason: str, actor: str, at: datetime, seen: int | None = None
) -> list[Moved]:
    """Units of one purchase line that will not come any more, as below. `seen` is what was outstanding."""
    owed = None if seen is None else {line.pk: seen}
    return write_off_lines({line.pk: units}, reason=reason, actor=actor, at=at, seen=owed)


@use_case
def write_off_lines(units: Units, *, reason: str, actor: str, at: datetime, seen: Units | None = None) -> list[Moved]:
    """Units that will not come any more, by purchase line; those whose day breaks by it are told, each once.

    With `seen`, the units that were outstanding when somebody chose: a second click then writes nothing more off.
    Raises UnableToChangePurchaseOrder.
    """
    return _tell(_write_off(units, reason, actor, at, seen), reason, at)


def preview_write_off(line: PurchaseOrderLine, units: int, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Whose promise would break if one line were written off, as below."""
    return preview_write_offs({line.pk: units}, reason=reason, actor=actor, at=at)


def preview_write_offs(units: Units, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Whose promise would break, by the code that does it, in a transaction that is rolled back."""
    return _foresee(partial(_write_off, units, reason, actor, at), reason, at)


@use_case
def change_handling_days(supplier: Supplier, days: int, *, reason: str, actor: str, at: datetime) -> list[Moved]:
    """Set how many working days a supplier's goods need here before they ship, and tell those whose day moves by it.

    Raises UnableToChangePurchaseOrder without a reason, which customers read.
    """
    return _tell(_change_handling_days(supplier.pk, days, reason), reason, at)


def preview_handling_days(supplier: Supplier, days: int, *, reason: str, at: datetime) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_change_handling_days, supplier.pk, days, reason), reason, at)


@use_case
def change_rules(item_id: int, rules: Rules, *, reason: str, at: datetime, seen: Rules | None = None) -> list[Moved]:
    """Set who may join an item's queue, how many and for how long; those to whom that offers another day are told.

    With `seen`, the rules that stood there when somebody chose: raises StockBusy when they were changed meanwhile.
    """
    return _tell(_change_rules(item_id, rules, seen), reason, at)


def preview_rules(item_id: int, rules: Rules, *, reason: str, at: datetime) -> Foreseen:
    """Whose promise would change, by the code that changes it, in a transaction that is rolled back."""
    return _foresee(partial(_change_rules, item_id, rules), reason, at)


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


def _change_rules(item_id: int, rules: Rules, seen: Rules | None = None) -> Mapping[int, Queue]:
    queues = queue.lock([item_id])
    if seen is not None and Rules.of(queues[item_id]) != seen:
        raise StockBusy("Somebody changed these rules since you looked: see what they are now.")
    queue.change_rules(queues[item_id], rules)
    return queues


def _change_handling_days(pk: int, days: int, reason: str) -> Mapping[int, Queue]:
    lines = PurchaseOrderLine.objects.inbound().filter(order__supplier=pk)
    queues = queue.lock(lines.values_list("item_id", flat=True))
    supplier = Supplier.objects.select_for_update().get(pk=pk)
    if lines.exclude(item__in=queues).exists():
        raise StockBusy("Something was ordered from this supplier just now. Try again in a moment.")
    purchasing.change_handling_days(supplier, days, reason=reason)
    return queues


def _send(pk: int, by_mail: bool, at: datetime) -> Mapping[int, Queue]:
    queues = queue.lock(PurchaseOrderLine.objects.filter(order=pk).values_list("item_id", flat=True))
    order = PurchaseOrder.objects.select_for_update().get(pk=pk)
    # Its handling days count from here on: they are not to change in the same moment.
    order.supplier = Supplier.objects.select_for_update().get(pk=order.supplier_id)
    if by_mail and not order.supplier.email:
        raise purchasing.UnableToChangePurchaseOrder(
            f"{order.supplier} has no e-mail address: give it one, or send the order yourself and mark it as sent."
        )
    purchasing.send(order, on=timezone.localdate(at))
    if by_mail:
        purchase_letters.purchase_order_sent(order, at=at)
    return queues


def _confirm(
    pk: int, days: Days, reason: str, actor: str, at: datetime, seen: Days | None = None
) -> Mapping[int, Queue]:
    queues = _move(days, reason, actor, at, seen)
    purchasing.confirm(PurchaseOrder.objects.select_for_update().get(pk=pk), on=timezone.localdate(at))
    return queues


def _move(days: Days, reason: str, actor: str, at: datetime, seen: Days | None = None) -> Mapping[int, Queue]:
    queues, lines = _lock_lines(days)
    for line in lines:
        if seen is not None and line.expected != seen[line.pk]:
            raise purchasing.UnableToChangePurchaseOrder(
                f"The day of {line} was changed since you looked: see what stands there now."
            )
        purchasing.change_expected_day(line, days[line.pk], reason=reason, actor=actor, at=at)
    return queues


def _write_off(units: Units, reason: str, actor: str, at: datetime, seen: Units | None = None) -> Mapping[int, Queue]:
    queues, lines = _lock_lines(units)
    for line in lines:
        if seen is not None and line.outstanding != seen[line.pk]:
            raise purchasing.UnableToChangePurchaseOrder(f"{line} changed since you looked: see what it still owes.")
        purchasing.write_off(line, units[line.pk])
    ended = [line for line in lines if not line.outstanding]
    if ended:
        turns.call_back(queues, [line.pk for line in ended], reason=reason, actor=actor, at=at)
        wakeups.wake_fill(line.item_id for line in ended)
    return queues


def _lock_lines(ids: Collection[int]) -> tuple[Mapping[int, Queue], list[PurchaseOrderLine]]:
    """The queues of these purchase lines, locked, and then the lines as they stand."""
    lines = PurchaseOrderLine.objects.filter(pk__in=ids)
    queues = queue.lock(lines.values_list("item_id", flat=True))
    return queues, list(lines.select_related("order", "item").order_by("id"))
