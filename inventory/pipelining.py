"""Statements that nobody waits for: Python goes on while PostgreSQL carries them out."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def pipelined() -> Iterator[None]:
    """In this block, inside a transaction, a statement is sent and the code goes on; whoever reads waits for the rows.

    All are carried out by its end, where one that failed raises what it always raises. How many rows a statement
    touched is not known before: `save`, `update` and `delete` have no place in the block.
    """
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
