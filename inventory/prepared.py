"""Queries that every page asks: made once per process, planned once per connection, and filled in each time.

Django makes the SQL of a QuerySet anew each time. For one over a handful of tables that takes ten times as long as
PostgreSQL needs to answer it; and to plan it takes PostgreSQL twice as long as to answer it.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Expression, Func, Model, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler


class Given(Expression):
    """Stands in a filter for a value that comes with each asking. It is no place for a None, which equals nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "(%s)", (self,)


class IsOneOf(Func):
    """`IsOneOf("item_id", Given("items"))`: `in` for a given list, whose SQL is the same for any number of values."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


class Prepared[M: Model, Row]:
    """`Prepared(lambda: Cart.objects.filter(pk=Given("cart")))` is called with `cart=pk` and answers with a list."""

    def __init__(self, build: Callable[[], QuerySet[M, Row]]) -> None:
        self._build = build

    def __call__(self, **given: object) -> list[Row]:
        return list(self._asked(given))

    def sent(self, **given: object) -> Callable[[], list[Row]]:
        """Ask inside `pipelining.pipelined()`, and go on: what it returns reads the answer."""
        asked = self._asked(given)
        asked.query.ask()
        return lambda: list(asked)

    def first(self, **given: object) -> Row | None:
        return next(iter(self(**given)), None)

    def _asked(self, given: Mapping[str, object]) -> Any:
        """What Django copies for a chain of filters stays as it is here, and is shared."""
        asked = _twin(self._queryset)
        # Past the property, which would take tuples for dicts.
        asked._query = _twin(asked._query)
        asked._query.given = given
        return asked

    @cached_property
    def _queryset(self) -> Any:
        """Made when it is first asked, because models must be known by then."""
        queryset: Any = self._build()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        rows_as = queryset._iterable_class
        queryset.query = queryset.query.chain(klass=_PreparedQuery)
        # A QuerySet that is given a query of some columns forgets whether they were wanted as tuples.
        queryset._iterable_class = rows_as
        queryset.query.sql, queryset.query.params = sql, params
        # What Django reads of a compiler, after the query, to make models of rows.
        columns = ("select", "klass_info", "annotation_col_map", "col_count", "has_extra_select")
        queryset.query.columns = {name: getattr(compiler, name) for name in columns}
        queryset.query.converters = compiler.get_converters([column for column, *_ in compiler.select])
        return queryset


def _twin(of: Any) -> Any:
    twin = object.__new__(type(of))
    vars(twin).update(vars(of))
    return twin


class _PreparedQuery(Query):
    cursor: CursorWrapper | None = None

    def get_compiler(self, using: Any = None, connection: Any = None, elide_empty: bool = True) -> SQLCompiler:
        return _Filler(self, connections[using], using, elide_empty)

    def ask(self) -> CursorWrapper:
        query: Any = self
        self.cursor = planned_once()
        self.cursor.execute(
            query.sql, [query.given[part.name] if isinstance(part, Given) else part for part in query.params]
        )
        return self.cursor


class _Filler(SQLCompiler):
    """Where Django's compiler makes SQL, this one only fills in the values."""

    def get_converters(self, expressions: Any) -> Any:
        """Which columns are to be made into something else, and by what, is the same each time."""
        query: Any = self.query
        return query.converters

    def execute_sql(self, *args: Any, **options: Any) -> Any:
        query: Any = self.query
        vars(self).update(query.columns)
        return [_rows(query.cursor) if query.cursor else asked_first(lambda: _rows(query.ask()))]


def _rows(cursor: CursorWrapper) -> list[tuple[Any, ...]]:
    with cursor:
        return cursor.fetchall()


def asked_first[Answer](ask: Callable[[], Answer]) -> Answer:
    """Django asks a kept connection whether it still works, before the first question of each request. A question that
    changes nothing says it as well: it is asked once more, of a new connection, if this one has ended."""
    kept: Any = connection
    if kept.connection is None or kept.health_check_done or kept.in_atomic_block:
        return ask()
    kept.health_check_done = True
    try:
        return ask()
    except (InterfaceError, OperationalError):
        if not kept.connection.closed:
            raise
        kept.close()
        return ask()


def planned_once() -> CursorWrapper:
    """A cursor for statements that are asked in the same words again and again: the database is sent the values apart,
    and after some times (`prepare_threshold` in the settings) keeps the plan until the connection ends, or a
    transaction on it is rolled back.

    Values have the types of Python's: where the statement does not say of what type one is, write it there, `%s::int`.
    """
    connection.ensure_connection()
    driver = connection.connection
    usual, driver.cursor_factory = driver.cursor_factory, ServerBindingCursor
    try:
        return connection.cursor()
    finally:
        driver.cursor_factory = usual
