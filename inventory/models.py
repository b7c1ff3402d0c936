"""What we have and what is coming."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest


class StockItem(models.Model):
    """One SKU that is kept in stock. `on_hand` and `allocated` count the movements; only the ledger writes them."""

    sku = models.CharField("SKU", max_length=100, unique=True)
    name = models.CharField(max_length=255)
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    allocated = models.PositiveIntegerField(default=0, editable=False)

    # Set on the instances that inventory.locking read under the lock; the ledger writes to no other.
    is_locked = False

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_item_on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, allocated__lte=F("on_hand")), name="stock_item_allocated_within_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def unallocated(self) -> int:
        """Units on the shelf that no claim holds. Those who wait have the first right to them (law 4)."""
        return self.on_hand - self.allocated


class MovementKind(models.TextChoices):
    OPENING = "opening", "Opening stock"
    RECEIVE = "receive", "Received"
    ALLOCATE = "allocate", "Allocated"
    RELEASE = "release", "Released"
    SHIP = "ship", "Shipped"
    ADJUST = "adjust", "Corrected"
    TAKE_BACK = "take_back", "Taken back"
    DAMAGE = "damage", "Arrived damaged"
    UNDO = "undo", "Receipt undone"


class StockMovement(models.Model):
    """One change of on hand or allocated: who, when, why, caused by what.

    Append-only; a trigger in the database refuses UPDATE and DELETE. A mistake is undone by a counter-movement. The sum
    of all movements of an item is its counters, at any moment (`reconcile_stock` recounts them).
    """

    # `movement_by_item` finds them as well.
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements", db_index=False)
    kind = models.CharField(max_length=10, choices=MovementKind)
    on_hand_change = models.IntegerField()
    allocated_change = models.IntegerField()
    cause = models.CharField(max_length=150, help_text="The row that caused it, such as “delivery 17” or “claim 4”.")
    reason = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["item", "id"], name="movement_by_item")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(on_hand_change=0, allocated_change=0), name="stock_movement_changes_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on_hand_change:+d} on hand, {self.allocated_change:+d} allocated"


class Supplier(models.Model):
    """Whom we order from. `handling_days` are the working days that its goods need here before they can ship, beside
    the house's own."""

    name = models.CharField(max_length=150, unique=True)
    email = models.EmailField(blank=True)
    handling_days = models.PositiveSmallIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        return self.name


class SupplierNumber(models.Model):
    """What a supplier calls a stock item: the number that an order names beside our SKU."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="numbers")
    item = models.ForeignKey(StockItem, on_delete=models.CASCADE, related_name="supplier_numbers")
    number = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "item"], name="supplier_number_once_per_item"),
        ]

    def __str__(self) -> str:
        return f"{self.number} for {self.item.sku}"


class PurchaseOrder(models.Model):
    """What we ordered from one supplier. Only an order that was sent counts as supply.

    From then on its state follows from its rows: confirmed by the supplier, partly received, closed when nothing more
    is owed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        CONFIRMED = "confirmed", "Confirmed"
        PARTLY = "partly", "Partly received"
        CLOSED = "closed", "Closed"

    OPEN = (State.SENT, State.CONFIRMED, State.PARTLY)

    number = models.CharField(max_length=50, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="purchase_orders")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    ordered_on = models.DateField(null=True, blank=True)
    confirmed_on = models.DateField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.number} ({self.supplier})"

    @property
    def is_open(self) -> bool:
        """It was sent, and goods are still to come."""
        return self.state in self.OPEN


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """The day on which goods are to arrive, None while none is known, and whether the supplier has confirmed it."""

    on: date | None
    confirmed: bool = False


class PurchaseOrderLineQuerySet(models.QuerySet["PurchaseOrderLine"]):
    def with_outstanding(self) -> Self:
        return self.annotate(still_owed=Greatest(F("quantity") - F("written_off") - F("received"), 0))

    def owed(self) -> Self:
        """Lines on which not everything has come, or was written off."""
        return self.filter(received__lt=F("quantity") - F("written_off"))

    def inbound(self) -> Self:
        """Lines of orders that were sent on which goods are still owed."""
        return self.owed().filter(order__state__in=PurchaseOrder.OPEN)


class PurchaseOrderLine(models.Model):
    """One SKU of a purchase order. `expected_on` is the day on which its goods are to arrive; empty means unknown.

    `received` may exceed `quantity` (over-delivery). `written_off` counts units that will not come any more.
    """

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="purchase_lines")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0, editable=False)
    written_off = models.PositiveIntegerField(default=0, editable=False)
    expected_on = models.DateField(null=True, blank=True, help_text="Leave empty when no day is known.")
    confirmed = models.BooleanField(
        default=False, help_text="The supplier has confirmed the day; until then shoppers read “estimated”."
    )

    objects = PurchaseOrderLineQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["item", "expected_on", "id"],
                name="purchase_line_inbound",
                condition=Q(received__lt=F("quantity") - F("written_off")),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="purchase_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(written_off__lte=F("quantity")), name="purchase_line_written_off_within_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order.number}: {self.quantity} × {self.item.sku}"

    @property
    def expected(self) -> ExpectedDay:
        return ExpectedDay(self.expected_on, self.confirmed)

    @property
    def outstanding(self) -> int:
        """Units the supplier still owes us on this line."""
        return max(0, self.quantity - self.written_off - self.received)


class ExpectedDayChange(models.Model):
    """Each change of a purchase line's expected day: what it was, what it is, who says so and why. Append-only.

    A day that is confirmed as it was is a row as well: from these rows we know what the supplier stood for, and when.
    """

    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.PROTECT, related_name="day_changes")
    old = models.DateField(null=True)
    new = models.DateField(null=True)
    old_confirmed = models.BooleanField(default=False)
    new_confirmed = models.BooleanField(default=False)
    reason = models.CharField(max_length=255, help_text="Customers read this sentence in their letter.")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.old or 'no day'} → {self.new or 'no day'}: {self.reason}"

    @property
    def moves(self) -> bool:
        """The day itself is another one, not only whether it is confirmed."""
        return self.old != self.new


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def standing(self) -> Self:
        """Deliveries that nobody has undone."""
        return self.filter(undone_at=None)


class Delivery(models.Model):
    """One arrival of goods. Its number, the one on the supplier's note, makes receiving idempotent.

    A receipt that was a mistake is undone by counter-movements; its row stays, and its number is free again.
    """

    number = models.CharField(max_length=100)
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries")
    received_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
    undone_why = models.CharField(max_length=255, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(undone_at=None), name="delivery_number_once_while_it_stands"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class DeliveryLine(models.Model):
    """Units of one SKU in a delivery, counted against at most one purchase line.

    The `damaged` among them arrived, so that the supplier's bill can be checked, and never came onto the shelf.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="lines")
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="delivery_lines")
    purchase_line = models.ForeignKey(
        PurchaseOrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="delivery_lines"
    )
    quantity = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="delivery_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(damaged__lte=F("quantity")), name="delivery_line_damaged_within_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.sku}"
