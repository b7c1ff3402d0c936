"""Searching: what is found, what is offered instead, and what is suggested while somebody types."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects

from shop.catalog import CARDS_OF_A_PAGE
from shop.models import Category, Product, ProductImage, Variant
from tests.cast import inbound, stock, variant
from tests.web.reading import words
from tests.web.test_shelves import titles

pytestmark = pytest.mark.django_db

SUGGESTIONS = "/search/suggestions/"


def kettles() -> None:
    variant(stock("KETTLE", on_hand=1), price="60.00")
    inbound(variant(stock("KETTLE-OF-COPPER"), price="90.00").stock_item, 2)
    variant(stock("MUG", on_hand=1))


def test_what_fits_is_found_with_its_state(client: Client):
    kettles()
    page = client.get("/search/", {"q": "kettles"})
    assert titles(client, "/search/?q=kettles") == ["Kettle", "Kettle of copper"]
    assert "Kettle €60.00 In stock Kettle of copper €90.00 Backorder, ships 9 Dec" in words(page)


def test_what_is_mistyped_is_found_and_the_page_says_so(client: Client):
    kettles()
    assert titles(client, "/search/?q=ketle") == ["Kettle", "Kettle of copper"]
    assert "Nothing here is called “ketle”. This is spelled like it." in words(client.get("/search/?q=ketle"))


def test_who_names_a_variant_is_shown_that_one(client: Client):
    blue, red = variant(stock("KETTLE-BLUE"), price="64.00"), stock("KETTLE-RED", on_hand=1)
    inbound(blue.stock_item, 2)
    Variant.objects.create(product=blue.product, stock_item=red, price=60, options=[["Colour", "Deep red"]])
    Variant.objects.filter(pk=blue.pk).update(options=[["Colour", "Blue"]])
    Product.objects.update(title="Kettle")
    ProductImage.objects.create(product=blue.product, drawing="linen-curtains-sage", variant=blue)

    def says(text: str) -> str:
        return words(client.get("/search/", {"q": text}))

    assert "Kettle €64.00 Backorder, ships 9 Dec" in says("blue kettle")
    page = client.get("/search/", {"q": "KETTLE-BLUE"}).content.decode()
    assert f'href="/products/kettle-blue/?variant={blue.pk}"' in page
    assert "drawings/linen-curtains-sage" in page
    assert "Kettle €60.00 In stock" in says("kettle in deep red")
    # Words that name none of them, or all alike, tell nothing.
    assert "Kettle from €60.00 In stock" in says("kettle")
    assert "Kettle from €60.00 In stock" in says("deep kettle")


def test_what_was_found_is_narrowed_down_and_sorted_like_a_shelf(client: Client):
    kettles()
    assert titles(client, "/search/?q=kettle&ships=now") == ["Kettle"]
    assert titles(client, "/search/?q=kettle&sort=-price") == ["Kettle of copper", "Kettle"]
    page = client.get("/search/?q=kettle&price_to=10")
    assert "Nothing that was found fits this filter. Remove one, or see all that was found ." in words(page)
    assert '<a href="/search/?q=kettle">see all that was found</a>' in page.content.decode()


def test_many_have_pages_and_a_page_beyond_the_last_leads_to_it(client: Client):
    for number in range(CARDS_OF_A_PAGE + 1):
        variant(stock(f"KETTLE-{number:02}", on_hand=1))
    assert "Page 2 of 2" in words(client.get("/search/?q=kettle&page=2"))
    assertRedirects(client.get("/search/?q=kettle&page=7"), "/search/?q=kettle&page=2")
    assertRedirects(client.get("/search/?q=++kettle+&page=x"), "/search/?q=kettle")
    assertRedirects(client.get("/search/?q=xyzzy&page=7"), "/search/?q=xyzzy")


def test_where_nothing_is_found_the_page_says_what_was_looked_for_and_what_to_try(client: Client):
    kettles()
    page = words(client.get("/search/", {"q": "elephant <mug>"}))
    assert "Nothing found for “elephant <mug>”" in page
    assert "Write it in fewer words" in page
    assert "Nearest to it Mug €49.00 In stock Every shelf Home" in page
    assert "Nearest" not in words(client.get("/search/?q=xyzzy"))


def test_without_words_the_page_asks_for_some(client: Client):
    kettles()
    for address in ("/search/", "/search/?ships=now"):
        assert "Type what you look for" in words(client.get(address))
    assertRedirects(client.get("/search/?q="), "/search/")


@pytest.mark.parametrize("address", ["/search/", "/search/?q=kettle", "/search/?q=xyzzy"])
def test_machines_are_not_to_keep_what_was_found(client: Client, address: str):
    kettles()
    assert '<meta name="robots" content="noindex">' in client.get(address).content.decode()


def test_a_search_costs_as_many_queries_with_many_articles(client: Client, queries_of: Callable[[str], int]):
    kettles()
    with_two = queries_of("/search/?q=kettle")
    for number in range(CARDS_OF_A_PAGE - 2):
        inbound(variant(stock(f"KETTLE-{number}")).stock_item, 2)
    assert queries_of("/search/?q=kettle") == with_two <= 6


def suggested(client: Client, text: str) -> list[str]:
    body = client.get(SUGGESTIONS, {"q": text}).content.decode()
    return re.findall(r'role="option" id="[^"]*" data-address="([^"]*)"', body)


def test_shelves_and_products_are_suggested(client: Client):
    kettles()
    Category.objects.create(name="Kettles and pots", slug="kettles-and-pots")
    assert suggested(client, "pots") == ["/c/kettles-and-pots/"]
    shelf, *products = suggested(client, "ket")
    assert shelf == "/c/kettles-and-pots/"
    assert (
        sorted(products) == sorted(suggested(client, "ketle")) == ["/products/kettle-of-copper/", "/products/kettle/"]
    )


@pytest.mark.parametrize("text", ["", "k", " k ", "xyzzy"])
def test_too_little_suggests_nothing(client: Client, text: str):
    kettles()
    assert suggested(client, text) == []


def test_one_letter_asks_nobody(client: Client, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        client.get(SUGGESTIONS, {"q": "k"})


def test_suggestions_are_the_same_for_everybody_and_kept_for_a_minute(client: Client, django_assert_num_queries: Any):
    kettles()
    with django_assert_num_queries(3):
        answer = client.get(SUGGESTIONS, {"q": "ket"})
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies


def test_a_suggestion_says_no_more_than_it_is_called(client: Client):
    Product.objects.filter(pk=variant(stock("KETTLE")).product_id).update(title="<b>Kettle</b>")
    assert "&lt;b&gt;Kettle&lt;/b&gt;" in client.get(SUGGESTIONS, {"q": "ket"}).content.decode()
