"""Shopify's product CSV: one row per variant, more rows of a handle leave the product's columns empty.

Reads the names of columns of the older exports and of the newer template.
"""

from itertools import count, takewhile
from typing import Any

from shop.importing.cells import Cells, description, words
from shop.importing.names import slug
from shop.importing.pictures import gathered, usable
from shop.importing.rows import Options, ProductRow, Sheet, VariantRow
from shop.importing.table import Table

_HANDLE = ("handle", "url handle")
_TITLE = ("title",)
_BODY = ("body (html)", "body html", "description")
_VENDOR = ("vendor",)
_TYPES = (("type",), ("custom product type",))
_PATHS = (("product category",), ("standardized product type",))
_TAGS = ("tags",)
_PUBLISHED = ("published", "published on online store")
_STATUS = ("status",)
_GIFT_CARD = ("gift card",)
_SKU = ("variant sku", "sku")
_PRICE = ("variant price", "price")
_COMPARE_AT = ("variant compare at price", "compare-at price", "compare at price")
_QUANTITY = ("variant inventory qty", "inventory quantity")
_POLICY = ("variant inventory policy", "continue selling when out of stock")
_GRAMS = ("variant grams", "weight value (grams)")
_WEIGHT, _WEIGHT_UNIT = ("variant weight",), ("variant weight unit",)
_BARCODE = ("variant barcode", "barcode")
_SHIPPED = ("variant requires shipping", "requires shipping")
_IMAGE = ("image src", "product image url")
_IMAGE_ALT = ("image alt text",)
_IMAGE_POSITION = ("image position",)
_VARIANT_IMAGE = ("variant image", "variant image url")

_POLICIES = {
    "continue": True,
    "true": True,
    "yes": True,
    "1": True,
    "deny": False,
    "false": False,
    "no": False,
    "0": False,
}
_STATUSES = {"active": True, "draft": False, "archived": False, "unlisted": False}


def recognises(table: Table) -> bool:
    return table.has(*_HANDLE) and table.has(*_TITLE)


def read(table: Table) -> Sheet:
    sheet = Sheet("Shopify", table.label(*_SKU), table.label("option1 value"), problems=list(table.problems))
    by_handle: dict[str, list[Cells]] = {}
    for record in table.records:
        cells = Cells(table, record, sheet.problems)
        if handle := cells.text(*_HANDLE, most=255):
            by_handle.setdefault(handle.lower(), []).append(cells)
        elif not cells.bad:
            cells.refuse("is blank. Every row names the product that it belongs to.", *_HANDLE)
    for handle, rows in by_handle.items():
        product = _product(handle, rows, sheet)
        if product is None:
            continue
        sheet.products.append(product)
        if any(row.bad for row in rows):
            sheet.refused.add(product.handle)
    return sheet


def _product(handle: str, rows: list[Cells], sheet: Sheet) -> ProductRow | None:
    first = next((row for row in rows if row.raw(*_TITLE)), rows[0])
    if any(row.yes(*_GIFT_CARD, blank=False) for row in rows):
        sheet.remark("Skipped gift cards, the shop sells goods", first.line)
        return None
    if not first.raw(*_TITLE):
        first.refuse("is blank. The first row of a product gives its title.", *_TITLE)
    names = _option_names(rows)
    variants = tuple(_variant(row, names, sheet) for row in rows if _is_variant(row, rows[0]))
    return ProductRow(
        first.line,
        slug(handle),
        _product_fields(first),
        variants,
        gathered(_pictures(rows, sheet), variants),
        _category(first),
    )


def _product_fields(row: Cells) -> dict[str, Any]:
    fields: dict[str, Any] = {"title": row.text(*_TITLE, most=255)}
    if row.has(*_BODY):
        fields["description"] = description(row.raw(*_BODY))
    if row.has(*_VENDOR):
        fields["vendor"] = row.text(*_VENDOR, most=150)
    if row.has(*_TAGS):
        fields["tags"] = words(row.raw(*_TAGS))
    if row.has(*_PUBLISHED, *_STATUS):
        published = row.yes(*_PUBLISHED, blank=True)
        fields["published"] = row.choice(_STATUSES, *_STATUS, blank=True) and published
    return fields


