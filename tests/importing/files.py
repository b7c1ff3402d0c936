"""Small catalogues for the tests: a table with the columns that a test speaks of, and nothing else."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from shop.importing import shopify, woocommerce
from shop.importing.checks import checked
from shop.importing.rows import Sheet
from shop.importing.table import parse_table
from tests.cast import NOON

SAMPLES = Path(__file__).parent.parent / "files"


def text(rows: Sequence[dict[str, str]], delimiter: str = ",") -> str:
    """CSV of these rows; the columns are all their keys, in the order in which they first stand there."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def goods(handle: str = "mug", title: str = "Mug", price: str = "24.00", **columns: str) -> dict[str, str]:
    """A row of a Shopify file; `Variant_SKU` stands for the column “Variant SKU”."""
    named = {key.replace("_", " "): value for key, value in columns.items()}
    return {"Handle": handle, "Title": title, "Variant Price": price, "Variant SKU": ""} | named


def woo(sku: str = "HOOK", name: str = "Hook", price: str = "18", **columns: str) -> dict[str, str]:
    """A row of a WooCommerce file; `In_stock` stands for “In stock?”."""
    questions = {"In stock": "In stock?", "Backorders allowed": "Backorders allowed?", "Is featured": "Is featured?"}
    named = {key.replace("_", " "): value for key, value in columns.items()}
    named = {questions.get(key, key): value for key, value in named.items()}
    return {"ID": "", "Type": "simple", "SKU": sku, "Name": name, "Published": "1", "Regular price": price} | named


def read_shopify(*rows: dict[str, str]) -> Sheet:
    return checked(shopify.read(parse_table(text(rows).encode())))


def read_woo(*rows: dict[str, str]) -> Sheet:
    return checked(woocommerce.read(parse_table(text(rows).encode()), NOON))


def reasons(sheet: Sheet) -> list[str]:
    return [str(problem) for problem in sorted(sheet.problems)]


def run_import(folder: Path, *rows: dict[str, str], **options: bool) -> str:
    """Import a Shopify file of these rows, as the command does; what it says."""
    file = folder / "catalog.csv"
    file.write_text(text(rows), encoding="utf-8")
    return run(file, **options)


def run(file: Path, **options: bool) -> str:
    said = StringIO()
    call_command("import_catalog", str(file), **({"no_pictures": True} | options), stdout=said)
    return said.getvalue()
