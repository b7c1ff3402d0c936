"""What happened in a queue, told upwards. Frozen, in the past tense; `shop` turns facts into order changes and letters."""

from dataclasses import dataclass
from datetime import date

from backorders.plan import Portion


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
    """The promise of a claim changed: the new version holds instead of the old one."""

    claim_id: int
    item_id: int
    version: int
    old: tuple[Portion, ...]
    new: tuple[Portion, ...]
    reason: str

    @property
    def is_later(self) -> bool:
        return self.new_on > self.old_on

    @property
    def old_on(self) -> date:
        """The day that stood for the last unit; date.max when none could be given."""
        return self.old[-1].by

    @property
    def new_on(self) -> date:
        return self.new[-1].by


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
