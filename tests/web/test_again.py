"""A form that was sent with something wrong in it is shown again by a page that can be reloaded and gone back to."""

from typing import Any

import pytest
from django.test import Client

from shop.models import ShippingMethod
from tests.cast import ADA, stock, variant
from tests.web.reading import fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db

WRONG = "Enter an e-mail address such as ada@example.com."


@pytest.fixture
def mistaken(client: Client, parcel: ShippingMethod) -> Any:
    put_into_cart(client, variant(stock(on_hand=3)))
    return fill_in_details(client, parcel.pk, email="nobody", city="Hull & Beverley; 100%")


def test_it_is_shown_as_often_as_it_is_asked_for(client: Client, mistaken: Any):
    for page in (mistaken, client.get(mistaken.redirect_chain[-1][0])):
        assert WRONG in words(page)
        assert page.context["form"]["city"].value() == "Hull & Beverley; 100%"
        assert page.context["form"]["name"].value() == ADA["name"]


def test_the_page_without_its_mark_is_the_page_as_it_was(client: Client, mistaken: Any):
    assert WRONG not in words(client.get("/checkout/"))


def test_once_it_was_sent_in_order_its_mistakes_are_forgotten(client: Client, mistaken: Any, parcel: ShippingMethod):
    fill_in_details(client, parcel.pk)
    page = client.get(mistaken.redirect_chain[-1][0])
    assert WRONG not in words(page)
    assert page.context["form"]["email"].value() == ADA["email"]


def test_of_another_page_it_says_nothing(client: Client, mistaken: Any):
    assert WRONG not in words(client.get("/checkout/review/?again=1", follow=True))


def test_nobody_else_sees_it(mistaken: Any, parcel: ShippingMethod):
    other = Client()
    put_into_cart(other, variant(stock("MUG", on_hand=3)))
    assert "Hull" not in other.get(mistaken.redirect_chain[-1][0]).content.decode()


def test_what_no_form_of_ours_holds_is_not_kept(client: Client, mistaken: Any, parcel: ShippingMethod):
    page = fill_in_details(client, parcel.pk, city="x" * 120_000)
    assert "That was far more text than fits here: please shorten it. Nothing was changed." in words(page)
    assert len(client.session.get("sent", ("", ""))[1]) == 0
