"""Every number of the desk can be asked why, and its rows add up to it."""

import re
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from backorders.models import Claim, Queue
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from shop import cancellations, delays, fulfilment, returns
from shop.models import Order, StockAlert
from shop.staff.whys import why_of
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, words

ITEM_NUMBERS = ("on-hand", "allocated", "waiting", "on-order", "alerts")
CLAIM_NUMBERS = ("wanted", "allocated", "shipped", "lacking")


@pytest.fixture
def item(db: None) -> StockItem:
    """Opened, sold, received in part and short, given, shipped, counted anew, cancelled and taken back."""
    item = stock(on_hand=6)
    line = inbound(item, 10)
    curtains = variant(item)
    ada, bo, dee = buy((curtains, 4)), buy((curtains, 5), who=BO), buy((curtains, 4))
    fulfilment.ship_ready(ada, actor=CY, at=NOON)
    fulfilment.receive("D-1", [Arrived(item.pk, 4)], order=line.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    fulfilment.correct_stock(item.pk, -2, reason="moths", actor=CY, at=NOON)
    cancellations.cancel_line(bo.lines.get(), 2, reason="too many", actor="customer", at=NOON)
    cancellations.cancel_line(dee.lines.get(), 1, actor="customer", at=NOON)
    returns.take_back(ada.lines.get(), 1, reason="wrong colour", actor=CY, at=NOON)
    delays.write_off(PurchaseOrderLine.objects.get(), 1, reason="damaged at the mill", actor=CY, at=NOON)
    for email in ("eve@example.com", "fay@example.com"):
        StockAlert.objects.create(variant=curtains, email=email, asked_at=NOON, confirmed_at=NOON)
    item.refresh_from_db()
    return item


def test_the_rows_of_an_items_numbers_add_up(item: StockItem) -> None:
    kept = {
        "on-hand": item.on_hand,
        "allocated": item.allocated,
        "waiting": Queue.objects.get().waiting,
        "on-order": PurchaseOrderLine.objects.get().outstanding,
        "alerts": 2,
    }
    found = {name: why_of(item, name) for name in ITEM_NUMBERS}

    assert {name: why.number for name, why in found.items()} == kept
    assert {name: sum(why.row_of(row).units for row in why.rows) for name, why in found.items()} == kept
    assert {name: why.total for name, why in found.items()} == kept
    assert all(kept.values()), "every number has something to explain"


def test_the_rows_of_a_claims_numbers_add_up(item: StockItem) -> None:
    for claim in Claim.objects.all():
        kept = dict(zip(CLAIM_NUMBERS, (claim.quantity, claim.allocated, claim.shipped, claim.lacks), strict=True))
        found = {name: why_of(claim, name) for name in CLAIM_NUMBERS}
        assert {name: sum(row.units for row in why.rows) for name, why in found.items()} == kept
        assert {name: why.number for name, why in found.items()} == kept


@pytest.mark.parametrize("name", ITEM_NUMBERS)
def test_a_page_explains_a_number_of_an_item(cy: Client, item: StockItem, name: str) -> None:
    why = why_of(item, name)

    text = words(cy.get(reverse("admin:inventory_stockitem_why", args=[item.pk, name])))

    assert f"Why {why.number} {why.title}?" in text
    assert f"These rows add up to the number that is kept: {why.number} ." in text


def test_the_rows_say_who_and_when(cy: Client, item: StockItem) -> None:
    on_hand = words(cy.get(reverse("admin:inventory_stockitem_why", args=[item.pk, "on-hand"])))
    waiting = words(cy.get(reverse("admin:inventory_stockitem_why", args=[item.pk, "waiting"])))
    bo = Order.objects.get(name="Bo Nordin")
    wanted = words(cy.get(reverse("admin:backorders_claim_why", args=[bo.lines.get().claim_id, "wanted"])))

    assert "-2 Corrected, correction of POPULAR-CURTAINS: moths cy@example.com 21 November 2026, 12:00" in on_hand
    assert re.search(r"\+\d \w+ lacks \d of 3 Ada Lovelace 21 November 2026, 12:00", waiting)
    assert f"+5 ordered with {bo.number} Bo Nordin 21 November 2026, 12:00 -2 cancelled: too many customer" in wanted


def test_each_number_links_to_its_reason(cy: Client, item: StockItem) -> None:
    claim = Claim.objects.first()
    assert claim
    of_item = cy.get(reverse("admin:inventory_stockitem_change", args=[item.pk])).content.decode()
    of_claim = cy.get(reverse("admin:backorders_claim_change", args=[claim.pk])).content.decode()

    for name in ITEM_NUMBERS:
        assert reverse("admin:inventory_stockitem_why", args=[item.pk, name]) in of_item
    for name in CLAIM_NUMBERS:
        assert reverse("admin:backorders_claim_why", args=[claim.pk, name]) in of_claim


def test_books_that_are_wrong_are_not_glossed_over(cy: Client, item: StockItem) -> None:
    StockItem.objects.update(on_hand=F("on_hand") + 1)

    text = words(cy.get(reverse("admin:inventory_stockitem_why", args=[item.pk, "on-hand"])))

    assert f"These rows add up to {item.on_hand}, but {item.on_hand + 1} is kept." in text


def test_a_number_that_nobody_keeps_is_not_found(cy: Client, item: StockItem) -> None:
    claim = Claim.objects.first()
    assert claim
    assert cy.get(reverse("admin:inventory_stockitem_why", args=[item.pk, "profit"])).status_code == 404
    assert cy.get(reverse("admin:backorders_claim_why", args=[claim.pk, "profit"])).status_code == 404


def test_a_long_story_is_read_page_by_page(cy: Client, item: StockItem, django_assert_max_num_queries: Any) -> None:
    for number in range(101):
        fulfilment.correct_stock(item.pk, 1 if number % 2 else -1, reason="counted", actor=CY, at=NOON)
    address = reverse("admin:inventory_stockitem_why", args=[item.pk, "on-hand"])
    # The first page of a minute at the desk writes the session.
    cy.get(address)

    with django_assert_max_num_queries(9):
        text = words(cy.get(address))

    assert "Page 1 of 2" in text
    assert "Opening stock" in words(cy.get(address, {"page": 2}))


def test_who_may_not_look_is_not_told_why(clerk: SignIn, item: StockItem) -> None:
    desk = clerk("shop.view_order")
    claim = Claim.objects.first()
    assert claim
    assert desk.get(reverse("admin:inventory_stockitem_why", args=[item.pk, "on-hand"])).status_code == 403
    assert desk.get(reverse("admin:backorders_claim_why", args=[claim.pk, "wanted"])).status_code == 403
