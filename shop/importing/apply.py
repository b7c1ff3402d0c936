"""Writes a sheet into the shop: one transaction, all or nothing, a fixed number of queries per chunk."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, UniqueViolation

from inventory.locking import lock_items
from inventory.models import StockItem
from shop.importing.categories import UNSORTED, Shelves
from shop.importing.known import load
from shop.importing.matching import Matcher
from shop.importing.outcome import Outcome
from shop.importing.rows import BadRows, ProductRow, Sheet
from shop.importing.writing import Renamed, write

CHUNK = 500
# Any number that nothing else in this database locks.
_ONE_IMPORT_AT_A_TIME = 6_942_017_311


class UnableToImport(Exception):
    """The sentence says what stood in the way; nothing was written."""


def apply(
    sheet: Sheet, *, actor: str, at: datetime, dry_run: bool = False, progress: Callable[[int], object] = lambda _: None
) -> Outcome:
    """Write every product of the sheet. Raises BadRows with all problems, also those that only show against the shop.

    With `dry_run` everything is written and taken back. `progress` is told how many variants are done.
    """
    try:
        with transaction.atomic(durable=True):
            outcome = _write_all(sheet, actor, at, progress)
            transaction.set_rollback(dry_run)
    except (IntegrityError, OperationalError) as error:
        if not isinstance(error.__cause__, UniqueViolation | LockNotAvailable | DeadlockDetected):
            raise
        raise UnableToImport("Somebody changed the same goods meanwhile. Nothing was imported: try again.") from error
    return outcome


def _write_all(sheet: Sheet, actor: str, at: datetime, progress: Callable[[int], object]) -> Outcome:
    _wait_for_no_other()
    shelves, outcome, renamed = Shelves(), Outcome(), Renamed()
    places = shelves.put_up(product.category or UNSORTED for product in sheet.products)
    matcher = Matcher(sheet)
    for chunk in _chunks(sheet.products):
        known = load(chunk)
        matches = [matcher.match(row, known, places[row.category or UNSORTED]) for row in chunk]
        outcome += write([match for match in matches if match], known, renamed, actor=actor, at=at)
        progress(sum(len(row.variants) for row in chunk))
    if sheet.problems or matcher.problems:
        raise BadRows(sheet.problems + matcher.problems)
    _rename(renamed)
    outcome.new_categories = shelves.new
    return outcome


def _wait_for_no_other() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_IMPORT_AT_A_TIME])
        if not cursor.fetchone()[0]:
            raise UnableToImport("Another import is running. Wait for its end and try again.")


def _chunks(products: Sequence[ProductRow]) -> Iterator[list[ProductRow]]:
    """Whole products, together about CHUNK variants."""
    chunk: list[ProductRow] = []
    for product in products:
        chunk.append(product)
        if sum(max(1, len(row.variants)) for row in chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _rename(renamed: Renamed) -> None:
    """Last, because these stock items are on sale: their locks are taken together, once, in order (law 1)."""
    if renamed:
        items = lock_items(renamed)
        for pk, item in items.items():
            item.sku, item.name = renamed[pk]
        StockItem.objects.bulk_update(items.values(), ["sku", "name"], batch_size=CHUNK)
