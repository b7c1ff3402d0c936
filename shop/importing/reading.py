"""Files are told apart by their headers."""

from datetime import datetime
from pathlib import Path

from shop.importing import shopify, woocommerce
from shop.importing.checks import checked
from shop.importing.rows import Sheet
from shop.importing.table import Table, UnreadableFile, read_table


def read_sheet(path: Path, at: datetime) -> Sheet:
    """Raises UnreadableFile when the file is no table or of neither format."""
    return sheet_of(read_table(path), path.name, at)


def sheet_of(table: Table, name: str, at: datetime) -> Sheet:
    """Raises UnreadableFile when the table is of neither format."""
    if shopify.recognises(table):
        return checked(shopify.read(table))
    if woocommerce.recognises(table):
        return checked(woocommerce.read(table, at))
    raise UnreadableFile(
        f"{name} is neither Shopify's product CSV (columns Handle, Title, Variant Price …) nor WooCommerce's"
        " (columns Type, SKU, Name, Regular price …, with English headers)."
    )
