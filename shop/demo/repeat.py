"""Rows by the million, written by one statement."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models


def repeat(template: models.Model, count: int, **expressions: str) -> range:
    """Insert `count` rows like the template in one statement; returns their ids.

    `expressions` are SQL by column for what differs from row to row; in them `i` counts from 1. Columns that the
    database fills by itself are left to it, so the template needs no knowledge of what a model will grow.
    """
    table = template._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        (before,) = cursor.fetchone()
        alike = {column: value for column, value in _values(template) if column not in expressions}
        names = ", ".join(["id", *expressions, *alike])
        selected = ", ".join([f"{before} + i", *expressions.values(), *["%s"] * len(alike)])
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {selected} FROM generate_series(1, %s) AS i",
            [*alike.values(), count],
        )
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [before + count])
    return range(before + 1, before + count + 1)


def _values(template: models.Model) -> Iterator[tuple[str, Any]]:
    for field in template._meta.concrete_fields:
        if not (field.primary_key or field.generated or field.has_db_default()):
            yield str(field.column), field.get_db_prep_save(field.pre_save(template, add=True), connection)
