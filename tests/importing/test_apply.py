from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from backorders.models import Policy, Queue
from inventory.models import StockItem, StockMovement
from inventory.queries import recount
from shop.models import Category, Product, ProductImage, Variant
from tests.importing.files import SAMPLES, goods, run, run_import, text

pytestmark = pytest.mark.django_db


def skus() -> list[str]:
    return list(StockItem.objects.order_by("sku").values_list("sku", flat=True))


def test_the_samples_are_imported_and_a_second_time_changes_nothing() -> None:
    for name in ("shopify.csv", "woocommerce.csv"):
        assert "0 changed" in run(SAMPLES / name)
        before = list(StockMovement.objects.order_by("id").values())
        said = run(SAMPLES / name)
        assert "Products: 0 new, 0 changed" in said
        assert "Variants: 0 new, 0 changed" in said
        assert list(StockMovement.objects.order_by("id").values()) == before
    assert skus() == [
        *("APRON-OAK-M", "APRON-SLATE-L", "BENCH-HOOK", "HARBOUR-MUG-FOG-03-L", "HARBOUR-MUG-FOG-05-L"),
        *("LINEN-TOWEL", "MARKING-KNIFE", "MUG-INK-S"),
    ]
    mug = Product.objects.get(slug="harbour-mug")
    assert mug.description == '<p>Stoneware,\n"thrown" by hand.</p>'
    assert [image.source[25:] for image in mug.images.order_by("position")] == [
        "mug.jpg",
        "mug-fog.jpg",
        "mug-shelf.jpg",
    ]
    belts = Category.objects.get(name="Aprons, belts")
    assert (belts.slug, str(belts.parent)) == ("aprons-belts", "Workshop")


def test_opening_stock_is_a_movement_and_policies_open_the_queue() -> None:
    run(SAMPLES / "shopify.csv")
    towel = StockItem.objects.get(sku="LINEN-TOWEL")
    assert [(m.kind, m.on_hand_change, m.actor) for m in towel.movements.all()] == [("opening", 12, "import_catalog")]
    assert list(recount()) == []
    policies = dict(Queue.objects.values_list("item__sku", "policy"))
    assert policies == {
        "HARBOUR-MUG-FOG-03-L": Policy.CLOSED,
        "HARBOUR-MUG-FOG-05-L": Policy.LEAD_TIME,
        "LINEN-TOWEL": Policy.CLOSED,
        "MUG-INK-S": Policy.LEAD_TIME,
    }


def test_a_changed_price_updates_and_nothing_else_moves(tmp_path: Path) -> None:
    run_import(tmp_path, goods(price="24"), goods("towel", "Towel", "19"))
    said = run_import(tmp_path, goods(price="26.50"), goods("towel", "Towel", "19"))
    assert "Variants: 0 new, 1 changed, 1 as before." in said
    assert Variant.objects.get(product__slug="mug").price == Decimal("26.50")


def test_a_later_import_touches_neither_stock_nor_the_rules_that_staff_set(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Variant_Inventory_Qty="5", Variant_Inventory_Policy="continue"))
    Queue.objects.update(policy=Policy.CLOSED)
    said = run_import(tmp_path, goods(Variant_Inventory_Qty="9", Variant_Inventory_Policy="continue"))
    assert "the file counts 1 SKUs otherwise than the shop does" in said
    assert StockItem.objects.get().on_hand == 5
    assert Queue.objects.get().policy == Policy.CLOSED


def test_columns_that_the_file_lacks_and_words_of_staff_stay(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Vendor="Kiln Street", Image_Src="https://p.example/1.jpg"))
    Product.objects.update(featured=True)
    ProductImage.objects.update(alt="A mug on a shelf")
    StockItem.objects.update(name="Mug, upper shelf")
    run_import(tmp_path, goods(title="Big mug", Image_Src="https://p.example/1.jpg"))
    product = Product.objects.get()
    assert (product.title, product.vendor, product.featured) == ("Big mug", "Kiln Street", True)
    assert ProductImage.objects.get().alt == "A mug on a shelf"
    assert StockItem.objects.get().name == "Mug, upper shelf"


def test_a_renamed_product_renames_its_stock_items(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Option1_Name="Size", Option1_Value="M"))
    run_import(tmp_path, goods(title="Big mug", Option1_Name="Size", Option1_Value="M"))
    assert StockItem.objects.get().name == "Big mug, M"


