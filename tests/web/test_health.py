"""Alive and ready, on a real database and a real broker."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shop.models import Heartbeat

# Readiness asks on a connection of its own, which sees only what was committed.
pytestmark = pytest.mark.django_db(transaction=True)


def beat(age: timedelta) -> None:
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": timezone.now() - age})


def test_alive_asks_nobody(client: Client, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        assert client.get("/livez").json() == {"status": "ok"}


def test_ready(client: Client):
    beat(timedelta(seconds=30))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "broker": "ok", "beat": "ok", "beat_age_seconds": 30}


def test_not_ready_without_a_sweep(client: Client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["beat"], answer.json()["beat_age_seconds"]) == (503, "late", None)


def test_not_ready_when_the_latest_sweep_is_old(client: Client):
    beat(timedelta(minutes=5, seconds=1))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["beat"]) == (503, "late")


def test_not_ready_without_the_broker_and_no_word_of_where_it_is(client: Client, settings: Any):
    beat(timedelta(seconds=1))
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "unreachable")
    assert "secret" not in answer.content.decode()


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch):
    from django.db import connection

    parameters = connection.get_connection_params() | {"port": 1}
    monkeypatch.setattr(connection, "get_connection_params", lambda: dict(parameters))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"], answer.json()["broker"]) == (503, "unreachable", "ok")
