"""From cart to order: nothing is placed that was not shown, and nothing twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from inventory.models import PurchaseOrderLine
from shop.dev.processes import free_port
from shop.models import Cart, Order, ShippingMethod, User, Variant
from tests.cast import ADA, LATER, SOON, buy, inbound, stock, variant
from tests.web.reading import field, fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db

CONSENT = "I agree to wait for what is not on the shelf: 2 × Popular curtains, POPULAR-CURTAINS by 9 December 2026."


@pytest.fixture
def curtains() -> Variant:
    item = stock(on_hand=1)
    inbound(item, 8)
    return variant(item)


@pytest.fixture
def reviewing(client: Client, curtains: Variant, parcel: ShippingMethod) -> str:
    """A visitor who looks at the review of three curtains; gives what the page sealed."""
    put_into_cart(client, curtains, 3)
    return field(fill_in_details(client, parcel.pk), "shown")


def test_the_review_shows_days_groups_sums_and_an_unticked_box(client: Client, reviewing: str):
    page = client.get("/checkout/review/")
    text = words(page)
    assert "Ships now Ready now, ships with the rest by 9 December 2026 €49.00" in text
    assert "Ships by 9 December 2026 Ships with the rest by 9 December 2026 €98.00" in text
    assert "Goods €147.00 Parcel €4.90 Total €151.90" in text
    assert CONSENT in text
    assert "Order and pay by invoice" in text
    assert "Germany" in text
    assert "checked" not in page.content.decode().split('id="consent-as_ready"')[1].split(">")[0]
    assert 'aria-current="step">Review and order' in page.content.decode()


@pytest.mark.parametrize(("page", "most"), [("/cart/", 6), ("/checkout/", 4), ("/checkout/review/", 4)])
def test_a_page_of_the_checkout_reads_the_cart_once(
    reviewing: str, queries_of: Callable[[str], int], page: str, most: int
):
    assert queries_of(page) <= most


@pytest.mark.parametrize("page", ["/checkout/", "/checkout/review/"])
def test_the_checkout_leads_to_the_order_and_nowhere_else(client: Client, reviewing: str, page: str):
    drawn = client.get(page).content.decode()
    assert 'role="search"' not in drawn
    assert 'class="shelves"' not in drawn
    assert 'aria-label="Steps of the checkout"' in drawn


def test_who_has_an_account_is_asked_to_sign_in_until_there_is_something_to_lose(
    client: Client, curtains: Variant, parcel: ShippingMethod
):
    put_into_cart(client, curtains, 1)
    sentence = "Have an account? Sign in"
    assert sentence in words(client.get("/checkout/"))
    fill_in_details(client, parcel.pk)
    assert sentence not in words(client.get("/checkout/"))


def test_an_order_is_placed_and_the_cart_is_empty(client: Client, reviewing: str):
    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )
    order = Order.objects.get()
    assert page.redirect_chain == [(f"/orders/{order.number}/placed/", 302)]
    assert "Thank you, Ada Lovelace." in words(page)
    assert "What you ordered 3 × Popular curtains, POPULAR-CURTAINS Total, with shipping: " in words(page)
    assert "1 is set aside for you and being packed, ships by 21 November 2026 2 ship by 9 December 2026" in words(page)
    assert (order.email, order.consent_text, order.total) == (ADA["email"], CONSENT, 3 * 49 + order.shipping_price)
    assert not Cart.objects.exists()
    assert 'class="count"' not in page.content.decode()
    assert order.number in words(client.get(order.get_absolute_url()))


def test_thank_you_says_which_of_it_ships_when(client: Client, reviewing: str, parcel: ShippingMethod):
    put_into_cart(client, variant(stock("MUG", on_hand=2)), 2)
    page = fill_in_details(client, parcel.pk)
    sent = {"shown": field(page, "shown"), "sends": "as_ready", "consent": "as_ready"}
    text = words(client.post("/checkout/review/", sent, follow=True))
    assert "3 × Popular curtains, POPULAR-CURTAINS 1 set aside for you 2 ship by 9 December 2026" in text
    assert "2 × Mug, MUG 2 set aside for you" in text


def test_nothing_waits_nothing_to_consent_to(client: Client, parcel: ShippingMethod):
    put_into_cart(client, variant(stock("MUG", on_hand=9)), 2)
    page = fill_in_details(client, parcel.pk)
    assert "I agree" not in words(page)
    client.post("/checkout/review/", {"shown": field(page, "shown")})
    assert Order.objects.get().consent_text == ""


def test_without_consent_the_same_page_asks_for_it(client: Client, reviewing: str):
    page = client.post("/checkout/review/", {"shown": reviewing}, follow=True)
    assert "Tick the box that says that you agree to wait" in words(page)
    assert not Order.objects.exists()


def test_the_same_review_twice_is_one_order(client: Client, reviewing: str):
    answers = [
        client.post("/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"})
        for _ in range(3)
    ]
    order = Order.objects.get()
    assert [answer.headers["Location"] for answer in answers] == [f"/orders/{order.number}/placed/"] * 3


def test_a_day_that_got_later_is_shown_beside_the_old_one_and_asked(client: Client, reviewing: str):
    PurchaseOrderLine.objects.update(expected_on=LATER)

    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )

    assert not Order.objects.exists()
    assert "You saw 1 ships now 2 ship by 9 December 2026 It is now 1 ships now 2 ship by 4 January 2027" in words(page)
    client.post("/checkout/review/", {"shown": field(page, "shown"), "sends": "as_ready", "consent": "as_ready"})
    assert "4 January 2027" in Order.objects.get().consent_text


def test_a_day_that_got_better_needs_no_question(client: Client, reviewing: str):
    PurchaseOrderLine.objects.update(expected_on=SOON - timedelta(days=3))
    assert (
        client.post("/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}).status_code
        == 302
    )


def test_a_price_that_changed_is_shown_and_asked(client: Client, reviewing: str, curtains: Variant):
    Variant.objects.update(price="59.00")
    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )
    assert "€49.00 each" in words(page)
    assert "€59.00 each" in words(page)
    assert not Order.objects.exists()


def test_a_dearer_parcel_is_shown_and_asked(client: Client, reviewing: str):
    ShippingMethod.objects.update(price="9.90")
    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )
    assert "Shipping as it gets ready, in 2 parcels, is now Parcel, €9.90; you saw €4.90." in words(page)
    assert "Shipping together is now Parcel, €9.90; you saw €4.90." in words(page)


def test_when_it_is_gone_meanwhile_the_way_out_is_the_cart(client: Client, reviewing: str, curtains: Variant):
    buy((curtains, 8))
    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )
    assert "2 cannot be promised" in words(page)
    assert "Settle it in the cart" in words(page)
    assert "Order and pay by invoice" not in words(page)


@pytest.mark.parametrize(
    "shown", ["", "x", signing.dumps({"lines": []}, salt="another purpose")], ids=["nothing", "nonsense", "another"]
)
def test_a_review_that_this_shop_did_not_show_places_nothing(client: Client, reviewing: str, shown: str):
    page = client.post("/checkout/review/", {"shown": shown, "sends": "as_ready", "consent": "as_ready"}, follow=True)
    assert "look through your order once more" in words(page)
    assert not Order.objects.exists()


def test_no_step_can_be_left_out(client: Client, curtains: Variant, parcel: ShippingMethod):
    assert client.get("/checkout/").headers["Location"] == "/cart/"
    assert client.get("/checkout/review/").headers["Location"] == "/cart/"
    assert (
        client.post("/checkout/review/", {"sends": "as_ready", "consent": "as_ready"}).headers["Location"] == "/cart/"
    )
    put_into_cart(client, curtains)
    assert client.get("/checkout/review/").headers["Location"] == "/checkout/"
    client.post("/checkout/review/", {"sends": "as_ready", "consent": "as_ready"})
    assert not Order.objects.exists()


def test_every_missing_detail_is_named(client: Client, curtains: Variant, parcel: ShippingMethod):
    put_into_cart(client, curtains)
    page = client.post("/checkout/", {"email": "nobody"}, follow=True)
    text = words(page)
    assert "Enter an e-mail address such as ada@example.com." in text
    for name in ("Name", "Street and number", "Postcode", "Town or city"):
        assert f"{name}: please fill this in." in text
    assert "Country: please choose one." in text
    assert "Choose how your order is to be shipped." in text


@pytest.mark.parametrize(
    ("house", "ships_to", "chosen"),
    [("DE", ["AT", "DE"], "DE"), ("", ["AT"], "AT"), ("US", ["AT", "DE"], ""), ("", ["AT", "DE"], "")],
)
def test_the_houses_own_country_is_chosen_until_another_one_is(
    client: Client,
    curtains: Variant,
    parcel: ShippingMethod,
    settings: Any,
    house: str,
    ships_to: list[str],
    chosen: str,
):
    settings.HOLIDAYS_COUNTRY, settings.COUNTRIES_ONLY = house, ships_to
    put_into_cart(client, curtains)
    selected = (
        client.get("/checkout/").content.decode().partition('<select name="country"')[2].partition(" selected")[0]
    )
    assert selected.rpartition('<option value="')[2].partition('"')[0] == chosen


def test_beside_the_details_stands_what_it_will_cost(client: Client, curtains: Variant, parcel: ShippingMethod):
    put_into_cart(client, curtains, 1)
    assert "Goods €49.00 Shipping €4.90 Total €53.90" in words(client.get("/checkout/"))
    put_into_cart(client, curtains, 2)
    assert "Goods €147.00 Shipping from €4.90 The total stands on the next page" in words(client.get("/checkout/"))


def test_a_postcode_that_its_country_has_not_is_shown_beside_one_that_it_has(
    client: Client, curtains: Variant, parcel: ShippingMethod
):
    put_into_cart(client, curtains)
    page = client.post("/checkout/", ADA | {"postcode": "1011", "shipping_method": parcel.pk}, follow=True)
    assert "Postcode There is no such postcode in Germany, where one looks like 10115: please check it." in words(page)
    assert 'name="postcode" value="1011"' in page.content.decode()


@pytest.mark.parametrize("name", ["Ada\r\nBcc: mallory@example.com", "Ada\nLovelace", "Ada\u2028Lovelace"])
def test_a_name_of_two_lines_is_refused_at_the_form(
    client: Client, curtains: Variant, parcel: ShippingMethod, name: str
):
    put_into_cart(client, curtains)
    page = fill_in_details(client, parcel.pk, name=name)
    assert "Write this on one line" in words(page)


def test_what_the_shopper_may_not_decide_is_ignored(client: Client, reviewing: str):
    extra = {"price": "0.01", "goods_total": "0", "user": "1", "number": "AAAAAAAAAA"}
    client.post("/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready", **extra})
    order = Order.objects.get()
    assert (str(order.goods_total), order.user) == ("147.00", None)
    assert order.number != "AAAAAAAAAA"


def test_a_shipping_method_that_is_not_offered_cannot_be_chosen(
    client: Client, curtains: Variant, parcel: ShippingMethod
):
    hidden = ShippingMethod.objects.create(name="Staff only", price=0, offered=False)
    put_into_cart(client, curtains)
    assert "Choose one of these ways of shipping." in words(fill_in_details(client, hidden.pk))


def test_a_customer_who_is_signed_in_is_asked_nothing_twice(client: Client, curtains: Variant, parcel: ShippingMethod):
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    order = buy((curtains, 1))
    order.user = ada
    order.save()
    client.force_login(ada)
    put_into_cart(client, curtains)
    body = client.get("/checkout/").content.decode()
    assert 'value="12 Analytical Row"' in body
    assert 'value="DE" selected' in body
    page = fill_in_details(client, parcel.pk)
    client.post("/checkout/review/", {"shown": field(page, "shown"), "sends": "as_ready", "consent": "as_ready"})
    assert Order.objects.latest("id").user == ada


def test_details_survive_a_way_back(client: Client, reviewing: str):
    assert 'value="Ada Lovelace"' in client.get("/checkout/").content.decode()


def test_one_address_orders_so_often_in_an_hour_and_loses_nothing(
    client: Client, curtains: Variant, parcel: ShippingMethod, settings: Any
):
    settings.ACCOUNT_RATE_LIMITS = {"order": "2/h/ip"}
    ShippingMethod.objects.update(further_parcel_price=0)

    def order(address: str = "127.0.0.1") -> Any:
        shopper = Client(REMOTE_ADDR=address)
        put_into_cart(shopper, curtains)
        page = fill_in_details(shopper, parcel.pk)
        answers = {"shown": field(page, "shown"), "sends": "as_ready", "consent": "as_ready"}
        return shopper.post("/checkout/review/", answers, follow=True)

    assert ["Thank you" in words(order()) for _ in range(3)] == [True, True, False]
    refused = order()
    assert "Many orders came from where you are: please try again later. Nothing was lost." in words(refused)
    assert "Order and pay by invoice" in words(refused)
    assert "Thank you" in words(order("192.0.2.7"))
    assert Order.objects.count() == 3


def test_where_nobody_counts_everybody_orders(
    client: Client, reviewing: str, settings: Any, caplog: pytest.LogCaptureFixture
):
    nowhere = settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = settings.CACHES | {"default": nowhere}
    page = client.post(
        "/checkout/review/", {"shown": reviewing, "sends": "as_ready", "consent": "as_ready"}, follow=True
    )
    assert "Thank you" in words(page)
    assert "Could not count how often “order” is done" in caplog.text
