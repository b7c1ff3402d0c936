"""A cart is not lost with the session that led to it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop import carts, retention
from shop.models import Cart, CartLine, User, Variant
from tests.cast import ADA, NOON, stock, variant
from tests.web.reading import fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def curtains() -> Variant:
    return variant(stock(on_hand=9))


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com")


def cart_of(client: Client) -> str:
    return words(client.get("/cart/"))


def test_it_comes_back_when_the_session_has_ended(client: Client, curtains: Variant):
    put_into_cart(client, curtains, 3)
    Session.objects.all().delete()
    assert "Cart , units in it: 3" in words(client.get("/"))
    assert "Popular curtains" in cart_of(client)


@pytest.mark.parametrize("address", ["/search/suggestions/?q=pop", "/poster/"])
def test_what_everybody_may_keep_does_not_bring_it_back_to_somebody_else(
    client: Client, curtains: Variant, address: str
):
    assert "public" in Client().get(address).headers["Cache-Control"]
    put_into_cart(client, curtains)
    Session.objects.all().delete()
    answer = client.get(address)
    assert "sessionid" in answer.cookies
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_what_was_typed_of_an_address_does_not(client: Client, curtains: Variant, parcel):
    put_into_cart(client, curtains)
    fill_in_details(client, parcel.pk)
    assert ADA["line1"] in words(client.get("/checkout/review/"))
    Session.objects.all().delete()
    assert ADA["line1"] not in client.get("/checkout/").content.decode()
    assert "Popular curtains" in cart_of(client)


def test_who_comes_by_now_and_then_keeps_it_and_who_stays_away_does_not(
    client: Client, curtains: Variant, time_machine
):
    time_machine.move_to(NOON, tick=False)
    put_into_cart(client, curtains, 3)
    for day in (20, 40):
        at = NOON + timedelta(days=day)
        time_machine.move_to(at, tick=False)
        retention.throw_away(at)
        assert "Cart , units in it: 3" in words(client.get("/")), day
    at = NOON + timedelta(days=40) + carts.KEPT
    retention.throw_away(at)
    assert CartLine.objects.count() == 1, "thirty days are not over yet"

    time_machine.move_to(at + timedelta(days=1), tick=False)
    retention.throw_away(at + timedelta(days=1))

    assert not CartLine.objects.exists()
    assert not Cart.objects.exists()
    assert "Popular curtains" not in cart_of(client)


def test_who_comes_within_a_day_of_her_new_cookie_has_thirty_days_as_well(
    client: Client, curtains: Variant, time_machine
):
    time_machine.move_to(NOON, tick=False)
    put_into_cart(client, curtains, 3)
    last = NOON + timedelta(hours=23)
    time_machine.move_to(last, tick=False)
    client.get("/")
    at = last + timedelta(days=30)
    time_machine.move_to(at, tick=False)

    retention.throw_away(at)

    assert "Popular curtains" in cart_of(client)


def test_one_page_a_day_asks_the_database_to_keep_it(client: Client, curtains: Variant, time_machine):
    time_machine.move_to(NOON, tick=False)
    put_into_cart(client, curtains)
    time_machine.move_to(NOON + timedelta(days=2), tick=False)
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
        client.get("/")
    assert sum("seen_on" in query["sql"] for query in queries) == 1


def test_an_old_cart_of_hers_that_she_signs_in_for_is_not_thrown_away_on_that_day(
    client: Client, curtains: Variant, ada: User
):
    client.force_login(ada)
    put_into_cart(client, curtains, 3)
    client.post("/accounts/logout/")
    today = timezone.localdate()
    Cart.objects.update(seen_on=today - carts.KEPT)

    client.force_login(ada)
    retention.throw_away(timezone.now() + timedelta(days=1))

    assert "Popular curtains" in cart_of(client)


def test_signing_out_takes_it_off_the_machine_and_signing_in_brings_it_back(
    client: Client, curtains: Variant, ada: User
):
    client.force_login(ada)
    put_into_cart(client, curtains, 3)
    client.post("/accounts/logout/")
    assert "Popular curtains" not in cart_of(client)
    assert not client.cookies["cart"].value

    client.force_login(ada)
    assert "Cart , units in it: 3" in words(client.get("/"))
    assert "Popular curtains" in cart_of(client)


def test_a_customers_cart_is_shown_to_nobody_who_has_not_signed_in(client: Client, curtains: Variant, ada: User):
    client.force_login(ada)
    put_into_cart(client, curtains)
    Session.objects.all().delete()
    assert "Popular curtains" not in cart_of(client)
    client.force_login(ada)
    assert "Popular curtains" in cart_of(client)


def test_two_machines_of_one_customer_have_one_cart(client: Client, curtains: Variant, ada: User):
    other, rug = Client(), variant(stock("RUG", on_hand=9))
    client.force_login(ada)
    put_into_cart(client, curtains, 3)
    put_into_cart(client, rug, 1)
    put_into_cart(other, rug, 2)

    other.force_login(ada)

    assert "Cart , units in it: 5" in words(other.get("/"))
    cart = Cart.objects.get()
    assert (cart.user, dict(cart.lines.values_list("variant", "quantity"))) == (ada, {curtains.pk: 3, rug.pk: 2})
    assert cart_of(client) == cart_of(other)


def test_a_cart_that_was_filled_before_signing_in_is_hers_from_then_on(client: Client, curtains: Variant, ada: User):
    put_into_cart(client, curtains, 3)
    client.force_login(ada)
    assert "Popular curtains" in cart_of(client)
    assert Cart.objects.get().user == ada


def test_an_ordered_cart_is_not_looked_for_again(client: Client, curtains: Variant):
    put_into_cart(client, curtains)
    Cart.objects.all().delete()
    Session.objects.all().delete()
    assert "Popular curtains" not in cart_of(client)
    assert not client.cookies["cart"].value


@pytest.mark.parametrize("said", ["", "nonsense", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "a:b:c"])
def test_a_cookie_of_somebody_elses_making_leads_nowhere(client: Client, curtains: Variant, said: str):
    put_into_cart(Client(), curtains)
    client.cookies["cart"] = said or str(Cart.objects.get().pk)
    assert "Popular curtains" not in cart_of(client)
