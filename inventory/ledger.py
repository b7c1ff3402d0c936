"""The only writer of movements and of the counters `on_hand` and `allocated` (law 3).

Every function takes entries whose items were locked by inventory.locking.lock_items in the running transaction. The
database's CHECK constraints are the last wall; they raise IntegrityError when a caller asks for more than there is.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from inventory.locking import require_transaction
from inventory.models import MovementKind, StockItem
from inventory.prepared import planned_once


class NotLocked(Exception):
    """The ledger was given an item that was not read under the lock: its counters may be old."""


class Entry(NamedTuple):
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


def damage(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that were received cannot be sold: they arrived damaged. Each entry needs a reason."""
    if not all(entry.reason for entry in entries):
        raise ValueError("What arrived damaged needs a reason.")
    _post(MovementKind.DAMAGE, entries, -1, 0, actor, at)


def undo_receipt(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Units that a delivery put onto the shelf leave it again: they never came."""
    _post(MovementKind.UNDO, entries, -1, 0, actor, at)


def adjust(entries: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """A correction of what is on hand, up or down: damage, theft, a wrong count. Each entry needs a reason."""
    if not all(entry.reason for entry in entries):
        raise ValueError("A correction of stock needs a reason.")
    _post(MovementKind.ADJUST, entries, 1, 0, actor, at)


def _post(kind: MovementKind, entries: Sequence[Entry], on_hand: int, allocated: int, actor: str, at: datetime) -> None:
    require_transaction()
    for entry in entries:
        if not entry.item.is_locked:
            raise NotLocked(f"{entry.item.sku} was not locked before its counters were to change.")
        if entry.units < 0 and kind is not MovementKind.ADJUST:
            raise ValueError(f"{kind.label}: {entry.units} units of {entry.item.sku} is not a quantity.")
    moved = [entry for entry in entries if entry.units]
    if not moved:
        return
    for entry in moved:
        entry.item.on_hand += on_hand * entry.units
        entry.item.allocated += allocated * entry.units
    _write(kind, moved, on_hand, allocated, actor, at)


def _write(
    kind: MovementKind, entries: Sequence[Entry], on_hand: int, allocated: int, actor: str, at: datetime
) -> None:
    """The movements and what they come to, in one statement and with one value for any number of movements: a big fill
    writes a thousand at once while others wait."""
    items = {entry.item.pk: entry.item for entry in entries}
    rows = [
        {"item": entry.item.pk, "units": entry.units, "cause": entry.cause, "reason": entry.reason} for entry in entries
    ]
    with planned_once() as cursor:
        cursor.execute(
            """
            WITH movement AS (
                INSERT INTO inventory_stockmovement
                    (item_id, kind, on_hand_change, allocated_change, cause, reason, actor, at)
                SELECT item, %s, units * %s, units * %s, cause, reason, %s, %s
                FROM jsonb_to_recordset(%s::jsonb) AS entry (item bigint, units int, cause text, reason text)
            )
            UPDATE inventory_stockitem AS item SET on_hand = fresh.on_hand, allocated = fresh.allocated
            FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS fresh (id, on_hand, allocated) WHERE item.id = fresh.id
            """,
            [
                *(kind.value, on_hand, allocated, actor, at, json.dumps(rows)),
                list(items),
                [item.on_hand for item in items.values()],
                [item.allocated for item in items.values()],
            ],
        )
