"""Statements that nobody waits for: Python goes on while PostgreSQL carries them out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model


@contextmanager
def pipelined() -> Iterator[None]:
    """In this block, inside a transaction, a statement is sent and the code goes on; whoever reads waits for the rows.

    All are carried out by its end, where one that failed raises what it always raises. How many rows a statement
    touched is not known before: `save`, `update` and `delete` have no place in the block.
    """
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model, at least one, as `bulk_create` does. They learn no ids: nobody waits for them."""
    model: Any = type(rows[0])
    columns = [field for field in model._meta.local_concrete_fields if not isinstance(field, AutoField)]
    model._base_manager.all()._insert(rows, columns)
