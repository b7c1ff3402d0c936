"""Addresses that the catalog gave up: a renamed page is found under each of its old ones, what is gone says so."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop.models import Category, Product, User
from tests.cast import stock, variant
from tests.importing.files import goods, run_import
from tests.web.reading import words

pytestmark = pytest.mark.django_db


def mug() -> Product:
    return variant(stock("MUG", on_hand=1)).product


def rename(thing: Product | Category, slug: str) -> None:
    thing.slug = slug
    thing.save()


def test_an_old_address_leads_to_the_new_one_with_all_that_was_asked(client: Client):
    rename(mug(), "stoneware-mug")
    answer = client.get("/products/mug/?variant=1&quantity=2")
    assert (answer.status_code, answer["Location"]) == (301, "/products/stoneware-mug/?variant=1&quantity=2")
    assert client.get("/products/mug/")["Location"] == "/products/stoneware-mug/"


def test_a_chain_of_names_ends_at_the_newest_in_one_step(client: Client):
    product = mug()
    for slug in ("mug-two", "mug-three", "mug-four"):
        rename(product, slug)
    for slug in ("mug", "mug-two", "mug-three"):
        assert client.get(f"/products/{slug}/")["Location"] == "/products/mug-four/"


def test_a_name_taken_back_is_the_pages_own_again(client: Client):
    product = mug()
    rename(product, "cup")
    rename(product, "mug")
    assert client.get("/products/mug/").status_code == 200
    moved = client.get("/products/cup/")
    assert (moved["Location"], moved["Cache-Control"]) == ("/products/mug/", "no-cache")


def test_an_address_that_another_product_took_is_that_products(client: Client):
    rename(mug(), "stoneware-mug")
    other = variant(stock("OTHER", on_hand=1)).product
    rename(other, "mug")
    assert client.get("/products/mug/").context["page"].product == other


def test_an_old_address_costs_one_query_more_and_a_page_that_is_there_none(
    client: Client, queries_of: Callable[[str], int]
):
    product = mug()
    before = queries_of("/products/mug/")
    rename(product, "cup")
    assert queries_of("/products/cup/") == before
    with CaptureQueriesContext(connection) as on_the_miss:
        client.get("/products/mug/")
    with CaptureQueriesContext(connection) as unheard_of:
        client.get("/products/unheard-of/")
    assert len([each for each in on_the_miss if "historicalproduct" in each["sql"]]) == 1
    assert len([each for each in unheard_of if "historicalproduct" in each["sql"]]) == 1


def test_staff_who_rename_a_product_leave_its_old_address_working(client: Client):
    product = mug()
    desk = Client()
    desk.force_login(User.objects.create_superuser("cy@example.com", "a long pass phrase"))
    form = {"title": "Mug", "slug": "stoneware-mug", "published": "on", "category": product.category_id}
    inlines = {f"{name}-{field}": "0" for name in ("variants", "images") for field in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert desk.post(f"/admin/shop/product/{product.pk}/change/", form | inlines).status_code == 302
    assert client.get("/products/mug/")["Location"] == "/products/stoneware-mug/"


def test_an_imported_product_that_is_renamed_leaves_its_old_address_working(client: Client, tmp_path):
    run_import(tmp_path, goods("mug"))
    rename(Product.objects.get(), "stoneware-mug")
    assert client.get("/products/mug/")["Location"] == "/products/stoneware-mug/"


def test_a_deleted_product_is_gone_and_its_shelf_offers_what_it_has(client: Client):
    product = mug()
    variant(stock("CUP", on_hand=1))
    elsewhere = Product.objects.create(title="Spade", slug="spade")
    variant(stock("SPADE", on_hand=1), product=elsewhere)
    product.delete()
    page = client.get("/products/mug/")
    assert page.status_code == 410
    assert "Mug We no longer have this. What stands on the same shelf:" in words(page)
    assert [card.product.title for card in page.context["cards"]] == ["Cup"]
    assert '<a class="button" href="/c/home/">All of Home</a>' in page.content.decode()


def test_a_product_that_is_not_published_now_may_come_back(client: Client):
    product = mug()
    product.published = False
    product.save()
    page = client.get("/products/mug/")
    assert page.status_code == 404
    assert "We do not sell this at the moment." in words(page)


def test_a_product_that_never_was_for_sale_is_not_given_away(client: Client):
    draft = Product.objects.create(title="The secret", slug="draft", published=False)
    rename(draft, "secret")
    for slug in ("draft", "secret"):
        page = client.get(f"/products/{slug}/")
        assert page.status_code == 404
        assert "secret" not in words(page)


def test_a_renamed_category_leads_to_its_new_address(client: Client):
    shelf = Category.objects.create(name="Lamps", slug="lamps")
    rename(shelf, "lights")
    rename(shelf, "lighting")
    answer = client.get("/c/lamps/?ships=now")
    assert (answer.status_code, answer["Location"]) == (301, "/c/lighting/?ships=now")


def test_a_deleted_category_is_gone_and_leads_to_the_one_around_it(client: Client):
    home = Category.objects.create(name="Home", slug="home")
    Category.objects.create(name="Lamps", slug="lamps", parent=home).delete()
    page = client.get("/c/lamps/")
    assert page.status_code == 410
    assert '<a class="button" href="/c/home/">All of Home</a>' in page.content.decode()
    assert client.get("/c/unheard-of/").status_code == 404
