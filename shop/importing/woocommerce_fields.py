"""What single cells of WooCommerce's CSV say: prices with their sale days, stock, weight, categories, attributes."""

import re
from datetime import datetime
from itertools import count, takewhile
from typing import Any

from django.utils import timezone

from shop.importing.cells import Cells, description, plain, words
from shop.importing.pictures import usable
from shop.importing.rows import Sheet

TYPE, NAME, SKU, PARENT, POSITION = "type", "name", "sku", "parent", "position"
PUBLISHED, VISIBILITY, FEATURED = "published", "visibility in catalog", "is featured?"
REGULAR_PRICE, SALE_PRICE = "regular price", "sale price"
SALE_STARTS, SALE_ENDS = "date sale price starts", "date sale price ends"
BODY, SHORT_BODY = "description", "short description"
BARCODE = "gtin, upc, ean, or isbn"

BACKORDERS = {"yes": True, "1": True, "notify": True, "true": True, "no": False, "0": False, "false": False}
_VISIBILITIES = {"visible": True, "catalog": True, "search": True, "hidden": False}
_WEIGHT = re.compile(r"weight \((\w+)\)")


def product_fields(row: Cells) -> dict[str, Any]:
    fields: dict[str, Any] = {"title": plain(row.text(NAME, most=255))}
    if row.has(BODY, SHORT_BODY):
        fields["description"] = description(_lines(row.raw(BODY) or row.raw(SHORT_BODY)))
    if row.has("tags"):
        fields["tags"] = [plain(tag) for tag in words(row.raw("tags"))]
    if brand := next((column for column in ("brands", "brand") if row.has(column)), None):
        fields["vendor"] = plain(row.text(brand, most=150))
    if row.has(PUBLISHED, VISIBILITY):
        visible = row.choice(_VISIBILITIES, VISIBILITY, blank=True)
        fields["published"] = row.yes(PUBLISHED, blank=True) and visible
    if row.has(FEATURED):
        fields["featured"] = row.yes(FEATURED, blank=False)
    return fields


def _lines(text: str) -> str:
    """The exporter writes a line's end as “\\n”, and these two letters as “\\\\n”."""
    return re.sub(r"\\(\\n|n)", lambda match: "\\n" if match[1] != "n" else "\n", text)


def category(row: Cells, sheet: Sheet) -> tuple[str, ...] | None:
    """The deepest of the product's shelves: in this shop a product stands on one."""
    if not row.has("categories"):
        return None
    paths = [
        tuple(plain(step.strip()) for step in path.split(" > ") if step.strip())
        for path in words(row.raw("categories"))
    ]
    paths = [path for path in paths if path and path != ("Uncategorized",)]
    if any(len(step) > 100 for path in paths for step in path):
        row.refuse("has a name of more than 100 letters. Shorten it.", "categories")
    deepest = max(paths, key=len, default=())
    if any(path != deepest[: len(path)] for path in paths):
        sheet.remark("Took the deepest of several categories", row.line)
    return deepest


def attributes(row: Cells) -> dict[str, list[str]]:
    """The attributes with their values, in the order of their numbers."""
    numbers = takewhile(lambda n: row.has(f"attribute {n} name"), count(1))
    named = ((row.text(f"attribute {n} name", most=100), row.raw(f"attribute {n} value(s)")) for n in numbers)
    return {plain(name): [plain(value) for value in words(values)] for name, values in named if name}


def is_sold(row: Cells) -> bool:
    return bool(row.raw(REGULAR_PRICE) or row.raw(SALE_PRICE))


def variant_fields(row: Cells, parent: Cells, at: datetime, sheet: Sheet) -> dict[str, Any]:
    price, compare_at = _prices(row, at, sheet)
    fields: dict[str, Any] = {"price": price, "compare_at_price": compare_at}
    if column := row.column(_WEIGHT):
        weighed = row if row.raw(column) else parent
        fields["weight_grams"] = weighed.grams(column[len("weight (") : -1], column)
    if row.has(BARCODE):
        fields["barcode"] = row.text(BARCODE, most=50)
    return fields


def _prices(row: Cells, at: datetime, sheet: Sheet) -> tuple[Any, Any]:
    """Price and compare-at price. The regular price is the compare-at price while a lower sale price holds."""
    regular, sale = row.money(REGULAR_PRICE), row.money(SALE_PRICE)
    starts, ends = row.day(SALE_STARTS), row.day(SALE_ENDS)
    today = timezone.localdate(at)
    if sale is None or regular is None:
        return regular if regular is not None else sale, None
    if (starts and today < starts) or (ends and today > ends):
        sheet.remark("Took the regular price, the sale is not on today", row.line)
        return regular, None
    return (sale, regular) if sale < regular else (regular, None)


def stock(row: Cells, sheet: Sheet) -> int | None:
    """Units on the shelf; None when the file gives no count. “In stock” without a count is no number of units."""
    text = row.raw("stock").casefold()
    if text == "parent":
        sheet.remark("Started with 0 units, because all variations share one stock there: count them in", row.line)
        return None
    if not text:
        if row.raw("in stock?").casefold() in ("1", "yes", "true"):
            sheet.remark(
                "Started with 0 units, because the file says “in stock” without a count: count them in", row.line
            )
        return None
    units = row.units("stock")
    if units is not None and units < 0:
        sheet.remark("Counted stock below zero as 0", row.line)
        return 0
    return units


def pictures(row: Cells, sheet: Sheet) -> list[str]:
    return [address for word in words(row.raw("images")) if (address := usable(word, sheet, row.line))]
