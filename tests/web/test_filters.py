"""A shelf narrowed down and put in order: all of it stands in the address, each wish once, whatever was typed there."""

import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertRedirects

from inventory.models import StockItem
from shop.catalog import CARDS_OF_A_PAGE
from shop.facets import MOST_OPTIONS
from shop.models import Product, ProductImage, Variant
from tests.cast import LATER, SOON, TODAY, inbound, stock, variant
from tests.web.reading import words
from tests.web.test_shelves import titles

pytestmark = pytest.mark.django_db

HOME = "/c/home/"


def article(
    sku: str, *, on_hand: int = 0, price: str = "49.00", product: Product | None = None, **options: str
) -> Variant:
    made = variant(stock(sku, on_hand=on_hand), price=price, product=product)
    made.options = [list(option) for option in options.items()]
    made.save(update_fields=["options"])
    return made


def curtains_and_mugs() -> None:
    """Blue curtains come later, green ones are here; of the mug it is the other way round."""
    curtains = article("CURTAINS", price="80.00", Colour="Blue", Size="Long")
    inbound(curtains.stock_item, 3)
    article("CURTAINS-GREEN", on_hand=1, price="90.00", product=curtains.product, Colour="Green", Size="Long")
    mug = article("MUG", on_hand=2, price="12.50", Colour="Blue")
    inbound(article("MUG-GREEN", price="11.00", product=mug.product, Colour="Green").stock_item, 3, LATER)


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        ("ships=now", ["Curtains", "Mug"]),
        ("ships=now&option.Colour=Blue", ["Mug"]),
        ("ships=now&option.Colour=Green", ["Curtains"]),
        ("ships=today", ["Curtains", "Mug"]),
        (f"ships={SOON}&option.Colour=Blue", ["Mug", "Curtains"]),
        (f"ships={SOON}&option.Colour=Green", ["Curtains"]),
        ("option.Colour=Blue&option.Colour=Green&option.Size=Long", ["Curtains"]),
        ("price_from=12", ["Curtains", "Mug"]),
        ("price_to=12", ["Mug"]),
        ("price_to=12&ships=week", []),
        ("price_from=12.5&price_to=80", ["Mug", "Curtains"]),
        ("option.Colour=Mauve", []),
    ],
)
def test_one_and_the_same_variant_fits_all_wishes(client: Client, wished: str, found: list[str]):
    curtains_and_mugs()
    assert titles(client, f"{HOME}?{wished}") == found


def test_a_card_shows_and_opens_the_variant_that_fits(client: Client):
    curtains_and_mugs()
    blue = Variant.objects.get(stock_item__sku="CURTAINS")
    page = client.get(f"{HOME}?option.Colour=Blue&price_from=50")
    assert f'<h3><a href="/products/curtains/?variant={blue.pk}">' in page.content.decode()
    assert "Curtains €80.00 Backorder, ships 9 Dec" in words(page)


def test_a_card_has_the_picture_of_the_variant_that_fits(client: Client):
    curtains_and_mugs()
    green = Variant.objects.get(stock_item__sku="CURTAINS-GREEN")
    ProductImage.objects.create(product=green.product, drawing="linen-curtains", position=1)
    ProductImage.objects.create(product=green.product, drawing="linen-curtains-sage", variant=green, position=2)
    shows = [
        ("", "linen-curtains"),
        ("?option.Colour=Blue", "linen-curtains"),
        ("?option.Colour=Green", "linen-curtains-sage"),
    ]
    for wished, drawing in shows:
        found = re.findall(r"drawings/(linen-[a-z-]+)\.", client.get(f"{HOME}{wished}").content.decode())
        assert set(found) == {drawing}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("price", ["Mug", "Vase", "Curtains"]),
        ("-price", ["Curtains", "Vase", "Mug"]),
        ("newest", ["Vase", "Mug", "Curtains"]),
        ("name", ["Curtains", "Mug", "Vase"]),
    ],
)
def test_a_shelf_is_sorted_as_wished(client: Client, sort: str, found: list[str]):
    curtains_and_mugs()
    article("VASE", price="30.00")
    assert titles(client, f"{HOME}?sort={sort}") == found


def test_prices_are_sorted_by_what_the_card_says(client: Client):
    curtains_and_mugs()
    article("VASE", on_hand=1, price="12.00")
    assert titles(client, f"{HOME}?sort=price") == ["Mug", "Vase", "Curtains"]
    assert titles(client, f"{HOME}?ships=now&sort=price") == ["Vase", "Mug", "Curtains"]


