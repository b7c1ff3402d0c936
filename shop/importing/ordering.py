"""Writes purchase orders from a file: new ones and drafts. Of those that were sent it changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from django.db.models import QuerySet
from django.utils import timezone

from backorders import queue
from inventory.models import PurchaseOrder, PurchaseOrderLine
from inventory.purchasing import is_too_far
from shop import delays
from shop.formats import count
from shop.importing.cells import Cells
from shop.importing.counted import SKU
from shop.importing.planned import Change, Planned, Row, differences
from shop.importing.purchase_orders import (
    CONFIRMED,
    EXPECTED,
    ORDERED,
    QUANTITY,
    STATE,
    SUPPLIER,
    WantedLine,
    WantedOrder,
    read,
)
from shop.importing.rows import BadRows
from shop.importing.table import Table
from shop.importing.whole import as_a_whole
from shop.settling import foresee, settle

_DRAFT, _SENT = PurchaseOrder.State.DRAFT, PurchaseOrder.State.SENT


@dataclass(slots=True)
class _Plan:
    """An order as it will be, with the lines of the file, and what becomes of each row."""

    order: PurchaseOrder
    is_new: bool
    is_sent_now: bool = False
    lines: list[PurchaseOrderLine] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    left: int = 0

    @property
    def stays(self) -> bool:
        return all(row.stays for row in self.rows)


def import_orders(
    table: Table, *, actor: str, at: datetime, seen: Sequence[Row] | None = None, dry_run: bool = False
) -> Planned:
    """Add the orders that are new and change drafts; what was sent counts as supply from now on.

    Who gets a better day by it is told at once, or with `dry_run` foreseen. Raises UnreadableFile, BadRows,
    UnableToImport and StockBusy.
    """
    return as_a_whole(partial(_write, table, actor, at, dry_run), seen=seen, dry_run=dry_run)


def _write(table: Table, actor: str, at: datetime, dry_run: bool) -> Planned:
    problems = list(table.problems)
    wanted = read(table, problems)
    queues = queue.lock(_items_to_come(wanted))
    known = {order.number: order for order in _orders(wanted).select_for_update(of=("self",)).order_by("pk")}
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in PurchaseOrderLine.objects.filter(order__in=known.values()).order_by("id"):
        lines[line.order_id].append(line)
    plans = []
    for order in wanted:
        before = known.get(order.number)
        plans.append(_plan(order, before, lines[before.pk] if before else [], timezone.localdate(at)))
    if problems:
        raise BadRows(problems)
    _save(plans)
    delays.count_as_sent([plan.order for plan in plans if plan.is_sent_now], at=at)
    rows = tuple(row for plan in plans for row in plan.rows)
    written = tuple(plan.order for plan in plans if not plan.stays)
    if dry_run:
        foreseen = foresee(queues, reason=delays.MORE_IS_COMING, actor=actor, at=at)
        return Planned(rows, tuple(_sentences(plans)), foreseen, written)
    settle(queues, reason=delays.MORE_IS_COMING, actor=actor, at=at)
    return Planned(rows, tuple(_sentences(plans)), written=written)


def _orders(wanted: Iterable[WantedOrder]) -> QuerySet[PurchaseOrder]:
    return PurchaseOrder.objects.filter(number__in=[order.number for order in wanted]).select_related("supplier")


def _items_to_come(wanted: Sequence[WantedOrder]) -> set[int]:
    """Of orders that are to count as supply from now on. One that was sent before never is a draft again."""
    before = set(_orders(wanted).exclude(state=_DRAFT).values_list("number", flat=True))
    sent = [order for order in wanted if order.state == _SENT and order.number not in before]
    of_drafts = PurchaseOrderLine.objects.filter(order__number__in=[order.number for order in sent])
    return {*of_drafts.values_list("item_id", flat=True), *(line.item_id for order in sent for line in order.lines)}


def _plan(wanted: WantedOrder, known: PurchaseOrder | None, lines: Iterable[PurchaseOrderLine], today: date) -> _Plan:
    rest: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        rest[line.item_id].append(line)
    was_sent = known is not None and known.state != _DRAFT
    plan = _Plan(known or PurchaseOrder(number=wanted.number), is_new=known is None)
    changes = _set_order(wanted, plan, was_sent)
    for row in wanted.lines:
        standing = rest[row.item_id].pop(0) if rest[row.item_id] else None
        line = standing or PurchaseOrderLine(item_id=row.item_id)
        if was_sent and standing is None:
            row.cells.refuse(f"is not on {wanted.number}, which was sent already. Use another number.", *SKU)
        changes += _set_line(row, line, was_sent, today)
        plan.rows.append(Row(row.cells.line, f"{wanted.number}: {row.sku}", standing is None, changes))
        plan.lines.append(line)
        changes = ()
    plan.left = sum(map(len, rest.values()))
    return plan


def _set_order(wanted: WantedOrder, plan: _Plan, was_sent: bool) -> tuple[Change, ...]:
    """What the rows say of the whole order. A blank cell says nothing."""
    order, cells = plan.order, wanted.first
    old: dict[str, object] = {} if plan.is_new else _cells_of(order)
    if plan.is_new and not wanted.supplier:
        if not cells.raw(*SUPPLIER):
            cells.refuse("is blank. A new order names its supplier.", *SUPPLIER)
        return ()
    if wanted.state not in (None, _DRAFT, _SENT) and not was_sent:
        cells.refuse("is what comes of days and deliveries. A new order is a draft, or sent.", *STATE)
    if wanted.state == _DRAFT and was_sent:
        cells.refuse(f"{order.number} was sent already and is no draft again. Leave the cell empty.", *STATE)
    order.supplier = wanted.supplier or order.supplier
    order.ordered_on = wanted.ordered_on or order.ordered_on
    plan.is_sent_now = wanted.state == _SENT and not was_sent
    changes = differences(old, _cells_of(order) | ({"State": _SENT.label} if plan.is_sent_now else {}))
    if was_sent:
        _refuse(cells, changes, {"Supplier": SUPPLIER, "Ordered on": ORDERED})
    return changes


def _set_line(row: WantedLine, line: PurchaseOrderLine, was_sent: bool, today: date) -> tuple[Change, ...]:
    """What a row says of its line. A column that the file lacks changes nothing."""
    cells, is_new = row.cells, line.pk is None
    old: dict[str, object] = {} if is_new else _cells_of_line(line)
    if is_new and row.units is None:
        cells.refuse("is blank. Write how many units are ordered.", *QUANTITY)
    line.quantity = row.units or line.quantity
    if cells.has(*EXPECTED):
        day = cells.day(*EXPECTED)
        if day and day != line.expected_on and not was_sent:
            _refuse_day(cells, day, today)
        line.expected_on = day
    if cells.has(*CONFIRMED):
        line.confirmed = cells.yes(*CONFIRMED, blank=False)
    changes = differences(old, _cells_of_line(line))
    if was_sent and not is_new:
        _refuse(cells, changes, {"Quantity": QUANTITY, "Expected on": EXPECTED, "Confirmed": CONFIRMED})
    elif line.confirmed and not line.expected_on and not cells.raw(*EXPECTED):
        cells.refuse("is yes for no day. Fill in the day, or write no.", *CONFIRMED)
    return changes


def _refuse_day(cells: Cells, day: date, today: date) -> None:
    if day < today:
        cells.refuse(f"{day} has passed. Write today or a later day, or leave it empty.", *EXPECTED)
    elif is_too_far(day, today):
        cells.refuse(f"{day} is more than two years ahead. Check the year.", *EXPECTED)


def _refuse(cells: Cells, changes: Iterable[Change], columns: Mapping[str, tuple[str, ...]]) -> None:
    for change in changes:
        cells.refuse(
            f"is {change.old or 'empty'} here. Leave it so: what was sent is changed on the order's page, which says"
            " whom it reaches.",
            *columns[change.column],
        )


def _cells_of(order: PurchaseOrder) -> dict[str, object]:
    return {"Supplier": order.supplier, "State": order.get_state_display(), "Ordered on": order.ordered_on}


def _cells_of_line(line: PurchaseOrderLine) -> dict[str, object]:
    return {"Quantity": line.quantity, "Expected on": line.expected_on, "Confirmed": line.confirmed}


def _save(plans: Iterable[_Plan]) -> None:
    new, changed = [], []
    for plan in plans:
        if not plan.stays:
            plan.order.save()
        for line, row in zip(plan.lines, plan.rows, strict=True):
            if row.is_new:
                line.order = plan.order
                new.append(line)
            elif row.changes:
                changed.append(line)
    PurchaseOrderLine.objects.bulk_create(new)
    PurchaseOrderLine.objects.bulk_update(changed, ["quantity", "expected_on", "confirmed"], batch_size=500)


def _sentences(plans: Sequence[_Plan]) -> Iterator[str]:
    new, sent = sum(plan.is_new for plan in plans), sum(plan.is_sent_now for plan in plans)
    yield f"Purchase orders: {new} new, {len(plans) - new} that are here already."
    if sent:
        supply = count(sent, "order counts", "orders count")
        yield f"{supply} as supply from now on: the supplier has it already, and no mail goes out."
    if left := sum(plan.left for plan in plans):
        yield f"Left as it is: {count(left, 'line')} of these orders that the file does not name."
