"""A count of the shelves as a table: SKU, counted units and, if it differs from that of the others, the reason.

The sheet that goes out says what the books have, and has room for what is counted. Where they moved since, the count
may be of before or after: it is refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from backorders import queue
from backorders.models import Queue
from inventory.models import StockItem
from shop.importing.cells import Cells
from shop.importing.counted import SKU, item_of, items_named
from shop.importing.planned import Change, Planned, Row
from shop.importing.rows import BadRows, Problem
from shop.importing.table import Table
from shop.importing.whole import as_a_whole
from shop.settling import Foreseen, foresee, settle

COLUMNS = ("SKU", "Name", "In the books", "Counted", "Reason")
_BOOKS, _COUNTED, _REASON = ("in the books", "on hand"), ("counted", "units"), ("reason",)
_MOST = 10_000_000


def export() -> tuple[Sequence[str], Iterable[tuple[object, ...]]]:
    items = StockItem.objects.order_by("sku").values_list("sku", "name", "on_hand")
    return COLUMNS, ((*item, "", "") for item in items)


@dataclass(frozen=True, slots=True)
class _Count:
    """So many units of an item were counted; a blank cell counts nothing."""

    cells: Cells
    item_id: int
    units: int
    books: int | None
    reason: str


def import_counts(
    table: Table, *, reason: str, actor: str, at: datetime, seen: Sequence[Row] | None = None, dry_run: bool = False
) -> Planned:
    """Correct what is on hand to what was counted; rows without a reason of their own have this one.

    Who has to give way and who is served is told at once, or with `dry_run` foreseen. Raises UnreadableFile, BadRows,
    UnableToImport and StockBusy.
    """
    table.require(SKU, _COUNTED)
    return as_a_whole(partial(_write, table, reason, actor, at, dry_run), seen=seen, dry_run=dry_run)


def _write(table: Table, reason: str, actor: str, at: datetime, dry_run: bool) -> Planned:
    problems = list(table.problems)
    counts = _read(table, problems, reason)
    items = StockItem.objects.in_bulk([count.item_id for count in counts])
    # What agrees with the books is left alone, and nobody who buys it has to wait.
    queues = queue.lock(count.item_id for count in counts if count.units != items[count.item_id].on_hand)
    items |= {pk: line.item for pk, line in queues.items()}
    rows = tuple(_row(count, items[count.item_id]) for count in counts)
    if problems:
        raise BadRows(problems)
    corrected: dict[str, dict[int, Queue]] = defaultdict(dict)
    for count in counts:
        line = queues.get(count.item_id)
        if line is not None and (change := count.units - line.item.on_hand):
            queue.correct(line, change, reason=count.reason, actor=actor, at=at)
            corrected[count.reason][count.item_id] = line
    written = tuple(line.item for some in corrected.values() for line in some.values())
    if dry_run:
        parts = [foresee(some, reason=why, actor=actor, at=at) for why, some in corrected.items()]
        return Planned(rows, foreseen=Foreseen.together(parts), written=written)
    for why, some in corrected.items():
        settle(some, reason=why, actor=actor, at=at)
    return Planned(rows, written=written)


def _read(table: Table, problems: list[Problem], reason: str) -> list[_Count]:
    rows = [Cells(table, record, problems) for record in table.records]
    items = items_named(row.raw(*SKU) for row in rows)
    counts: dict[int, _Count] = {}
    for row in rows:
        item_id, units, books = item_of(row, items), row.units(*_COUNTED), row.units(*_BOOKS)
        if units is not None and not 0 <= units <= _MOST:
            row.refuse(f"“{units}” units cannot lie on a shelf. Write a number from 0 to {_MOST}.", *_COUNTED)
        if row.bad or item_id is None or units is None:
            continue
        count = _Count(row, item_id, units, books, row.text(*_REASON, most=255) or reason)
        first = counts.setdefault(item_id, count)
        if first is not count:
            row.refuse(f"“{row.raw(*SKU)}” is on line {first.cells.line} already. Add the two counts up.", *SKU)
    return list(counts.values())


def _row(count: _Count, item: StockItem) -> Row:
    if count.books not in (None, item.on_hand):
        sentence = f"the books say {item.on_hand} by now. Count it again, or empty this cell if the count is newer."
        count.cells.refuse(sentence, *_BOOKS)
    change = Change("On hand", str(item.on_hand), f"{count.units} ({count.reason})")
    return Row(count.cells.line, str(item), changes=(change,) if count.units != item.on_hand else ())
