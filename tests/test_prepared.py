"""A prepared query finds what the same QuerySet finds, whatever it is given."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.utils import DataError

from backorders.models import Queue
from inventory.models import StockItem
from inventory.prepared import Given, IsOneOf, Prepared, asked_first
from shop import shown
from tests.cast import stock

pytestmark = pytest.mark.django_db

called = Prepared(lambda: StockItem.objects.filter(sku=Given("sku")))
counted = Prepared(lambda: StockItem.objects.filter(sku=Given("sku")).values_list("sku", "on_hand"))
queues_of = Prepared(
    lambda: Queue.objects.select_related("item").filter(IsOneOf("item_id", Given("items"))).order_by("item__sku")
)


def test_each_asking_has_its_own_values():
    blue, red = stock("BLUE"), stock("RED")

    assert [called(sku="BLUE"), called(sku="RED"), called(sku="GREEN")] == [[blue], [red], []]
    assert (called.first(sku="RED"), called.first(sku="GREEN")) == (red, None)

    assert counted(sku="RED") == [("RED", 0)]


@pytest.mark.parametrize("skus", [[], ["BLUE"], ["RED", "BLUE"]])
def test_it_finds_one_of_any_number_with_what_belongs_to_it(skus: list[str], django_assert_num_queries: Any):
    items = {sku: stock(sku) for sku in ("BLUE", "GREEN", "RED")}

    with django_assert_num_queries(1):
        found = [queue.item for queue in queues_of(items=[items[sku].pk for sku in skus])]

    assert found == [items[sku] for sku in sorted(skus)]


@pytest.mark.parametrize("sku", ["' OR true --", "%s", "%(sku)s", '"', "RED\\"])
def test_what_is_given_is_never_read_as_sql(sku: str):
    stock("RED")
    strange = stock(sku)

    assert called(sku=sku) == [strange]


def test_a_value_of_another_kind_is_an_error_and_no_answer():
    with pytest.raises(DataError), transaction.atomic():
        queues_of(items=["RED"])


def test_it_says_what_is_missing():
    with pytest.raises(KeyError, match="sku"):
        called(name="RED")


@pytest.fixture
def kept() -> Iterator[Any]:
    """A connection that an earlier request left."""
    left: Any = connection
    left.ensure_connection()
    left.health_check_done = False
    yield left
    left.close()


@pytest.fixture
def ended(kept: Any) -> Any:
    """One that was asked, and that the database has ended since."""
    assert shown.snapshot_at_hand()
    kept.health_check_done = False
    with connections.create_connection("default").cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [kept.connection.info.backend_pid])
        cursor.connection.close()
    return kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ask", [lambda: called(sku="BLUE") == [], lambda: shown.snapshot()], ids=["rows", "snapshot"])
def test_the_first_question_of_a_request_is_asked_again_where_the_kept_connection_has_ended(
    ended: Any, ask: Callable[[], object]
):
    assert ask()


@pytest.mark.django_db(transaction=True)
def test_control_where_nobody_looks_the_request_fails(ended: Any):
    ended.health_check_done = True
    with pytest.raises(OperationalError):
        called(sku="BLUE")


@pytest.mark.django_db(transaction=True)
def test_a_question_that_takes_too_long_is_not_asked_again(kept: Any):
    asked = []

    def ask() -> None:
        asked.append("once")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 10; SELECT pg_sleep(30)")

    with pytest.raises(OperationalError):
        asked_first(ask)
    assert asked == ["once"]
