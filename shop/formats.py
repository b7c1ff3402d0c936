"""How days and money are written, in pages and letters alike."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings

LOCALE = "en_GB"


def long_day(day: date | None) -> str:
    """A day with its month's name, such as "9 December 2026"; a missing day in words."""
    return format_date(day, "d MMMM y", locale=LOCALE) if day else "a day not known yet"


def short_day(day: date | None) -> str:
    """A day for narrow places, such as "9 Dec"."""
    return format_date(day, "d MMM", locale=LOCALE) if day else "no day yet"


def money(amount: Decimal, currency: str | None = None) -> str:
    return format_currency(amount, currency or settings.CURRENCY, locale=LOCALE)
