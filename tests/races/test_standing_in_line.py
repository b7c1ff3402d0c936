"""Who waits for a stock item gets it before whoever held it asks for it again, as a fill does between two chunks."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from inventory import locking
from tests.cast import stock
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LINE = "SELECT pg_advisory_xact_lock({0});"
ROW = "SELECT id FROM inventory_stockitem WHERE id = {0} FOR UPDATE"
ROUNDS = 20


def overtaken(again: str) -> int:
    """In how many rounds somebody who waited was overtaken by who ended one transaction, and began the next with this
    statement in the same breath."""
    item, holder = stock(), connections.create_connection("default")
    try:
        with ThreadPoolExecutor(1) as others, holder.cursor() as cursor:
            return sum(_is_overtaken(item.pk, again.format(item.pk), cursor, others) for _ in range(ROUNDS))
    finally:
        holder.close()


def _is_overtaken(pk: int, again: str, cursor: Any, others: ThreadPoolExecutor) -> bool:
    order: list[str] = []

    def wait() -> None:
        with transaction.atomic():
            locking.stand_in_line([pk])
            locking.lock_items([pk])
            order.append("who waited")
        connection.close()

    cursor.execute(f"BEGIN; {again}")
    waits = others.submit(wait)
    wait_for(somebody_waits, what="the other one to wait")
    cursor.execute(f"COMMIT; BEGIN; {again}")
    order.append("who held it")
    cursor.execute("COMMIT")
    waits.result(timeout=30)
    return order[0] == "who held it"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_who_waits_is_never_overtaken():
    assert overtaken(LINE + ROW) == 0


def test_control_rows_alone_go_to_whoever_is_awake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locking, "stand_in_line", lambda ids: None)
    assert overtaken(ROW) > 0
