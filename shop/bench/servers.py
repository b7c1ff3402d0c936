"""The servers of `manage.py bench`: durable as in production, far from the data of `up`, and wiped at the end."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import environ
import psutil
import psycopg
from psycopg import sql

from shop.bench.bare_sql import connect_to
from shop.dev import launch
from shop.dev.bootstrap import CannotRun, say
from shop.dev.postgres import Postgres
from shop.dev.services import Services

# What a shop of some size gives its PostgreSQL; the rest, fsync and synchronous_commit above all, is PostgreSQL's own.
_SHARE_OF_MEMORY, _MOST_MEMORY = 4, 1 << 30
_ROOM = {"max_wal_size": "4GB", "checkpoint_timeout": "15min"}


@contextmanager
def surroundings() -> Iterator[None]:
    """A PostgreSQL and a Valkey of the bench's own, in .dibs/bench.

    With DATABASE_URL set, a database of its own on that server instead. The broker is always its own: the wake-ups of a
    bench are no business of anybody's worker.
    """
    launch.refuse_production("bench")
    services = Services(launch.HOME / "bench", postgres="DATABASE_URL" not in os.environ)
    services.make_home()
    services.claim("The bench already runs in this folder: wait until it ends.")
    with launch.ended_by_signals():
        # What a killed run has left.
        services.wipe()
        try:
            say("Starting PostgreSQL and Valkey for the bench ...")
            services.start()
            if services.postgres:
                _give_room(services.postgres)
            with _own_database(os.environ.get("DATABASE_URL") or services.environment()["DATABASE_URL"]) as url:
                # All its buyers come from one address.
                ours = {"DATABASE_URL": url, "EMAIL_URL": "smtp://127.0.0.1:1", "ORDERS_PER_HOUR": "0"}
                os.environ.update(services.environment() | ours)
                launch.use({}, mode="demo")
                yield
        finally:
            launch.ignore_signals()
            services.stop()
            services.wipe()
            shutil.rmtree(services.home)


def _give_room(postgres: Postgres) -> None:
    memory = min(psutil.virtual_memory().total // _SHARE_OF_MEMORY, _MOST_MEMORY)
    with postgres.connect() as connection:
        for name, value in {"shared_buffers": f"{memory >> 20}MB", **_ROOM}.items():
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    postgres.stop()
    postgres.start()


@contextmanager
def _own_database(server: str) -> Iterator[str]:
    """A new database beside the one that the address names, dropped at the end."""
    name = f"dibs_bench_{os.getpid()}"
    _on(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        # Only what this role has opened may be ended by it: a vacuum of the server's own is waited for instead.
        ours = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {} AND usename = user")
        _on(server, ours.format(sql.Literal(name)))
        _on(server, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _on(server: str, statement: sql.Composed) -> None:
    try:
        with connect_to(environ.Env.db_url_config(server), connect_timeout=5) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        raise CannotRun(f"The bench needs a database of its own: {error}".strip()) from error
