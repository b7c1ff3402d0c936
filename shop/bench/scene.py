"""What every row stands on: its scale, an empty shop, and books that add up."""

from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.color import no_style
from django.db import connection

OWN_APPS = ("shop", "backorders", "inventory", "notifications")


@dataclass(frozen=True, slots=True)
class Scene:
    """`scale` shrinks the numbers of a row; `at` is the moment at which everything happens."""

    scale: float
    at: datetime

    def of(self, count: int, *, least: int = 4) -> int:
        return max(min(least, count), round(count * self.scale))


def clear() -> None:
    """Empty all tables of the shop, so that no row measures what another one left."""
    statements = connection.ops.sql_flush(no_style(), _tables(), reset_sequences=True, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)


def settle() -> None:
    """What autovacuum does within a minute in a real shop: the planner learns what is in the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(_tables())}")
        cursor.execute("RESET statement_timeout")


def _tables() -> list[str]:
    return [model._meta.db_table for app in OWN_APPS for model in apps.get_app_config(app).get_models()]


def differences() -> list[str]:
    """Recount everything from the rows, as `reconcile_stock` does; empty when the books add up."""
    told = StringIO()
    try:
        call_command("reconcile_stock", stdout=told)
    except CommandError:
        return told.getvalue().splitlines()
    return []
