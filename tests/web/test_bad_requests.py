"""Requests that no browser sends get a plain 400, never an error page of the server's."""

import logging

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from shop.logs import WithoutSecrets
from shop.models import Category

pytestmark = pytest.mark.django_db


def test_a_cookie_with_a_nul_is_refused(client: Client):
    client.cookies["sessionid"] = "a\0b"
    assert client.get("/cart/").status_code == 400


@pytest.mark.parametrize("address", ["/c/home/?page=%00", "/admin/shop/order/?country__exact=%00", "/products/a%00b/"])
def test_an_address_with_a_nul_is_refused(client: Client, address: str):
    assert client.get(address).status_code == 400


def test_a_form_that_is_not_utf_8_is_refused(client: Client):
    form = "application/x-www-form-urlencoded; charset=utf-7"
    assert client.post("/cart/add/", "variant=1", content_type=form).status_code == 400


def test_a_form_in_utf_8_is_read(client: Client):
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    assert client.post("/cart/add/", "variant=1", content_type=form).status_code != 400


def test_a_category_cannot_stand_inside_itself():
    above = Category.objects.create(name="Home", slug="home")
    below = Category.objects.create(name="Lamps", slug="lamps", parent=above)
    above.parent = below
    with pytest.raises(ValidationError, match="cannot stand inside itself"):
        above.full_clean()


@pytest.mark.parametrize(
    "address",
    [
        "/orders/ABC/open/{}/",
        "/orders/ABC/answer/{}/",
        "/accounts/password/reset/key/{}/",
        "/accounts/confirm-email/{}/",
    ],
)
def test_a_log_holds_no_link_that_opens_an_order_or_an_account(address: str):
    record = logging.LogRecord("django", 30, "", 0, "Forbidden: %s", (address.format("secret:token"),), None)
    WithoutSecrets().filter(record)
    assert record.getMessage() == f"Forbidden: {address.format('…')}"
