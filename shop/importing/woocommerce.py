"""WooCommerce's product CSV: one row per product or variation; a variation names its parent by SKU or as “id:44”."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from shop.importing.cells import Cells
from shop.importing.names import slug
from shop.importing.pictures import gathered
from shop.importing.rows import Options, ProductRow, Sheet, VariantRow
from shop.importing.table import Table
from shop.importing.woocommerce_fields import (
    BACKORDERS,
    NAME,
    PARENT,
    POSITION,
    PUBLISHED,
    REGULAR_PRICE,
    SKU,
    TYPE,
    attributes,
    category,
    is_sold,
    pictures,
    product_fields,
    stock,
    variant_fields,
)

_MADE_OF_PARTS = {"simple", "variable", "variation"}


def recognises(table: Table) -> bool:
    return table.has(TYPE) and table.has(NAME) and table.has(REGULAR_PRICE)


def read(table: Table, at: datetime) -> Sheet:
    """`at` decides which sale prices hold: one whose dates do not include this day is left out."""
    sheet = Sheet("WooCommerce", table.label(SKU), table.label("attribute 1 value(s)"), problems=list(table.problems))
    rows = [Cells(table, record, sheet.problems) for record in table.records]
    parents = [row for row in rows if "variation" not in _types(row)]
    variations = _by_parent([row for row in rows if "variation" in _types(row)], _index(parents))
    handles = Counter(slug(row.raw(NAME)) for row in parents)
    for parent in parents:
        children = variations.get(parent.line, [])
        if not _is_goods(parent, sheet):
            continue
        if "variable" in _types(parent) and not children:
            sheet.remark("Skipped variable products without variations", parent.line)
            continue
        product = _product(parent, children, at, sheet)
        if handles[product.handle] > 1:
            product = _told_apart(product, parent)
        if product.variants:
            sheet.products.append(product)
        if any(row.bad for row in (parent, *children)):
            sheet.refused.add(product.handle)
    return sheet


def _types(row: Cells) -> set[str]:
    return {part.strip() for part in (row.raw(TYPE) or "simple").casefold().split(",")}


def _is_goods(row: Cells, sheet: Sheet) -> bool:
    types = _types(row)
    for reason, unwanted in (
        ("Skipped downloads, the shop sells goods", "downloadable"),
        ("Skipped virtual products, the shop sells goods", "virtual"),
        ("Skipped grouped products, their parts are products of their own", "grouped"),
        ("Skipped external products, another shop sells them", "external"),
    ):
        if unwanted in types:
            sheet.remark(reason, row.line)
            return False
    if not types & _MADE_OF_PARTS:
        sheet.remark(f"Skipped products of the type {row.raw(TYPE)[:40]}, which the shop does not know", row.line)
        return False
    return True


def _index(parents: list[Cells]) -> dict[str, Cells]:
    """Rows by what a variation may call its parent: SKU in small letters, or id:44."""
    index: dict[str, Cells] = {}
    for row in parents:
        if number := row.raw("id"):
            index.setdefault(f"id:{number}", row)
    for row in parents:
        if sku := row.raw(SKU).lower():
            index.setdefault(sku, row)
    return index


def _by_parent(variations: list[Cells], index: dict[str, Cells]) -> dict[int, list[Cells]]:
    by_parent: dict[int, list[Cells]] = {}
    for row in variations:
        name = row.raw(PARENT)
        parent = index.get(name.lower().replace("id: ", "id:"))
        if parent is not None:
            by_parent.setdefault(parent.line, []).append(row)
        elif name:
            row.refuse(f"“{name[:40]}” is not in the file. Export the variations together with their products.", PARENT)
        else:
            row.refuse("is blank. A variation names the product that it belongs to.", PARENT)
    return by_parent


def _told_apart(product: ProductRow, row: Cells) -> ProductRow:
    """Several products of the file have this name: SKU or ID is added to the address."""
    handle = slug(f"{product.handle} {row.raw(SKU) or row.raw('id') or row.line}")
    return replace(product, handle=handle)


def _product(parent: Cells, children: list[Cells], at: datetime, sheet: Sheet) -> ProductRow:
    if not parent.raw(NAME):
        parent.refuse("is blank. Give the product a name.", NAME)
    sold = sorted(
        (row for row in children or [parent] if _is_offered(row, parent, sheet)),
        key=lambda row: (row.units(POSITION) or 0, row.line),
    )
    # Every variation is read, also one whose parent is bad: all bad cells of the file are named at once.
    variants = tuple(_variant(row, parent, at, sheet) for row in sold)
    return ProductRow(
        parent.line,
        slug(parent.raw(NAME)),
        product_fields(parent),
        variants,
        gathered(((address, "") for address in pictures(parent, sheet)), variants),
        category(parent, sheet),
        handle_is_made=True,
    )


def _is_offered(row: Cells, parent: Cells, sheet: Sheet) -> bool:
    if row is not parent and not _is_goods(row, sheet):
        return False
    if row is not parent and not row.yes(PUBLISHED, blank=True):
        sheet.remark("Skipped variations that are switched off", row.line)
        return False
    if not is_sold(row):
        sheet.remark("Skipped what has no price, WooCommerce does not sell it either", row.line)
        return False
    return True


def _variant(row: Cells, parent: Cells, at: datetime, sheet: Sheet) -> VariantRow:
    is_variation = row is not parent
    backorders = row if row.raw("stock").casefold() != "parent" else parent
    return VariantRow(
        row.line,
        row.text(SKU, most=100),
        _options(row, parent) if is_variation else (),
        variant_fields(row, parent, at, sheet),
        stock(row, sheet),
        backorders.choice(BACKORDERS, "backorders allowed?", blank=False) or row.raw("in stock?") == "backorder",
        next(iter(pictures(row, sheet)), "") if is_variation else "",
    )


def _options(row: Cells, parent: Cells) -> Options:
    """The variation's attributes in the order and spelling of its product. A blank value stands for any of them."""
    own = {name.casefold(): values for name, values in attributes(row).items()}
    listed = attributes(parent)
    names = [name for name in listed if name.casefold() in own]
    spelled = {name.casefold() for name in names}
    names += [name for name in attributes(row) if name.casefold() not in spelled]
    options = []
    for name in names:
        value = ", ".join(own[name.casefold()]) or "Any"
        known = {word.casefold(): word for word in listed.get(name, [])}
        options.append((name, known.get(value.casefold(), value)))
    return tuple(options)
