"""What search engines read first: where they may look, and every page with the day of its latest change."""

import xml.etree.ElementTree as xml
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from shop.models import Category, Product, ProductImage, User
from shop.web import crawlers
from tests.cast import NOON, TODAY, stock, variant
from tests.importing.files import goods, run_import

pytestmark = pytest.mark.django_db

NAMES = {"": "http://www.sitemaps.org/schemas/sitemap/0.9"}
TOMORROW = TODAY + timedelta(days=1)


def on(days: int) -> Any:
    """So many days after the noon that the cast lives at."""
    return time_machine.travel(NOON + timedelta(days), tick=False)


def read(client: Client, address: str = "/sitemap.xml") -> dict[str, date | None]:
    """Address without the shop's name, and the day on which it changed, as it is made now."""
    caches["pages"].clear()
    answer = client.get(address)
    assert answer["Content-Type"] == "application/xml"
    entries = xml.fromstring(answer.content)
    found = {}
    for entry in entries:
        loc, changed = entry.find("loc", NAMES), entry.find("lastmod", NAMES)
        assert loc is not None
        assert loc.text
        when = date.fromisoformat(changed.text[:10]) if changed is not None and changed.text else None
        found[loc.text.removeprefix(settings.SITE_URL)] = when
    return found


def changed_at(client: Client, product: Product) -> date | None:
    return read(client)[product.get_absolute_url()]


def test_every_page_for_everybody_is_listed_and_no_other(client: Client, settings: Any):
    settings.PUBLIC_FIGURES = True
    product = variant(stock("MUG", on_hand=1)).product
    Category.objects.create(name="Cups", slug="cups", parent=product.category)
    Product.objects.create(title="Draft", slug="draft", published=False)
    assert set(read(client)) == {"/", "/promises/", "/c/home/", "/c/cups/", "/products/mug/"}


def test_a_file_is_made_once_in_a_while_however_often_it_is_asked_for(client: Client, django_assert_num_queries: Any):
    variant(stock("MUG", on_hand=1))
    first = client.get("/sitemap.xml")
    Product.objects.update(published=False)
    with django_assert_num_queries(0):
        again = client.get("/sitemap.xml?anything=else")
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        assert b"/products/mug/" not in client.get("/sitemap.xml").content


def test_a_page_that_nobody_touched_keeps_the_time_of_its_change(client: Client):
    product = variant(stock("MUG", on_hand=1)).product
    with on(1):
        assert changed_at(client, product) == TODAY


def test_words_prices_and_pictures_are_changes_of_the_products_page(client: Client):
    first = variant(stock("MUG", on_hand=1))
    product = first.product
    with on(1):
        product.title = "A mug"
        product.save()
    assert changed_at(client, product) == TODAY + timedelta(1)
    with on(2):
        first.price += 1
        first.save()
    assert changed_at(client, product) == TODAY + timedelta(2)
    with on(3):
        picture = ProductImage.objects.create(product=product, drawing="stoneware-mug")
    assert changed_at(client, product) == TODAY + timedelta(3)
    with on(4):
        picture.delete()
    assert changed_at(client, product) == TODAY + timedelta(4)


def test_an_import_counts_for_what_it_changes_and_for_nothing_else(client: Client, tmp_path: Path):
    both = [goods("mug", Image_Src="https://pictures.example/mug.jpg"), goods("cup", "Cup", Variant_SKU="CUP")]
    run_import(tmp_path, *both)
    with on(1):
        run_import(tmp_path, both[0] | {"Image Alt Text": "A mug on a table"}, both[1])
    found = read(client)
    assert (found["/products/mug/"], found["/products/cup/"]) == (TOMORROW, TODAY)


def test_a_form_that_is_saved_as_it_came_is_no_change(client: Client, admin_client: Client, admin_user: User):
    shelf = Category.objects.create(name="Home", slug="home")
    address = f"/admin/shop/category/{shelf.pk}/change/"
    form = {"name": "Home", "slug": "home", "position": "0"}
    with on(1):
        admin_client.force_login(admin_user)
        assert admin_client.post(address, form).status_code == 302
        assert read(client)["/c/home/"] == TODAY
        assert admin_client.post(address, form | {"name": "House"}).status_code == 302
        assert read(client)["/c/home/"] == TOMORROW


def test_a_shelf_changes_with_what_stands_in_it_or_left_it(client: Client):
    product = variant(stock("MUG", on_hand=1)).product
    assert product.category
    inside = Category.objects.create(name="Cups", slug="cups", parent=product.category)
    Category.objects.create(name="Lamps", slug="lamps")
    with on(1):
        product.category = inside
        product.save()
    found = read(client)
    assert (found["/c/home/"], found["/c/cups/"], found["/c/lamps/"]) == (TOMORROW, TOMORROW, TODAY)


def test_too_many_pages_for_one_file_are_several_files(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crawlers._OfThisShop, "limit", 100)
    Product.objects.bulk_create(Product(title=f"Item {number}", slug=f"item-{number}") for number in range(101))
    files = read(client)
    assert {file.rpartition("/")[2] for file in files} == {
        "sitemap-pages.xml",
        "sitemap-info.xml",
        "sitemap-shelves.xml",
        "sitemap-products.xml",
        "sitemap-products.xml?p=2",
    }
    assert len(read(client, "/sitemap-products.xml")) == 100
    assert set(read(client, "/sitemap-products.xml?p=2")) == {"/products/item-100/"}
    assert client.get("/sitemap-nothing.xml").status_code == 404


def test_the_sitemap_names_the_shops_own_address_whoever_asks(client: Client, settings: Any):
    settings.ALLOWED_HOSTS = ["other.example"]
    body = client.get("/sitemap.xml", headers={"host": "other.example"}).content.decode()
    assert f"<loc>{settings.SITE_URL}/</loc>" in body
    assert "other.example" not in body


def test_the_sitemap_costs_as_many_queries_for_many_products(client: Client, queries_of: Any):
    variant(stock("MUG", on_hand=1))
    with_one = queries_of("/sitemap.xml")
    for number in range(5):
        variant(stock(f"ITEM-{number}", on_hand=1))
    assert queries_of("/sitemap.xml") == with_one <= 7


def test_robots_keep_out_of_what_belongs_to_one_person(client: Client):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    closed = {line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow")}
    assert {"/admin/", "/cart/", "/checkout/", "/orders/", "/account/", "/accounts/", "/search/"} <= closed
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in lines
    assert not any(page.startswith(path) for page in read(client) for path in closed)


@pytest.mark.parametrize("address", ["/cart/", "/checkout/", "/orders/AAAAAAAAAA/", "/account/orders/", "/admin/"])
def test_pages_about_one_person_are_not_to_be_listed(client: Client, address: str):
    assert client.get(address)["X-Robots-Tag"] == "noindex"


def test_pages_for_everybody_may_be_listed(client: Client):
    product = variant(stock("MUG", on_hand=1)).product
    for address in ("/", "/c/home/", product.get_absolute_url()):
        assert "X-Robots-Tag" not in client.get(address)
