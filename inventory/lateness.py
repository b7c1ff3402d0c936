"""How far a supplier's days can be believed: what we asked for, what it said first, what it said last, what came when.

All of it is read from rows that exist: changes of the expected day, and deliveries. A line that was confirmed before
its changes were written down with their confirmations counts as confirmed for the day that stands there now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Self

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from inventory.models import DeliveryLine, ExpectedDay, PurchaseOrder, PurchaseOrderLine

# A supplier is judged by what it did lately.
_LINES_OF_A_SUPPLIER = 500


@dataclass(frozen=True, slots=True)
class DaysOfLine:
    """The days of one purchase line. `complete_on` is the day on which the last unit that it still owed came."""

    line: PurchaseOrderLine
    asked_on: date | None
    confirmed_on: date | None
    received_on: tuple[date, ...]
    complete_on: date | None

    @property
    def stood_for(self) -> date | None:
        """The day that lateness is counted from: the first that the supplier confirmed, else the one we asked for."""
        return self.confirmed_on or self.asked_on

    def days_late(self, today: date) -> int | None:
        """Less than 0 when it came early, None while it cannot be said: no day was named, or its day is still ahead."""
        if self.stood_for is None:
            return None
        if self.complete_on:
            return (self.complete_on - self.stood_for).days
        so_far = (today - self.stood_for).days
        return so_far if self.line.outstanding and so_far > 0 else None


@dataclass(frozen=True, slots=True)
class Record:
    """How a supplier kept its days, over lines that came or are late already."""

    lines: int
    late: int
    median_days: float | None

    @classmethod
    def of(cls, lines: Iterable[DaysOfLine], today: date) -> Self:
        counted = [days for line in lines if (days := line.days_late(today)) is not None]
        late = [days for days in counted if days > 0]
        return cls(len(counted), len(late), median(late) if late else None)


def days_of_order(order: PurchaseOrder) -> list[DaysOfLine]:
    return _days(order.lines.order_by("expected_on", "id"))


def days_of_supplier(supplier_id: int) -> list[DaysOfLine]:
    """Its newest lines of orders that were sent, newest first."""
    sent = PurchaseOrderLine.objects.filter(order__supplier=supplier_id).exclude(order__state=PurchaseOrder.State.DRAFT)
    return _days(sent.order_by("-id")[:_LINES_OF_A_SUPPLIER])


def _days(lines: QuerySet[PurchaseOrderLine]) -> list[DaysOfLine]:
    found = lines.select_related("order", "item").prefetch_related("day_changes", _CAME)
    return [_days_of(line) for line in found]


# What a receipt that was undone had brought never came.
_CAME = Prefetch("delivery_lines", DeliveryLine.objects.filter(delivery__undone_at=None).select_related("delivery"))


def _days_of(line: PurchaseOrderLine) -> DaysOfLine:
    said = _said(line)
    came = sorted((timezone.localdate(row.delivery.received_at), row.quantity) for row in line.delivery_lines.all())
    confirmed = next((day.on for day in said if day.confirmed and day.on), None)
    return DaysOfLine(line, said[0].on, confirmed, tuple(sorted({day for day, _ in came})), _complete_on(line, came))


def _said(line: PurchaseOrderLine) -> list[ExpectedDay]:
    """Every day that stood on the line, from the one that was asked for to the one that stands there now."""
    changes = sorted(line.day_changes.all(), key=lambda change: change.pk)
    before = [ExpectedDay(change.old, change.old_confirmed) for change in changes]
    return [*before, line.expected]


def _complete_on(line: PurchaseOrderLine, came: Sequence[tuple[date, int]]) -> date | None:
    """What comes beyond the order later on does not make it late."""
    missing = line.quantity - line.written_off
    for day, units in came:
        missing -= units
        if missing <= 0:
            return day
    return None
