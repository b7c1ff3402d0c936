"""Suppliers as a table, known by their names.

Handling days come in with a new supplier only: those of one that is here reach customers, and are changed on its page.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.db.models.functions import Lower

from inventory.models import Supplier
from inventory.purchasing import MOST_HANDLING_DAYS
from shop.importing.cells import Cells
from shop.importing.numbers import shortened
from shop.importing.planned import Planned, Row, differences
from shop.importing.rows import BadRows
from shop.importing.table import Table
from shop.importing.whole import as_a_whole

COLUMNS = ("Supplier", "E-mail", "Handling days")
_NAME, _EMAIL, _HANDLING = ("supplier", "name"), ("e-mail", "email"), ("handling days",)


def export() -> tuple[Sequence[str], Iterable[tuple[object, ...]]]:
    suppliers = Supplier.objects.order_by("name", "id")
    return COLUMNS, suppliers.values_list("name", "email", "handling_days")


def import_suppliers(table: Table, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
    """Add the suppliers that are new and change the addresses of the others. Raises UnreadableFile, BadRows."""
    table.require(_NAME)
    return as_a_whole(partial(_write, table), seen=seen, dry_run=dry_run)


def _write(table: Table) -> Planned:
    problems = list(table.problems)
    rows = [Cells(table, record, problems) for record in table.records]
    alike = suppliers_named((row.raw(*_NAME) for row in rows), Supplier.objects.select_for_update())
    first: dict[object, int] = {}
    changes: list[tuple[Supplier, Row]] = []
    for cells in rows:
        supplier = _supplier(cells, alike)
        line = first.setdefault(supplier.pk or supplier.name.lower(), cells.line)
        if line != cells.line:
            cells.refuse(f"“{supplier}” is on line {line} already. Keep one of the two.", *_NAME)
        changes.append((supplier, _change(cells, supplier)))
    if problems:
        raise BadRows(problems)
    written = tuple(supplier for supplier, row in changes if not row.stays)
    for supplier in written:
        supplier.save()
    return Planned(tuple(row for _, row in changes), written=written)


def suppliers_named(names: Iterable[str], among: QuerySet[Supplier]) -> dict[str, list[Supplier]]:
    """Suppliers by name in small letters: people type names in any case."""
    alike: dict[str, list[Supplier]] = {}
    wanted = {name.lower() for name in names}
    for supplier in among.annotate(key=Lower("name")).filter(key__in=wanted).order_by("id"):
        alike.setdefault(supplier.name.lower(), []).append(supplier)
    return alike


def supplier_named(name: str, alike: Mapping[str, Sequence[Supplier]]) -> Supplier | None:
    """The one that is written exactly so, else in other letters."""
    known = alike.get(name.lower(), ())
    return next((supplier for supplier in known if supplier.name == name), None) or next(iter(known), None)


def _supplier(cells: Cells, alike: Mapping[str, Sequence[Supplier]]) -> Supplier:
    name = cells.text(*_NAME, most=150)
    if not cells.raw(*_NAME):
        cells.refuse("is blank. Give the supplier a name.", *_NAME)
    return supplier_named(name, alike) or Supplier(name=name)


def _change(cells: Cells, supplier: Supplier) -> Row:
    """Set what the row says of the supplier; a column that the file lacks changes nothing."""
    is_new, old = supplier.pk is None, _cells_of(supplier)
    if cells.has(*_EMAIL):
        supplier.email = _email(cells)
    days = cells.units(*_HANDLING)
    if days is not None and not 0 <= days <= MOST_HANDLING_DAYS:
        cells.refuse(f"“{days}” is no number of working days from 0 to {MOST_HANDLING_DAYS}.", *_HANDLING)
    elif days is not None and is_new:
        supplier.handling_days = days
    elif days not in (None, supplier.handling_days):
        cells.refuse(
            f"is {supplier.handling_days} here. Leave it so: it is changed on the supplier's page, which says whom that"
            " reaches.",
            *_HANDLING,
        )
    return Row(cells.line, supplier.name, is_new, differences({} if is_new else old, _cells_of(supplier)))


def _email(cells: Cells) -> str:
    address = cells.text(*_EMAIL, most=254)
    try:
        if address:
            validate_email(address)
    except ValidationError:
        cells.refuse(f"“{shortened(address)}” is no e-mail address. Write it like orders@mill.example.", *_EMAIL)
    return address


def _cells_of(supplier: Supplier) -> dict[str, object]:
    return dict(zip(COLUMNS, (supplier.name, supplier.email, supplier.handling_days), strict=True))
