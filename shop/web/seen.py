"""What a visitor's cart said when she last looked, so that the cart can say what changed since."""

from datetime import date
from decimal import Decimal

from django.http import HttpRequest

from shop.carts import Contents, LineQuote
from shop.formats import long_day, money

_SEEN = "cart_seen"
_NOW, _NEVER = "now", "never"


def changes(request: HttpRequest, contents: Contents) -> dict[int, str]:
    """Sentences by line id for lines whose day or price is not what she saw; then remembers what she sees."""
    before: dict[str, list[str]] = request.session.get(_SEEN, {})
    now = {str(line.line.pk): [str(line.quantity), _day(line), str(line.unit_price)] for line in contents.lines}
    if now != before:
        request.session[_SEEN] = now
    return {
        line.line.pk: sentence
        for line in contents.lines
        if (old := before.get(key := str(line.line.pk))) and (sentence := _difference(old, now[key]))
    }


def _difference(old: list[str], new: list[str]) -> str:
    """A quantity that she changed herself explains another day; a price it does not."""
    words = []
    if old[0] == new[0] and old[1] != new[1]:
        words.append(_was(old[1]))
    if old[2] != new[2]:
        words.append(f"it cost {money(Decimal(old[2]))}")
    return f"Changed since you looked: {' and '.join(words)}." if words else ""


def _was(day: str) -> str:
    if day == _NEVER:
        return "not all of it could be promised"
    return (
        "all of it was to ship now"
        if day == _NOW
        else f"the last of it was to ship by {long_day(date.fromisoformat(day))}"
    )


def _day(line: LineQuote) -> str:
    """The day of the line's last unit."""
    last = line.portions[-1] if line.portions and not line.missing else None
    if last is None or (not last.now and last.ships_on is None):
        return _NEVER
    return _NOW if last.now else last.by.isoformat()
