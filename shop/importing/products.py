"""A catalogue from a browser: what the command does with a file, row by row, with the pictures left to the worker."""

from collections.abc import Sequence
from datetime import datetime

from shop import wakeups
from shop.importing.apply import apply
from shop.importing.planned import Planned, Row
from shop.importing.reading import sheet_of
from shop.importing.table import Table


def import_products(
    table: Table,
    name: str,
    *,
    opens_stock: bool,
    actor: str,
    at: datetime,
    seen: Sequence[Row] | None = None,
    dry_run: bool = False,
) -> Planned:
    """As `apply`. Raises UnreadableFile, BadRows, UnableToImport and StockBusy."""
    sheet = sheet_of(table, name, at)
    outcome = apply(sheet, actor=actor, at=at, opens_stock=opens_stock, seen=seen, dry_run=dry_run)
    if not dry_run:
        wakeups.wake_pictures(outcome.product_ids)
    return Planned(tuple(outcome.rows), (*outcome.sentences(), *sheet.remarked()))
