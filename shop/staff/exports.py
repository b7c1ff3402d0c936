"""Tables as files for a spreadsheet."""

from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from notifications.tables import csv_text


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file to download."""
    response = HttpResponse(csv_text(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
