"""Everything that happened to an order, as the desk sees it: the customer's record, and what staff did beside it."""

from collections.abc import Iterator

from django.utils.text import Truncator

from shop.models import Order, SentAgain
from shop.records import Entry, record_of
from shop.staff.notes import notes_of


def timeline_of(order: Order) -> list[Entry]:
    """Newest first."""
    happened = [*record_of(order, for_staff=True), *_noted(order), *_sent_again(order)]
    return sorted(happened, key=lambda entry: entry.at)[::-1]


def _noted(order: Order) -> Iterator[Entry]:
    for note in reversed(notes_of(order)):
        yield Entry(note.at, f"{note.actor} wrote a note", (Truncator(note.text).chars(200),))


def _sent_again(order: Order) -> Iterator[Entry]:
    rows = SentAgain.objects.filter(letter__thread=order.number).select_related("letter").order_by("id")
    for row in rows:
        name = row.letter.subject or row.letter.template.replace("_", " ")
        yield Entry(row.at, f"{row.actor} sent the mail “{name}” again")
