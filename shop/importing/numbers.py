"""Numbers and days as people and their spreadsheets write them. What could be read in two ways is refused."""

import re
from datetime import date
from decimal import Decimal

MOST_UNITS = 1_000_000_000
MOST_MONEY = Decimal("99999999.99")

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")
_POINT_AFTER_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]+")
_COMMA_AFTER_THOUSANDS = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]+")
_COMMA_FOR_POINT = re.compile(r"[0-9]+,([0-9]{1,2}|[0-9]{4,})|0,[0-9]+")
# What a workbook adds to a day is a time of day.
_DAY = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})([ T].*)?")
_GERMAN_DAY = re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})")
_WHOLE = re.compile(r"(-?[0-9]+)([.,]0+)?")

GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}


class NotANumber(ValueError):
    """The sentence says what is wrong with the cell and how to write it."""


class NotADay(ValueError):
    """The same of a day."""


def decimal(text: str) -> Decimal:
    """A number that is not negative: “1234.5”, “1,234.50”, “1.234,50” and “12,5” are clear, “1,234” is not."""
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _POINT_AFTER_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if _COMMA_AFTER_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _COMMA_FOR_POINT.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+", text):
        raise NotANumber(f"“{text}” can be read in two ways. Write {text.replace(',', '')}, or a point for decimals.")
    if re.fullmatch(r"-[0-9.,]+", text):
        raise NotANumber(f"“{text}” is negative. Write 0 or more.")
    raise NotANumber(f"“{shortened(text)}” is not a number. Write it like 12.50, without a currency.")


def money(text: str) -> Decimal:
    amount = decimal(text)
    if amount > MOST_MONEY:
        raise NotANumber(f"“{shortened(text)}” is more than {MOST_MONEY}, the highest price.")
    if amount != round(amount, 2):
        raise NotANumber(f"“{shortened(text)}” has more than two decimals. Round it to cents.")
    return round(amount, 2)


def units(text: str) -> int:
    """A whole number, which may be negative. Spreadsheets write “3.0” for 3."""
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise NotANumber(f"“{shortened(text)}” is not a whole number. Write it like 12.")
    # Longer digits are refused before they are read: reading them takes the square of their length.
    if len(match[1]) > 12 or abs(int(match[1])) > MOST_UNITS:
        raise NotANumber(f"“{shortened(text)}” is more than a thousand million units.")
    return int(match[1])


def grams(text: str, unit: str) -> int:
    weight = decimal(text) * GRAMS[unit]
    if weight > MOST_UNITS:
        raise NotANumber(f"“{shortened(text)}” is heavier than a thousand tons.")
    return round(weight)


def day(text: str) -> date:
    """“2026-12-09” and “9.12.2026” are clear; “09/12/2026” is another day on the other side of an ocean."""
    match = _DAY.fullmatch(text) or _GERMAN_DAY.fullmatch(text)
    try:
        if match:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        pass
    raise NotADay(f"“{shortened(text)}” is not a day. Write it like 2026-12-09.")


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
