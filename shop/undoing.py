"""A receipt is undone: what it put onto the shelf leaves it, and who was given units of it may have to wait again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from backorders import queue
from backorders.models import Queue
from inventory import undoing
from inventory.models import Delivery, StockItem
from inventory.undoing import UnableToUndo
from shop.settling import Foreseen, Outcome, foresee, settle
from shop.transactions import use_case


@dataclass(frozen=True, slots=True)
class Held:
    """What became of the units of one item that a delivery put onto the shelf. Units are alike: those that are free
    are taken back first, then those that are set aside; what is `gone` has left the house."""

    sku: str
    came: int
    free: int
    set_aside: int
    gone: int

    @classmethod
    def of(cls, item: StockItem, came: int) -> "Held":
        free, there = min(came, item.unallocated), min(came, item.on_hand)
        return cls(item.sku, came, free, there - free, came - there)


@dataclass(frozen=True, slots=True)
class ForeseenUndo:
    """What would be told, and which claims would wait again for how many units, be their day broken by it or not."""

    foreseen: Foreseen
    waits_again: tuple[tuple[int, int], ...]


def held(delivery: Delivery) -> list[Held]:
    units = undoing.put_on_shelf_by(delivery)
    return [Held.of(item, units[item.pk]) for item in StockItem.objects.filter(pk__in=units).order_by("sku")]


@use_case
def undo_receipt(delivery_id: int, *, from_customers: bool, reason: str, actor: str, at: datetime) -> Outcome:
    """Take a receipt back, once. Whose day moves by it is told the reason.

    Units that left the house cannot be taken back; those that are set aside only when `from_customers` says so, and
    then the newest allocation gives way first (law 9). Raises UnableToUndo.
    """
    queues, _ = _undo(delivery_id, from_customers, reason, actor, at)
    return settle(queues, reason=reason, actor=actor, at=at)


def preview_undo(delivery_id: int, *, from_customers: bool, reason: str, actor: str, at: datetime) -> ForeseenUndo:
    """Whom it would hurt, by the code that does it, in a transaction that is rolled back. Raises UnableToUndo."""
    with transaction.atomic():
        queues, waits_again = _undo(delivery_id, from_customers, reason, actor, at)
        foreseen = foresee(queues, reason=reason, actor=actor, at=at)
        transaction.set_rollback(True)
    return ForeseenUndo(foreseen, tuple(waits_again.items()))


def _undo(
    delivery_id: int, from_customers: bool, reason: str, actor: str, at: datetime
) -> tuple[Mapping[int, Queue], dict[int, int]]:
    queues = queue.lock(Delivery.objects.filter(pk=delivery_id).values_list("lines__item_id", flat=True))
    delivery = undoing.lock_standing(delivery_id)
    units = undoing.put_on_shelf_by(delivery)
    rows = {pk: Held.of(queues[pk].item, count) for pk, count in units.items()}
    _refuse(rows, from_customers)
    waits_again: dict[int, int] = {}
    for pk, row in rows.items():
        waits_again |= queue.give_way(queues[pk], row.set_aside, reason, actor, at)
    items = {pk: line.item for pk, line in queues.items()}
    undoing.undo_receipt(delivery, items, reason=reason, actor=actor, at=at)
    return queues, waits_again


def _refuse(rows: Mapping[int, Held], from_customers: bool) -> None:
    gone = ", ".join(f"{row.gone} of {row.sku}" for row in rows.values() if row.gone)
    if gone:
        raise UnableToUndo(
            f"{gone} left the house since, so they did come: the receipt cannot be undone. Correct the stock of what is"
            " missing instead."
        )
    aside = ", ".join(f"{row.set_aside} of {row.sku}" for row in rows.values() if row.set_aside)
    if aside and not from_customers:
        raise UnableToUndo(
            f"{aside} cannot be taken back, because they are set aside for customers. If they are not on the shelf, say"
            " below that the newest orders give way; if they are, correct the stock of what is missing instead."
        )
