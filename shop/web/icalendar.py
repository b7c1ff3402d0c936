"""Calendar files, as RFC 5545 and, for what is published, RFC 5546 want them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

_MOST_OCTETS = 75
_WITHOUT_CONTROLS = dict.fromkeys([*(code for code in range(32) if chr(code) not in "\t\n"), 127])
_ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


class Status(StrEnum):
    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Event:
    """Something on one day. A calendar that knows its `uid` takes it over when its `sequence` has grown."""

    uid: str
    sequence: int
    changed_at: datetime
    day: date
    title: str
    text: str
    address: str
    status: Status


def calendar_of(events: Iterable[Event], *, publisher: str, email: str, at: datetime) -> str:
    """A whole file. `publisher` and `email` say whose word the days are."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_plain(publisher)}//Orders//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for event in events:
        lines += _lines_of(event, publisher, email, at)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _lines_of(event: Event, publisher: str, email: str, at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_moment(at)}"
    yield f"LAST-MODIFIED:{_moment(event.changed_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f'ORGANIZER;CN="{_plain(publisher)}":mailto:{email}'
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"SUMMARY:{_escaped(event.title)}"
    yield f"DESCRIPTION:{_escaped(event.text)}"
    yield f"URL:{event.address}"
    yield f"STATUS:{event.status}"
    # It takes no time out of her day.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return text.translate(_WITHOUT_CONTROLS).translate(_ESCAPES)


def _plain(text: str) -> str:
    """What stands between quotation marks or slashes, where nothing can be escaped."""
    return text.translate(_WITHOUT_CONTROLS | {ord("\n"): " ", ord('"'): "'"})


def _folded(line: str) -> str:
    """No line is longer than 75 octets: it goes on after a line break and a space, and never amid a character."""
    folded, octets = [], 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            folded.append("\r\n ")
            octets = 1
        folded.append(character)
        octets += size
    return "".join(folded)
