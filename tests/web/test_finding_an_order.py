"""Whoever lost the mails of an order gets its link once more, at the address that she ordered with."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from notifications import rendering
from notifications.models import Letter
from shop.models import Order, User
from tests.cast import NOON
from tests.web.reading import words

pytestmark = pytest.mark.django_db

FIND = "/orders/find/"


def ask(client: Client, number: str, email: str) -> str:
    return words(client.post(FIND, {"number": number, "email": email}, follow=True))


def letters() -> list[Letter]:
    return list(Letter.objects.filter(template="order_link").order_by("id"))


def test_the_link_goes_to_the_address_of_the_order_and_opens_it(client: Client, order: Order):
    told = ask(client, f" {order.number.lower()} ", "ADA@example.com")
    assert f"If order {order.number.lower()} was placed with ADA@example.com, its link is on its way there." in told
    [letter] = letters()
    assert letter.recipient == order.email
    mail = rendering.message(letter)
    [link] = [line for line in str(mail.body).splitlines() if f"/orders/{order.number}/open/" in line]
    shopper = Client()
    page = words(shopper.get("/orders/" + link.partition("/orders/")[2].strip(), follow=True))
    assert f"Order {order.number}" in page


def test_nobody_learns_whether_there_is_such_an_order(client: Client, order: Order):
    for number, email in ((order.number, "mallory@example.com"), ("AAAAAAAAAA", "ada@example.com")):
        assert f"If order {number} was placed with {email}" in ask(client, number, email)
    assert not letters()


def test_it_is_sent_once_in_ten_minutes_however_often_it_is_asked_for(client: Client, order: Order):
    for _ in range(3):
        ask(client, order.number, order.email)
    assert len(letters()) == 1
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        ask(client, order.number, order.email)
    assert len(letters()) == 2


def test_one_address_of_the_internet_asks_so_often_in_an_hour(client: Client, order: Order):
    for _ in range(20):
        ask(client, "AAAAAAAAAA", "nobody@example.com")
    assert "Many links were asked for from where you are" in ask(client, order.number, order.email)
    assert not letters()


def test_what_is_missing_is_named_and_nothing_is_lost(client: Client, db: None):
    page = client.post(FIND, {"number": "", "email": "ada"}, follow=True)
    assert "Order number: please fill this in." in words(page)
    assert "Enter an e-mail address such as ada@example.com." in words(page)
    assert 'value="ada"' in page.content.decode()


@pytest.mark.parametrize("path", ["/", "/orders/AAAAAAAAAA/"])
def test_the_way_there_is_where_it_is_looked_for(client: Client, db: None, path: str):
    assert f'href="{FIND}"' in client.get(path).content.decode().partition("<main")[2]


def test_an_account_without_orders_leads_there(client: Client, db: None):
    client.force_login(User.objects.create_user("ada@example.com"))
    assert f'<a href="{FIND}">Have one sent once more</a>' in client.get("/account/orders/").content.decode()
    assert 'value="ada@example.com"' in client.get(FIND).content.decode()
