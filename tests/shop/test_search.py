"""Products are found by their words, by how these begin, and by how they are spelled; no writer can forget to tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.models import QuerySet

from inventory.models import StockItem
from shop import search
from shop.demo.furnish import furnish
from shop.models import Category, Product, ProductWords, Variant
from shop.search import By
from tests.cast import CY, NOON, stock, variant

pytestmark = pytest.mark.django_db

KETTLE, CURTAINS, TEAPOT = "Enamel Kettle", "Linen Curtains, Pair", "Stoneware Teapot"


def titles(text: str) -> list[str]:
    ids = search.find(text).ids
    named = Product.objects.in_bulk(ids)
    return [named[pk].title for pk in ids]


@pytest.fixture
def demo() -> None:
    furnish(actor=CY, at=NOON)


@pytest.mark.parametrize(
    ("text", "by", "first"),
    [
        ("kettle", By.WORDS, KETTLE),
        ("KETTLES", By.WORDS, KETTLE),
        ("green kettle", By.WORDS, KETTLE),
        ("KETTLE-ENAMEL-BLUE", By.WORDS, KETTLE),
        ("norrby kettle", By.WORDS, KETTLE),
        ("descale", By.WORDS, KETTLE),
        ("ket", By.BEGINNINGS, KETTLE),
        ("curtai lin", By.BEGINNINGS, CURTAINS),
        ("ketle", By.LETTERS, KETTLE),
        ("enamle ketle", By.LETTERS, KETTLE),
        ("curtian", By.LETTERS, CURTAINS),
        ("teepot", By.LETTERS, TEAPOT),
        ("lmap", By.LETTERS, "Jointed Desk Lamp"),
        ("stol", By.LETTERS, "Oak Stool"),
        ("the oak stol", By.LETTERS, "Oak Stool"),
        ("stoool oak", By.LETTERS, "Oak Stool"),
        ("oka stool", By.LETTERS, "Oak Stool"),
    ],
)
def test_what_is_looked_for_comes_first(demo: None, text: str, by: By, first: str):
    assert search.find(text).by is by
    assert titles(text)[0] == first


@pytest.mark.parametrize("text", ["", " ", "!?", "xyzzy", "' & | ! ( :* <->", "\\", "ab'):*", '"'])
def test_what_nothing_fits_finds_nothing(demo: None, text: str):
    assert search.find(text).ids == ()


def test_a_word_of_the_title_counts_for_more_than_one_of_the_description():
    mentioned = variant(stock("BASKET")).product
    Product.objects.filter(pk=mentioned.pk).update(description="<p>Holds a lamp.</p>")
    variant(stock("LAMP"))
    assert titles("lamp") == ["Lamp", "Basket"]


def test_tags_of_html_are_no_words():
    product = variant(stock("LAMP")).product
    Product.objects.filter(pk=product.pk).update(description='<p class="brass">Of <strong>steel</strong>.</p>')
    assert (titles("steel"), titles("strong"), titles("brass")) == (["Lamp"], [], [])


def test_what_is_not_published_is_not_found():
    product = variant(stock("LAMP")).product
    Product.objects.filter(pk=product.pk).update(published=False)
    assert search.find("lamp").ids == search.find("lampp").ids == search.nearest("lamp") == ()
    assert search.suggest("lam", 6) == []


def test_a_part_of_it_is_nearest(demo: None):
    assert titles("blue elephant kettle") == []
    assert Product.objects.get(pk=search.nearest("blue elephant kettle")[0]).title == KETTLE


def test_suggestions_leave_out_what_only_a_description_begins_with():
    lamp = a_lamp()
    assert [product.title for product in search.suggest("des", 6)] == ["Desk light"]
    Product.objects.filter(pk=lamp.product_id).update(description="<p>As bright as a zinnia.</p>")
    assert titles("zin") == ["Desk light"]
    assert search.suggest("zin", 6) == []


def a_lamp() -> Variant:
    lamp = variant(stock("LAMP"))
    Product.objects.filter(pk=lamp.product_id).update(title="Desk light", tags=["steel"])
    return lamp


CHANGES: dict[str, Callable[[Variant], Any]] = {
    "its title": lambda lamp: Product.objects.filter(pk=lamp.product_id).update(title="Zinnia"),
    "its description": lambda lamp: Product.objects.filter(pk=lamp.product_id).update(description="<p>Zinnia</p>"),
    "its tags": lambda lamp: Product.objects.filter(pk=lamp.product_id).update(tags=["zinnia"]),
    "its shelf": lambda lamp: Product.objects.filter(pk=lamp.product_id).update(
        category=Category.objects.create(name="Zinnia", slug="zinnia")
    ),
    "the name of its shelf": lambda lamp: Category.objects.update(name="Zinnia"),
    "an option": lambda lamp: Variant.objects.update(options=[["Colour", "Zinnia"]]),
    "another variant": lambda lamp: variant(stock("ZINNIA"), product=lamp.product),
    "its SKU": lambda lamp: StockItem.objects.update(sku="ZINNIA"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_in_bulk_is_found_at_once(change: Callable[[Variant], Any]):
    lamp = a_lamp()
    assert titles("zinnia") == []
    change(lamp)
    assert len(titles("zinnia")) == 1


def test_what_is_gone_is_found_no_more():
    lamp = a_lamp()
    variant(stock("ZINNIA"), product=lamp.product).delete()
    assert titles("zinnia") == []
    lamp.product.delete()
    assert ProductWords.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_one_product_neither_is_forgotten():
    lamp = a_lamp()
    with other_transaction(lambda: Variant.objects.update(options=[["Colour", "Zinnia"]])) as commit:
        second = Thread(target=change_title, args=[lamp.product_id])
        second.start()
        second.join(timeout=0.3)
        commit()
        second.join()
    assert titles("zinnia dahlia") == ["Dahlia"]


def change_title(pk: int) -> None:
    Product.objects.filter(pk=pk).update(title="Dahlia")
    connection.close()


@contextmanager
def other_transaction(act: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """What somebody else has done and not committed yet."""
    has_acted, may_end = Event(), Event()

    def run() -> None:
        with transaction.atomic():
            act()
            has_acted.set()
            may_end.wait(10)
        connection.close()

    other = Thread(target=run)
    other.start()
    has_acted.wait(10)

    def commit() -> None:
        may_end.set()
        other.join()

    yield commit


def test_indexes_answer_where_there_are_many():
    shelf = Category.objects.create(name="Many", slug="many")
    Product.objects.bulk_create(
        Product(title=f"Article {number} {number**3}", slug=f"article-{number}", category=shelf)
        for number in range(3000)
    )
    variant(stock("KETTLE"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE shop_productwords")
    found: QuerySet[Any] = ProductWords.objects.all()
    stems = found.filter(document=SearchQuery("kettle", config=search.LANGUAGE))
    assert "product_words_by_stem" in stems.explain()
    assert "product_words_by_letters" in found.filter(spelled__trigram_word_similar="ketle").explain()
