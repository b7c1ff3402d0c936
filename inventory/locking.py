"""Locks on stock items: the one consistency boundary (law 1)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from inventory.models import StockItem
from inventory.prepared import planned_once


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


def stand_in_line(ids: Iterable[int]) -> None:
    """Wait for one's turn at these stock items, to hold it until the transaction ends: asked before rows are locked.

    Whoever came first goes first. Rows go to whoever is awake when they get free: a fill that goes on with its next
    chunk is, and who has waited for all of this one is not.
    """
    with planned_once() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(id) FROM unnest(%s::bigint[]) AS id", [sorted(set(ids))])


def lock_items(ids: Iterable[int]) -> dict[int, StockItem]:
    """Lock stock items, in the order of their ids, and read them fresh. A transaction calls this once, before it plans.

    Raises StockBusy when the lock is not to be had, and StockItem.DoesNotExist for an unknown id.
    """
    wanted = sorted(set(ids))
    with stock_lock():
        stand_in_line(wanted)
        items = {item.pk: item for item in StockItem.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    for pk in wanted:
        if pk not in items:
            raise StockItem.DoesNotExist(f"There is no stock item {pk}.")
        items[pk].is_locked = True
    return items
