"""How a mixed cart is sent: shown in the cart, asked on the review, kept, and changed on the order page."""

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from shop import fulfilment, releases
from shop.models import Order, Release, Sends, ShippingMethod, User
from tests.cast import ADA, CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.web.reading import field, fill_in_details, link, put_into_cart, words

pytestmark = pytest.mark.django_db

REVIEW = "/checkout/review/"


@pytest.fixture(autouse=True)
def _each_parcel_costs(parcel: ShippingMethod) -> None:
    ShippingMethod.objects.update(further_parcel_price="2.90")


@pytest.fixture
def curtains() -> StockItem:
    """One is here, one comes soon, more come later."""
    item = stock(on_hand=1)
    inbound(item, 1, SOON)
    inbound(item, 6, LATER)
    return item


@pytest.fixture
def reviewing(client: Client, curtains: StockItem, parcel: ShippingMethod) -> str:
    put_into_cart(client, variant(curtains), 3)
    return field(fill_in_details(client, parcel.pk), "shown")


@pytest.fixture
def together(client: Client, curtains: StockItem) -> Order:
    """An order that is sent together, opened by its link."""
    order = buy((variant(curtains), 3), sends=Sends.TOGETHER)
    client.get(link(order))
    return order


def post(client: Client, shown: str, **answers: str) -> Any:
    return client.post(REVIEW, {"shown": shown} | answers)


def sent(client: Client, shown: str, **answers: str) -> Any:
    """The page that follows."""
    return client.post(REVIEW, {"shown": shown} | answers, follow=True)


CONSENTS = ("consent-as_ready", "consent-together")


def is_checked(page: Any, key: str) -> bool:
    [tag] = re.findall(rf'<input[^>]* id="{key}"[^>]*>', page.content.decode())
    return " checked" in tag


def test_the_cart_says_both_ways_in_words(client: Client, curtains: StockItem):
    page = words(put_into_cart(client, variant(curtains), 3))
    assert "as it gets ready : 3 parcels, the last by 4 January 2027" in page
    assert "together : one parcel by 4 January 2027" in page


def test_a_cart_of_one_day_is_not_told_about_ways(client: Client):
    page = put_into_cart(client, variant(stock("MUG", on_hand=9)), 3)
    assert "parcel" not in words(page)
    assert 'name="sends"' not in words(fill_in_details(client, ShippingMethod.objects.get().pk))


def test_the_review_asks_with_days_parcels_and_prices_and_prefers_neither(client: Client, reviewing: str):
    page = client.get(REVIEW)
    text = words(page)
    assert (
        "Each part as soon as it is ready 3 parcels: the first now, the last by 4 January 2027 . "
        "Shipping €10.70 Total €157.70" in text
    )
    assert "Everything together 1 parcel, by 4 January 2027 : all of it waits for the last piece." in text
    assert "Shipping €4.90 Total €151.90" in text
    assert "Parcel €10.70 or €4.90 Total €157.70 or €151.90" in text
    assert [is_checked(page, key) for key in ("sends-as_ready", "sends-together", *CONSENTS)] == [False] * 4


def test_the_consent_box_is_true_for_either_choice(client: Client, reviewing: str):
    text = words(client.get(REVIEW))
    assert "Sent as soon as ready: I agree to wait for what is not on the shelf: 1 × Popular curtains" in text
    assert "Sent together: I agree to wait for what is not on the shelf: everything ships together" in text


@pytest.mark.parametrize("sends", ["", "both", "AS_READY", "together\0", "as_ready,together"])
def test_without_an_answer_nothing_is_ordered_and_nothing_lost(client: Client, reviewing: str, sends: str):
    page = sent(client, reviewing, consent="together", sends=sends)
    assert words(page).count("Choose how we are to send it") == 2
    assert is_checked(page, "consent-together")
    assert not Order.objects.exists()


def test_both_questions_are_asked_on_one_page(client: Client, reviewing: str):
    page = sent(client, reviewing)
    assert "Choose how we are to send it" in words(page)
    assert "Tick the box that says that you agree to wait" in words(page)


def test_the_answer_is_kept_where_only_consent_is_missing(client: Client, reviewing: str):
    page = sent(client, reviewing, sends="together")
    assert (is_checked(page, "sends-together"), is_checked(page, "sends-as_ready")) == (True, False)


def test_the_choice_is_stored_with_its_price_and_its_sentence(client: Client, reviewing: str):
    post(client, reviewing, sends="together", consent="together")
    order = Order.objects.get()
    assert (order.sends, str(order.shipping_price)) == ("together", "4.90")
    assert order.consent_text.endswith("everything ships together by 4 January 2027.")


def test_a_price_that_rose_keeps_answer_and_consent(client: Client, reviewing: str):
    ShippingMethod.objects.update(further_parcel_price="3.00")
    page = sent(client, reviewing, sends="together", consent="together")
    assert "Shipping as it gets ready, in 3 parcels, is now Parcel, €10.90; you saw €10.70." in words(page)
    assert (is_checked(page, "sends-together"), is_checked(page, "consent-together")) == (True, True)
    assert post(client, field(page, "shown"), sends="together", consent="together").status_code == 302


