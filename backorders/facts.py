"""What happened in a queue. Frozen, in the past tense; `shop` turns facts into order changes and letters."""

from dataclasses import dataclass
from functools import lru_cache

from backorders.plan import Portion, is_worse

# Thousands were told the same, and their day moves alike: each case is judged once.
_is_worse = lru_cache(1000)(is_worse)


@dataclass(frozen=True, slots=True)
class Joined:
    """A claim took its place and these portions were promised; those that are `now` are allocated already."""

    claim_id: int
    item_id: int
    portions: tuple[Portion, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A waiting claim was given units that are now set aside on the shelf. `lacks` is what it still waits for."""

    claim_id: int
    item_id: int
    units: int
    lacks: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The promise of a claim changed: the new version holds instead of the old one.

    `old` and `new` are for the units that are still to come, `unshipped` is what holds now for all that have not left.
    """

    claim_id: int
    item_id: int
    version: int
    old: tuple[Portion, ...]
    new: tuple[Portion, ...]
    reason: str
    unshipped: tuple[Portion, ...] = ()

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
