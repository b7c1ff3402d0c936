"""What becomes of each row of a file: the same for every sort of file, before it is done and after."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Model

from shop.settling import Foreseen


@dataclass(frozen=True, slots=True)
class Change:
    """What stands in a column until now, and what from now on."""

    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, by the line that it begins on. One that is not new and changes nothing stays as it is."""

    line: int
    what: str
    is_new: bool = False
    changes: tuple[Change, ...] = ()

    @property
    def stays(self) -> bool:
        return not (self.is_new or self.changes)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a whole file does: row by row, in sentences, and to those who wait.

    `written` is what it makes or changes, for the history.
    """

    rows: tuple[Row, ...]
    sentences: tuple[str, ...] = ()
    foreseen: Foreseen | None = None
    written: tuple[Model, ...] = ()


def in_words(value: object) -> str:
    """A cell as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[Change, ...]:
    """By column, what is different from what stood there; of a new row, everything that it says."""
    told = {column: (in_words(old.get(column)), in_words(value)) for column, value in new.items()}
    return tuple(Change(column, *values) for column, values in told.items() if values[0] != values[1])
