"""Locks on stock items: the one consistency boundary (law 1)."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from inventory.models import StockItem
from inventory.prepared import planned_once

# PostgreSQL keeps these locks in a table of its own, which has room for some thousands of all transactions together.
_LONGEST = 100


class StockBusy(Exception):
    """Somebody else holds the stock item for too long. Nothing was changed; trying again in a moment is right."""


def require_transaction() -> None:
    """Refuse to write counters outside a transaction: a movement without its counter would be a lie."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Stock and queues are only changed inside a transaction.")


@contextmanager
def stock_lock() -> Iterator[None]:
    """Around the statement that takes the lock: a lock that is not to be had becomes StockBusy."""
    require_transaction()
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected | QueryCanceled):
            raise StockBusy("The stock is being changed by somebody else. Try again in a moment.") from error
        raise


def stand_in_line(ids: Collection[int]) -> None:
    """Wait for one's turn at these stock items, and hold it until the transaction ends: called before anything else in
    the transaction locks a stock item, by those who want the same few again and again.

    A row that gets free goes to whoever is awake: to a fill that asks for its next chunk, and not to the shopper who
    slept through this one. Here whoever came first goes first. The lock of rows follows all the same, and it is what
    protects them: who changes an item now and then only asks for that.
    """
    if len(ids) > _LONGEST:
        return
    with stock_lock(), planned_once() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(id) FROM unnest(%s::bigint[]) AS id", [sorted(set(ids))])


def lock_items(ids: Iterable[int]) -> dict[int, StockItem]:
    """Lock stock items, in the order of their ids, and read them fresh. A transaction calls this once, before it plans.

    Raises StockBusy when the lock is not to be had, and StockItem.DoesNotExist for an unknown id.
    """
    wanted = sorted(set(ids))
    with stock_lock():
        items = {item.pk: item for item in StockItem.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    for pk in wanted:
        if pk not in items:
            raise StockItem.DoesNotExist(f"There is no stock item {pk}.")
        items[pk].is_locked = True
    return items
