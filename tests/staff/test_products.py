"""What staff enters of a product."""

from typing import Any

import pytest
from django.test import Client

from shop.models import Variant
from tests.cast import stock, variant
from tests.staff.pages import words


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"price": "-3"}, "Give a price of 0 or more."),
        (
            {"price": "20", "compare_at_price": "5"},
            "Give the price before, which was higher; or nothing if there was none.",
        ),
        ({"price": "20", "compare_at_price": "20"}, "Give the price before, which was higher"),
    ],
)
def test_a_price_that_cannot_be_one_gets_a_sentence(cy: Client, entered: dict[str, str], sentence: str) -> None:
    mug = variant(stock("MUG"))
    of_it: dict[str, Any] = {"id": mug.pk, "product": mug.product_id, "sku": "MUG", "choice": "SKU: MUG", **entered}
    fields = {f"variants-0-{name}": value for name, value in (of_it | {"weight_grams": 0, "position": 0}).items()}
    counted = {
        "variants-TOTAL_FORMS": 1,
        "variants-INITIAL_FORMS": 1,
        "images-TOTAL_FORMS": 0,
        "images-INITIAL_FORMS": 0,
    }
    product = {"title": mug.product.title, "slug": mug.product.slug, "category": mug.product.category_id}

    page = cy.post(f"/admin/shop/product/{mug.product_id}/change/", product | counted | fields)

    assert sentence in words(page)
    assert "is violated" not in words(page)
    assert Variant.objects.get().price == mug.price


def test_what_a_file_brought_stands_in_nobodys_way(cy: Client) -> None:
    mug = variant(stock("MUG"))
    Variant.objects.update(compare_at_price=mug.price)
    fields = {"id": mug.pk, "product": mug.product_id, "sku": "MUG", "choice": "SKU: MUG", "price": mug.price}
    fields |= {"compare_at_price": mug.price, "weight_grams": 0, "position": 0}
    counted = {f"{name}-{forms}_FORMS": 0 for name in ("variants", "images") for forms in ("TOTAL", "INITIAL")}
    counted |= {"variants-TOTAL_FORMS": 1, "variants-INITIAL_FORMS": 1}
    product = {"title": "A better title", "slug": mug.product.slug, "category": mug.product.category_id}

    page = cy.post(
        f"/admin/shop/product/{mug.product_id}/change/",
        product | counted | {f"variants-0-{name}": value for name, value in fields.items()},
    )

    assert page.status_code == 302, words(page)
    assert Variant.objects.select_related("product").get().product.title == "A better title"
