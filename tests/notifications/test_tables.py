"""Cells that a spreadsheet must not calculate, and how they come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.tables import as_meant, csv_text, neutral

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "=HYPERLINK(1)"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_goes_out_as_text(text: str) -> None:
    assert neutral(text) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert csv_text(["a", "b"], [(-1, None)]) == "\ufeffa,b\r\n-1,\r\n"


@given(st.text("'=+-@\t\r\0 ,a1"))
def test_every_text_comes_back_as_it_went_out(text: str) -> None:
    assert as_meant(str(neutral(text))) == text
    assert not str(neutral(text)).startswith(tuple("=+-@\t\r\0"))