def test_a_sku_that_was_made_gives_way_to_a_real_one(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Variant_Inventory_Qty="3"))
    run_import(tmp_path, goods(Variant_SKU="MG-1", Variant_Inventory_Qty="3"))
    assert StockItem.objects.values_list("sku", "on_hand").get() == ("MG-1", 3)
    assert Variant.objects.count() == 1
    assert "Variants: 0 new, 0 changed, 1 as before." in run_import(tmp_path, goods())


def test_variants_may_swap_their_options(tmp_path: Path) -> None:
    run_import(tmp_path, *(goods(Variant_SKU=s, Option1_Name="Size", Option1_Value=v) for s, v in ("AS", "BM")))
    run_import(tmp_path, *(goods(Variant_SKU=s, Option1_Name="Size", Option1_Value=v) for s, v in ("AM", "BS")))
    assert {v.sku: v.choice for v in Variant.objects.select_related("stock_item")} == {"A": "M", "B": "S"}


def test_options_may_be_called_otherwise_without_losing_the_variant(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Option1_Name="Color", Option1_Value="Fog"))
    said = run_import(tmp_path, goods(Option1_Name="Colour", Option1_Value="Fog"))
    assert "Variants: 0 new, 1 changed" in said
    assert Variant.objects.get().options == [["Colour", "Fog"]]


def test_skus_are_compared_in_any_case_of_letters(tmp_path: Path) -> None:
    run_import(tmp_path, goods(Variant_SKU="MUG-1"))
    assert "Variants: 0 new, 0 changed, 1 as before." in run_import(tmp_path, goods(Variant_SKU="mug-1"))
    assert skus() == ["MUG-1"]


def test_blank_skus_that_read_alike_stay_apart_and_stay_the_same(tmp_path: Path) -> None:
    rows = [goods(Option1_Name="Size", Option1_Value=value) for value in ("1/2 l", "12 l")]
    run_import(tmp_path, *rows, goods("mug-12-l", "Other"))
    made = skus()
    assert len(made) == 3
    assert "Variants: 0 new" in run_import(tmp_path, goods("mug-12-l", "Other"), *rows[::-1])
    assert skus() == made


def test_variants_that_the_file_lacks_are_left_and_told(tmp_path: Path) -> None:
    rows = [goods(Option1_Name="Size", Option1_Value=value) for value in "ML"]
    run_import(tmp_path, *rows)
    assert "Left as they are: 1 variants" in run_import(tmp_path, rows[0])
    assert Variant.objects.count() == 2


def test_a_stock_item_that_the_shop_has_already_keeps_its_stock(tmp_path: Path) -> None:
    item = StockItem.objects.create(sku="MUG-1", name="Ordered in autumn")
    said = run_import(tmp_path, goods(Variant_SKU="MUG-1", Variant_Inventory_Qty="4"))
    assert Variant.objects.get().stock_item == item
    assert (StockItem.objects.get().on_hand, StockItem.objects.get().name) == (0, "Ordered in autumn")
    assert "the file counts 1 SKUs otherwise" in said


def test_bad_rows_stop_the_whole_file_those_against_the_shop_included(tmp_path: Path) -> None:
    run_import(tmp_path, goods("jar", "Jar", Variant_SKU="J-1"))
    with pytest.raises(CommandError) as refusal:
        run_import(
            tmp_path,
            goods("mug", "Mug", "abc", Option1_Name="", Option1_Value=""),
            goods("jar", "Jar", Variant_SKU="J-2"),
            goods("bowl", "Bowl", Option1_Name="Size", Option1_Value="M"),
            goods("bowl", "Bowl", Variant_SKU="J-1", Option1_Value="L"),
        )
    assert str(refusal.value).splitlines() == [
        "Nothing was imported from catalog.csv:",
        "line 2, Variant Price: “abc” is not a number. Write it like 12.50, without a currency.",
        "line 3, Variant SKU: the shop sells “Jar” as J-1 already, not as J-2."
        " Change the SKU in the file or in the shop.",
        "line 5, Variant SKU: “J-1” is sold already as “Jar”. Use another SKU, or change it there.",
    ]
    assert Product.objects.filter(title="Bowl").count() == 0


def test_a_dry_run_says_what_would_happen_and_keeps_nothing() -> None:
    said = run(SAMPLES / "shopify.csv", dry_run=True)
    assert "Products: 2 new, 0 changed, 0 as before." in said
    assert said.endswith("This was a dry run: nothing was kept.\n")
    assert [model.objects.count() for model in (Product, Category, StockItem, StockMovement)] == [0, 0, 0, 0]


