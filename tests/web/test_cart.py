"""The cart: grouped by shipment, quoted on every view, and never a checkout that would fail."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from backorders.models import Policy
from shop.models import Cart, CartLine, Product, ProductImage, ShippingMethod, Variant
from tests.cast import LATER, SOON, buy, inbound, stock, variant
from tests.web.reading import put_into_cart, words

pytestmark = pytest.mark.django_db


def groups(page: Any) -> list[str]:
    """The headings of the shipments."""
    found = re.findall(r'<h2 id="group-\d+">(.*?)</h2>', page.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", heading).split()) for heading in found]


def test_lines_are_grouped_by_the_day_they_ship(client: Client):
    item = stock(on_hand=1)
    inbound(item, 5, confirmed=False)
    put_into_cart(client, variant(item), 3)
    page = put_into_cart(client, variant(stock("MUG", on_hand=9), price="10.00"), 2)
    assert groups(page) == ["Ships now €69.00", "Ships by 9 December 2026 (estimated) €98.00"]
    assert "Popular curtains POPULAR-CURTAINS 1 of 3 × €49.00" in words(page)
    assert "Goods €167.00" in words(page)
    assert re.search(r'class="count">.*?</span>5</span>', page.content.decode())


def test_adding_twice_adds_up(client: Client):
    mug = variant(stock("MUG", on_hand=9))
    put_into_cart(client, mug, 2)
    put_into_cart(client, mug, 3)
    assert CartLine.objects.get().quantity == 5


@pytest.mark.parametrize("units", ["0", "-1", "1.5", "abc", "", "10000", "٣"])
def test_an_impossible_quantity_leads_back_to_the_product_with_a_sentence(client: Client, units: str):
    mug = variant(stock("MUG", on_hand=9))
    page = put_into_cart(client, mug, units)
    assert page.redirect_chain == [(f"/products/mug/?variant={mug.pk}&{urlencode({'quantity': units})}", 302)]
    assert "Enter a whole number from 1 to 9999, such as 2." in words(page)
    assert not CartLine.objects.exists()


def test_more_than_a_cart_takes_is_said_when_adding_up(client: Client):
    mug = variant(stock("MUG", on_hand=9))
    put_into_cart(client, mug, 9999)
    assert "Choose a quantity from 1 to 9999." in words(put_into_cart(client, mug, 1))
    assert CartLine.objects.get().quantity == 9999


@pytest.mark.parametrize("key", ["", "x", "999999", "9" * 40])
def test_what_is_not_sold_cannot_be_added(client: Client, key: str):
    page = client.post("/cart/add/", {"variant": key, "quantity": 1}, follow=True)
    assert "This article is not sold any more." in words(page)


def test_what_is_not_published_cannot_be_added(client: Client):
    mug = variant(stock("MUG", on_hand=9))
    Product.objects.update(published=False)
    assert "This article is not sold any more." in words(put_into_cart(client, mug))


def test_a_quantity_is_changed_and_zero_removes_the_line(client: Client):
    put_into_cart(client, variant(stock("MUG", on_hand=9)), 2)
    address = f"/cart/lines/{CartLine.objects.get().pk}/"
    assert "Mug, MUG: the quantity is 4 now." in words(client.post(address, {"quantity": "4"}, follow=True))
    assert CartLine.objects.get().quantity == 4
    assert "Mug, MUG is out of your cart. Your cart It is empty." in words(
        client.post(address, {"quantity": "0"}, follow=True)
    )
    assert "That is not in your cart any more." in words(client.post(address, {"quantity": "1"}, follow=True))


def test_a_quantity_that_cannot_be_one_is_told_at_its_field_and_changes_nothing(client: Client):
    put_into_cart(client, variant(stock("MUG", on_hand=9)), 2)
    line = CartLine.objects.get()
    page = client.post(f"/cart/lines/{line.pk}/", {"quantity": "many"}, follow=True)
    assert page.redirect_chain == [(f"/cart/?again=1#quantity-{line.pk}", 302)]
    assert "Update quantity of Mug, MUG Enter a whole number from 0 to 9999, such as 2." in words(page)
    assert 'value="many" aria-invalid="true"' in page.content.decode()
    assert 'value="2" aria-invalid' not in client.get("/cart/").content.decode()
    line.refresh_from_db()
    assert line.quantity == 2


def test_the_cart_says_what_each_way_of_sending_costs(client: Client):
    ShippingMethod.objects.create(name="Parcel", price="4.90", further_parcel_price="2.90")
    item = stock(on_hand=1)
    inbound(item, 8, SOON)
    curtains = variant(item)
    page = words(put_into_cart(client, curtains, 1))
    assert "Parcel €4.90 Total €53.90" in page
    page = words(put_into_cart(client, curtains, 1))
    assert "as it gets ready : 2 parcels, the last by 9 December 2026 ; shipping €7.80, €105.80 in all" in page
    assert "together : one parcel by 9 December 2026 ; shipping €4.90, €102.90 in all" in page


def test_nobody_changes_another_visitors_cart(client: Client):
    put_into_cart(Client(), variant(stock("MUG", on_hand=9)), 2)
    put_into_cart(client, variant(stock("BOWL", on_hand=9)), 1)
    theirs = CartLine.objects.get(quantity=2)
    client.post(f"/cart/lines/{theirs.pk}/", {"quantity": "0"})
    theirs.refresh_from_db()
    assert theirs.quantity == 2


def test_what_cannot_be_promised_is_said_with_the_way_out_and_without_a_checkout(client: Client):
    item = stock(on_hand=5)
    curtains = variant(item)
    put_into_cart(client, curtains, 4)
    buy((curtains, 3))

    page = client.get("/cart/")

    assert groups(page)[0] == "Not to be had as it is"
    assert "Only 2 of 4 can be promised" in words(page)
    assert "Check out" not in words(page)
    assert client.get("/checkout/").headers["Location"] == "/cart/"
    page = client.post(f"/cart/lines/{CartLine.objects.get().pk}/", {"quantity": "2"}, follow=True)
    assert groups(page) == ["Ships now €98.00"]
    assert "Check out" in words(page)


def test_what_is_gone_altogether_can_only_be_removed(client: Client):
    mug = variant(stock("MUG", on_hand=1, policy=Policy.CLOSED))
    put_into_cart(client, mug)
    buy((mug, 1))
    page = words(client.get("/cart/"))
    assert (
        "There is none left on our shelf. We sell it from the shelf only: nothing more is taken on backorder. Remove"
        in page
    )
    assert "Take 0" not in page


def test_looking_makes_no_cart(client: Client):
    client.get("/cart/")
    client.get("/checkout/")
    client.get("/checkout/review/")
    assert not Cart.objects.exists()


def test_a_cart_page_costs_the_same_for_one_line_and_for_many(client: Client, queries_of: Any):
    put_into_cart(client, variant(stock("FIRST", on_hand=1)))
    with_one = queries_of("/cart/")
    for number in range(3):
        mug = variant(stock(f"MUG-{number}", on_hand=9))
        ProductImage.objects.create(product=mug.product, drawing="stoneware-mug")
        put_into_cart(client, mug)
    client.get("/cart/")
    assert queries_of("/cart/") == with_one <= 15


def test_a_cart_says_what_changed_since_the_last_look(client: Client):
    item = stock(on_hand=1)
    line = inbound(item, 5)
    put_into_cart(client, variant(item), 3)
    assert "Changed since you looked" not in words(client.get("/cart/"))
    line.expected_on = LATER
    line.save()
    Variant.objects.update(price="59.00")
    page = words(client.get("/cart/"))
    assert "Changed since you looked: the last of it was to ship by 9 December 2026 and it cost €49.00." in page
    assert "Changed since you looked" not in words(client.get("/cart/"))


def test_a_quantity_that_the_shopper_changed_is_no_news(client: Client):
    item = stock(on_hand=1)
    inbound(item, 5)
    put_into_cart(client, variant(item), 1)
    page = client.post(f"/cart/lines/{CartLine.objects.get().pk}/", {"quantity": "3"}, follow=True)
    assert "Changed since you looked" not in words(page)
