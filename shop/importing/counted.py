"""Goods that were counted, as a list of SKU and quantity: a CSV file, a workbook, or lines that somebody pasted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.functions import Lower

from inventory.models import StockItem
from shop.importing.cells import Cells
from shop.importing.numbers import MOST_UNITS
from shop.importing.rows import BadRows
from shop.importing.table import Record, Table, UnreadableFile, normalised, parse_upload

SKU = ("sku", "variant sku", "item", "stock item", "article", "article number")
QUANTITY = ("quantity", "qty", "units", "received", "amount")

# The last number of a line is the quantity; "LAMP A 3", "LAMP;3", "LAMP x 3" and a tab between them are all alike.
_PASTED = re.compile(r"(?P<sku>.+?)[\s;,|:=]+(?:[x×*]\s*)?(?P<units>-?[0-9][0-9.,]*)")


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of one stock item in a list."""

    item_id: int
    sku: str
    units: int


def read_file(content: bytes) -> list[Counted]:
    """A CSV file or a workbook with columns for SKU and quantity. Raises UnreadableFile or BadRows."""
    table = parse_upload(content)
    table.require(SKU, QUANTITY)
    return _read(table)


def read_pasted(text: str) -> list[Counted]:
    """Lines of a SKU and a quantity with any usual separator; a SKU alone is one unit. Raises BadRows."""
    table = Table({"sku": "SKU", "quantity": "Quantity"}, [])
    for number, line in enumerate(text.splitlines(), 1):
        found = _PASTED.fullmatch(line.strip())
        sku, units = (found["sku"], found["units"]) if found else (line.strip(), "1")
        if sku and not (number == 1 and _is_header(line)):
            table.records.append(Record(number, {"sku": sku, "quantity": units}))
    return _read(table)


def read_scanned(sku: str) -> Counted:
    """One unit. Raises BadRows for what is no SKU of ours."""
    return _read(Table({"sku": "SKU"}, [Record(1, {"sku": sku, "quantity": "1"})]))[0]


def _is_header(line: str) -> bool:
    words = [normalised(word) for word in re.split(r"[\t;,|]+", line)]
    return words[0] in SKU or words[0] in {f"{sku} {quantity}" for sku in SKU for quantity in QUANTITY}


def _read(table: Table) -> list[Counted]:
    problems = list(table.problems)
    rows = [Cells(table, record, problems) for record in table.records]
    if not rows and not problems:
        raise UnreadableFile("The list has no rows: nothing arrived.")
    items = items_named(row.raw(*SKU) for row in rows)
    counted = []
    for row in rows:
        units, item_id = units_of(row), item_of(row, items)
        if item_id is not None and not row.bad:
            counted.append((item_id, units))
    if problems:
        raise BadRows(problems)
    skus = dict(StockItem.objects.filter(pk__in=[pk for pk, _ in counted]).values_list("pk", "sku"))
    return [Counted(pk, skus[pk], units) for pk, units in counted]


def units_of(row: Cells) -> int:
    units = row.units(*QUANTITY)
    if not row.raw(*QUANTITY):
        row.refuse("is blank. Write how many units arrived.", *QUANTITY)
    elif units is not None and not 1 <= units <= MOST_UNITS:
        row.refuse(f"“{units}” units cannot arrive. Write 1 or more.", *QUANTITY)
    return units or 0


def items_named(skus: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """SKU and id of the stock items by SKU in small letters: people type SKUs in any case."""
    items: dict[str, list[tuple[str, int]]] = {}
    wanted = {sku.lower() for sku in skus}
    for sku, pk in StockItem.objects.annotate(key=Lower("sku")).filter(key__in=wanted).values_list("sku", "id"):
        items.setdefault(sku.lower(), []).append((sku, pk))
    return items


def item_of(row: Cells, items: dict[str, list[tuple[str, int]]]) -> int | None:
    sku = row.raw(*SKU)
    alike = items.get(sku.lower(), [])
    exact = [pk for known, pk in alike if known == sku] or [pk for _, pk in alike]
    if not sku:
        row.refuse("is blank. Write which goods arrived.", *SKU)
    elif not exact:
        row.refuse(f"“{sku[:100]}” is not known. Check the SKU, or enter the goods first.", *SKU)
    elif len(exact) > 1:
        row.refuse(f"“{sku[:100]}” could be {' or '.join(known for known, _ in alike)}. Write it exactly.", *SKU)
    return exact[0] if len(exact) == 1 else None
