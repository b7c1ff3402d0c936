"""The pages for when something is wrong: in words, in the shop's look, and without asking what may be broken."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import OperationalError, connections
from django.test import Client, RequestFactory

from shop.dev import processes
from shop.models import Category
from shop.web import faults
from tests.cast import NOON
from tests.processes import ROOT, wait_for
from tests.web.reading import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def flag(settings: Any, tmp_path: Path) -> Path:
    settings.MAINTENANCE_FILE = str(tmp_path / "maintenance")
    return tmp_path / "maintenance"


@contextmanager
def served(log: Path, **environment: str) -> Iterator[int]:
    """The shop in its own web server, as in production; the port at which it answers."""
    port = processes.free_port()
    command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=out, stderr=out)
    try:
        wait_for(lambda: "Listening at" in log.read_text(), what="the web server")
        yield port
    finally:
        processes.stop(psutil.Process(server.pid))


def get(port: int, path: str) -> tuple[int, dict[str, str], str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    answer = line.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    line.close()
    return found


def test_a_database_that_refuses_everybody_closes_the_shop_in_words(tmp_path: Path):
    nobody = f"postgres://dibs@127.0.0.1:{processes.free_port()}/dibs"
    with served(tmp_path / "log", DATABASE_URL=nobody) as port:
        for path in ("/", "/products/mug/", "/nothing/", "/orders/AAAAAAAAAA/"):
            status, headers, body = get(port, path)
            assert (path, status) == (path, 503)
            assert headers["Retry-After"] == "30"
            assert headers["Cache-Control"].startswith("no-store")
            assert "default-src 'self'" in headers["Content-Security-Policy"]
            assert "The shop is closed for a moment" in body
            assert "/static/shop/css/" in body
        assert get(port, "/livez")[0] == 200
        assert get(port, "/readyz")[0] == 503


def answered_to(statement: str) -> int:
    """How the shop answers when this statement fails, on a connection of its own."""
    database = connections.create_connection("default")
    try:
        with database.cursor() as cursor:
            cursor.execute(statement)
    except OperationalError:
        return faults.server_error(RequestFactory().get("/")).status_code
    finally:
        database.close()
    raise AssertionError("the statement did not fail")


def test_a_database_that_is_being_stopped_is_away():
    assert answered_to("SELECT pg_terminate_backend(pg_backend_pid())") == 503


def test_a_statement_that_takes_too_long_is_a_fault_of_ours():
    assert answered_to("SET statement_timeout = 20; SELECT pg_sleep(5)") == 500


def test_a_fault_of_ours_needs_nothing_that_may_be_broken(django_assert_num_queries: Any, settings: Any):
    settings.SHOP_NAME, settings.MAIL_REPLY_TO = "Curtains & Co", "help@curtains.example"
    with django_assert_num_queries(0):
        page = faults.server_error(RequestFactory().get("/"))
    assert page.status_code == 500
    assert "Curtains & Co" in words(page)
    assert "Something went wrong on our side" in words(page)
    assert "help@curtains.example" in words(page)


def test_a_form_without_its_token_is_refused_with_a_sentence(settings: Any, django_assert_num_queries: Any):
    settings.SHOP_NAME = "Curtains & Co"
    with django_assert_num_queries(0):
        page = Client(enforce_csrf_checks=True).post("/cart/add/", {"variant": 1, "quantity": 1})
    assert page.status_code == 403
    assert "Please send that again" in words(page)
    assert "Curtains & Co" in words(page)


def test_a_request_that_cannot_be_read_is_told_so(client: Client, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        page = client.get("/", headers={"host": "stranger.example"})
    assert page.status_code == 400
    assert "We could not read that" in words(page)


def test_a_page_that_is_not_there_shows_the_way_to_what_is(client: Client):
    home = Category.objects.create(name="Home", slug="home")
    Category.objects.create(name="Lamps", slug="lamps", parent=home)
    page = client.get("/nothing/")
    assert page.status_code == 404
    assert "Every shelf Home Lamps" in words(page)


def test_the_shop_closes_while_it_is_worked_on_and_says_until_when(
    client: Client, flag: Path, django_assert_num_queries: Any
):
    assert client.get("/").status_code == 200
    flag.write_text("2026-11-21 14:30\n")
    with django_assert_num_queries(0):
        page = client.get("/checkout/")
    assert page.status_code == 503
    assert page["Retry-After"] == str(2 * 3600 + 30 * 60)
    assert page["Cache-Control"] == "no-store"
    assert "It opens again by 21 November 2026 at 14:30 CET" in words(page)
    assert client.post("/cart/add/", {"variant": 1, "quantity": 1}).status_code == 503
    assert client.get("/admin/").status_code == 503
    flag.unlink()
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("text", ["", "soon", (NOON - timedelta(hours=1)).isoformat()])
def test_without_a_time_to_come_none_is_promised(client: Client, flag: Path, text: str):
    flag.write_text(text)
    page = client.get("/")
    assert (page.status_code, page["Retry-After"]) == (503, "600")
    assert "It opens again in a few minutes." in words(page)


def test_who_watches_the_shop_is_answered_while_it_is_worked_on(client: Client, flag: Path):
    flag.touch()
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json()["database"] == "ok"
