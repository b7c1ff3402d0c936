"""Who changed what of the catalog, and when: by a form, and by a file that changes thousands."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop import delays
from shop.models import Category, ShippingMethod, User, Variant
from tests.cast import CY, NOON, inbound, stock, variant
from tests.importing.files import goods, run_import
from tests.staff.pages import SignIn, words

pytestmark = pytest.mark.django_db

NO_NUMBERS = {"numbers-TOTAL_FORMS": "0", "numbers-INITIAL_FORMS": "0"}


def address(row: Any, page: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def test_a_change_by_a_form_has_a_name_and_what_it_was_before(cy: Client):
    shelf = Category.objects.create(name="Curtains", slug="curtains")
    cy.post(address(shelf, "change"), {"name": "Blinds", "slug": "curtains", "position": "0"})

    newest = shelf.history.latest()
    assert (newest.name, newest.history_user) == ("Blinds", User.objects.get())
    assert newest.prev_record.name == "Curtains"
    assert "cy@example.com" in words(cy.get(address(shelf, "history")))


def test_a_supplier_and_an_order_have_a_history_as_well(cy: Client):
    line: Any = inbound(stock(), 4)
    supplier = line.order.supplier
    cy.post(address(supplier, "change"), NO_NUMBERS | {"name": supplier.name, "email": "ulm@example.com"})
    delays.write_off(line, 4, reason="It is sold out", actor=CY, at=NOON)

    assert (supplier.history.latest().email, supplier.history.latest().history_user) == (
        "ulm@example.com",
        User.objects.get(),
    )
    assert list(line.order.history.order_by("history_id").values_list("state", flat=True)) == ["sent", "closed"]
    assert "cy@example.com" in words(cy.get(address(supplier, "history")))
    assert cy.get(address(line.order, "history")).status_code == 200


def test_the_price_of_a_variant_is_kept_whoever_changes_it(cy: Client):
    cheap = variant(stock())
    cheap.price = Decimal("9.00")
    cheap.save()
    assert list(cheap.history.order_by("history_id").values_list("price", flat=True)) == [Decimal(49), Decimal(9)]


def test_what_is_deleted_stays_in_the_history(cy: Client):
    method = ShippingMethod.objects.create(name="Bicycle", price=3)
    cy.post(address(method, "delete"), {"post": "yes"})
    assert [row.history_type for row in ShippingMethod.history.order_by("history_id")] == ["+", "-"]


def test_an_old_row_is_looked_at_and_not_brought_back(cy: Client):
    method = ShippingMethod.objects.create(name="Bicycle", price=3)
    method.price = Decimal(4)
    method.save()
    old = method.history.earliest()
    page = reverse("admin:shop_shippingmethod_simple_history", args=[method.pk, old.pk])
    assert cy.get(page).status_code == 200
    sent = cy.post(page, {"name": "Bicycle", "price": "3", "further_parcel_price": "0", "position": "0"})
    assert sent.status_code == 403
    method.refresh_from_db()
    assert method.price == 4


def test_who_may_not_look_at_a_row_does_not_see_its_history(clerk: SignIn):
    method = ShippingMethod.objects.create(name="Bicycle", price=3)
    desk = clerk("shop.view_order")
    assert desk.get(address(method, "history")).status_code == 403


def test_a_file_leaves_a_row_for_everything_that_it_made_or_changed_and_no_other(tmp_path: Path):
    run_import(tmp_path, goods("mug"), goods("jug", "Jug", "30.00"))
    run_import(tmp_path, goods("mug", price="25.00"), goods("jug", "Jug", "30.00"))
    rows = Variant.history.order_by("history_id").values_list("history_type", "price", "history_change_reason")
    why = "catalog import by import_catalog"
    assert [(kind, str(price), reason) for kind, price, reason in rows] == [
        ("+", "24.00", why),
        ("+", "30.00", why),
        ("~", "25.00", why),
    ]
