"""Writes a sheet into the shop: one transaction, all or nothing, a fixed number of queries per chunk."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from inventory.locking import lock_items
from inventory.models import StockItem
from shop.importing.categories import UNSORTED, Shelves
from shop.importing.known import load
from shop.importing.matching import Matcher
from shop.importing.outcome import Outcome
from shop.importing.planned import Row
from shop.importing.rows import BadRows, ProductRow, Sheet
from shop.importing.telling import rows_of
from shop.importing.whole import as_a_whole
from shop.importing.writing import Renamed, write
from shop.models import Product

CHUNK = 500


def apply(
    sheet: Sheet,
    *,
    actor: str,
    at: datetime,
    opens_stock: bool = True,
    seen: Sequence[Row] | None = None,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Outcome:
    """Write every product of the sheet. Raises BadRows with all problems, also those that only show against the shop.

    `dry_run` and `seen` are those of `as_a_whole`; `progress` is told how many variants are done.
    """
    return as_a_whole(partial(_write_all, sheet, opens_stock, actor, at, progress), seen=seen, dry_run=dry_run)


def _write_all(sheet: Sheet, opens_stock: bool, actor: str, at: datetime, progress: Callable[[int], object]) -> Outcome:
    shelves, outcome, renamed = Shelves(), Outcome(), Renamed()
    places = shelves.put_up(product.category for product in sheet.products)
    matcher = Matcher(sheet)
    for chunk in _chunks(sheet.products):
        known = load(chunk)
        found = [matcher.match(row, known, places.get(row.category or ())) for row in chunk]
        matches = [match for match in found if match]
        _put_on_a_shelf([match.product for match in matches if match.is_new], shelves)
        outcome += write(matches, known, renamed, opens_stock=opens_stock, actor=actor, at=at)
        outcome.rows += rows_of(matches, shelves, renamed)
        progress(sum(len(row.variants) for row in chunk))
    if sheet.problems or matcher.problems:
        raise BadRows(sheet.problems + matcher.problems)
    _rename(renamed)
    outcome.new_categories = shelves.new
    return outcome


def _put_on_a_shelf(new: Sequence[Product], shelves: Shelves) -> None:
    """A new product whose file names none. Where staff took one off its shelf, a later import leaves it so."""
    for product in new:
        if not product.category_id:
            product.category_id = shelves.put_up([UNSORTED])[UNSORTED]


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