def _category(row: Cells) -> tuple[str, ...] | None:
    for column in _TYPES:
        if name := row.text(*column, most=100):
            return (name,)
    for column in _PATHS:
        if path := [step.strip() for step in row.raw(*column).split(">") if step.strip()]:
            if any(len(step) > 100 for step in path):
                row.refuse("has a step of more than 100 letters. Shorten it.", *column)
            return tuple(path)
    return () if row.has(*(name for column in (*_TYPES, *_PATHS) for name in column)) else None


def _option_names(rows: list[Cells]) -> list[tuple[int, str]]:
    """The options' names, with their numbers; a number without a name is kept, so that its values are noticed."""
    numbers = takewhile(lambda n: rows[0].has(f"option{n} value"), count(1))
    return [(n, next((name for row in rows if (name := row.text(f"option{n} name", most=100))), "")) for n in numbers]


def _is_variant(row: Cells, first: Cells) -> bool:
    """Rows beyond the first may carry only a picture."""
    told = (row.raw("option1 value"), row.raw(*_SKU), row.raw(*_PRICE))
    return any(told) or (row is first and row.has("option1 value", *_SKU, *_PRICE))


def _variant(row: Cells, names: list[tuple[int, str]], sheet: Sheet) -> VariantRow:
    stock = row.units(*_QUANTITY)
    if stock is not None and stock < 0:
        sheet.remark("Counted stock below zero as 0", row.line)
        stock = 0
    if not row.yes(*_SHIPPED, blank=True):
        sheet.remark("Goods that need no shipping there are shipped goods here", row.line)
    return VariantRow(
        row.line,
        _without_apostrophe(row.text(*_SKU, most=100)),
        _options(row, names),
        _variant_fields(row),
        stock,
        row.choice(_POLICIES, *_POLICY, blank=False),
        usable(row.raw(*_VARIANT_IMAGE), sheet, row.line),
    )


def _options(row: Cells, names: list[tuple[int, str]]) -> Options:
    """Under the names that its product has for them, unless the row gives names of its own."""
    own = [(n, row.text(f"option{n} name", most=100)) for n, _ in names]
    options = []
    for n, name in own if any(name for _, name in own) else names:
        value = row.text(f"option{n} value", most=100)
        if value and not name:
            row.refuse(f"is blank, and “{value}” is a value of it. Name the option.", f"option{n} name")
        elif name and not value and not row.bad:
            row.refuse(f"is blank. Every variant has a value of “{name}”.", f"option{n} value")
        elif name:
            options.append((name, value))
    is_only_choice = [(name.casefold(), value.casefold()) for name, value in options] == [("title", "default title")]
    return () if is_only_choice else tuple(options)


def _variant_fields(row: Cells) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if row.has(*_PRICE):
        fields["price"] = row.money(*_PRICE)
        if not row.raw(*_PRICE):
            row.refuse("is blank. Write a price; 0 is for what is free.", *_PRICE)
    if row.has(*_COMPARE_AT):
        fields["compare_at_price"] = row.money(*_COMPARE_AT) or None
    if row.has(*_GRAMS):
        fields["weight_grams"] = row.grams("g", *_GRAMS)
    elif row.has(*_WEIGHT):
        fields["weight_grams"] = row.grams(row.raw(*_WEIGHT_UNIT) or "kg", *_WEIGHT)
    if row.has(*_BARCODE):
        fields["barcode"] = _without_apostrophe(row.text(*_BARCODE, most=50))
    return fields


def _without_apostrophe(code: str) -> str:
    """Spreadsheets are told by an apostrophe that a number is text; it is no part of the code."""
    return code[1:] if code[:1] == "'" and code[1:2].isdigit() else code


def _pictures(rows: list[Cells], sheet: Sheet) -> list[tuple[str, str]]:
    named = [
        (
            row.units(*_IMAGE_POSITION) or 0,
            row.line,
            usable(row.raw(*_IMAGE), sheet, row.line),
            row.raw(*_IMAGE_ALT)[:255],
        )
        for row in rows
        if row.raw(*_IMAGE)
    ]
    return [(address, alt) for _, _, address, alt in sorted(named)]
