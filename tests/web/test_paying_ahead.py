"""Paying by bank transfer before the goods ship, as a shopper meets it: without JavaScript, from cart to order page."""

import html
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from shop import cancellations, holds
from shop.models import Cart, Order, Payment, ShippingMethod, Variant
from tests.cast import CY, NOON, stock, variant
from tests.web.reading import field, fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db

UNTIL = "28 November 2026 at 12:00 CET"
NEVER = "nothing is charged before"


@pytest.fixture
def curtains() -> Variant:
    return variant(stock(on_hand=3))


@pytest.fixture
def both(settings: Any) -> None:
    settings.PAYMENT_METHODS = ["invoice", "transfer"]


@pytest.fixture
def order(client: Client, curtains: Variant, parcel: ShippingMethod, both: None) -> Order:
    """Two curtains, to be paid by transfer, ordered by this visitor."""
    put_into_cart(client, curtains, 2)
    review = fill_in_details(client, parcel.pk, payment="transfer")
    client.post("/checkout/review/", {"shown": field(review, "shown")})
    return Order.objects.get()


def test_with_one_way_to_pay_nothing_is_asked(client: Client, curtains: Variant, parcel: ShippingMethod):
    put_into_cart(client, curtains)

    assert 'name="payment"' not in client.get("/checkout/").content.decode()
    assert "Order and pay by invoice" in words(fill_in_details(client, parcel.pk))
    assert Cart.objects.get().details["payment"] == "invoice"


def test_with_two_the_first_offered_is_marked_and_the_choice_is_remembered(
    client: Client, curtains: Variant, parcel: ShippingMethod, both: None
):
    put_into_cart(client, curtains)
    assert chosen(client.get("/checkout/")) == "invoice"

    review = fill_in_details(client, parcel.pk, payment="transfer")

    assert "Order and pay by bank transfer" in words(review)
    assert "You pay by bank transfer before your goods ship: the days hold if your payment is here by then." in words(
        review
    )
    assert "for 7 days at most" in words(review)
    assert NEVER not in words(review)
    assert chosen(client.get("/checkout/")) == "transfer"


def chosen(page: Any) -> str:
    picks = page.content.decode().split('name="payment" value="')[1:]
    [value] = [pick.split('"')[0] for pick in picks if " checked" in pick.split(">")[0]]
    return value


@pytest.mark.parametrize("value", ["", "cheque", "transfer\x00", "0", "🧾" * 3000, "TRANSFER", "invoice,transfer"])
def test_anything_else_gets_a_sentence(
    client: Client, curtains: Variant, parcel: ShippingMethod, both: None, value: str
):
    put_into_cart(client, curtains)
    page = fill_in_details(client, parcel.pk, payment=value)

    assert "Choose how you want to pay." in words(page) or "Choose one of these ways to pay." in words(page)


def test_a_way_that_is_offered_no_more_is_asked_again(
    client: Client, curtains: Variant, parcel: ShippingMethod, both: None, settings: Any
):
    put_into_cart(client, curtains)
    review = fill_in_details(client, parcel.pk, payment="transfer")
    settings.PAYMENT_METHODS = ["invoice"]

    page = client.post("/checkout/review/", {"shown": field(review, "shown")}, follow=True)

    assert page.redirect_chain[-1][0] == "/checkout/"
    assert words(page).count("“Pay by bank transfer” is not offered any more") == 1
    assert not Order.objects.exists()


def test_a_choice_that_was_changed_in_another_tab_is_shown_first(
    client: Client, curtains: Variant, parcel: ShippingMethod, both: None
):
    put_into_cart(client, curtains)
    review = fill_in_details(client, parcel.pk, payment="invoice")
    fill_in_details(client, parcel.pk, payment="transfer")

    page = client.post("/checkout/review/", {"shown": field(review, "shown")}, follow=True)

    assert "How you pay changed since you looked" in words(page)
    assert "Order and pay by bank transfer" in words(page)
    assert not Order.objects.exists()


def test_product_and_cart_say_what_is_true_of_every_way(client: Client, curtains: Variant, both: None):
    product = words(client.get(curtains.product.get_absolute_url()))
    cart = words(put_into_cart(client, curtains))

    both_ways = "You pay by invoice, which comes with your goods, or by bank transfer before they ship"
    assert both_ways in product
    assert both_ways in cart
    assert NEVER not in product + cart
    assert "You pay for nothing before it ships" not in cart


def test_the_order_says_where_to_pay_until_when_and_what_is_held(client: Client, order: Order):
    account = (
        "Please pay €102.90 by bank transfer Amount €102.90 Account holder Nobody, because this is a demo"
        f" IBAN DE36 0000 0000 0000 0000 00 BIC DEMODEF0 Reference {order.number} Until {UNTIL} Until then your units"
        " and your place in the queue are held for you."
    )
    for address in (order.get_absolute_url(), f"/orders/{order.number}/placed/"):
        page = words(client.get(address))
        assert account in page
        assert "set aside for you until your payment is here" in page
        assert "being packed" not in page
        assert NEVER not in page


def test_not_paid_in_time_the_order_says_so(client: Client, order: Order):
    late = NOON + timedelta(days=7, minutes=1)
    with time_machine.travel(late, tick=False):
        waiting_for_the_sweep = words(client.get(order.get_absolute_url()))
        holds.expire(order.pk, at=late)
        given_back = words(client.get(order.get_absolute_url()))

    assert "The time to pay is over" in waiting_for_the_sweep
    assert "IBAN" not in waiting_for_the_sweep + given_back
    assert f"Not paid by {UNTIL} : your units and your place were given back." in given_back
    assert "2 given back on 28 November 2026" in given_back
    assert "Nothing to pay €0.00" in given_back
    assert "Cancel" not in given_back


def test_paid_the_order_says_so_and_is_being_packed(client: Client, order: Order):
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    page = words(client.get(order.get_absolute_url()))

    assert "Paid €102.90 Paid by bank transfer on 21 November 2026 ." in page
    assert "set aside for you and being packed" in page
    assert "IBAN" not in page


def test_what_was_paid_and_is_not_wanted_any_more_is_transferred_back(client: Client, order: Order):
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    cancellations.cancel_line(order.lines.get(), 1, actor="customer", at=NOON)
    page = words(client.get(order.get_absolute_url()))

    assert "You paid €102.90 Due back to you, sent by 28 November 2026 at the latest €49.00" in page


def test_her_orders_say_which_one_awaits_payment(client: Client, order: Order, django_user_model: Any):
    ada = django_user_model.objects.create_user("ada@example.com")
    Order.objects.update(user=ada)
    client.force_login(ada)

    assert "2 set aside Awaits your payment" in words(client.get("/account/orders/"))
    Payment.objects.update(state=Payment.State.EXPIRED)
    assert "Awaits your payment" not in words(client.get("/account/orders/"))


def test_words_from_outside_stay_words(client: Client, order: Order, settings: Any):
    settings.BANK_ACCOUNT_HOLDER = "<b>Weavers & Sons</b>"

    assert html.escape("<b>Weavers & Sons</b>") in client.get(order.get_absolute_url()).content.decode()


def test_nothing_is_sure_in_a_calendar_before_it_is_paid(client: Client, order: Order):
    address = f"{order.get_absolute_url()}days.ics"
    unpaid = client.get(address).content.decode().replace("\r\n ", "")
    assert "STATUS:TENTATIVE" in unpaid
    assert "by this day (once it is paid)" in unpaid
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    paid = client.get(address).content.decode()
    assert "STATUS:CONFIRMED" in paid
    assert "once it is paid" not in paid
