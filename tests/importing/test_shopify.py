from decimal import Decimal

from tests.importing.files import goods, read_shopify, reasons


def test_rows_of_a_handle_are_one_product_also_when_they_are_apart() -> None:
    sheet = read_shopify(
        goods("mug", Option1_Name="Colour", Option1_Value="Fog"),
        goods("towel", "Towel"),
        goods("mug", "", "29", Option1_Value="Ink"),
    )
    assert [(product.handle, [v.options for v in product.variants]) for product in sheet.products] == [
        ("mug", [(("Colour", "Fog"),), (("Colour", "Ink"),)]),
        ("towel", [()]),
    ]


def test_title_default_title_means_that_there_are_no_options() -> None:
    sheet = read_shopify(goods(Option1_Name="Title", Option1_Value="Default Title"))
    assert sheet.products[0].variants[0].options == ()


def test_any_number_of_options_is_read() -> None:
    options = {f"Option{n} {part}": f"{part}{n}" for n in range(1, 6) for part in ("Name", "Value")}
    sheet = read_shopify(goods() | options)
    assert sheet.products[0].variants[0].choice == "Value1, Value2, Value3, Value4, Value5"


def test_rows_with_only_a_picture_add_a_picture_in_the_order_of_their_positions() -> None:
    sheet = read_shopify(
        goods(Image_Src="https://p.example/2.jpg", Image_Position="2", Image_Alt_Text="Front", Option1_Value=""),
        {"Handle": "mug", "Image Src": "https://p.example/3.jpg", "Image Position": "3"},
        {"Handle": "mug", "Image Src": "//p.example/1.jpg", "Image Position": "1"},
        {"Handle": "mug", "Image Src": "ftp://p.example/4.jpg", "Image Position": "4"},
    )
    product = sheet.products[0]
    assert [(picture.source[-5:], picture.alt) for picture in product.pictures] == [
        ("1.jpg", ""),
        ("2.jpg", "Front"),
        ("3.jpg", ""),
    ]
    assert len(product.variants) == 1
    assert sheet.remarks == {"Left out pictures whose address is not http or https": [5]}


def test_a_picture_that_one_variant_names_is_that_variants_own() -> None:
    shared, own = "https://p.example/shared.jpg", "https://p.example/own.jpg"
    rows = [("Fog", shared), ("Ink", shared), ("Sand", own)]
    sheet = read_shopify(*(goods(Option1_Name="C", Option1_Value=c, Variant_Image=src) for c, src in rows))
    assert [(picture.source, picture.variant) for picture in sheet.products[0].pictures] == [(shared, None), (own, 2)]


def test_the_newer_template_is_read_as_well() -> None:
    sheet = read_shopify(
        {
            "Title": "Mug",
            "URL handle": "mug",
            "Description": "<p>Stoneware</p>",
            "Product category": "Home > Kitchen > Mugs",
            "Published on online store": "TRUE",
            "Status": "Draft",
            "SKU": "'00123",
            "Price": "24",
            "Compare-at price": "0",
            "Inventory quantity": "3",
            "Continue selling when out of stock": "TRUE",
            "Weight value (grams)": "410",
        }
    )
    product = sheet.products[0]
    assert product.category == ("Home", "Kitchen", "Mugs")
    assert product.fields["published"] is False
    variant = product.variants[0]
    assert (variant.sku, variant.stock, variant.backorders) == ("00123", 3, True)
    assert variant.fields == {"price": Decimal("24.00"), "compare_at_price": None, "weight_grams": 410}


def test_published_and_status_both_have_to_agree() -> None:
    told = [("true", "active"), ("TRUE", ""), ("", "active"), ("false", "active"), ("true", "archived")]
    sheet = read_shopify(*(goods(f"mug-{n}", Published=p, Status=s) for n, (p, s) in enumerate(told)))
    assert [product.fields["published"] for product in sheet.products] == [True, True, True, False, False]


def test_weights_are_read_in_their_unit_when_there_are_no_grams() -> None:
    told = [("1", "kg"), ("2", "lb"), ("8", "oz"), ("250", "g"), ("", "")]
    sheet = read_shopify(*(goods(f"mug-{n}", Variant_Weight=w, Variant_Weight_Unit=u) for n, (w, u) in enumerate(told)))
    assert [product.variants[0].fields["weight_grams"] for product in sheet.products] == [1000, 907, 227, 250, 0]


def test_gift_cards_are_skipped_and_stock_below_zero_counts_as_none() -> None:
    sheet = read_shopify(goods("card", Gift_Card="true"), goods(Gift_Card="false", Variant_Inventory_Qty="-4"))
    assert [(product.handle, product.variants[0].stock) for product in sheet.products] == [("mug", 0)]
    assert sheet.remarks == {"Skipped gift cards, the shop sells goods": [2], "Counted stock below zero as 0": [3]}


def test_every_bad_cell_is_named_by_line_column_and_reason_at_once() -> None:
    sheet = read_shopify(
        goods("", "No handle"),
        goods("one", "", "abc"),
        goods("two", "Two", "", Published="perhaps"),
        goods("three", "x" * 300, Variant_Grams="heavy", Variant_Inventory_Qty="1.5"),
        goods("four", "Four", Option1_Name="Size", Option1_Value=""),
        goods("five", "Five", Option1_Name="", Option1_Value="M", Variant_Inventory_Policy="later"),
        goods("six", "Six"),
    )
    assert reasons(sheet) == [
        "line 2, Handle: is blank. Every row names the product that it belongs to.",
        "line 3, Title: is blank. The first row of a product gives its title.",
        "line 3, Variant Price: “abc” is not a number. Write it like 12.50, without a currency.",
        "line 4, Published: “perhaps” is not one of -1, 0, 1, f, false, n, no, t, true, y, yes.",
        "line 4, Variant Price: is blank. Write a price; 0 is for what is free.",
        "line 5, Title: has 300 letters. Shorten it to 255.",
        "line 5, Variant Grams: “heavy” is not a number. Write it like 12.50, without a currency.",
        "line 5, Variant Inventory Qty: “1.5” is not a whole number. Write it like 12.",
        "line 6, Option1 Value: is blank. Every variant has a value of “Size”.",
        "line 7, Option1 Name: is blank, and “M” is a value of it. Name the option.",
        "line 7, Variant Inventory Policy: “later” is not one of 0, 1, continue, deny, false, no, true, yes.",
    ]
    assert [product.handle for product in sheet.products] == ["six"]


def test_what_doubles_a_sku_or_a_choice_is_named_with_the_other_line() -> None:
    sheet = read_shopify(
        goods("one", "One", Variant_SKU="A", Option1_Name="Size", Option1_Value="M"),
        goods("two", "Two", Variant_SKU="a", Option1_Name="", Option1_Value=""),
        goods("three", "Three", Option1_Name="Size", Option1_Value="M"),
        goods("three", "", Option1_Name="", Option1_Value="M"),
        goods("four four", "Four"),
        goods("four-four", "Four too"),
    )
    assert reasons(sheet) == [
        "line 3, Variant SKU: “a” is on line 2 already. Give each variant a SKU of its own.",
        "line 5, Option1 Value: “M” is on line 4 already. Give each variant other options.",
        "line 7: “four-four” would be the address of the product on line 6 as well. Rename one.",
    ]
