import pytest

from shop.importing.table import UnreadableFile, parse_table

ROWS = [{"sku": "A", "name": "one"}, {"sku": "B", "name": "two"}]


@pytest.mark.parametrize(
    "content",
    [
        b"SKU,Name\nA,one\nB,two\n",
        b"\xef\xbb\xbfSKU,Name\r\nA,one\r\nB,two\r\n",
        b"SKU;Name\nA;one\nB;two",
        b"SKU\tName\nA\tone\nB\ttwo\n",
        b"\n\nsku , NAME,\nA, one \n\n,,\nB,two,\n",
        b'"SKU","Name"\r"A","one"\r"B","two"\r',
    ],
    ids=["plain", "mark and CRLF", "semicolons", "tabs", "blank lines and spaces", "old Mac"],
)
def test_tables_are_read_however_they_were_saved(content: bytes) -> None:
    assert [record.cells for record in parse_table(content).records] == ROWS


def test_lines_are_those_an_editor_shows_also_after_a_quoted_newline() -> None:
    table = parse_table(b'SKU,Name\r\nA,"two\r\nlines"\r\n\r\nB,"say ""hi"""\r\n')
    assert [(record.line, record.text("name")) for record in table.records] == [(2, "two\r\nlines"), (5, 'say "hi"')]


def test_broken_rows_are_named_all_at_once_and_the_others_are_read() -> None:
    table = parse_table(b'SKU,Name\nA,one,more\n"B"x,two\nC,three\nD,"four\n')
    assert [str(problem) for problem in table.problems] == [
        "line 2: 3 cells under 2 columns. Put cells with commas into quotes.",
        "line 3: quotes are broken. Write a quote inside a quoted cell twice.",
        "line 5: a quote is opened and never closed.",
    ]
    assert [record.text("sku") for record in table.records] == ["C"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty: it has not even a header."),
        (b"PK\x03\x04...", "The file is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” and try again."),
        ("SKU".encode("utf-16"), "The file is UTF-16, not UTF-8. Save it as “CSV UTF-8” and try again."),
        (
            "SKU\nplain\nStück".encode("latin-1"),
            "The file is not UTF-8: line 3 has a letter of another encoding. Save it as “CSV UTF-8” and try again.",
        ),
        (b"SKU\nA\0", "Line 2 has a NUL byte, so this is not a text file. Save it as “CSV UTF-8” and try again."),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        parse_table(content)
    assert str(refusal.value) == sentence
