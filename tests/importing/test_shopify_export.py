"""What goes out as a catalogue and comes back changes nothing."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model

from inventory.models import StockItem
from notifications.tables import csv_text
from shop.importing import shopify_export
from shop.models import Category, Product, ProductImage, Variant
from tests.cast import stock, variant
from tests.importing.files import SAMPLES, goods, run, run_import

pytestmark = pytest.mark.django_db


def export(folder: Path) -> Path:
    file = folder / "products.csv"
    file.write_text(csv_text(*shopify_export.table()), "utf-8", newline="")
    return file


def everything() -> list[list[dict[str, Any]]]:
    models: tuple[type[Model], ...] = (Product, Variant, ProductImage, Category)
    return [list(model._default_manager.order_by("id").values()) for model in models]


def changes_nothing(file: Path) -> bool:
    before, history = everything(), (Product.history.count(), Variant.history.count())
    run(file)
    return everything() == before and (Product.history.count(), Variant.history.count()) == history


def test_what_came_from_other_shops_makes_the_round(tmp_path: Path) -> None:
    run(SAMPLES / "shopify.csv")
    run(SAMPLES / "woocommerce.csv")

    assert changes_nothing(export(tmp_path))
    assert Product.objects.count() > 4


def test_what_staff_entered_makes_the_round(tmp_path: Path) -> None:
    home = Category.objects.create(name="Home", slug="home")
    lamps = Category.objects.create(name="Lamps, lights", slug="lamps", parent=home)
    product = Product.objects.create(
        title="=HYPERLINK(1)  and  more",
        slug="lamp",
        category=lamps,
        description="No paragraphs & “quotes”,\nlines",
        vendor="'=Kiln",
        tags=["a, b", "-c"],
        published=False,
    )
    for position, (sku, options) in enumerate([("S", [["Size", "S"]]), ("B", [["Size", "S"], ["Colour", "Ink"]])]):
        made = variant(stock(sku, on_hand=3), product=product)
        Variant.objects.filter(pk=made.pk).update(
            options=options, position=7 + position, barcode="+49", weight_grams=410, compare_at_price=Decimal("60.00")
        )
    ProductImage.objects.create(product=product, drawing="lamp", position=0)
    ProductImage.objects.create(product=product, source="https://p.example/1", alt="-1", position=4, variant=made)
    ProductImage.objects.create(product=product, source="https://p.example/2", position=4)
    plain = variant(stock("PLAIN"))
    Variant.objects.filter(pk=plain.pk).update(options=[])
    Product.objects.filter(pk=plain.product_id).update(category=None)

    assert changes_nothing(export(tmp_path))
    assert ",'=HYPERLINK(1)  and  more," in (tmp_path / "products.csv").read_text("utf-8-sig")


def test_a_shelf_that_its_words_do_not_name_is_left_alone(tmp_path: Path) -> None:
    for slug in ("lamps", "lamps-2"):
        shelf = Category.objects.create(name="Lamps", slug=slug)
    odd = Category.objects.create(name="Big > small", slug="odd")
    for sku, category in (("A", shelf), ("B", odd)):
        Product.objects.filter(pk=variant(stock(sku)).product_id).update(category=category)

    assert changes_nothing(export(tmp_path))


def test_the_file_fills_an_empty_shop(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Variant_SKU="MUG", Variant_Inventory_Qty="3", Image_Src="https://p.example/1.jpg"))
    file = export(tmp_path)
    Product.objects.all().delete()
    StockItem.objects.update(sku="OLD")

    run(file)

    assert StockItem.objects.values_list("on_hand", flat=True).get(sku="MUG") == 3
    assert ProductImage.objects.get().source == "https://p.example/1.jpg"