def test_a_day_that_moved_keeps_the_answer_and_asks_for_consent_again(client: Client, reviewing: str):
    PurchaseOrderLine.objects.filter(expected_on=LATER).update(expected_on=LATER.replace(day=20))
    page = sent(client, reviewing, sends="as_ready", consent="as_ready")
    assert [is_checked(page, key) for key in ("sends-as_ready", *CONSENTS)] == [True, False, False]


def test_who_agreed_to_the_one_way_did_not_agree_to_the_other(client: Client, reviewing: str):
    page = sent(client, reviewing, sends="together", consent="as_ready")
    assert "Tick the box that says that you agree to wait" in words(page)
    assert not Order.objects.exists()


def test_the_groups_say_how_they_leave_either_way(client: Client, reviewing: str):
    page = client.get(REVIEW)
    assert "Ready now, ships with the rest by 4 January 2027" in words(page)
    assert "Here by 9 December 2026 , ships with the rest by 4 January 2027" in words(page)


def test_a_form_of_the_shape_before_gets_a_sentence(client: Client, reviewing: str):
    old = {"lines": [], "shipping_method_id": 1, "shipping_price": "4.90"}
    sealed = signing.dumps(old, salt="shop.checkout.shown:v1", compress=True)
    page = client.post(REVIEW, {"shown": sealed, "consent": "as_ready"}, follow=True)
    assert "look through your order once more" in words(page)
    assert not Order.objects.exists()


def test_the_order_page_tells_the_day_of_all_and_offers_the_ready_part(client: Client, together: Order):
    text = words(client.get(together.get_absolute_url()))
    assert "1 is set aside for you, waiting for the rest" in text
    assert "1 here by 9 December 2026 1 here by 4 January 2027" in text
    assert "You chose one parcel: everything ships by 4 January 2027" in text
    assert "Send me the ready part now" in text
    assert "being packed" not in text


def test_the_way_from_together_to_the_last_parcel(client: Client, together: Order, curtains: StockItem):
    address = f"/orders/{together.number}/release/"
    page = client.get(address)
    assert "Leaves now 1 × Popular curtains" in words(page)
    assert "Stays until everything else is here: ships together by 4 January 2027 2 × Popular curtains" in words(page)
    assert "A further parcel €2.90 Your order then comes to €154.80" in words(page)
    assert not Release.objects.exists()

    page = client.post(address, {"price": field(page, "price")}, follow=True)
    assert "The ready part is released: it leaves with the next parcel." in words(page)
    assert "the further parcel costs €2.90" in words(page)
    assert "1 is set aside for you and being packed" in words(page)
    assert "Parcel €7.80 Total €154.80" in words(page)

    fulfilment.ship_ready(together, actor=CY, at=NOON)
    fulfilment.receive("D-1", [Arrived(curtains.pk, 7)], actor=CY, at=NOON)
    fulfilment.fill_waiting([curtains.pk], actor="worker", at=NOON)
    text = words(client.get(together.get_absolute_url()))
    assert "Your order is complete: all of it leaves in one parcel." in text
    assert fulfilment.ship_ready(together, actor=CY, at=NOON).lines.get().quantity == 2


def test_a_double_click_releases_and_charges_once(client: Client, together: Order):
    for _ in range(3):
        page = client.post(f"/orders/{together.number}/release/", {"price": "2.90"}, follow=True)
        assert page.status_code == 200
    assert Release.objects.count() == 1
    together.refresh_from_db()
    assert str(together.shipping_price) == "7.80"


@pytest.mark.parametrize("price", ["", "0", "-1", "free", "1e9", "NaN", "٣", "2.8999", "2.89"])
def test_a_price_that_was_not_shown_is_shown_again(client: Client, together: Order, price: str):
    page = client.post(f"/orders/{together.number}/release/", {"price": price}, follow=True)
    assert "The price of the further parcel changed since you looked." in words(page)
    assert not Release.objects.exists()


def test_nothing_to_release_is_said_in_a_sentence(client: Client, curtains: StockItem):
    order = buy((variant(curtains), 3))
    client.get(link(order))
    for answer in (client.get, client.post):
        page = answer(f"/orders/{order.number}/release/", follow=True)
        assert "This order is sent as it gets ready: what is set aside leaves without waiting." in words(page)


def test_nobody_releases_what_she_may_not_see(client: Client, curtains: StockItem):
    order = buy((variant(curtains), 3), sends=Sends.TOGETHER)
    for answer in (client.get, client.post):
        assert answer(f"/orders/{order.number}/release/").status_code == 403
    assert not Release.objects.exists()


def test_the_list_of_orders_says_what_waits_for_the_rest(client: Client, together: Order, queries_of: Any):
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    Order.objects.update(user=ada)
    client.force_login(ada)
    assert "2 waiting, next by 4 Jan 1 set aside" in words(client.get("/account/orders/"))
    with_one = queries_of("/account/orders/")
    second = buy((together.lines.get().variant, 1), sends=Sends.TOGETHER)
    releases.release(together, shown_price=None, actor=CY, at=NOON)
    Order.objects.filter(pk=second.pk).update(user=ada)
    assert "2 waiting, next by 4 Jan 1 being packed" in words(client.get("/account/orders/"))
    assert queries_of("/account/orders/") == with_one
