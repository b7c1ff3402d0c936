"""How days and money are written, in pages and letters alike."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from django.conf import settings
from django.utils import timezone

LOCALE = "en_GB"


# A letter to each of thousands says the same few days.
@lru_cache(1000)
def long_day(day: date | None) -> str:
    """A day with its month's name, such as "9 December 2026"; a missing day in words."""
    return format_date(day, "d MMMM y", locale=LOCALE) if day else "a day not known yet"


def short_day(day: date | None) -> str:
    """A day for narrow places, such as "9 Dec"."""
    return format_date(day, "d MMM", locale=LOCALE) if day else "no day yet"


def near_day(day: date, today: date) -> str:
    """A day in the next weeks as one says it: "today", "tomorrow", "on Monday 23 November"."""
    words = {today: "today", today + timedelta(days=1): "tomorrow"}
    return words.get(day) or format_date(day, "'on' EEEE d MMMM", locale=LOCALE)


def long_moment(moment: datetime) -> str:
    """A moment in the shop's time, such as "9 December 2026 at 17:30 CET"."""
    return format_datetime(timezone.localtime(moment), "d MMMM y 'at' HH:mm z", locale=LOCALE)


def span(length: timedelta) -> str:
    """A stretch of whole hours in words: "7 days", "36 hours"; a single day is "24 hours"."""
    hours = round(length.total_seconds() / 3600)
    if hours >= 48 and not hours % 24:
        return f"{hours // 24} days"
    return f"{hours} {'hour' if hours == 1 else 'hours'}"


def money(amount: Decimal, currency: str | None = None) -> str:
    return _money(amount, currency or settings.CURRENCY)


@lru_cache(1000)
def _money(amount: Decimal, currency: str) -> str:
    return format_currency(amount, currency, locale=LOCALE)


def count(number: int, one: str, many: str = "") -> str:
    """A number of things, such as "1 unit" and "1,010 units"; `many` where it is not an s that tells them apart."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
