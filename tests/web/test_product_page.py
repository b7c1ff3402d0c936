"""The product page: the state, the quote for exactly what is chosen, and what machines read."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from backorders.models import Policy
from shop.models import Product, ProductImage, Variant
from tests.cast import LATER, SOON, TODAY, buy, inbound, shipping, stock, variant
from tests.web.reading import button, linked_data, put_into_cart, words

pytestmark = pytest.mark.django_db

CURTAINS = "/products/popular-curtains/"


def part_backordered() -> Variant:
    item = stock(on_hand=1)
    inbound(item, 5, confirmed=False)
    return variant(item)


def test_one_unit_that_is_there_ships_now(client: Client):
    part_backordered()
    page = client.get(CURTAINS)
    assert "1 ships today" in words(page)
    assert button(page) == "Add to cart"


def test_what_nothing_can_be_bought_of_has_a_page_and_no_offer(client: Client):
    part_backordered().delete()
    assert "This article is not for sale at the moment." in words(client.get(CURTAINS))
    assert client.get(CURTAINS, headers={"HX-Request": "true"}).status_code == 200


def test_more_than_is_there_is_split_by_day(client: Client):
    part_backordered()
    page = client.get(CURTAINS, {"quantity": "3"})
    assert "1 ships today 2 ship by 9 December 2026 (estimated)" in words(page)
    assert f'<time datetime="{SOON.isoformat()}">9\N{NO-BREAK SPACE}December 2026</time>' in page.content.decode()
    assert button(page) == "Backorder"
    assert "€49.00 each, €147.00 together Backorder, ships 9 Dec" in words(page)


def test_more_than_anybody_can_promise_is_not_sold_and_the_page_says_what_can_be_had(client: Client):
    part_backordered()
    page = client.get(CURTAINS, {"quantity": "8"})
    text = words(page)
    assert "2 cannot be promised Nobody can give us a day for more of it" in text
    assert "without a day we do not sell it. Take 6" in text
    assert "Out of stock" in text
    assert not button(page)


def test_an_article_without_a_day_is_no_dead_end(client: Client):
    gone = variant(stock("CURTAINS", policy=Policy.CLOSED)).product
    variant(stock("CUSHION", on_hand=3))
    variant(stock("THROW", policy=Policy.CLOSED))
    elsewhere = Product.objects.create(title="Spade", slug="spade")
    variant(stock("SPADE", on_hand=1), product=elsewhere)

    page = words(client.get(gone.get_absolute_url()))

    assert (
        "There is none left on our shelf. We sell it from the shelf only: nothing more is taken on backorder." in page
    )
    instead = page.split("In stock instead")[1]
    assert "Cushion" in instead
    assert not [title for title in ("Throw", "Spade") if title in instead]


def test_something_else_comes_first_by_staff_and_then_by_price(client: Client):
    rare = variant(stock("RARE"), price="50.00")
    for sku, price in (("DEAR", "90.00"), ("NEAR", "48.00"), ("FAR", "20.00")):
        variant(stock(sku, on_hand=1), price=price)
    chosen = variant(
        stock("CHOSEN", on_hand=1), price="300.00", product=Product.objects.create(title="Chosen", slug="chosen")
    )
    gone = variant(stock("GONE"))
    rare.product.alternatives.add(chosen.product, gone.product)

    titles = re.findall(r"<h3><a [^>]*>(.*?)</a>", client.get(rare.product.get_absolute_url()).content.decode())

    assert titles == ["Chosen", "Near", "Far", "Dear"]


def test_who_would_wait_is_shown_what_is_there(client: Client):
    part_backordered()
    variant(stock("CUSHION", on_hand=1))
    assert "Cushion" not in words(client.get(CURTAINS))
    assert "Like it, and on our shelf Cushion" in words(client.get(CURTAINS, {"quantity": "2"}))


def test_a_day_that_passed_is_not_promised_to_a_newcomer(client: Client):
    item = stock()
    inbound(item, 5, TODAY - timedelta(days=1))
    variant(item)
    assert "Out of stock" in words(client.get(CURTAINS))


def test_those_who_wait_come_first(client: Client):
    item = stock()
    inbound(item, 2, SOON)
    inbound(item, 2, LATER)
    curtains = variant(item)
    buy((curtains, 2))
    assert "1 ships by 4 January 2027" in words(client.get(CURTAINS))


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "1e3", "abc", "10000", "1000000000", "٣", "NaN", "", "1 2", "9" * 400]
)
def test_a_quantity_that_is_none_gets_a_sentence_and_no_button(client: Client, text: str):
    part_backordered()
    page = client.get(CURTAINS, {"quantity": text})
    assert page.status_code == 200
    assert "Enter a whole number from 1 to 9999, such as 2." in words(page)
    assert not button(page)


@pytest.mark.parametrize("key", ["", "0", "x", "999999", "9" * 30, "٣"])
def test_an_unknown_variant_shows_the_first_that_is_to_be_had(client: Client, key: str):
    gone = variant(stock("GONE", policy=Policy.CLOSED))
    variant(stock("THERE", on_hand=1), product=gone.product)
    page = client.get(gone.product.get_absolute_url(), {"variant": key})
    assert "1 ships today" in words(page)


def test_each_variant_shows_its_own_state(client: Client):
    first = variant(stock("NOW", on_hand=1))
    item = stock("SOON")
    inbound(item, 2)
    variant(item, product=first.product)
    variant(stock("NEVER"), product=first.product)
    page = words(client.get(first.product.get_absolute_url(), {"quantity": "2"}))
    assert "NOW In stock SOON Backorder, ships 9 Dec NEVER Out of stock" in page


def test_htmx_gets_the_offer_and_the_words_for_the_status_region(client: Client):
    part_backordered()
    answer = client.get(CURTAINS, {"quantity": "3"}, headers={"HX-Request": "true"})
    body = answer.content.decode()
    assert body.lstrip().startswith('<div class="offer is-later" id="offer">')
    assert "POPULAR-CURTAINS: 1 ships today, 2 ship by 9 December 2026 (estimated)." in words(answer)
    assert "<html" not in body
    assert "HX-Request" in answer["Vary"]


def test_the_forms_token_travels_only_with_the_button_that_changes_something(client: Client):
    part_backordered()
    body = client.get(CURTAINS).content.decode()
    form = body.split('id="choose"')[1].split("</form>")[0]
    assert form.count("csrfmiddlewaretoken") == 1
    assert re.search(r'<button[^>]*formmethod="post"[^>]*name="csrfmiddlewaretoken"', form)


def test_nothing_in_a_product_can_break_out_of_the_page(client: Client):
    product = part_backordered().product
    product.title = '</script><script>alert("title")</script>'
    product.description = '<p onclick="alert(1)">Fine<script>alert("text")</script></p>'
    product.save()
    page = client.get(CURTAINS)
    body = page.content.decode()
    data, _ = linked_data(page)
    assert data["name"] == product.title
    assert "<script>" not in body
    assert "onclick" not in body
    assert "text" not in data["description"]
    assert "<p>Fine</p>" in body


def test_what_is_not_published_is_not_there(client: Client):
    product = part_backordered().product
    product.published = False
    product.save()
    assert client.get(CURTAINS).status_code == 404
    assert client.get("/products/unheard-of/").status_code == 404


def test_a_product_without_variants_says_so(client: Client):
    Product.objects.create(title="Plan", slug="plan")
    assert "This article is not for sale at the moment." in words(client.get("/products/plan/"))


def test_a_picture_is_a_drawing_of_ours_or_a_placeholder(client: Client):
    product = part_backordered().product
    assert '<svg viewBox="0 0 800 800"' in client.get(CURTAINS).content.decode()
    ProductImage.objects.create(product=product, drawing="linen-curtains", alt="Curtains in a window")
    assert re.search(
        r'<img src="[^"]*linen-curtains[^"]*" alt="Curtains in a window"', client.get(CURTAINS).content.decode()
    )


def test_the_pictures_of_the_chosen_variant_come_first(client: Client):
    blue = variant(stock("BLUE", on_hand=1))
    green = variant(stock("GREEN", on_hand=1), product=blue.product)
    wide = variant(stock("WIDE", on_hand=1), product=blue.product)
    for drawing, shows in (("linen-curtains", None), ("oak-stool", green), ("desk-lamp", blue), ("oak-stool", wide)):
        ProductImage.objects.create(product=blue.product, drawing=drawing, variant=shows)

    def pictures(chosen: Variant, **headers: str) -> list[str]:
        body = client.get(blue.product.get_absolute_url(), {"variant": chosen.pk}, headers=headers).content.decode()
        return re.findall(r'<a class="frame" href="/static/shop/drawings/([a-z-]+)', body)

    assert pictures(blue) == ["desk-lamp", "linen-curtains", "oak-stool"]
    assert pictures(green) == ["oak-stool", "linen-curtains", "desk-lamp"]
    assert pictures(wide) == ["oak-stool", "linen-curtains", "desk-lamp"]
    assert pictures(green, HX_Request="true") == ["oak-stool", "linen-curtains", "desk-lamp"]


def test_a_picture_whose_file_is_lost_costs_no_page(client: Client, settings: Any, tmp_path: Any):
    settings.MEDIA_ROOT = str(tmp_path)
    ProductImage.objects.create(product=part_backordered().product, file="products/lost.jpg")
    assert '<svg viewBox="0 0 800 800"' in client.get(CURTAINS).content.decode()


@pytest.mark.parametrize(
    ("prices", "says"),
    [(["4.90", "9.90"], "shipping costs from €4.90."), (["0", "9.90"], "shipping can be free."), ([], "")],
)
def test_it_says_what_shipping_costs_at_least(client: Client, prices: list[str], says: str):
    variant(stock(on_hand=1))
    for price in prices:
        shipping(price)
    page = words(client.get(CURTAINS))
    assert (f"Prices include tax; {says}" in page) is bool(says)
    assert ("Prices include tax" in page) is bool(says)


@pytest.mark.parametrize("asked", ["", "?quantity=3"])
def test_a_product_page_costs_at_most_six_queries(client: Client, queries_of: Callable[[str], int], asked: str):
    first = part_backordered()
    put_into_cart(client, first)
    with_one = queries_of(CURTAINS + asked)
    for number in range(3):
        item = stock(f"MORE-{number}", on_hand=number)
        variant(item, product=first.product)
        ProductImage.objects.create(product=first.product, drawing="linen-curtains")
    assert queries_of(CURTAINS + asked) == with_one <= 6


def test_a_page_that_offers_something_else_costs_no_more(client: Client, queries_of: Callable[[str], int]):
    gone = variant(stock("GONE", policy=Policy.CLOSED))
    others = [variant(stock(f"OTHER-{number}", on_hand=1)) for number in range(3)]
    put_into_cart(client, others[0])
    assert queries_of(gone.product.get_absolute_url()) <= 6
