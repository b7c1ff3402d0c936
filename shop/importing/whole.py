"""A file is imported as a whole or not at all."""

from collections.abc import Callable, Sequence
from typing import Protocol

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, UniqueViolation

from shop.importing.planned import Row

# Any number that nothing else in this database locks: stock items are locked by their ids.
_ONE_IMPORT_AT_A_TIME = 6_942_017_311
_CHANGED_MEANWHILE = "Somebody changed the same goods meanwhile. Nothing was imported: try again."


class UnableToImport(Exception):
    """The sentence says what stood in the way; nothing was written."""


class HasRows(Protocol):
    @property
    def rows(self) -> Sequence[Row]: ...


def as_a_whole[T: HasRows](write: Callable[[], T], *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> T:
    """Write a file in one transaction, while no other file is imported, and say what became of its rows.

    With `dry_run` everything is written and taken back. With `seen`, the rows that somebody looked at: raises
    UnableToImport when anything else would become of them by now, as when somebody else holds the same goods.
    """
    try:
        with transaction.atomic(durable=True):
            _wait_for_no_other()
            done = write()
            if seen is not None and tuple(done.rows) != tuple(seen):
                raise UnableToImport(_CHANGED_MEANWHILE)
            transaction.set_rollback(dry_run)
    except (IntegrityError, OperationalError) as error:
        if not isinstance(error.__cause__, UniqueViolation | LockNotAvailable | DeadlockDetected):
            raise
        raise UnableToImport(_CHANGED_MEANWHILE) from error
    return done


def _wait_for_no_other() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_IMPORT_AT_A_TIME])
        if not cursor.fetchone()[0]:
            raise UnableToImport("Another import is running. Wait for its end and try again.")
