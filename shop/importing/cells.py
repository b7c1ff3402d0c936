"""The cells of one row, read one by one. A bad cell becomes a Problem and an empty value, so that reading goes on."""

import html
import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from django.utils.html import linebreaks

from shop.html import clean
from shop.importing import numbers
from shop.importing.rows import Problem
from shop.importing.table import Record, Table

_YES = {"1", "true", "yes", "y", "t"}
_NO = {"0", "-1", "false", "no", "n", "f"}
_BLOCK = re.compile(r"<(p|div|ul|ol|table|h[1-6]|br|blockquote|section|article)\b", re.IGNORECASE)


class Cells:
    """Reads a record; what is wrong is added to `problems`, and `bad` tells that something was."""

    def __init__(self, table: Table, record: Record, problems: list[Problem]) -> None:
        self.line = record.line
        self._table, self._record, self._problems = table, record, problems
        self.bad = False

    def has(self, *names: str) -> bool:
        return self._record.has(*names)

    def raw(self, *names: str) -> str:
        return self._record.text(*names)

    def column(self, pattern: re.Pattern[str]) -> str | None:
        """The first column whose whole name fits."""
        return next((name for name in self._record.cells if pattern.fullmatch(name)), None)

    def refuse(self, reason: str, *names: str) -> None:
        self.bad = True
        self._problems.append(Problem(self.line, self._table.label(*names) if names else "", reason))

    def text(self, *names: str, most: int) -> str:
        """One line of text of at most so many letters."""
        value = " ".join(self.raw(*names).split())
        if len(value) > most:
            self.refuse(f"has {len(value)} letters. Shorten it to {most}.", *names)
            return ""
        return value

    def money(self, *names: str) -> Decimal | None:
        return self._read(numbers.money, *names)

    def units(self, *names: str) -> int | None:
        return self._read(numbers.units, *names)

    def day(self, *names: str) -> date | None:
        return self._read(numbers.day, *names)

    def grams(self, unit: str, *names: str) -> int | None:
        known = unit.casefold().strip()
        if not self.raw(*names):
            return 0
        if known not in numbers.GRAMS:
            self.refuse(f"“{numbers.shortened(unit)}” is not a unit of weight. Use kg, g, lb or oz.", *names)
            return None
        return self._read(lambda text: numbers.grams(text, known), *names)

    def yes(self, *names: str, blank: bool) -> bool:
        return self.choice(dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False), *names, blank=blank)

    def choice[T](self, words: dict[str, T], *names: str, blank: T) -> T:
        value = self.raw(*names).casefold()
        if not value:
            return blank
        if value not in words:
            self.refuse(f"“{numbers.shortened(value)}” is not one of {', '.join(sorted(words))}.", *names)
            return blank
        return words[value]

    def _read[T](self, read: Callable[[str], T], *names: str) -> T | None:
        value = self.raw(*names)
        if not value:
            return None
        try:
            return read(value)
        except (numbers.NotANumber, numbers.NotADay) as error:
            self.refuse(str(error), *names)
            return None


def description(text: str) -> str:
    """HTML from the allow-list; plain text gets its paragraphs."""
    if text and not _BLOCK.search(text):
        text = linebreaks(text, autoescape=False)
    return clean(text)


def plain(text: str) -> str:
    """A name that may have been written as HTML: “Pots &amp; Pans”."""
    return html.unescape(text)


def words(text: str) -> list[str]:
    """A list divided by commas; a comma inside a word is written “\\,”."""
    parts = (part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", text))
    return list(dict.fromkeys(part for part in parts if part))


def listed(parts: Iterable[str]) -> str:
    """The list that `words` reads."""
    return ", ".join(part.replace(",", "\\,") for part in parts)
