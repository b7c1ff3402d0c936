"""Pictures that staff uploads with a product."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from shop.models import Product, ProductImage
from tests.cast import stock, variant
from tests.web.reading import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(tmp_path: Path, settings: Any) -> Product:
    settings.MEDIA_ROOT = str(tmp_path)
    return variant(stock("MUG", on_hand=1)).product


def upload(cy: Client, product: Product, name: str, content: bytes, **more: Any) -> Any:
    """The product's page as it stands, with one picture added."""
    only = product.variants.get()
    fields = {
        "title": product.title,
        "slug": product.slug,
        "category": product.category_id,
        "published": "on",
        "variants-TOTAL_FORMS": 1,
        "variants-INITIAL_FORMS": 1,
        "variants-0-id": only.pk,
        "variants-0-product": product.pk,
        "variants-0-sku": only.sku,
        "variants-0-choice": "SKU: MUG",
        "variants-0-price": only.price,
        "variants-0-weight_grams": 0,
        "variants-0-position": 0,
        "images-TOTAL_FORMS": 1,
        "images-INITIAL_FORMS": 0,
        "images-0-product": product.pk,
        "images-0-position": 0,
        "images-0-file": SimpleUploadedFile(name, content),
    } | {f"images-0-{field}": value for field, value in more.items()}
    return cy.post(f"/admin/shop/product/{product.pk}/change/", fields, follow=True)


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("name", ["photo.jpg", "x.png"])
def test_an_uploaded_picture_is_drawn_anew_under_a_name_of_its_own(cy: Client, product: Product, name: str):
    page = upload(cy, product, name, picture("JPEG") + b"<script>alert(1)</script>")
    assert page.redirect_chain, "something of the page was refused"
    kept = ProductImage.objects.get().file
    with kept.open() as file:
        content = file.read()
    assert b"script" not in content
    assert content[8:12] == b"WEBP"
    assert re.fullmatch(r"products/[0-9a-f]{32}\.webp", str(kept))


@pytest.mark.parametrize("kind", ["EPS", "BMP"])
def test_what_is_no_picture_for_a_page_is_refused_in_a_sentence(cy: Client, product: Product, kind: str):
    page = upload(cy, product, f"x.{kind.lower()}", picture(kind))
    assert "choose a JPEG, PNG, WebP or GIF" in words(page)
    assert not ProductImage.objects.exists()


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_drawn(cy: Client, product: Product):
    page = upload(cy, product, "x.png", picture("PNG", (9000, 9000)))
    assert "pixels are too many" in words(page)
    assert not ProductImage.objects.exists()


def test_a_picture_is_of_one_variant_or_of_all_and_of_no_other_products(cy: Client, product: Product):
    own, strange = product.variants.get(), variant(stock("KETTLE"))
    page = upload(cy, product, "x.png", picture("PNG"), variant=strange.pk)
    assert not page.redirect_chain
    assert "That choice is not one of the available choices" in words(page)
    offered = page.content.decode().partition('name="images-0-variant"')[2].partition("</select>")[0]
    assert [part.partition('"')[0] for part in offered.split('value="')[1:]] == ["", str(own.pk)]

    assert upload(cy, product, "x.png", picture("PNG"), variant=own.pk).redirect_chain
    assert ProductImage.objects.get().variant == own


def test_a_picture_of_a_variant_that_goes_shows_the_product_then(cy: Client, product: Product):
    own = product.variants.get()
    image = ProductImage.objects.create(product=product, variant=own)
    fields = {"title": product.title, "slug": product.slug, "category": product.category_id}
    fields |= {"variants-TOTAL_FORMS": 1, "variants-INITIAL_FORMS": 1, "variants-0-id": own.pk}
    fields |= {"variants-0-product": product.pk, "variants-0-DELETE": "on"}
    fields |= {"images-TOTAL_FORMS": 1, "images-INITIAL_FORMS": 1, "images-0-id": image.pk}
    fields |= {"images-0-product": product.pk, "images-0-variant": own.pk, "images-0-position": 7}
    page = cy.post(f"/admin/shop/product/{product.pk}/change/", fields)
    assert page.status_code == 302, words(page)
    image.refresh_from_db()
    assert (image.variant, image.position, product.variants.count()) == (None, 7, 0)


def test_the_page_of_a_product_reads_its_variants_once_for_all_pictures(cy: Client, product: Product):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            cy.get(f"/admin/shop/product/{product.pk}/change/")
        return len(captured)

    ProductImage.objects.create(product=product)
    queries()
    with_one = queries()
    ProductImage.objects.bulk_create(ProductImage(product=product) for _ in range(3))
    assert queries() == with_one
