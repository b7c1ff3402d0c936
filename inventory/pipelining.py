"""Statements that nobody waits for: Python goes on while PostgreSQL carries them out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, groupby
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model
from psycopg.pq import PipelineStatus

from inventory.prepared import planned_once

_IDS = "ARRAY(SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s::int))"


@contextmanager
def pipelined() -> Iterator[None]:
    """In this block, inside a transaction, a statement is sent and the code goes on; whoever reads waits for the rows.

    All are carried out by its end, where one that failed raises what it always raises; of blocks in each other, by the
    end of the outermost. How many rows a statement touched is not known before: `save`, `update` and `delete` have no
    place in the block.
    """
    if connection.connection.pgconn.pipeline_status != PipelineStatus.OFF:
        # psycopg would wait here for all that was sent before.
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def draw(wanted: Mapping[type[Model], int]) -> Callable[[], list[list[int]]]:
    """Ask for so many ids of each model, for rows that are to be inserted; what it returns reads them."""
    cursor = planned_once()
    cursor.execute(
        f"SELECT {', '.join([_IDS] * len(wanted))}",
        [part for model, count in wanted.items() for part in (_meta(model).db_table, count)],
    )
    return lambda: [*cursor.fetchone()]


def insert(rows: Sequence[Model]) -> None:
    """Write a few new rows, at least one, in one statement, those of one model side by side.

    Those without ids learn none, and nobody is signalled.
    """
    parts: list[str] = []
    values: list[Any] = []
    for (model, has_id), same in groupby(rows, key=lambda row: (type(row), row.pk is not None)):
        head, fields = _insertion(model, has_id)
        fresh = [[field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields] for row in same]
        parts.append(head + ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(fresh)))
        values += chain.from_iterable(fresh)
    *others, last = parts
    besides = ", ".join(f"part_{n} AS ({part})" for n, part in enumerate(others))
    with planned_once() as cursor:
        cursor.execute(f"WITH {besides} {last}" if others else last, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _insertion(model: type[Model], has_id: bool) -> tuple[str, list[Any]]:
    """An INSERT up to its values, and what they are of."""
    meta, quoted = _meta(model), connection.ops.quote_name
    fields = [
        field
        for field in meta.local_concrete_fields
        if not field.generated and (has_id or not isinstance(field, AutoField))
    ]
    columns = ", ".join(quoted(field.column) for field in fields)
    return f"INSERT INTO {quoted(meta.db_table)} ({columns}) VALUES ", fields


def _meta(model: Any) -> Any:
    return model._meta
