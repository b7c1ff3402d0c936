"""Whether a supplier kept its days, on the order's page and on its own."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.lateness import DaysOfLine, Record, days_of_order, days_of_supplier
from inventory.models import ExpectedDay, PurchaseOrder, PurchaseOrderLine
from inventory.receiving import Arrived
from shop import delays, fulfilment
from tests.cast import CY, LATER, NOON, SOON, TODAY, inbound, stock
from tests.staff.pages import words

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def move(line: PurchaseOrderLine, day: date | None, *, confirmed: bool) -> None:
    delays.move_expected_days({line.pk: ExpectedDay(day, confirmed)}, reason="the loom broke", actor=CY, at=NOON)


def receive(line: PurchaseOrderLine, units: int, day: date) -> None:
    number = f"D-{line.delivery_lines.count()}-{line.pk}"
    at = NOON + (day - TODAY)
    fulfilment.receive(number, [Arrived(line.item_id, units)], order=line.order, actor=CY, at=at)


def days_of(line: PurchaseOrderLine) -> DaysOfLine:
    [days] = days_of_order(line.order)
    return days


def test_what_was_asked_confirmed_said_last_and_received(db: None) -> None:
    line = inbound(stock(), 5, SOON, confirmed=False)
    move(line, SOON + DAY, confirmed=False)
    move(line, SOON + 2 * DAY, confirmed=True)
    move(line, LATER, confirmed=True)
    receive(line, 2, LATER)
    receive(line, 3, LATER + DAY)

    days = days_of(line)

    assert (days.asked_on, days.confirmed_on, days.line.expected_on) == (SOON, SOON + 2 * DAY, LATER)
    assert (days.received_on, days.complete_on) == ((LATER, LATER + DAY), LATER + DAY)
    assert days.days_late(TODAY) == (LATER + DAY - (SOON + 2 * DAY)).days


def test_a_day_that_was_confirmed_before_we_wrote_that_down(db: None) -> None:
    assert days_of(inbound(stock(), 5, SOON, confirmed=True)).confirmed_on == SOON


def test_without_a_confirmed_day_the_one_we_asked_for_counts(db: None) -> None:
    line = inbound(stock(), 5, SOON, confirmed=False)
    receive(line, 5, SOON - DAY)

    assert (days_of(line).confirmed_on, days_of(line).days_late(TODAY)) == (None, -1)


def test_a_line_without_any_day_is_neither_late_nor_early(db: None) -> None:
    line = inbound(stock(), 5, None, confirmed=False)
    receive(line, 5, SOON)

    assert days_of(line).days_late(TODAY) is None


def test_what_is_still_owed_is_late_once_its_day_has_passed(db: None) -> None:
    line = inbound(stock(), 5)

    assert [days_of(line).days_late(day) for day in (SOON, SOON + 3 * DAY)] == [None, 3]


def test_what_comes_beyond_the_order_does_not_make_it_late(db: None) -> None:
    line = inbound(stock(), 5)
    receive(line, 5, SOON)
    receive(line, 1, LATER)

    assert days_of(line).days_late(TODAY) == 0


def test_what_was_written_off_is_not_waited_for(db: None) -> None:
    line = inbound(stock(), 5)
    receive(line, 3, SOON)
    delays.write_off(line, 2, reason="out of print", actor=CY, at=NOON)

    assert days_of(line).days_late(LATER) == 0


def test_a_suppliers_record_is_its_median_and_how_often(db: None) -> None:
    for late in (0, -2, 1, 4, 10):
        line = inbound(stock(f"SKU-{late}"), 1)
        receive(line, 1, SOON + late * DAY)

    assert Record.of(days_of_supplier(line.order.supplier_id), TODAY) == Record(5, 3, 4)


def test_it_stands_on_the_orders_and_the_suppliers_page(cy: Client) -> None:
    line = inbound(stock(), 5)
    move(line, LATER, confirmed=True)
    receive(line, 5, LATER)

    order = words(cy.get(reverse("admin:inventory_purchaseorder_change", args=[line.order_id])))
    supplier = words(cy.get(reverse("admin:inventory_supplier_change", args=[line.order.supplier_id])))

    row = "9 December 2026 9 December 2026 4 January 2027 4 January 2027 26 days late"
    assert f"POPULAR-CURTAINS {row}" in order
    assert f"POPULAR-CURTAINS PO-1 {row}" in supplier
    assert "1 line came late or is late, of 1 (100%); by 26 days in the median." in supplier


def test_a_draft_has_no_record(cy: Client) -> None:
    line = inbound(stock(), 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)

    page = words(cy.get(reverse("admin:inventory_supplier_change", args=[line.order.supplier_id])))

    assert "Nothing has come yet, and nothing is late." in page


def test_any_number_of_lines_takes_as_many_queries(db: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            days_of_supplier(line.order.supplier_id)
        return len(asked)

    line = inbound(stock("SKU-0"), 1)
    receive(line, 1, SOON)
    one = queries()
    for number in (1, 2):
        receive(inbound(stock(f"SKU-{number}"), 1), 1, SOON)

    assert queries() == one
