"""A purchase order as a letter to its supplier: what we want of it, by when, as a list and as a table."""

from datetime import datetime
from typing import Any

from inventory.models import PurchaseOrder, SupplierNumber
from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from shop.formats import long_day

_COLUMNS = [
    ["sku", "SKU"],
    ["their_number", "Your number"],
    ["name", "Name"],
    ["units", "Quantity"],
    ["asked_on", "Asked for"],
]


def purchase_order_sent(order: PurchaseOrder, *, at: datetime) -> None:
    """Into the outbox, once per order. Its supplier must have an e-mail address."""
    outbox.write([_draft(order)], at=at)


def letter(order: PurchaseOrder) -> Letter:
    """As it would be written now."""
    draft = _draft(order)
    return Letter(
        key=draft.key, template=draft.template, recipient=draft.recipient, thread=draft.thread, context=draft.context
    )


def letter_to(order: PurchaseOrder) -> Letter | None:
    """The letter that its supplier got; None while the order is a draft, and when it was sent by hand."""
    return Letter.objects.filter(key=_key(order)).first()


def _draft(order: PurchaseOrder) -> Draft:
    thread = f"purchase order {order.number}"
    return Draft(_key(order), "purchase_order", order.supplier.email, thread, _context(order))


def _key(order: PurchaseOrder) -> str:
    return f"purchase-order:{order.pk}"


def _context(order: PurchaseOrder) -> dict[str, Any]:
    numbers = dict(SupplierNumber.objects.filter(supplier=order.supplier_id).values_list("item_id", "number"))
    lines = [
        {
            "sku": line.item.sku,
            "their_number": numbers.get(line.item_id, ""),
            "name": line.item.name,
            "units": line.quantity,
            "asked_on": line.expected_on.isoformat() if line.expected_on else "",
            "asked": long_day(line.expected_on) if line.expected_on else "",
        }
        for line in order.lines.select_related("item").order_by("id")
    ]
    return {
        "number": order.number,
        "name": order.supplier.name,
        "lines": lines,
        "units": sum(line["units"] for line in lines),
        "tables": [{"name": f"{order.number}.csv", "columns": _COLUMNS, "rows": "lines"}],
    }
