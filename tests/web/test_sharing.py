"""What a page says of itself where it is shared: one address, a title, a text, a picture that can be fetched."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from shop.models import Category, Product, ProductImage
from tests.cast import buy, stock, variant
from tests.web.reading import canonical, meta, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def mug(**picture: Any) -> Product:
    product = variant(stock("MUG", on_hand=1)).product
    ProductImage.objects.create(product=product, **{"drawing": "stoneware-mug", **picture})
    return product


def photo(width: int, height: int) -> ContentFile:
    out = BytesIO()
    Image.new("RGB", (width, height), "#c8643c").save(out, "JPEG")
    return ContentFile(out.getvalue(), "mug.jpg")


def fetch(client: Client, page: Any) -> Any:
    """The picture that a page names, as a site would fetch it."""
    return client.get(meta(page, "og:image").removeprefix(settings.SITE_URL))


def size_of(answer: Any) -> tuple[int, int]:
    assert answer.status_code == 200
    with Image.open(BytesIO(answer.content)) as image:
        image.load()
        return image.size


@pytest.mark.parametrize("address", ["/", "/c/home/", "/products/mug/"])
def test_every_page_to_share_has_all_that_a_card_needs(client: Client, address: str):
    mug()
    page = client.get(address, {"utm_source": "somewhere"}, follow=True)
    assert canonical(page) == meta(page, "og:url") == settings.SITE_URL + address
    assert meta(page, "og:type") == ("product" if address == "/products/mug/" else "website")
    assert meta(page, "og:title")
    assert meta(page, "og:description") == meta(page, "description")
    assert meta(page, "og:image:alt")
    assert meta(page, "twitter:card") == "summary_large_image"
    picture = fetch(client, page)
    assert picture["Content-Type"] == "image/png"
    assert picture["Cache-Control"] == "public, max-age=86400"
    declared = int(meta(page, "og:image:width")), int(meta(page, "og:image:height"))
    assert size_of(picture) == declared == (1200, 630)


def test_each_page_of_a_shelf_is_listed_and_what_filters_leave_of_it_is_not(client: Client):
    for number in range(25):
        variant(stock(f"ITEM-{number}", on_hand=1))
    assert canonical(client.get("/c/home/?page=2")) == f"{settings.SITE_URL}/c/home/?page=2"
    assert canonical(client.get("/c/home/?page=1", follow=True)) == f"{settings.SITE_URL}/c/home/"
    assert canonical(client.get("/c/home/?ships=now&page=2")) == f"{settings.SITE_URL}/c/home/"


def test_a_variants_address_is_listed_as_its_products(client: Client):
    product = mug()
    page = client.get("/products/mug/", {"variant": str(product.variants.get().pk), "quantity": "3"})
    assert canonical(page) == f"{settings.SITE_URL}/products/mug/"


def test_a_product_without_a_text_is_described_all_the_same(client: Client):
    mug()
    assert meta(client.get("/products/mug/"), "description").startswith("Mug at Dibs: how many ship now")


def test_a_photo_is_shown_as_it_is(client: Client):
    mug(drawing="", file=photo(900, 900), alt="A mug in the sun")
    page = client.get("/products/mug/")
    picture = fetch(client, page)
    assert picture["Content-Type"] == "image/jpeg"
    assert size_of(picture) == (1200, 630)
    assert meta(page, "og:image:alt") == "A mug in the sun"


def test_a_photo_that_is_lost_is_a_closed_parcel(client: Client):
    mug(drawing="", file="products/lost.jpg")
    assert fetch(client, client.get("/products/mug/"))["Content-Type"] == "image/png"


def test_another_price_title_or_drawing_is_another_picture(client: Client):
    product = mug()
    seen = {meta(client.get("/products/mug/"), "og:image")}
    first = product.variants.get()
    first.price += 1
    first.save()
    seen.add(meta(client.get("/products/mug/"), "og:image"))
    Product.objects.filter(pk=product.pk).update(title="Stoneware mug")
    seen.add(meta(client.get("/products/mug/"), "og:image"))
    product.images.update(drawing="enamel-kettle")
    seen.add(meta(client.get("/products/mug/"), "og:image"))
    assert len(seen) == 4


def test_stock_that_comes_and_goes_changes_no_picture(client: Client):
    product = mug()
    before = meta(client.get("/products/mug/"), "og:image")
    buy((product.variants.get(), 1))
    page = client.get("/products/mug/")
    assert "Out of stock" in words(page)
    assert meta(page, "og:image") == before


def test_a_picture_is_drawn_once_and_the_one_before_is_thrown_away(client: Client):
    product = mug()
    folder = f"posters/product-{product.pk}"
    for _ in range(2):
        fetch(client, client.get("/products/mug/"))
    (first,) = default_storage.listdir(folder)[1]
    kept = default_storage.get_modified_time(f"{folder}/{first}")
    fetch(client, client.get("/products/mug/"))
    assert default_storage.get_modified_time(f"{folder}/{first}") == kept
    Product.objects.filter(pk=product.pk).update(title="Stoneware mug")
    fetch(client, client.get("/products/mug/"))
    (second,) = default_storage.listdir(folder)[1]
    assert second != first


@pytest.mark.parametrize(
    "title", ["Tom & Jerry's <mug>", "Überlange Bezeichnung " * 10, "Donaudampfschifffahrtskapitän", "茶碗", "\x01\x02"]
)
def test_any_title_can_be_drawn(client: Client, title: str):
    Product.objects.filter(pk=mug().pk).update(title=title)
    assert size_of(fetch(client, client.get("/products/mug/"))) == (1200, 630)


def test_there_is_no_picture_of_what_is_not_there(client: Client):
    Category.objects.create(name="Home", slug="home")
    Product.objects.create(title="Draft", slug="draft", published=False)
    assert client.get("/products/draft/poster/").status_code == 404
    assert client.get("/c/nothing/poster/").status_code == 404
