"""A receipt that was a mistake is undone, once, by counter-movements."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Delivery, PurchaseOrderLine, StockItem, StockMovement
from inventory.queries import recount
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import fulfilment
from tests.cast import BO, CY, NOON, SOON, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

WHY = {"reason": "it was counted for another shop"}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def received(line: PurchaseOrderLine, units: int, damaged: int = 0, number: str = "D-1") -> Delivery:
    goods = [Arrived(line.item_id, units, damaged)]
    damage = "moths" if damaged else ""
    delivery = fulfilment.receive(number, goods, order=line.order, damage=damage, actor=CY, at=NOON).delivery
    fulfilment.fill_waiting([line.item_id], actor="worker", at=NOON)
    return delivery


def undo_address(delivery: Delivery) -> str:
    return reverse("admin:inventory_delivery_undo", args=[delivery.pk])


def books(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    return item.on_hand, item.allocated


def test_what_nobody_was_given_leaves_the_shelf_and_is_owed_again(cy: Client) -> None:
    item = stock(on_hand=1)
    line = inbound(item, 5)
    delivery = received(line, 5)

    preview = cy.post(undo_address(delivery), WHY | {"preview": "1"})
    before = books(item)
    page = confirm(cy, undo_address(delivery), WHY)

    assert "POPULAR-CURTAINS 5 5 0 0" in words(preview)
    assert "No promise changes" in words(preview)
    assert (before, books(item)) == ((6, 0), (1, 0))
    assert "The receipt of delivery D-1 is undone" in words(page)
    line.refresh_from_db()
    assert (line.received, line.order.state) == (0, "sent")
    last = StockMovement.objects.latest("id")
    assert (last.kind, last.on_hand_change, last.cause, last.reason) == ("undo", -5, "delivery D-1", WHY["reason"])
    assert list(recount()) == []


def test_what_is_set_aside_is_not_taken_back_unless_it_is_said(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)
    delivery = received(line, 5)

    refused = cy.post(undo_address(delivery), WHY | {"preview": "1"})

    assert "4 of POPULAR-CURTAINS cannot be taken back, because they are set aside for customers." in words(refused)
    assert books(item) == (5, 4)

    taken = WHY | {"from_customers": "on"}
    preview = cy.post(undo_address(delivery), taken | {"preview": "1"})
    confirm(cy, undo_address(delivery), taken)

    assert f"{bo.number} Bo Nordin Popular curtains, POPULAR-CURTAINS 2 {ada.number} Ada" in words(preview)
    assert "No promise changes" in words(preview)
    assert (books(item), days_told(ada), days_told(bo)) == ((0, 0), [(2, SOON)], [(2, SOON)])
    assert list(recount()) == []


def test_whose_day_breaks_by_it_is_told_the_reason(cy: Client) -> None:
    item = stock()
    delivery = fulfilment.receive("D-1", [Arrived(item.pk, 3)], actor=CY, at=NOON).delivery
    order = buy((variant(item), 2))
    taken = WHY | {"from_customers": "on"}

    preview = cy.post(undo_address(delivery), taken | {"preview": "1"})
    page = confirm(cy, undo_address(delivery), taken)

    assert "1 promise breaks" in words(preview)
    assert f"The promised day changed for {order.number}" in words(page)
    assert (books(item), days_told(order)) == ((0, 0), [(2, None)])
    text = " ".join(rendering.preview(Letter.objects.latest("id")).text.split())
    assert WHY["reason"] in text.casefold()


def test_the_newest_order_gives_way_first(cy: Client) -> None:
    item = stock(on_hand=2)
    line = inbound(item, 2)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)
    delivery = received(line, 2)

    confirm(cy, undo_address(delivery), WHY | {"from_customers": "on"})

    allocated = [order.lines.get().claim.allocated for order in (ada, bo)]
    assert (allocated, books(item)) == ([2, 0], (2, 2))


def test_what_left_the_house_cannot_be_taken_back(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))
    delivery = received(line, 5)
    fulfilment.ship_ready(order, actor=CY, at=NOON)

    page = cy.post(undo_address(delivery), WHY | {"from_customers": "on", "preview": "1"})

    assert "2 of POPULAR-CURTAINS left the house since, so they did come" in words(page)
    assert "Correct the stock of what is missing instead." in words(page)
    assert books(item) == (3, 0)


def test_what_arrived_damaged_never_was_on_the_shelf(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    delivery = received(line, 5, damaged=2)

    confirm(cy, undo_address(delivery), WHY)

    line.refresh_from_db()
    assert (books(item), line.received, list(recount())) == ((0, 0), 0, [])


def test_one_of_two_deliveries_is_undone(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    received(line, 2)
    second = received(line, 3, number="D-2")

    confirm(cy, undo_address(second), WHY)

    line.refresh_from_db()
    assert (line.received, line.order.state, books(item)) == (2, "partly", (2, 0))


def test_it_is_undone_once(cy: Client) -> None:
    item = stock()
    delivery = received(inbound(item, 5), 5)
    preview = cy.post(undo_address(delivery), WHY | {"preview": "1"})
    sealed = WHY | {"confirm": "1", "seal": seal_of(preview)}

    cy.post(undo_address(delivery), sealed)
    again = cy.post(undo_address(delivery), sealed)

    assert "was undone by cy@example.com on 21 November 2026 already" in words(again)
    assert StockMovement.objects.filter(kind="undo").count() == 1
    page = words(cy.get(reverse("admin:inventory_delivery_change", args=[delivery.pk])))
    assert WHY["reason"] in page
    assert "Undo the receipt" not in page


def test_its_number_is_free_again(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    confirm(cy, undo_address(received(line, 5)), WHY)

    again = received(line, 3)

    line.refresh_from_db()
    assert (again.number, line.received, books(item)) == ("D-1", 3, (3, 0))
    assert list(recount()) == []


def test_goods_that_came_without_an_order_are_undone_too(cy: Client) -> None:
    item = stock()
    delivery = fulfilment.receive("D-1", [Arrived(item.pk, 4)], actor=CY, at=NOON).delivery

    confirm(cy, undo_address(delivery), WHY)

    assert books(item) == (0, 0)


def test_undoing_needs_the_right_to_receive(clerk: SignIn) -> None:
    delivery = received(inbound(stock(), 5), 5)

    refused = clerk("inventory.view_delivery")

    assert refused.post(undo_address(delivery), WHY | {"preview": "1"}).status_code == 403
    page = refused.get(reverse("admin:inventory_delivery_change", args=[delivery.pk]))
    assert "Undo the receipt" not in words(page)
