"""How the desk says whether a supplier kept its days."""

from collections.abc import Iterable
from datetime import date

from inventory.lateness import DaysOfLine, Record
from shop.formats import count


def rows(lines: Iterable[DaysOfLine], today: date) -> list[tuple[DaysOfLine, str, bool]]:
    """Each line with its lateness in words, and whether that is bad."""
    return [(line, _in_words(line, today), (line.days_late(today) or 0) > 0) for line in lines]


def in_short(record: Record) -> str:
    if not record.lines:
        return "Nothing has come yet, and nothing is late."
    if record.median_days is None:
        return f"{count(record.lines, 'line came', 'lines came')}, none of them late."
    late = count(record.late, "line came late or is late", "lines came late or are late")
    days = f"{record.median_days:g} {'day' if record.median_days == 1 else 'days'}"
    return f"{late}, of {record.lines} ({record.late / record.lines:.0%}); by {days} in the median."


def _in_words(line: DaysOfLine, today: date) -> str:
    days = line.days_late(today)
    if days is None:
        return "–"
    if not days:
        return "on its day"
    words = f"{count(abs(days), 'day', 'days')} {'late' if days > 0 else 'early'}"
    return words if line.complete_on else f"{words} so far"
