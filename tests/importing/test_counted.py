"""Lists of goods that were counted: pasted, as a CSV file, as a workbook."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from shop.importing.counted import Counted, read_file, read_pasted, read_scanned
from shop.importing.rows import BadRows
from shop.importing.table import UnreadableFile
from tests.cast import stock

pytestmark = pytest.mark.django_db


def workbook(*rows: tuple[object, ...]) -> bytes:
    book, file = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def units(counted: list[Counted]) -> dict[str, int]:
    return {goods.sku: goods.units for goods in counted}


@pytest.mark.parametrize(
    "text",
    [
        "KETTLE 2\nMUG A 3",
        "KETTLE\t2\r\nMUG A\t3\r\n",
        "SKU;Quantity\nkettle;2\nmug a;3",
        "sku quantity\nKETTLE,2\n\nMUG A , 3\n",
        "KETTLE x 2\nMUG A: 3.0",
        "KETTLE|2\nMUG A = 3",
    ],
)
def test_pasted_lines_are_read_with_any_usual_separator(text: str) -> None:
    stock("KETTLE"), stock("MUG A")

    assert units(read_pasted(text)) == {"KETTLE": 2, "MUG A": 3}


def test_a_sku_alone_is_one_unit() -> None:
    stock("KETTLE-3")

    assert [goods.units for goods in read_pasted("KETTLE-3\nkettle-3")] == [1, 1]


def test_all_bad_lines_are_named_and_nothing_is_read() -> None:
    stock("KETTLE")

    with pytest.raises(BadRows) as refusal:
        read_pasted("KETTLE 2\nTEAPOT 1\nKETTLE -2\nKETTLE 1,234\nKETTLE 1.5")

    assert [str(problem) for problem in refusal.value.problems] == [
        "line 2, SKU: “TEAPOT” is not known. Check the SKU, or enter the goods first.",
        "line 3, Quantity: “-2” units cannot arrive. Write 1 or more.",
        "line 4, Quantity: “1,234” is not a whole number. Write it like 12.",
        "line 5, Quantity: “1.5” is not a whole number. Write it like 12.",
    ]


def test_a_scanned_sku_is_one_unit_or_refused() -> None:
    item = stock("KETTLE")

    assert read_scanned("kettle") == Counted(item.pk, "KETTLE", 1)
    with pytest.raises(BadRows):
        read_scanned("TEAPOT")


@pytest.mark.parametrize(
    "content",
    [
        b"SKU,Quantity\nKETTLE,2\n",
        b"\xef\xbb\xbfqty;article\r\n2;kettle\r\n",
        workbook(("Quantity", "Item", "Remark"), (2, "KETTLE", None), (None, None, None)),
        workbook((None, None), ("SKU", "Units"), ("kettle", 2.0)),
    ],
)
def test_files_are_read_however_they_were_saved(content: bytes) -> None:
    stock("KETTLE")

    assert units(read_file(content)) == {"KETTLE": 2}


def test_a_number_that_is_a_sku_stays_one() -> None:
    stock("4711")

    assert units(read_file(workbook(("SKU", "Quantity"), (4711, 2)))) == {"4711": 2}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"SKU,Name\nA,one\n", "no column “quantity”"),
        (b"SKU,Quantity\n", "no rows"),
        (b"PK\x03\x04 and no more", "no workbook that can be read"),
        (workbook(), "The file is empty"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read_file(content)


def test_a_workbook_that_unpacks_without_end_is_refused() -> None:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)

    with pytest.raises(UnreadableFile, match="too large"):
        read_file(file.getvalue())


def test_a_sheet_without_end_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="more than 3,000 rows"):
        read_file(workbook(*[("SKU", "Quantity")] * 3_002))
    with pytest.raises(UnreadableFile, match="more than 3,000 rows"):
        read_file(b"SKU,Quantity\n" + b"A,1\n" * 3_001)


def test_a_table_of_endless_columns_is_refused() -> None:
    names = ",".join(f"column {number}" for number in range(500))
    with pytest.raises(UnreadableFile, match="more than 500 columns"):
        read_file(f"SKU,{names}\nA\n".encode())
