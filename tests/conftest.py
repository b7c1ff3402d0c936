import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import caches
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.http import HttpRequest
from django.test.signals import template_rendered
from django.utils.safestring import SafeString
from whitenoise import WhiteNoise

from shop import loaded
from shop.dev import processes
from shop.mailbox import MailServer
from shop.web.jinja import Page
from tests.processes import Worker, wait_for_wake_ups

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
NO_CHROMIUM = "No Chromium was found: install one (on Debian: apt install chromium) to run the browser tests."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a page is a browser test; without a Chromium it is skipped, but never in CI."""
    for item in items:
        if {"page", "browser", "context"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and not CHROMIUM and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_collection_finish() -> None:
    """As the processes of the shop do: half a million objects are modules, and stay."""
    loaded.keep()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM:
        pytest.fail(NO_CHROMIUM)
    switches = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        # Chromium's sandbox refuses to start as root.
        switches.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": switches}


@pytest.fixture(scope="session", autouse=True)
def _whitenoise_serves_static_files() -> Iterator[None]:
    """The live server's own static handler knows no hashed names; the collected files are served as in production."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "_should_handle", lambda self, path: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _pages_say_what_they_were_made_of() -> Iterator[None]:
    """`context` of a response, which Django's test client knows of Django's own templates only."""
    render = Page.render

    def said(page: Page, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        template_rendered.send(sender=page, template=page, context=context or {})
        return render(page, context, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "render", said)
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly() -> Iterator[None]:
    """By the hash of the shop, at the least cost: a quarter of a second for each user and each sign-in adds up."""
    with pytest.MonkeyPatch.context() as patch:
        for name, cost in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
            patch.setattr(Argon2PasswordHasher, name, cost)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once() -> Iterator[None]:
    """Each test client makes a middleware of its own, which would look at more than a thousand files again."""
    listed: dict[tuple[str, ...], dict[str, Any]] = {}
    look = WhiteNoise.update_files_dictionary

    def update(self: WhiteNoise, root: str, prefix: str) -> None:
        key = (root, prefix, django_settings.STORAGES["staticfiles"]["BACKEND"])
        if key not in listed:
            before = self.files
            self.files = {}
            look(self, root, prefix)
            self.files, listed[key] = before, self.files
        self.files.update(listed[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", update)
        yield


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_row_by_row() -> Iterator[None]:
    """After a test with real transactions: of tables with a few rows, or none, that is a tenth of a TRUNCATE.

    Rows that nobody may delete go as well: their triggers are put aside for it. What Django itself writes after a
    migration stays, and is not written again.
    """
    kept = {ContentType._meta.db_table, Permission._meta.db_table}

    @cache
    def guarded() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
            return [table for (table,) in cursor]

    def delete(self: DatabaseOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in guarded()),
            *(f"DELETE FROM {self.quote_name(table)}" for table in tables if table not in kept),
            # No table is altered while it has a foreign key to be checked.
            "SET CONSTRAINTS ALL IMMEDIATE",
            *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in guarded()),
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", delete)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **options: None)
        yield


@pytest.fixture(autouse=True)
def _empty_valkey(request: pytest.FixtureRequest) -> None:
    """Rate limits and queued tasks of one test are no business of the next."""
    has_fixture = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if has_fixture or request.node.get_closest_marker("django_db"):
        wait_for_wake_ups()
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            client.flushdb()
        caches["pages"].clear()
        caches["frame"].clear()


@pytest.fixture
def smtp_server(tmp_path: Path, settings: Any) -> Iterator[MailServer]:
    """A real SMTP server that the shop sends to; set its `answer` to refuse letters or to cut the line."""
    server = MailServer(tmp_path / "mailbox", processes.free_port())
    server.start()
    options = {"host": "127.0.0.1", "port": server.port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    settings.MAILBOX_DIR = str(server.folder)
    yield server
    server.stop()


@pytest.fixture
def celery_worker(
    tmp_path: Path, transactional_db: None, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Worker]]:
    """Starts real workers: `celery_worker(concurrency=1, **environment)`.

    They are killed before the tables are emptied, which would wait for their locks. Their letters go to
    `smtp_server` if the test uses it.
    """
    workers: list[Worker] = []

    def start(**options: Any) -> Worker:
        if "smtp_server" in request.fixturenames:
            server: MailServer = request.getfixturevalue("smtp_server")
            options.setdefault("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        worker = Worker(tmp_path / f"worker-{len(workers)}.log", **options)
        workers.append(worker)
        worker.wait_until_ready()
        return worker

    yield start
    for worker in workers:
        worker.kill()
