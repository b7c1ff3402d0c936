"""Tables as people have them: CSV files with any column order, byte-order mark, CRLF, semicolons or tabs, blank lines;
and the first sheet of a workbook."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from notifications.tables import as_meant
from shop.importing.rows import Problem

_DELIMITERS = ",;\t"
_LONGEST_CELL = 5_000_000
# The header among them. More take longer than a browser waits for its answer.
MOST_ROWS = 3_000
_TOO_MANY_ROWS = f"The file has more than {MOST_ROWS:,} rows. Divide it into smaller ones."
_MOST_COLUMNS = 500
_TOO_MANY_COLUMNS = f"The file has more than {_MOST_COLUMNS} columns. Save only the list and try again."
_MOST_UNPACKED = 50_000_000
_WORKBOOK = b"PK\x03\x04"


class UnreadableFile(Exception):
    """The sentence says why the file is no table, and how to save it so that it is."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row. Cells are asked for by any of a column's names; `line` is where the row begins in the file."""

    line: int
    cells: dict[str, str]

    def has(self, *names: str) -> bool:
        return any(name in self.cells for name in names)

    def text(self, *names: str) -> str:
        """The first of these columns that the file has; empty when it has none of them."""
        return next((self.cells[name] for name in names if name in self.cells), "")


@dataclass(slots=True)
class Table:
    columns: dict[str, str]
    records: list[Record]
    problems: list[Problem] = field(default_factory=list)

    def label(self, *names: str) -> str:
        """A column as the file spells it."""
        return next((self.columns[name] for name in names if name in self.columns), names[0])

    def has(self, *names: str) -> bool:
        return any(name in self.columns for name in names)

    def require(self, *columns: tuple[str, ...]) -> None:
        """Raises UnreadableFile unless it has these columns, by any of their names, and rows under them."""
        needed = ", ".join(names[0] for names in columns)
        for names in columns:
            if not self.has(*names):
                raise UnreadableFile(f"The file has no column “{names[0]}”. The columns it needs: {needed}.")
        if not self.records and not self.problems:
            raise UnreadableFile("The file has a header and no rows under it.")


def normalised(header: str) -> str:
    """A column's name as it is looked up: small letters, single spaces, no underscores."""
    return " ".join(header.replace("_", " ").casefold().split())


def read_table(path: Path) -> Table:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error
    return parse_table(content)


def parse_upload(content: bytes) -> Table:
    """A CSV file or a workbook that somebody waits for in a browser: of at most so many rows. Raises UnreadableFile."""
    return parse_workbook(content) if content.startswith(_WORKBOOK) else parse_table(content, most_rows=MOST_ROWS)


def parse_table(content: bytes, *, most_rows: int | None = None) -> Table:
    """Raises UnreadableFile when there is no table; rows that are broken become problems of the table."""
    text = _decoded(content)
    csv.field_size_limit(_LONGEST_CELL)
    return _table(_rows(text, _delimiter(text)), most_rows)


def parse_workbook(content: bytes) -> Table:
    """The sheet of an XLSX file that was open when it was saved. Raises UnreadableFile when there is no table."""
    try:
        _refuse_bomb(content)
        rows = _sheet(content)
    except UnreadableFile:
        raise
    except Exception as error:
        # The library lets through whatever its parsers raise.
        raise UnreadableFile(
            "The file is no workbook that can be read. Save it as “CSV UTF-8” and try again."
        ) from error
    return _table((line, row) for line, row in enumerate(rows, 1) if any(row))


def _sheet(content: bytes) -> list[list[str]]:
    """The cells as they were shown when the workbook was saved: of a formula, what it came to."""
    shown, typed = (_cells(content, data_only=data_only) for data_only in (True, False))
    rows: list[list[str]] = []
    for line, (values, written) in enumerate(zip(shown, typed, strict=True), 1):
        if line > MOST_ROWS + 1:
            raise UnreadableFile(_TOO_MANY_ROWS)
        if any(value is None and cell is not None for value, cell in zip(values, written, strict=True)):
            raise UnreadableFile(
                f"Line {line} has a formula that nobody has calculated. Paste the list as values and try again."
            )
        rows.append([_as_text(value) for value in values])
    return rows


def _cells(content: bytes, *, data_only: bool) -> Iterator[tuple[object, ...]]:
    sheet: Any = load_workbook(BytesIO(content), read_only=True, data_only=data_only).active
    if sheet.max_column is None:
        sheet.calculate_dimension(force=True)
    # A cell far out makes every row that wide.
    if (sheet.max_column or 0) > _MOST_COLUMNS:
        raise UnreadableFile(_TOO_MANY_COLUMNS)
    return islice(sheet.iter_rows(values_only=True), MOST_ROWS + 2)


def _refuse_bomb(content: bytes) -> None:
    with ZipFile(BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED:
            raise UnreadableFile("The workbook is too large. Save only the list, as “CSV UTF-8”, and try again.")


def _as_text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _table(rows: Iterator[tuple[int, list[str] | str]], most_rows: int | None = None) -> Table:
    try:
        header_line, header = next(rows)
    except StopIteration:
        raise UnreadableFile("The file is empty: it has not even a header.") from None
    if isinstance(header, str):
        raise UnreadableFile(f"The header on line {header_line} cannot be read: {header}")
    if len(header) > _MOST_COLUMNS:
        raise UnreadableFile(_TOO_MANY_COLUMNS)
    columns = _columns(header)
    table = Table({name: header[index].strip() for name, index in columns.items()}, [])
    for line, cells in rows:
        if isinstance(cells, str):
            table.problems.append(Problem(line, "", cells))
        elif any(cell.strip() for cell in cells[len(header) :]):
            table.problems.append(
                Problem(line, "", f"{len(cells)} cells under {len(header)} columns. Put cells with commas into quotes.")
            )
        elif any(cell.strip() for cell in cells):
            found = {name: as_meant(cells[i].strip()) if i < len(cells) else "" for name, i in columns.items()}
            table.records.append(Record(line, found))
        if most_rows is not None and len(table.records) + len(table.problems) > most_rows:
            raise UnreadableFile(_TOO_MANY_ROWS)
    return table


def _decoded(content: bytes) -> str:
    advice = "Save it as “CSV UTF-8” and try again."
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(f"The file is a spreadsheet, not a CSV file. {advice}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile(f"The file is UTF-16, not UTF-8. {advice}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            f"The file is not UTF-8: line {line} has a letter of another encoding. {advice}"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(f"Line {line} has a NUL byte, so this is not a text file. {advice}")
    return text


def _delimiter(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", next((line for line in text.splitlines() if line.strip()), ""))
    return max(_DELIMITERS, key=header.count)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Rows with the line they begin on; a broken one comes as the sentence that says what is wrong with it."""
    # newline="" keeps the line ends inside quotes, so that line_num counts the lines that an editor shows.
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _what_is_wrong(str(error))
        else:
            if row:
                yield line, row


def _what_is_wrong(error: str) -> str:
    if "end of data" in error:
        return "a quote is opened and never closed."
    if "field larger" in error:
        return "a cell is longer than five million letters; perhaps a quote is never closed."
    return "quotes are broken. Write a quote inside a quoted cell twice."


def _columns(header: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, name in enumerate(header):
        if name.strip():
            columns.setdefault(normalised(name), index)
    return columns
