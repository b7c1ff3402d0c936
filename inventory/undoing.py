"""A receipt that was a mistake is taken back: by counter-movements, never by deletion, and only once."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from inventory import ledger
from inventory.locking import require_transaction
from inventory.models import Delivery, PurchaseOrder, PurchaseOrderLine, StockItem
from inventory.purchasing import follow_state


class UnableToUndo(Exception):
    """The sentence says why the receipt stands, and what to do instead."""


def lock_standing(delivery_id: int) -> Delivery:
    """The delivery, locked after its stock items; raises UnableToUndo when somebody has undone it already."""
    require_transaction()
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    if delivery.undone_at:
        day = timezone.localdate(delivery.undone_at)
        raise UnableToUndo(
            f"The receipt of delivery {delivery.number} was undone by {delivery.undone_by} on {day:%d %B %Y} already."
        )
    return delivery


def put_on_shelf_by(delivery: Delivery) -> Counter[int]:
    """Units that the delivery put onto the shelf, by stock item: what arrived damaged never was there."""
    units: Counter[int] = Counter()
    for line in delivery.lines.all():
        units[line.item_id] += line.quantity - line.damaged
    return units


def undo_receipt(delivery: Delivery, items: Mapping[int, StockItem], *, reason: str, actor: str, at: datetime) -> None:
    """Its units leave the shelf, and its supplier owes them again. Items and delivery must be locked by the caller.

    The units must not be set aside: the database refuses what would leave less on the shelf than is set aside.
    """
    cause = f"delivery {delivery.number}"
    units = put_on_shelf_by(delivery)
    entries = [ledger.Entry(items[pk], count, cause, reason) for pk, count in sorted(units.items())]
    ledger.undo_receipt(entries, actor=actor, at=at)
    if delivery.order_id is not None:
        _owe_again(delivery)
    delivery.undone_at, delivery.undone_by, delivery.undone_why = at, actor, reason
    delivery.save(update_fields=["undone_at", "undone_by", "undone_why"])


def _owe_again(delivery: Delivery) -> None:
    order = PurchaseOrder.objects.select_for_update().get(deliveries=delivery)
    lines = []
    for row in delivery.lines.exclude(purchase_line=None).select_related("purchase_line"):
        assert row.purchase_line is not None
        row.purchase_line.received -= row.quantity
        lines.append(row.purchase_line)
    PurchaseOrderLine.objects.bulk_update(lines, ["received"])
    follow_state(order)
