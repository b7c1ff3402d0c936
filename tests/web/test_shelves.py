"""Home and listings: what is available first, each card with its state, in few queries."""

import gzip
import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects

from backorders.models import Policy
from shop.catalog import CARDS_OF_A_PAGE
from shop.models import Category, Product
from tests.cast import inbound, stock, variant
from tests.web.reading import put_into_cart, words

pytestmark = pytest.mark.django_db


def titles(client: Client, address: str) -> list[str]:
    return re.findall(r'<h3><a href="/products/[^"]*">([^<]*)</a></h3>', client.get(address).content.decode())


def three_states() -> None:
    """A title that sorts first must not bring what nobody can get to the front."""
    variant(stock("A-NEVER", policy=Policy.CLOSED))
    item = stock("B-LATER")
    inbound(item, 3)
    variant(item)
    variant(stock("C-LEAD-TIME", policy=Policy.LEAD_TIME))
    variant(stock("D-NOW", on_hand=2))


def test_what_is_available_comes_first_then_what_can_wait(client: Client):
    three_states()
    assert titles(client, "/c/home/") == ["D now", "B later", "C lead time", "A never"]
    page = words(client.get("/c/home/"))
    assert "B later €49.00 Backorder, ships 9 Dec" in page
    assert "A never €49.00 Out of stock" in page


def test_available_now_leaves_the_rest_out(client: Client):
    three_states()
    assert titles(client, "/c/home/?ships=now") == ["D now"]


def test_a_card_shows_the_best_of_its_variants_and_the_lowest_price(client: Client):
    first = variant(stock("NEVER"), price="60.00")
    variant(stock("NOW", on_hand=1), product=first.product, price="45.00")
    assert "from €45.00 In stock 1 of 2" in words(client.get("/c/home/"))


def test_a_shelf_shows_what_stands_on_the_shelves_inside_it(client: Client):
    home = Category.objects.create(name="Home", slug="home")
    inside = Category.objects.create(name="Windows", slug="windows", parent=home)
    Product.objects.filter(pk=variant(stock(on_hand=1)).product_id).update(category=inside)
    assert titles(client, "/c/home/") == titles(client, "/c/windows/") == ["Popular curtains"]
    assert "Shop Home Windows" in words(client.get("/c/windows/"))


def test_a_long_shelf_has_pages(client: Client):
    for number in range(CARDS_OF_A_PAGE + 1):
        variant(stock(f"ITEM-{number:02}", on_hand=1))
    assert len(titles(client, "/c/home/")) == CARDS_OF_A_PAGE
    assert titles(client, "/c/home/?page=2") == [f"Item {CARDS_OF_A_PAGE}"]
    assert "Page 1 of 2 Next" in words(client.get("/c/home/"))


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [("3", "?page=2"), ("9" * 5, "?page=2"), ("1", ""), ("0", ""), ("-1", ""), ("x", ""), ("٢", ""), ("9" * 40, "")],
)
def test_a_page_that_is_not_there_leads_to_one_that_is(client: Client, page: str, leads_to: str):
    for number in range(CARDS_OF_A_PAGE + 1):
        variant(stock(f"ITEM-{number:02}", on_hand=1))
    assertRedirects(client.get("/c/home/", {"page": page}), f"/c/home/{leads_to}")


def test_an_empty_shelf_and_an_unknown_one(client: Client):
    Category.objects.create(name="Empty", slug="empty")
    assert "This shelf is still empty." in words(client.get("/c/empty/"))
    assert client.get("/c/unheard-of/").status_code == 404


def test_home_shows_what_is_featured(client: Client):
    variant(stock("PLAIN", on_hand=1))
    Product.objects.filter(pk=variant(stock("SPECIAL", on_hand=1)).product_id).update(featured=True)
    assert titles(client, "/") == ["Special"]


def test_a_listing_costs_at_most_six_queries(client: Client, queries_of: Callable[[str], int]):
    put_into_cart(client, variant(stock()))
    with_one = queries_of("/c/home/")
    for number in range(CARDS_OF_A_PAGE - 1):
        first = variant(stock(f"ITEM-{number}", on_hand=number % 3))
        variant(stock(f"ITEM-{number}-B"), product=first.product)
    assert queries_of("/c/home/") == with_one <= 6


def test_pages_are_light(client: Client):
    for number in range(CARDS_OF_A_PAGE):
        variant(stock(f"ITEM-{number}", on_hand=1))
    assert len(gzip.compress(client.get("/c/home/").content)) < 30_000
