"""How the pages of the shop write days, money and shares: the filters of their templates."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from backorders.plan import Portion
from shop import formats, wording
from shop.carts import Parcel
from shop.html import clean


def safe_html(value: str) -> SafeString:
    """HTML of a description, cleaned once more: a row may have been written past the forms."""
    return mark_safe(clean(value or ""))  # the allow-list is what makes it safe


def own_html(value: str) -> SafeString:
    """HTML that the house wrote itself, cleaned once more."""
    return mark_safe(clean(value or "", own=True))  # the allow-list is what makes it safe


def money(amount: Decimal | None, currency: str | None = None) -> str:
    return "" if amount is None else formats.money(amount, currency)


def day(value: date | datetime | None) -> str:
    """A day for people and machines: "9 December 2026" inside a `<time>`."""
    return _time(value, formats.long_day)


def short_day(value: date | datetime | None) -> str:
    """A day for narrow places: "9 Dec" inside a `<time>`."""
    return _time(value, formats.short_day)


def moment(value: datetime) -> str:
    """A moment for people and machines: "9 December 2026 at 17:30 CET" inside a `<time>`."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), formats.long_moment(value))


def until(deadline: datetime) -> str:
    """The last day before a deadline, which is the midnight after it: "8 January 2027" inside a `<time>`."""
    return format_html('<time datetime="{}">{}</time>', deadline.isoformat(timespec="seconds"), wording.until(deadline))


def near_day(value: date, today: date) -> str:
    """A day in the next weeks, seen from today: "tomorrow" or "on Monday 23 November" inside a `<time>`."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.near_day(value, today))


def when(portion: Portion | Parcel, today: date | None = None) -> str:
    """The day of a portion or a parcel: "by 9 December 2026 (estimated)"; from the shelf "now", or "on Monday 23
    November" where the page says what day it is today."""
    if portion.now:
        return near_day(portion.ships_on, today) if portion.ships_on and today else "now"
    return format_html("by {}{}", day(portion.ships_on), "" if portion.confirmed else " (estimated)")


def ships(portion: Portion, today: date | None = None) -> str:
    """What follows a portion's number of units: "ships now", "ship by 9 December 2026 (estimated)"."""
    if not portion.now and portion.ships_on is None:
        return "waiting, and no day can be given yet"
    return format_html("{} {}", "ships" if portion.quantity == 1 else "ship", when(portion, today))


def share(part: float | None) -> str:
    """A share as people say it, such as "98%"; never rounded up to all, nor down to nothing."""
    if part is None:
        return "none yet"
    whole = round(part * 100)
    if whole == 100 and part < 1:
        return "over 99%"
    return "under 1%" if whole == 0 and part > 0 else f"{whole}%"


def _time(value: date | datetime | None, write: Callable[[date | None], str]) -> str:
    if isinstance(value, datetime):
        value = timezone.localdate(value)
    if value is None:
        return write(None)
    # Where it has to be broken, the number stays with its month.
    words = write(value).replace(" ", "\N{NO-BREAK SPACE}", 1)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)
