"""Files are told apart by their headers."""

from datetime import datetime
from pathlib import Path

from shop.importing import shopify, woocommerce
from shop.importing.checks import checked
from shop.importing.rows import Sheet
from shop.importing.table import UnreadableFile, read_table


def read_sheet(path: Path, at: datetime) -> Sheet:
    """Raises UnreadableFile when the file is no table or of neither format."""
    table = read_table(path)
    if shopify.recognises(table):
        return checked(shopify.read(table))
    if woocommerce.recognises(table):
        return checked(woocommerce.read(table, at))
    raise UnreadableFile(
        f"{path.name} is neither Shopify's product CSV (columns Handle, Title, Variant Price …) nor WooCommerce's"
        " (columns Type, SKU, Name, Regular price …, with English headers)."
    )
