from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from backorders.models import Bounce, Claim, Consent, Notice, Promise, Withdrawal
from inventory.models import Delivery, ExpectedDayChange, PurchaseOrder, StockItem, StockMovement
from inventory.receiving import Arrived
from shop import delays, fulfilment
from shop.models import Order, Product, Refund, User
from tests.cast import CY, LATER, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn

READ_ONLY = [StockMovement, ExpectedDayChange, Delivery, Claim, Order, Notice, Consent, Bounce, Refund]
WRITTEN_BY_USE_CASES = [Promise, Withdrawal]


def address(model: Any, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def story(cy: Client) -> Client:
    """A row of every kind, and somebody who may do everything."""
    item = stock(on_hand=1)
    line = inbound(item, 5)
    buy((variant(item), 3))
    delays.move_expected_day(line, LATER, confirmed=True, reason="seen", actor=CY, at=NOON)
    fulfilment.receive("D-1", [Arrived(item.pk, 2)], order=line.order, actor=CY, at=NOON)
    notice = Notice.objects.get()
    Consent.objects.create(notice=notice, answer="keep", actor=CY, at=NOON)
    Bounce.objects.create(notice=notice, answer="550", at=NOON)
    Refund.objects.create(order=Order.objects.get(), amount=1, reason="too much", due_since=NOON, due_by=NOON)
    return cy


@pytest.mark.parametrize("model", READ_ONLY)
def test_rows_of_the_ledger_and_of_customers_are_looked_at_only(story: Client, model: Any) -> None:
    row = model.objects.order_by("pk").first()
    before = list(model.objects.values())

    pages = [story.get(address(model, "changelist")), story.get(address(model, "change", row.pk))]
    edit = story.post(address(model, "change", row.pk), {"quantity": 99, "email": "mallory@example.com"})
    delete = story.post(address(model, "delete", row.pk), {"post": "yes"})
    add = story.post(address(model, "add"), {})

    assert [page.status_code for page in pages] == [200, 200]
    assert "submit-row" not in pages[1].content.decode() or "_save" not in pages[1].content.decode()
    assert [response.status_code for response in (edit, delete, add)] == [403, 403, 403]
    assert list(model.objects.values()) == before


@pytest.mark.parametrize("model", READ_ONLY)
def test_many_at_once_cannot_be_deleted_either(story: Client, model: Any) -> None:
    rows = list(model.objects.values_list("pk", flat=True))

    story.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": rows, "post": "yes"})

    assert set(model.objects.values_list("pk", flat=True)) == set(rows)


@pytest.mark.parametrize("model", WRITTEN_BY_USE_CASES)
def test_promises_have_no_pages_of_their_own(model: Any) -> None:
    assert not admin.site.is_registered(model)
    with pytest.raises(NoReverseMatch):
        address(model, "changelist")


def test_promises_are_shown_with_their_claim_and_cannot_be_posted(story: Client) -> None:
    claim = Claim.objects.get()
    page = story.get(address(Claim, "change", claim.pk)).content.decode()
    forged = {"promises-TOTAL_FORMS": 1, "promises-INITIAL_FORMS": 0, "promises-0-quantity": 9, "promises-0-version": 9}

    story.post(address(Claim, "change", claim.pk), forged)

    assert "the shelf" in page or "shelf" in page
    assert not Promise.objects.filter(version=9).exists()


def test_counts_of_a_stock_item_cannot_be_posted(story: Client) -> None:
    item = StockItem.objects.get()

    story.post(
        address(StockItem, "change", item.pk), {"name": item.name, "on_hand": 99, "allocated": 0, "sku": "OTHER"}
    )

    item.refresh_from_db()
    assert (item.sku, item.on_hand, item.allocated) == ("POPULAR-CURTAINS", 3, 1)


@pytest.mark.parametrize("model", [StockItem, PurchaseOrder])
def test_what_the_laws_need_cannot_be_deleted(story: Client, model: Any) -> None:
    row = model.objects.get()

    response = story.post(address(model, "delete", row.pk), {"post": "yes"})

    assert response.status_code == 403
    assert model.objects.count() == 1


def test_placed_purchase_orders_survive_deleting_many_at_once(story: Client) -> None:
    rows = list(PurchaseOrder.objects.values_list("pk", flat=True))

    story.post(
        address(PurchaseOrder, "changelist"), {"action": "delete_selected", "_selected_action": rows, "post": "yes"}
    )

    assert PurchaseOrder.objects.count() == len(rows)


def test_what_was_sold_cannot_be_deleted(story: Client) -> None:
    product = Product.objects.get()

    story.post(address(Product, "delete", product.pk), {"post": "yes"})

    assert Product.objects.count() == 1


def test_staff_without_rights_see_an_empty_desk_and_nothing_else(story: Client, clerk: SignIn) -> None:
    clerk()
    models = [StockItem, PurchaseOrder, Product, User, *READ_ONLY]

    assert "Your account may not see anything here yet" in story.get(reverse("admin:index")).content.decode()
    assert [story.get(address(model, "changelist")).status_code for model in models] == [403] * len(models)


def test_customers_do_not_get_in(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("ada@example.com"))

    response = client.get(reverse("admin:index"))

    assert response.status_code == 302
    assert "login" in response.headers["Location"]
