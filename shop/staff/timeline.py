"""Everything that happened to an order, as the desk sees it: the customer's record, and what staff did beside it."""

from collections.abc import Iterator

from django.utils.text import Truncator

from shop.dossiers import Dossier
from shop.records import Entry, record_of


def timeline_of(dossier: Dossier) -> list[Entry]:
    """Newest first."""
    happened = [*record_of(dossier, for_staff=True), *_noted(dossier), *_sent_again(dossier)]
    return sorted(happened, key=lambda entry: entry.at)[::-1]


def _noted(dossier: Dossier) -> Iterator[Entry]:
    for note in dossier.notes:
        yield Entry(note.at, f"{note.actor} wrote a note", (Truncator(note.text).chars(200),))


def _sent_again(dossier: Dossier) -> Iterator[Entry]:
    for letter in dossier.letters:
        name = letter.subject or letter.template.replace("_", " ")
        for row in letter.sent_again.all():
            yield Entry(row.at, f"{row.actor} sent the mail “{name}” again")