def test_an_option_says_how_many_articles_it_leaves(client: Client):
    curtains_and_mugs()
    article("VASE", on_hand=1, Colour="White")
    assert "Colour Blue , articles: 2 Green , articles: 2 White , articles: 1" in words(client.get(HOME))
    page = words(client.get(f"{HOME}?option.Colour=Blue&ships=now"))
    assert "Colour Blue , articles: 1 Green , articles: 1 White , articles: 1" in page
    assert "Size" not in page


def test_values_stand_product_by_product_as_each_product_has_them(client: Client):
    for name, sizes in {"PAN": ("24 cm", "28 cm"), "POT": ("3 l", "5 l"), "LID": ("24 cm", "30 cm")}.items():
        first, second = (article(f"{name}-{place}", on_hand=1, Size=size) for place, size in enumerate(sizes))
        second.product, second.position = first.product, 1
        second.save()
    body = client.get(HOME).content.decode()
    assert re.findall(r'name="option.Size" value="([^"]*)"', body) == ["24 cm", "28 cm", "3 l", "5 l", "30 cm"]


def test_each_wish_can_be_taken_back_by_itself(client: Client):
    curtains_and_mugs()
    page = client.get(f"{HOME}?option.Colour=Blue&ships={SOON}&price_to=80&sort=name&page=1", follow=True)
    body = page.content.decode()
    assert (
        "2 articles Sorted by: Name, A to Z Soonest first Price, low to high Price, high to low Newest first"
        " Name, A to Z Remove: Ships by 9 December 2026 Remove: Up to €80.00 Remove: Colour: Blue Remove all"
    ) in words(page)
    for rest in (
        "option.Colour=Blue&amp;price_to=80&amp;sort=name",
        f"option.Colour=Blue&amp;ships={SOON}&amp;sort=name",
        f"ships={SOON}&amp;price_to=80&amp;sort=name",
    ):
        assert f'<a class="chip" href="{HOME}?{rest}">' in body
    assert f'<a class="all" href="{HOME}?sort=name">' in body


def test_pages_and_sorting_keep_what_is_wished(client: Client):
    for number in range(CARDS_OF_A_PAGE + 1):
        article(f"ITEM-{number:02}", on_hand=1)
    body = client.get(f"{HOME}?ships=now&page=2").content.decode()
    assert 'rel="prev" href="?ships=now&amp;page=1"' in body
    assert f'href="{HOME}?ships=now&amp;sort=price"' in body
    assert titles(client, f"{HOME}?ships=now&page=2") == [f"Item {CARDS_OF_A_PAGE}"]


def test_what_nothing_fits_says_so_and_how_to_go_on(client: Client):
    curtains_and_mugs()
    page = words(client.get(f"{HOME}?option.Colour=Mauve&ships=now"))
    assert "0 articles" in page
    assert "No article of this shelf fits all of these filters together. Remove one, or see the whole shelf ." in page
    Variant.objects.filter(stock_item__on_hand__gt=0).delete()
    assert "Nothing here is on the shelf right now. See what can be backordered , each with its day." in words(
        client.get(f"{HOME}?ships=now")
    )


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [
        ("ships=&day=&price_from=&price_to=&sort=", ""),
        ("ships=by&day=2026-12-09", "?ships=2026-12-09"),
        ("ships=&day=2026-12-09", "?ships=2026-12-09"),
        ("ships=now&day=2026-12-09", "?ships=now"),
        ("ships=any&day=2026-12-09", ""),
        ("ships=yesterday", ""),
        ("ships=2026-11-20", ""),
        ("ships=2036-01-01", ""),
        ("ships=20261209", "?ships=2026-12-09"),
        ("price_from=12,50&price_to=€80", "?price_from=12.5&price_to=80"),
        ("price_from=80&price_to=12", "?price_from=12&price_to=80"),
        ("price_from=cheap", ""),
        ("price_from=-1", ""),
        ("price_to=1e3", ""),
        ("sort=random&colour=blue", ""),
        ("option.=Blue&option.Colour=", ""),
        (f"option.Colour={'x' * 101}", ""),
        ("option.Colour=Blue&option.Colour=Blue", "?option.Colour=Blue"),
        ("q=mug", ""),
    ],
)
def test_the_address_is_read_kindly_and_written_in_one_way(client: Client, typed: str, tidy: str):
    variant(stock(on_hand=1))
    assertRedirects(client.get(f"{HOME}?{quote(typed, safe='=&')}"), f"{HOME}{tidy}")


