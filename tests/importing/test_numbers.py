from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.importing.numbers import NotADay, NotANumber, day, grams, money, units


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(("0", "0.00"), ("12", "12.00"), ("12.5", "12.50"), (".5", "0.50"), ("19.9900", "19.99")),
        *(("12,50", "12.50"), ("12,5", "12.50"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50")),
        *(("1,234,567.89", "1234567.89"), ("99999999.99", "99999999.99")),
    ],
)
def test_clear_prices_are_read(text: str, amount: str) -> None:
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,234", "“1,234” can be read in two ways. Write 1234, or a point for decimals."),
        ("12.345", "“12.345” has more than two decimals. Round it to cents."),
        ("-5", "“-5” is negative. Write 0 or more."),
        ("€ 12", "“€ 12” is not a number. Write it like 12.50, without a currency."),
        ("1e3", "“1e3” is not a number. Write it like 12.50, without a currency."),
        ("NaN", "“NaN” is not a number. Write it like 12.50, without a currency."),
        ("١٢", "“١٢” is not a number. Write it like 12.50, without a currency."),
        ("100000000", "“100000000” is more than 99999999.99, the highest price."),
        ("9" * 5000, f"“{'9' * 39}…” is more than 99999999.99, the highest price."),
    ],
)
def test_other_prices_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(NotANumber) as refusal:
        money(text)
    assert str(refusal.value) == sentence


@given(st.text(max_size=30) | st.text("0123456789.,-", max_size=12))
def test_no_text_makes_the_readers_fail_otherwise(text: str) -> None:
    for read in (money, units):
        with suppress(NotANumber):
            assert read(text) is not None


def test_units_are_whole_and_may_be_negative() -> None:
    assert [units(text) for text in ("7", "-2", "3.0", "007")] == [7, -2, 3, 7]
    for text in ("1.5", "many", "1 000", "9" * 400):
        with pytest.raises(NotANumber):
            units(text)


def test_weights_become_grams() -> None:
    assert [grams("1", unit) for unit in ("g", "kg", "lb", "lbs", "oz")] == [1, 1000, 454, 454, 28]
    assert grams("0,345", "kg") == 345


@pytest.mark.parametrize("text", ["2026-12-09", "2026-12-9", "2026-12-09 00:00:00", "2026-12-09T08:30", "9.12.2026"])
def test_days_are_read_as_people_and_workbooks_write_them(text: str) -> None:
    assert day(text) == date(2026, 12, 9)


@pytest.mark.parametrize("text", ["09/12/2026", "2026-13-01", "31.2.2026", "9.12.26", "soon"])
def test_what_may_be_another_day_is_refused(text: str) -> None:
    with pytest.raises(NotADay, match=r"is not a day\. Write it like 2026-12-09\."):
        day(text)
