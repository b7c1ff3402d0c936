"""Goods that arrived, as a CSV file: SKU, quantity, delivery number and, if it is known, purchase order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from backorders import queue
from inventory.models import PurchaseOrder
from inventory.receiving import Arrived, Received, UnableToReceive
from shop import wakeups
from shop.fulfilment import put_on_shelf
from shop.importing.cells import Cells
from shop.importing.counted import QUANTITY, SKU, item_of, items_named, units_of
from shop.importing.rows import BadRows, Problem
from shop.importing.table import Table, read_table
from shop.transactions import use_case

_DELIVERY = ("delivery number", "delivery", "delivery no", "delivery no.", "delivery note", "delivery note number")
_ORDER = ("purchase order", "purchase order number", "po", "po number", "order", "order number")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one delivery of the file."""

    received: Received
    units: int


@dataclass(slots=True)
class _Delivery:
    """Rows of one delivery number. `line` is where it is named first."""

    number: str
    line: int
    order: str
    arrived: list[Arrived] = field(default_factory=list)


def receive_file(path: Path, *, actor: str, at: datetime, dry_run: bool = False) -> list[Told]:
    """Receive every delivery of the file in one transaction; those who wait are served after its commit.

    Raises UnreadableFile, or BadRows with every bad row. A delivery that was received before with the same goods stays
    as it is.
    """
    table = read_table(path)
    table.require(SKU, QUANTITY, _DELIVERY)
    return _receive_table(table, actor, at, dry_run)


@use_case
def _receive_table(table: Table, actor: str, at: datetime, dry_run: bool) -> list[Told]:
    deliveries, problems = _read(table)
    # All locks of the file are taken together, once, in order: receiving locks the same rows again.
    queue.lock(goods.item_id for delivery in deliveries for goods in delivery.arrived)
    told = list(_receive(deliveries, table, problems, actor, at))
    if problems:
        raise BadRows(problems)
    wakeups.wake_fill(pk for delivery in told if delivery.received.is_new for pk in delivery.received.item_ids)
    transaction.set_rollback(dry_run)
    return told


def _read(table: Table) -> tuple[list[_Delivery], list[Problem]]:
    problems = list(table.problems)
    rows = [Cells(table, record, problems) for record in table.records]
    items = items_named(row.raw(*SKU) for row in rows)
    deliveries: dict[str, _Delivery] = {}
    for row in rows:
        number, order, units = row.text(*_DELIVERY, most=100), row.text(*_ORDER, most=50), units_of(row)
        if not number and not row.bad:
            row.refuse("is blank. Write the number on the supplier's note.", *_DELIVERY)
        item_id = item_of(row, items)
        if row.bad or item_id is None:
            continue
        delivery = deliveries.setdefault(number, _Delivery(number, row.line, order))
        if delivery.order != order:
            reason = (
                f"“{order}” differs from “{delivery.order}” on line {delivery.line}. A delivery belongs to one order."
            )
            row.refuse(reason, *_ORDER)
        delivery.arrived.append(Arrived(item_id, units))
    return list(deliveries.values()), problems


def _receive(
    deliveries: list[_Delivery], table: Table, problems: list[Problem], actor: str, at: datetime
) -> Iterator[Told]:
    named = PurchaseOrder.objects.filter(number__in={delivery.order for delivery in deliveries})
    orders = {order.number: order for order in named.select_for_update().order_by("pk")}
    for delivery in deliveries:
        order = orders.get(delivery.order)
        if delivery.order and order is None:
            reason = f"“{delivery.order}” is no purchase order of ours. Check the number, or leave it empty."
            problems.append(Problem(delivery.line, table.label(*_ORDER), reason))
        elif order is not None and order.state == PurchaseOrder.State.DRAFT:
            reason = f"“{delivery.order}” is still a draft. Send the purchase order first."
            problems.append(Problem(delivery.line, table.label(*_ORDER), reason))
        else:
            try:
                received = put_on_shelf(delivery.number, delivery.arrived, order=order, actor=actor, at=at)
                yield Told(received, sum(goods.units for goods in delivery.arrived))
            except UnableToReceive as error:
                problems.append(Problem(delivery.line, table.label(*_DELIVERY), str(error)))
