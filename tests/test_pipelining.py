"""Statements that are sent and not waited for (inventory.pipelining)."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from backorders.models import Queue
from inventory.models import StockItem, Supplier
from inventory.pipelining import draw, insert, pipelined
from shop.transactions import pipelined_until_committed, use_case

pytestmark = pytest.mark.django_db(transaction=True)


def two() -> tuple[StockItem, StockItem]:
    return StockItem.objects.create(sku="LAMP"), StockItem.objects.create(sku="STOOL")


def rename(item: StockItem, sku: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stockitem SET sku = %s WHERE id = %s", [sku, item.pk])


def names() -> list[str]:
    return sorted(StockItem.objects.values_list("sku", flat=True))


def test_who_reads_in_the_block_sees_what_was_sent_before():
    lamp, _ = two()
    with transaction.atomic(), pipelined():
        rename(lamp, "KETTLE")
        assert names() == ["KETTLE", "STOOL"]
    assert names() == ["KETTLE", "STOOL"]


def rename_both(*items: StockItem) -> None:
    with pipelined():
        for item in items:
            rename(item, "KETTLE")
    pytest.fail("The block ended as if nothing had happened.")


def read_after_a_fault(item: StockItem) -> None:
    with pipelined():
        rename(item, "LAMP")
        names()
        pytest.fail("The reading went on.")


def test_a_statement_that_fails_raises_by_the_end_of_the_block_and_nothing_is_kept():
    both = two()
    with pytest.raises(IntegrityError), transaction.atomic():
        rename_both(*both)
    assert names() == ["LAMP", "STOOL"]


def test_who_reads_after_a_statement_that_failed_hears_of_it():
    _, stool = two()
    with pytest.raises(IntegrityError), transaction.atomic():
        read_after_a_fault(stool)
    assert names() == ["LAMP", "STOOL"]


def test_inserted_rows_are_there_as_if_they_had_been_waited_for():
    with transaction.atomic(), pipelined():
        insert([StockItem(sku="LAMP", on_hand=3), StockItem(sku="STOOL")])
        assert names() == ["LAMP", "STOOL"]
    assert StockItem.objects.get(sku="LAMP").on_hand == 3


@use_case
def _place(rows: list[Model], told: list[str]) -> None:
    pipelined_until_committed()
    transaction.on_commit(lambda: told.append("placed"))
    insert(rows)


def test_a_use_case_that_commits_in_the_same_breath_keeps_all_and_tells_of_it():
    told: list[str] = []
    _place([StockItem(sku="LAMP"), Supplier(name="Weaver")], told)
    assert (names(), told) == (["LAMP"], ["placed"])
    assert Supplier.objects.filter(name="Weaver").exists()


@pytest.mark.parametrize(
    "rows",
    [[StockItem(sku="LAMP"), StockItem(sku="LAMP")], [StockItem(sku="LAMP"), Queue(item_id=10**9)]],
    ids=["a fault of the statement", "a fault that only the commit finds"],
)
def test_or_keeps_nothing_and_says_why(rows: list[Model]):
    told: list[str] = []
    with pytest.raises(IntegrityError):
        _place(rows, told)
    assert (names(), told) == ([], [])


def test_ids_are_drawn_for_rows_that_are_inserted_with_them():
    ((first, second), (other,)) = draw({StockItem: 2, Supplier: 1})()
    insert([StockItem(pk=first, sku="LAMP"), StockItem(pk=second, sku="STOOL"), Supplier(pk=other, name="Weaver")])
    assert StockItem.objects.create(sku="MUG").pk > second > first
    assert Supplier.objects.get().pk == other