def test_a_file_without_prices_changes_titles_but_brings_nothing_new(tmp_path: Path) -> None:
    run_import(tmp_path, goods())
    run_import(tmp_path, {"Handle": "mug", "Title": "Large mug"})
    assert Product.objects.get().title == "Large mug"
    with pytest.raises(CommandError, match=r"line 2: “Cup” is new and has no variant with a price\."):
        run_import(tmp_path, {"Handle": "cup", "Title": "Cup"})


def test_a_renamed_product_of_a_file_without_handles_keeps_its_address(tmp_path: Path) -> None:
    file = tmp_path / "woo.csv"
    row = {"ID": "1", "Type": "simple", "SKU": "BOX", "Name": "Gift box", "Regular price": "9"}
    for name in ("Gift box", "Present box"):
        file.write_text(text([row | {"Name": name}]))
        run(file)
    file.write_text(text([row | {"SKU": "BOX-2", "ID": "2"}]))
    run(file)
    assert dict(Product.objects.values_list("slug", "title")) == {
        "gift-box": "Present box",
        "gift-box-box-2": "Gift box",
    }


def test_a_product_with_another_handle_is_known_by_its_skus(tmp_path: Path) -> None:
    run_import(tmp_path, goods("cup", "Cup", Variant_SKU="CUP"))
    run_import(tmp_path, goods("tea-cup", "Tea cup", Variant_SKU="CUP"))
    assert Product.objects.values_list("slug", "title").get() == ("cup", "Tea cup")


def test_shelves_of_one_name_get_addresses_of_their_own(tmp_path: Path) -> None:
    paths = ["Home > Lamps", "Garden > Lamps", "HOME > lamps", "灯"]
    run_import(tmp_path, *(goods(f"mug-{n}", Product_category=path) for n, path in enumerate(paths)))
    slugs = [product.category.slug for product in Product.objects.order_by("slug") if product.category]
    assert slugs[:3] == ["lamps", "garden-lamps", "lamps"]
    assert len(set(slugs)) == 3


def test_cells_that_look_like_formulas_are_only_text(tmp_path: Path) -> None:
    run_import(tmp_path, goods(title="=1+1", Vendor="@SUM(A1)", Variant_Barcode="+49"))
    assert Product.objects.values_list("title", "vendor").get() == ("=1+1", "@SUM(A1)")
    assert Variant.objects.get().barcode == "+49"


@pytest.mark.parametrize("again", [False, True], ids=["new", "again"])
def test_a_chunk_takes_the_same_queries_for_few_products_and_for_many(tmp_path: Path, again: bool) -> None:
    counts = []
    for many in (2, 60):
        rows = [
            goods(
                f"mug-{many}-{n}", Type="Kitchen", Variant_Inventory_Qty="2", Image_Src=f"https://p.example/{many}-{n}"
            )
            for n in range(many)
        ]
        run_import(tmp_path, goods(f"first-{many}", Type="Kitchen"), *(rows if again else ()))
        if again:
            rows = [row | {"Title": "Renamed", "Variant Price": "30"} for row in rows]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run_import(tmp_path, *rows)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30


def test_what_is_no_catalogue_is_refused_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,Age\nAda,36\n")
    with pytest.raises(CommandError, match=r"people\.csv is neither Shopify's product CSV"):
        run(file)
    with pytest.raises(CommandError, match=r"gone\.csv cannot be read: No such file or directory\."):
        run(tmp_path / "gone.csv")


@pytest.mark.django_db(transaction=True)
def test_one_import_at_a_time(tmp_path: Path) -> None:
    other = connections["default"].copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(6942017311)")
    try:
        with pytest.raises(CommandError, match=r"Another import is running\. Wait for its end and try again\."):
            run_import(tmp_path, goods())
    finally:
        other.close()
    assert "Products: 1 new" in run_import(tmp_path, goods())


@pytest.mark.django_db(transaction=True)
def test_goods_that_somebody_holds_end_the_import_with_a_sentence(tmp_path: Path) -> None:
    run_import(tmp_path, goods())
    other = connections["default"].copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE shop_product SET vendor = 'Kiln Street'")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(CommandError, match=r"Somebody changed the same goods meanwhile\. Nothing was imported"):
            run_import(tmp_path, goods(title="Big mug"))
    finally:
        other.close()
        connection.close()
    assert "Products: 0 new, 1 changed" in run_import(tmp_path, goods(title="Big mug"))
