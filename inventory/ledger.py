"""The only writer of movements and of the counters `on_hand` and `allocated` (law 3).

Every function takes entries whose items were locked by inventory.locking.lock_items in the running transaction. The
database's CHECK constraints are the last wall; they raise IntegrityError when a caller asks for more than there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.locking import require_transaction
from inventory.models import MovementKind, StockItem, StockMovement


class NotLocked(Exception):
    """The ledger was given an item that was not read under the lock: its counters may be old."""


@dataclass(frozen=True, slots=True)
class Entry:
    """So many units of one item, and the row that causes the movement."""

    item: StockItem
    units: int
    cause: str
    reason: str = ""


def opening(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that were on the shelf when the item was first entered."""
    _post(MovementKind.OPENING, entries, 1, 0, actor, at)


def receive(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units of a delivery come onto the shelf."""
    _post(MovementKind.RECEIVE, entries, 1, 0, actor, at)


def allocate(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units on the shelf are set aside for a claim."""
    _post(MovementKind.ALLOCATE, entries, 0, 1, actor, at)


def release(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that were set aside are free for others again."""
    _post(MovementKind.RELEASE, entries, 0, -1, actor, at)


def ship(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that were set aside leave the house."""
    _post(MovementKind.SHIP, entries, -1, -1, actor, at)


def take_back(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that a customer returned come back onto the shelf."""
    _post(MovementKind.TAKE_BACK, entries, 1, 0, actor, at)


def adjust(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """A correction of what is on hand, up or down: damage, theft, a wrong count. Each entry needs a reason."""
    if not all(entry.reason for entry in entries):
        raise ValueError("A correction of stock needs a reason.")
    _post(MovementKind.ADJUST, entries, 1, 0, actor, at)


def _post(kind: MovementKind, entries: Sequence[Entry], on_hand: int, allocated: int, actor: str, at: datetime) -> None:
    require_transaction()
    movements, items = [], {}
    for entry in entries:
        if not entry.item.is_locked:
            raise NotLocked(f"{entry.item.sku} was not locked before its counters were to change.")
        if entry.units < 0 and kind is not MovementKind.ADJUST:
            raise ValueError(f"{kind.label}: {entry.units} units of {entry.item.sku} is not a quantity.")
        if entry.units == 0:
            continue
        movement = StockMovement(
            item=entry.item,
            kind=kind,
            on_hand_change=on_hand * entry.units,
            allocated_change=allocated * entry.units,
            cause=entry.cause,
            reason=entry.reason,
            actor=actor,
            at=at,
        )
        entry.item.on_hand += movement.on_hand_change
        entry.item.allocated += movement.allocated_change
        movements.append(movement)
        items[entry.item.pk] = entry.item
    if movements:
        StockMovement.objects.bulk_create(movements, batch_size=2000)
        StockItem.objects.bulk_update(items.values(), ["on_hand", "allocated"], batch_size=500)
