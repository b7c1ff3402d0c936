"""Ordering from suppliers and keeping their days up to date. A change here is told to the queue by `shop.delays`."""

from datetime import date, datetime, timedelta

from inventory.locking import require_transaction
from inventory.models import ExpectedDay, ExpectedDayChange, PurchaseOrder, PurchaseOrderLine, Supplier

MOST_HANDLING_DAYS = 60
_FARTHEST = timedelta(days=731)


class UnableToChangePurchaseOrder(Exception):
    """The sentence says what to do instead."""


def send(order: PurchaseOrder, *, on: date) -> None:
    """From now on the order's lines are supply. Its row must be locked by the caller."""
    if order.state != PurchaseOrder.State.DRAFT:
        raise UnableToChangePurchaseOrder(
            f"{order.number} is {order.get_state_display().lower()}; only a draft is sent."
        )
    if not order.lines.exists():
        raise UnableToChangePurchaseOrder(f"{order.number} has no lines: add what you order first.")
    order.state = PurchaseOrder.State.SENT
    order.ordered_on = order.ordered_on or on
    order.save(update_fields=["state", "ordered_on"])


def confirm(order: PurchaseOrder, *, on: date) -> None:
    """The supplier has said yes to the order, once. Its row must be locked by the caller, who writes its days."""
    if not order.is_open or order.confirmed_on:
        raise UnableToChangePurchaseOrder(
            f"{order.number} is {order.get_state_display().lower()}; only an order that was sent, and that nobody has"
            " confirmed yet, is confirmed. A day that is another one is moved."
        )
    order.confirmed_on = on
    order.save(update_fields=["confirmed_on"])
    follow_state(order)


def is_too_far(day: date, today: date) -> bool:
    """Nobody orders for a day so far ahead: it is a slip of the pen."""
    return day > today + _FARTHEST


def change_expected_day(line: PurchaseOrderLine, day: ExpectedDay, *, reason: str, actor: str, at: datetime) -> None:
    """Set the day on which the line's goods are to arrive, and whether the supplier has confirmed it.

    The item of the line must be locked by the caller, who plans the queue anew in the same transaction. Raises
    UnableToChangePurchaseOrder when the day moves without a reason: customers read it.
    """
    require_transaction()
    old = line.expected
    if day == old:
        return
    if day.on != old.on and not reason.strip():
        raise UnableToChangePurchaseOrder("Say why the day changes: customers read the reason in their letter.")
    ExpectedDayChange.objects.create(
        line=line,
        old=old.on,
        new=day.on,
        old_confirmed=old.confirmed,
        new_confirmed=day.confirmed,
        reason=reason.strip(),
        actor=actor,
        at=at,
    )
    line.expected_on, line.confirmed = day.on, day.confirmed
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
    follow_state(PurchaseOrder.objects.select_for_update().get(pk=line.order_id))


def follow_state(order: PurchaseOrder) -> None:
    """The state of an order that was sent, as its rows have it. The order's row must be locked by the caller."""
    lines = PurchaseOrderLine.objects.filter(order=order)
    if not lines.owed().exists():
        state = PurchaseOrder.State.CLOSED
    elif lines.filter(received__gt=0).exists():
        state = PurchaseOrder.State.PARTLY
    else:
        state = PurchaseOrder.State.CONFIRMED if order.confirmed_on else PurchaseOrder.State.SENT
    if order.state != state:
        order.state = state
        order.save(update_fields=["state"])
