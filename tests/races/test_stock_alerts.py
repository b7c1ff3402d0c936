"""Two workers tell of the same unit at once: one person hears of it. With its control."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from inventory.receiving import Arrived
from shop import fulfilment, stock_alerts
from shop.models import StockAlert, Variant
from tests.cast import ADA, BO, CY, NOON, stock, variant
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kettle() -> Variant:
    """Two people wait for it, and one is here."""
    kettle = variant(stock("KETTLE"))
    for who in (ADA, BO):
        stock_alerts.ask(kettle, who["email"], at=NOON)
    StockAlert.objects.update(confirmed_at=NOON)
    fulfilment.receive("D-1", [Arrived(kettle.stock_item_id, 1)], actor=CY, at=NOON)
    return kettle


def told_by_another_meanwhile(kettle: Variant) -> int:
    """How many a worker tells that begins before another one, who told the first of them, has committed."""
    begun: list[int] = []

    def tell() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            begun.append(cursor.fetchone()[0])
        try:
            return stock_alerts.tell(kettle.stock_item_id, at=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as others:
        with transaction.atomic():
            first = StockAlert.objects.select_for_update().order_by("id")[0]
            first.told_at = NOON
            first.save()
            late = others.submit(tell)
            wait_for(lambda: begun and (late.done() or _waits(begun[0])), what="the other one to wait or to be through")
        return late.result(timeout=60)


def _waits(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
        return bool(cursor.fetchone()[0])


def test_no_unit_is_told_twice(kettle: Variant):
    assert told_by_another_meanwhile(kettle) == 0
    assert StockAlert.objects.exclude(told_at=None).count() == 1


def test_control_where_nobody_waits_for_the_other_it_is(kettle: Variant, monkeypatch: pytest.MonkeyPatch):
    unlocked = QuerySet.select_for_update

    def select_for_update(rows: QuerySet[StockAlert], *args: object, **options: object) -> QuerySet[StockAlert]:
        return rows.exclude(email=ADA["email"]) if options.get("of") else unlocked(rows)

    monkeypatch.setattr(QuerySet, "select_for_update", select_for_update)
    assert told_by_another_meanwhile(kettle) == 1
