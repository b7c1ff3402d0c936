"""Tables as files for a spreadsheet."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from notifications.tables import csv_text, neutral

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file to download."""
    return _file(f"{name}.csv", "text/csv; charset=utf-8", csv_text(columns, rows))


def as_workbook(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The same as XLSX."""
    book, file = Workbook(write_only=True), BytesIO()
    sheet = book.create_sheet(name)
    sheet.append(columns)
    for row in rows:
        sheet.append([neutral(_without_controls(cell)) for cell in row])
    book.save(file)
    return _file(f"{name}.xlsx", _WORKBOOK, file.getvalue())


def _without_controls(cell: object) -> object:
    """A workbook has no room for the letters that no keyboard types."""
    return ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell


def _file(name: str, content_type: str, content: str | bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
