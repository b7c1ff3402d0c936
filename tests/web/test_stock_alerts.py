"""Asking to be told when something is back: the form, the link of the letter, and the one click of a mail program."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from notifications import rendering
from notifications.models import Letter
from shop import stock_alerts
from shop.models import StockAlert, User, Variant
from tests.cast import ADA, NOON, inbound, stock, variant
from tests.web.reading import put_into_cart, words

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = "We wrote to ada@example.com: follow the link in that letter, so that we know that it is yours."


@pytest.fixture
def kettle() -> Variant:
    return variant(stock("KETTLE"))


@pytest.fixture
def alert(client: Client, kettle: Variant) -> StockAlert:
    client.post(f"/alerts/for/{kettle.pk}/", {"email": ADA["email"]})
    return StockAlert.objects.get()


def link(alert: StockAlert) -> str:
    return f"/alerts/{signing.dumps({'alert': alert.pk}, salt=stock_alerts.SALT)}/"


def test_the_page_of_what_cannot_be_had_asks_for_an_address_and_for_no_quantity(client: Client, kettle: Variant):
    page = client.get("/products/kettle/")
    assert "Tell me when it is back" in words(page)
    [action] = re.findall(r'action="(/alerts/[^"]*)"', page.content.decode())
    answer = client.post(action, {"email": ADA["email"]}, follow=True)
    assert answer.redirect_chain == [(f"/products/kettle/?variant={kettle.pk}", 302)]
    assert ASKED in words(answer)
    assert Letter.objects.get().recipient == ADA["email"]


@pytest.mark.parametrize(("on_hand", "coming", "address"), [(1, 0, ""), (0, 3, ""), (1, 0, "?quantity=9")])
def test_where_any_can_be_had_it_is_not_offered(client: Client, on_hand: int, coming: int, address: str):
    item = stock("KETTLE", on_hand=on_hand)
    if coming:
        inbound(item, coming)
    variant(item)
    assert "Tell me when" not in words(client.get(f"/products/kettle/{address}"))


def test_another_variant_brings_its_own_form(client: Client, kettle: Variant):
    green = variant(stock("GREEN"), product=kettle.product)
    here = variant(stock("CREAM", on_hand=1), product=kettle.product)
    for chosen, offered in ((green, True), (here, False)):
        part = client.get(f"/products/kettle/?variant={chosen.pk}", headers={"hx-request": "true"}).content.decode()
        assert (f'action="/alerts/for/{chosen.pk}/"' in part) is offered


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("", "E-mail address: please fill this in."),
        ("ada@", "Enter an e-mail address such as ada@example.com."),
        ("ada@example.com\nBcc: bo@example.com", "Enter an e-mail address such as ada@example.com."),
        ("a" * 250 + "@example.com", "Enter an e-mail address such as ada@example.com."),
        (f"ada@{'İ' * 60}.{'İ' * 60}.{'İ' * 60}.{'İ' * 60}.com", "Enter an e-mail address such as ada@example.com."),
    ],
)
def test_what_is_no_address_is_told_at_its_field(client: Client, kettle: Variant, email: str, says: str):
    page = client.post(f"/alerts/for/{kettle.pk}/", {"email": email}, follow=True)
    assert says in words(page)
    assert not StockAlert.objects.exists()


def test_who_is_signed_in_need_not_type_it(client: Client, kettle: Variant):
    client.force_login(User.objects.create_user(ADA["email"], "a long pass phrase"))
    for address in ("/products/kettle/", f"/alerts/for/{kettle.pk}/"):
        assert f'value="{ADA["email"]}"' in client.get(address).content.decode()


def test_of_what_is_not_sold_any_more_nothing_is_asked(client: Client, kettle: Variant):
    kettle.product.published = False
    kettle.product.save()
    for address in (f"/alerts/for/{kettle.pk}/", "/alerts/for/999999/", "/alerts/for/9999999999999999999999/"):
        assert "This article is not sold any more." in words(client.get(address, follow=True))


def test_of_what_can_be_had_again_the_page_leads_to_it(client: Client):
    here = variant(stock("KETTLE", on_hand=1))
    page = client.get(f"/alerts/for/{here.pk}/", follow=True)
    assert page.redirect_chain == [(f"/products/kettle/?variant={here.pk}", 302)]
    assert "It can be had: see by when." in words(page)


def test_the_cart_leads_there(client: Client, kettle: Variant):
    assert f'href="/alerts/for/{kettle.pk}/"' in put_into_cart(client, kettle).content.decode()


def test_the_answer_does_not_tell_who_waits_already(client: Client, kettle: Variant, alert: StockAlert):
    stock_alerts.confirm(alert.pk, at=NOON)
    assert ASKED in words(client.post(f"/alerts/for/{kettle.pk}/", {"email": ADA["email"]}, follow=True))
    assert Letter.objects.count() == 1


def test_a_visitor_asks_for_so_many_in_an_hour_and_loses_nothing_typed(client: Client, kettle: Variant):
    for number in range(20):
        client.post(f"/alerts/for/{kettle.pk}/", {"email": f"a{number}@example.com"})
    page = client.post(f"/alerts/for/{kettle.pk}/", {"email": ADA["email"]}, follow=True)
    assert "Many letters were asked for from where you are: please try again later." in words(page)
    assert f'value="{ADA["email"]}"' in page.content.decode()
    assert StockAlert.objects.count() == 20


def test_looking_at_the_link_confirms_nothing_and_its_button_does(client: Client, alert: StockAlert):
    assert "Shall we tell you when it is back?" in words(client.get(link(alert)))
    alert.refresh_from_db()
    assert alert.confirmed_at is None
    page = client.post(link(alert), {"confirm": "1"}, follow=True)
    assert "Thank you. You hear from us once, when it is on our shelf." in words(page)
    alert.refresh_from_db()
    assert alert.confirmed_at is not None


def test_its_other_button_forgets_the_address(client: Client, alert: StockAlert):
    page = client.post(link(alert), {"stop": "1"}, follow=True)
    assert "It is ended, and no letter about it is sent. Nothing is kept here" in words(page)
    assert not StockAlert.objects.exists()
    assert "Nothing is kept here" in words(client.post(link(alert), {"confirm": "1"}, follow=True))


def test_the_one_click_of_a_mail_program_needs_no_cookie_and_no_page(alert: StockAlert):
    letter = rendering.message(Letter.objects.get())
    address = letter.extra_headers["List-Unsubscribe"].strip("<>")
    path = address[address.index("/alerts/") :]
    program = Client(enforce_csrf_checks=True)
    assert program.get(path).headers["Location"] == path.removesuffix("stop/")
    assert StockAlert.objects.exists()
    answer = program.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, StockAlert.objects.exists()) == (200, False)
    assert program.post(path, {}).status_code == 200


@pytest.mark.parametrize("token", ["x", "eyJhbGVydCI6MX0:1", "{signed}"])
def test_a_link_that_is_not_ours_opens_nothing(client: Client, alert: StockAlert, token: str):
    address = f"/alerts/{token.replace('{signed}', signing.dumps({'alert': alert.pk}, salt='another'))}/"
    assert "Nothing is kept here" in words(client.get(address))
    client.post(address, {"stop": "1"})
    client.post(f"{address}stop/")
    assert StockAlert.objects.exists()


def test_its_pages_are_kept_by_nobody_and_listed_nowhere(client: Client, alert: StockAlert, kettle: Variant):
    for address in (link(alert), f"/alerts/for/{kettle.pk}/"):
        answer: Any = client.get(address)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get(link(alert)).headers["Referrer-Policy"] == "strict-origin"


def test_a_link_ends_after_two_years(client: Client, kettle: Variant, alert: StockAlert):
    address = link(alert)
    with time_machine.travel(timezone.now() + stock_alerts.LINK_LIFE + timedelta(days=1), tick=False):
        assert "Nothing is kept here" in words(client.get(address))
