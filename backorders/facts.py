"""What happened in a queue. Frozen, in the past tense; `shop` turns facts into order changes and letters."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from backorders.plan import Portion, after, is_worse

# Thousands were told the same, and their day moves alike: each case is judged once.
_is_worse = lru_cache(1000)(is_worse)


@dataclass(frozen=True, slots=True)
class Joined:
    """A claim took its place and these portions were promised; those that are `now` are allocated already."""

    claim_id: int
    item_id: int
    portions: tuple[Portion, ...]


class Filled(NamedTuple):
    """A waiting claim was given units that are now set aside on the shelf.

    `lacks` is what it still waits for; it is `asked` when its customer was to answer a question about a delay.
    """

    claim_id: int
    item_id: int
    units: int
    lacks: int
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """The promise of a claim changed: the new version holds instead of the old one.

    `old` and `new` are for the units that are still to come, `holds` is what holds now for all units of the claim, of
    which so many have `shipped`.
    """

    claim_id: int
    item_id: int
    version: int
    old: tuple[Portion, ...]
    new: tuple[Portion, ...]
    reason: str
    holds: tuple[Portion, ...] = ()
    shipped: int = 0

    @property
    def next_day(self) -> date | None:
        """By which the next unit leaves; None if nobody can say."""
        return next(after(self.holds, self.shipped)).ships_on

    @property
    def is_later(self) -> bool:
        """Does any unit ship later than it was told, even if the last one does not?"""
        return _is_worse(self.new, self.old)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A claim gave up units before they were shipped; `allocated` of them were free for others at once."""

    claim_id: int
    item_id: int
    units: int
    released: int
    left: int


@dataclass(frozen=True, slots=True)
class Shipped:
    claim_id: int
    item_id: int
    units: int
