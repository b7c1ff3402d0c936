"""A form that was sent with something wrong in it is shown again by a page that can be reloaded and gone back to."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from shop.models import CartLine, ShippingMethod, User
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
    assert "sent" not in client.session or client.session["sent"] == {}


def test_two_tabs_keep_what_each_of_them_sent(client: Client, mistaken: Any):
    line = CartLine.objects.get()
    other = client.post(f"/cart/lines/{line.pk}/", {"quantity": "many"}, follow=True)
    assert 'value="many"' in client.get(other.redirect_chain[-1][0].partition("#")[0]).content.decode()
    assert WRONG in words(client.get(mistaken.redirect_chain[-1][0]))
    client.post(f"/cart/lines/{line.pk}/", {"quantity": "2"})
    assert 'value="many"' not in client.get("/cart/?again=1").content.decode()
    assert WRONG in words(client.get(mistaken.redirect_chain[-1][0]))


def test_after_an_hour_it_is_not_shown_any_more(client: Client, mistaken: Any):
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1), tick=False):
        page = client.get(mistaken.redirect_chain[-1][0])
    assert WRONG not in words(page)


def test_who_signs_in_afterwards_does_not_see_it(client: Client, mistaken: Any):
    client.force_login(User.objects.create_user("bo@example.com", "a long pass phrase"))
    assert "Hull" not in client.get(mistaken.redirect_chain[-1][0]).content.decode()
