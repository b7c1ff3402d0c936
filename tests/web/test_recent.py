"""What a visitor looked at lately, in a cookie that only we can write."""

from collections.abc import Callable

import pytest
from django.test import Client

from shop.models import Product, Variant
from shop.web.recent import MOST
from tests.cast import stock, variant
from tests.web.reading import words
from tests.web.test_shelves import titles

pytestmark = pytest.mark.django_db


def look_at(client: Client, *looked_at: Variant) -> None:
    for each in looked_at:
        client.get(f"/recent/?seen={each.product_id}")


def test_the_newest_comes_first_and_what_is_looked_at_now_is_left_out(client: Client):
    mug, pan, pot = (variant(stock(sku, on_hand=1)) for sku in ("MUG", "PAN", "POT"))
    look_at(client, mug, pan, mug, pot)
    assert titles(client, f"/recent/?seen={pot.product_id}") == ["Mug", "Pan"]


def test_only_a_few_are_kept(client: Client):
    look_at(client, *(variant(stock(f"ITEM-{number}")) for number in range(MOST + 2)))
    assert titles(client, "/recent/") == [f"Item {number}" for number in reversed(range(2, MOST + 2))]


def test_what_is_not_sold_any_more_is_left_out(client: Client):
    mug, pan = variant(stock("MUG")), variant(stock("PAN"))
    look_at(client, mug, pan)
    Product.objects.filter(pk=mug.product_id).update(published=False)
    assert titles(client, "/recent/") == ["Pan"]


def test_the_cookie_ends_with_the_browser_and_is_nobody_elses_to_read_or_write(client: Client):
    look_at(client, variant(stock("MUG")))
    cookie = client.cookies["recent"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["expires"]) == (True, "Lax", "", "")
    client.cookies["recent"] = "1.2.3"
    assert client.get("/recent/").content.strip() == b""


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 40, "1.2"])
def test_what_is_no_product_is_not_remembered(client: Client, seen: str):
    assert client.get("/recent/", {"seen": seen}).status_code == 200
    assert "recent" not in client.cookies


def test_the_product_page_leaves_it_to_a_script_and_is_the_same_for_everybody(client: Client):
    mug = variant(stock("MUG"))
    page = client.get(mug.product.get_absolute_url())
    assert f'data-hx-get="/recent/?seen={mug.product_id}" data-hx-trigger="load"' in page.content.decode()
    assert "recent" not in page.cookies
    assert client.get("/recent/").headers["Cache-Control"] == "private, no-store"


def test_where_nothing_is_found_it_is_shown(client: Client):
    look_at(client, variant(stock("MUG", on_hand=1)))
    assert "Looked at lately Mug €49.00 In stock" in words(client.get("/search/?q=xyzzy"))


def test_it_costs_as_many_queries_for_eight_as_for_one(client: Client, queries_of: Callable[[str], int]):
    look_at(client, variant(stock("FIRST")))
    with_one = queries_of("/recent/")
    look_at(client, *(variant(stock(f"ITEM-{number}")) for number in range(MOST)))
    assert queries_of("/recent/") == with_one <= 3
