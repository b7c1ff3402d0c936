"""Purchase orders as a table: a row for each line, known by the order's number and the SKU.

An order of which nothing is on order yet has no row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from inventory.models import PurchaseOrder, PurchaseOrderLine, Supplier
from shop.importing.cells import Cells
from shop.importing.counted import SKU, item_of, items_named
from shop.importing.numbers import MOST_UNITS, shortened
from shop.importing.planned import in_words
from shop.importing.rows import Problem
from shop.importing.suppliers import supplier_named, suppliers_named
from shop.importing.table import Table

COLUMNS = (
    "Purchase order",
    "Supplier",
    "State",
    "Ordered on",
    "SKU",
    "Name",
    "Quantity",
    "Received",
    "Written off",
    "Expected on",
    "Confirmed",
)
NUMBER, SUPPLIER, STATE = ("purchase order", "number", "po", "order"), ("supplier",), ("state",)
ORDERED, QUANTITY = ("ordered on",), ("quantity", "qty", "units")
EXPECTED, CONFIRMED = ("expected on", "expected day"), ("confirmed",)
_STATES: dict[str, PurchaseOrder.State | None] = {state.label.casefold(): state for state in PurchaseOrder.State}


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A row: so many units of an item. What its other cells say stands in them."""

    cells: Cells
    item_id: int
    sku: str
    units: int | None


@dataclass(slots=True)
class WantedOrder:
    """Rows of one number. What their cells do not say of the order is None."""

    number: str
    first: Cells
    supplier: Supplier | None
    state: PurchaseOrder.State | None
    ordered_on: date | None
    lines: list[WantedLine] = field(default_factory=list)


def export() -> tuple[Sequence[str], Iterable[tuple[object, ...]]]:
    lines = PurchaseOrderLine.objects.select_related("order__supplier", "item").order_by("order", "id")
    return COLUMNS, map(_row, lines)


def read(table: Table, problems: list[Problem]) -> list[WantedOrder]:
    """The orders of the file, in its order; what cannot be taken is added to the problems and left out."""
    table.require(NUMBER, SKU, QUANTITY)
    rows = [Cells(table, record, problems) for record in table.records]
    items = items_named(row.raw(*SKU) for row in rows)
    suppliers = suppliers_named((row.raw(*SUPPLIER) for row in rows), Supplier.objects.all())
    orders: dict[str, WantedOrder] = {}
    for row in rows:
        number, item_id, units = row.text(*NUMBER, most=50), item_of(row, items), row.units(*QUANTITY)
        if not row.raw(*NUMBER):
            row.refuse("is blank. Every row names the order that it belongs to.", *NUMBER)
        if units is not None and not 1 <= units <= MOST_UNITS:
            row.refuse(f"“{units}” units cannot be ordered. Write 1 or more.", *QUANTITY)
        said = _supplier(row, suppliers), row.choice(_STATES, *STATE, blank=None), row.day(*ORDERED)
        order = orders.setdefault(number, WantedOrder(number, row, *said))
        _take_or_refuse(row, order, said)
        if item_id is not None and not row.bad:
            order.lines.append(WantedLine(row, item_id, row.raw(*SKU), units))
    return list(orders.values())


def _supplier(row: Cells, suppliers: Mapping[str, Sequence[Supplier]]) -> Supplier | None:
    name = row.raw(*SUPPLIER)
    supplier = supplier_named(name, suppliers) if name else None
    if name and supplier is None:
        row.refuse(f"“{shortened(name)}” is no supplier of ours. Check the name, or add the supplier first.", *SUPPLIER)
    return supplier


def _take_or_refuse(row: Cells, order: WantedOrder, said: tuple[object, object, object]) -> None:
    """An order has one supplier, one state, one day on which it was ordered. Blank cells say the same as the others."""
    for names, place, new in zip((SUPPLIER, STATE, ORDERED), ("supplier", "state", "ordered_on"), said, strict=True):
        stands = getattr(order, place)
        if stands is None:
            setattr(order, place, new)
        elif new not in (None, stands):
            row.refuse(f"“{row.raw(*names)}” is another one than above. An order has only one.", *names)


def _row(line: PurchaseOrderLine) -> tuple[object, ...]:
    order = line.order
    return (
        order.number,
        order.supplier.name,
        order.get_state_display(),
        order.ordered_on,
        line.item.sku,
        line.item.name,
        line.quantity,
        line.received,
        line.written_off,
        line.expected_on,
        in_words(line.confirmed),
    )
