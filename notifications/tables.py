"""Tables as CSV files that spreadsheets open: in a letter, or to download."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

# A spreadsheet takes a cell that begins so for a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\0")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole file, with the mark by which spreadsheets know that it is UTF-8."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([neutral("" if cell is None else cell) for cell in row] for row in rows)
    return f"\ufeff{file.getvalue()}"


def neutral(cell: object) -> object:
    """Text that a spreadsheet would calculate is only text behind an apostrophe; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(_FORMULAS) else cell


def as_meant(text: str) -> str:
    """What stood in a cell before it was neutral: every text comes back from a file as it went in."""
    return text[1:] if text.startswith("'") and neutral(text) != text else text
