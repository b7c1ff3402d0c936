"""Ordering from suppliers and keeping their days up to date. A change here is told to the queue by `shop.delays`."""

from datetime import date, datetime

from inventory.locking import require_transaction
from inventory.models import ExpectedDayChange, PurchaseOrder, PurchaseOrderLine, Supplier

MOST_HANDLING_DAYS = 60


class UnableToChangePurchaseOrder(Exception):
    """The sentence says what to do instead."""


def place(order: PurchaseOrder, *, on: date) -> None:
    """From now on the order's lines are supply."""
    if order.state != PurchaseOrder.State.DRAFT:
        raise UnableToChangePurchaseOrder(
            f"{order.number} is {order.get_state_display().lower()}; only a draft is placed."
        )
    if not order.lines.exists():
        raise UnableToChangePurchaseOrder(f"{order.number} has no lines: add what you order first.")
    order.state = PurchaseOrder.State.PLACED
    order.ordered_on = order.ordered_on or on
    order.save(update_fields=["state", "ordered_on"])


def change_expected_day(
    line: PurchaseOrderLine, day: date | None, *, confirmed: bool, reason: str, actor: str, at: datetime
) -> None:
    """Set the day on which the line's goods are to arrive; None takes the day back.

    The item of the line must be locked by the caller, who plans the queue anew in the same transaction. Raises
    UnableToChangePurchaseOrder without a reason: customers read it.
    """
    require_transaction()
    if day != line.expected_on:
        if not reason.strip():
            raise UnableToChangePurchaseOrder("Say why the day changes: customers read the reason in their letter.")
        ExpectedDayChange.objects.create(
            line=line, old=line.expected_on, new=day, reason=reason.strip(), actor=actor, at=at
        )
    line.expected_on, line.confirmed = day, confirmed
    line.save(update_fields=["expected_on", "confirmed"])


def change_handling_days(supplier: Supplier, days: int, *, reason: str) -> None:
    """Set the working days that a supplier's goods need here. The items that it owes must be locked by the caller.

    Raises UnableToChangePurchaseOrder without a reason: customers read it.
    """
    require_transaction()
    if not reason.strip():
        raise UnableToChangePurchaseOrder("Say why: customers whose day moves read the reason in their letter.")
    if not 0 <= days <= MOST_HANDLING_DAYS:
        raise UnableToChangePurchaseOrder(f"Give a number of working days from 0 to {MOST_HANDLING_DAYS}.")
    supplier.handling_days = days
    supplier.save(update_fields=["handling_days"])


def write_off(line: PurchaseOrderLine, units: int) -> None:
    """Units of the line that will not come any more. The item must be locked by the caller, as above."""
    require_transaction()
    if not 0 < units <= line.outstanding:
        raise UnableToChangePurchaseOrder(
            f"{line} still owes {line.outstanding}: give a number of units from 1 to {line.outstanding}."
        )
    line.written_off += units
    line.save(update_fields=["written_off"])
    close_if_complete(PurchaseOrder.objects.select_for_update().get(pk=line.order_id))


def close_if_complete(order: PurchaseOrder) -> None:
    """An order on which nothing is owed any more is closed. Its row must be locked by the caller."""
    if not PurchaseOrderLine.objects.filter(order=order).inbound().exists():
        PurchaseOrder.objects.filter(pk=order.pk, state=PurchaseOrder.State.PLACED).update(
            state=PurchaseOrder.State.CLOSED
        )