def test_whatever_the_address_says_it_leads_to_the_page(client: Client):
    """A tidy address that was not tidy in its own eyes would send a browser in circles."""
    variant(stock(on_hand=1))
    dice = Random("addresses")
    names = [
        "ships",
        "day",
        "price_from",
        "price_to",
        "sort",
        "page",
        "q",
        "option.Colour",
        "option.",
        "option.+ &=",
        "",
    ]
    values = [
        "",
        "now",
        "by",
        "2026-12-09",
        "12,5",
        "00",
        "0.10",
        "999999",
        "name",
        "2",
        " a  b ",
        "ä&=+%",
        "%ff",
        "€7",
        "٢",
    ]
    for _ in range(300):
        pairs = [(dice.choice(names), dice.choice(values)) for _ in range(dice.randint(0, 6))]
        answer = client.get(f"{HOME}?{urlencode(pairs)}", follow=True)
        assert answer.status_code == 200
        # The second step is the one from a page beyond the last.
        assert len(answer.redirect_chain) <= (2 if ("page", "2") in pairs else 1), pairs


@pytest.mark.parametrize(
    ("asked", "stands_for"),
    [("", ""), ("?page=2", "?page=2"), ("?ships=now", ""), ("?sort=name", ""), ("?sort=name&page=2", "")],
)
def test_machines_are_told_which_address_counts(client: Client, asked: str, stands_for: str):
    for number in range(CARDS_OF_A_PAGE + 1):
        variant(stock(f"ITEM-{number:02}", on_hand=1))
    body = client.get(f"{HOME}{asked}").content.decode()
    assert f'<link rel="canonical" href="http://localhost:8000{HOME}{stands_for}">' in body


def test_what_is_sold_while_the_page_is_made_is_left_out(client: Client):
    curtains_and_mugs()

    def sell_the_mug(execute: Any, sql: str, *arguments: Any) -> Any:
        """After the page was cut off, before its variants are read."""
        answer = execute(sql, *arguments)
        if "COUNT" in sql and "OVER" in sql:
            StockItem.objects.filter(sku="MUG").update(on_hand=0)
        return answer

    with connection.execute_wrapper(sell_the_mug):
        assert titles(client, f"{HOME}?ships=now") == ["Curtains"]


@pytest.mark.parametrize("wished", ["?option.Kind=A", f"?ships={SOON}&sort=price", "?ships=now"])
def test_a_narrowed_listing_costs_as_many_queries_with_many_articles(
    client: Client, queries_of: Callable[[str], int], wished: str
):
    inbound(article("FIRST", on_hand=1, Kind="A").stock_item, 2)
    inbound(article("SECOND", Kind="A").stock_item, 2)
    with_two = queries_of(HOME + wished)
    for number in range(CARDS_OF_A_PAGE - 2):
        inbound(article(f"ITEM-{number}", on_hand=number % 2, Kind="A").stock_item, 2)
    assert queries_of(HOME + wished) == with_two <= 6


def test_a_choice_stays_in_the_form_however_many_options_there_are(client: Client):
    names = [f"Trait {place}" for place in range(MOST_OPTIONS + 1)]
    for place in range(len(names) + 1):
        traits: dict[str, Any] = {name: str(place % 2) for name in names[: place + 1]}
        article(f"ITEM-{place}", on_hand=1, **traits)
    seldom = names[-1]
    assert f'name="option.{seldom}"' not in client.get(HOME).content.decode()
    body = client.get(f"{HOME}?option.{quote(seldom)}=1").content.decode()
    assert f'name="option.{seldom}" value="1" checked' in body


def test_the_form_keeps_what_was_wished(client: Client):
    curtains_and_mugs()
    body = client.get(f"{HOME}?option.Colour=Blue&ships={SOON}&price_to=80&sort=name").content.decode()
    assert 'name="option.Colour" value="Blue" checked' in body
    assert 'name="option.Colour" value="Green" checked' not in body
    assert 'value="by" checked> By this day:</label>\n<input type="date" name="day"' in body
    assert f'min="{TODAY}" max="2027-11-06" value="{SOON}"' in body
    assert 'name="price_to" inputmode="decimal" autocomplete="off" value="80"' in body
    assert '<input type="hidden" name="sort" value="name">' in body
    assert 'name="ships" value="any">' in body
