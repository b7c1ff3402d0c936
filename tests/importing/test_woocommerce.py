from decimal import Decimal

from django.utils import timezone

from shop.importing.reading import read_sheet
from tests.cast import NOON
from tests.importing.files import SAMPLES, read_woo, reasons, woo


def variation(parent: str, sku: str, **columns: str) -> dict[str, str]:
    return woo(sku, "", **columns) | {"Type": "variation", "Parent": parent}


def colours(values: str) -> dict[str, str]:
    return {"Attribute 1 name": "Colour", "Attribute 1 value(s)": values}


def test_the_sample_reads_as_its_shop_meant_it() -> None:
    sheet = read_sheet(SAMPLES / "woocommerce.csv", NOON)
    assert sheet.problems == []
    apron, hook, knife = sheet.products
    assert apron.fields == {
        "title": "Workshop apron & strap",
        "description": "<p>Waxed cotton.</p>\n\n<p>Two pockets.</p>",
        "tags": ["cotton", "made here"],
        "published": True,
        "featured": True,
    }
    assert apron.category == ("Workshop", "Aprons, belts")
    assert [(v.sku, v.options, v.stock, v.backorders, v.fields) for v in apron.variants] == [
        (
            "APRON-SLATE-L",
            (("Colour", "Slate"), ("Size", "L")),
            0,
            False,
            {"price": Decimal("49.00"), "compare_at_price": None, "weight_grams": 500},
        ),
        (
            "APRON-OAK-M",
            (("Colour", "Oak"), ("Size", "M")),
            4,
            True,
            {"price": Decimal("39.00"), "compare_at_price": Decimal("49.00"), "weight_grams": 450},
        ),
    ]
    assert [(picture.source[-8:], picture.variant) for picture in apron.pictures] == [
        ("pron.jpg", None),
        ("back.jpg", None),
        ("-oak.jpg", 1),
    ]
    assert hook.fields["description"] == "<p>Beech.</p>"
    assert (hook.variants[0].stock, hook.variants[0].fields["price"]) == (None, Decimal("18.00"))
    assert (knife.fields["published"], knife.category, knife.variants[0].sku) == (False, (), "")
    assert sheet.remarks == {
        "Counted stock below zero as 0": [4],
        "Took the regular price, the sale is not on today": [5],
        "Started with 0 units, because the file says “in stock” without a count: count them in": [5],
        "Skipped downloads, the shop sells goods": [7],
        "Skipped grouped products, their parts are products of their own": [8],
        "Skipped external products, another shop sells them": [9],
        "Skipped what has no price, WooCommerce does not sell it either": [10],
    }


def test_a_sale_price_holds_from_its_first_day_to_its_last() -> None:
    today = timezone.localdate(NOON).isoformat()
    days = [("", ""), (today, today), ("2026-11-22", ""), ("", "2026-11-20"), ("2026-11-01 00:00:00", "")]
    sheet = read_woo(
        *(
            woo(f"HOOK-{n}", f"Hook {n}", "20", Sale_price="15", Date_sale_price_starts=a, Date_sale_price_ends=b)
            for n, (a, b) in enumerate(days)
        )
    )
    assert [int(product.variants[0].fields["price"]) for product in sheet.products] == [15, 15, 20, 20, 15]


def test_a_sale_price_that_saves_nothing_is_no_sale() -> None:
    fields = read_woo(woo(price="20", Sale_price="20")).products[0].variants[0].fields
    assert (fields["price"], fields["compare_at_price"]) == (Decimal("20.00"), None)


def test_variations_name_their_parent_in_any_case_by_sku_or_id_before_or_after_it() -> None:
    parent = woo("Hoodie", "Hoodie", "") | {"Type": "variable", "ID": "44"} | colours("Blue, Red, Green")
    sheet = read_woo(
        variation("HOODIE", "H-1", ID="1") | colours("blue"),
        parent,
        variation("id:44", "H-2") | colours("Red"),
        variation("hoodie", "H-3") | colours("") | {"Stock": "parent"},
    )
    assert [(v.sku, v.choice) for v in sheet.products[0].variants] == [("H-1", "Blue"), ("H-2", "Red"), ("H-3", "Any")]


def test_backorders_are_allowed_by_yes_one_and_notify() -> None:
    words = ["0", "1", "yes", "no", "notify", ""]
    sheet = read_woo(*(woo(f"HOOK-{n}", f"Hook {n}", Backorders_allowed=word) for n, word in enumerate(words)))
    assert [product.variants[0].backorders for product in sheet.products] == [False, True, True, False, True, False]


def test_hidden_products_and_drafts_are_not_published() -> None:
    sheet = read_woo(
        woo("A", "A") | {"Published": "1", "Visibility in catalog": "hidden"},
        woo("B", "B") | {"Published": "-1", "Visibility in catalog": "visible"},
        woo("C", "C") | {"Published": "1", "Visibility in catalog": "search"},
    )
    assert [product.fields["published"] for product in sheet.products] == [False, False, True]


def test_weights_come_in_the_unit_of_their_column() -> None:
    weighed = [read_woo(woo() | {f"Weight ({unit})": "2"}) for unit in ("kg", "lbs", "oz", "g")]
    assert [sheet.products[0].variants[0].fields["weight_grams"] for sheet in weighed] == [2000, 907, 57, 2]


def test_products_of_one_name_get_addresses_of_their_own() -> None:
    sheet = read_woo(woo("BOX-S", "Gift box"), woo("BOX-L", "Gift box"), woo("", "Gift box", ID="9"))
    assert [product.handle for product in sheet.products] == ["gift-box-box-s", "gift-box-box-l", "gift-box-9"]


def test_the_variations_of_what_is_skipped_are_skipped_with_it() -> None:
    parent = woo("FILES", "Files", "") | {"Type": "variable, downloadable"}
    sheet = read_woo(parent, variation("FILES", "F-1") | {"Type": "variation, downloadable"})
    assert (sheet.products, sheet.problems) == ([], [])


def test_every_bad_cell_is_named_by_line_column_and_reason_at_once() -> None:
    sheet = read_woo(
        variation("NOWHERE", "V-1"),
        variation("", "V-2"),
        woo("A", ""),
        woo("B", "B", "1,234"),
        woo("C", "C", Sale_price="1", Date_sale_price_starts="soon"),
        woo("D", "D", Stock="some", Backorders_allowed="maybe"),
        woo("D", "E"),
    )
    assert reasons(sheet) == [
        "line 2, Parent: “NOWHERE” is not in the file. Export the variations together with their products.",
        "line 3, Parent: is blank. A variation names the product that it belongs to.",
        "line 4, Name: is blank. Give the product a name.",
        "line 5, Regular price: “1,234” can be read in two ways. Write 1234, or a point for decimals.",
        "line 6, Date sale price starts: “soon” is not a day. Write it like 2026-12-09.",
        "line 7, Backorders allowed?: “maybe” is not one of 0, 1, false, no, notify, true, yes.",
        "line 7, Stock: “some” is not a whole number. Write it like 12.",
        "line 8, SKU: “D” is on line 7 already. Give each variant a SKU of its own.",
    ]
