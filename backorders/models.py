"""Who waits for what, and what we told them."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from inventory.models import StockItem


class Policy(models.TextChoices):
    """Who may join the queue of a stock item."""

    CLOSED = "closed", "Closed: sell only what is on the shelf"
    INBOUND = "inbound", "Against what is on order"
    LEAD_TIME = "lead_time", "Open, with a lead time"


class Queue(models.Model):
    """The rules for joining the queue of one stock item, and the units that its claims still lack.

    `waiting` is the sum of (quantity - allocated) over the item's claims; only backorders.queue writes it, under the
    stock item's lock.
    """

    item = models.OneToOneField(StockItem, on_delete=models.PROTECT, related_name="queue")
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.CLOSED)
    lead_days = models.PositiveSmallIntegerField(
        default=28, help_text="Days from order to dispatch when nothing is on order; used only by an open queue."
    )
    cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most so many units may wait at once; empty means no limit."
    )
    waiting = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(waiting__gte=0), name="queue_waiting_not_negative")]

    def __str__(self) -> str:
        return f"Queue of {self.item}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def waiting(self) -> Self:
        """Backorders: claims that still lack units."""
        return self.filter(allocated__lt=F("quantity"))

    def holding(self) -> Self:
        """Claims for which units are set aside on the shelf."""
        return self.filter(shipped__lt=F("allocated"))

    def in_order(self) -> Self:
        """The order in which units are given: rank first, then place."""
        return self.order_by("rank", "id")


class Claim(models.Model):
    """One order line's place in the queue of one stock item.

    `quantity` is what is wanted now; leaving the queue lowers it and leaves a Withdrawal. The id is drawn under the
    stock item's lock, so the order of ids is the order in which the places were taken.
    """

    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="claims")
    rank = models.SmallIntegerField(default=0, help_text="Lower goes first. Changed only by a person, with a reason.")
    quantity = models.PositiveIntegerField()
    allocated = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.PositiveIntegerField(default=0, editable=False)
    reference = models.CharField(max_length=50, help_text="What the claim is for, such as an order's number.")
    placed_at = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["item", "rank", "id"], name="claim_waiting", condition=Q(allocated__lt=F("quantity"))),
            models.Index(fields=["item", "id"], name="claim_by_item"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(shipped__gte=0, shipped__lte=F("allocated"), allocated__lte=F("quantity")),
                name="claim_shipped_within_allocated_within_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.sku} for {self.reference}"

    @property
    def lacks(self) -> int:
        """Units still waited for."""
        return self.quantity - self.allocated

    @property
    def ready(self) -> int:
        """Units set aside on the shelf and not yet shipped."""
        return self.allocated - self.shipped


class Promise(models.Model):
    """A portion of a quote that was told to a customer: so many units ship by this day.

    Append-only (a trigger refuses UPDATE and DELETE): a changed date is a new version with a reason. The rows of a
    claim's highest version are what holds now. An empty day means: told that no day can be given.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="promises")
    version = models.PositiveSmallIntegerField()
    quantity = models.PositiveIntegerField()
    ships_on = models.DateField(null=True)
    confirmed = models.BooleanField(help_text="False while the day rests on a supplier's unconfirmed day.")
    basis = models.CharField(
        max_length=100, help_text="What the day rests on: the shelf, a purchase line, a lead time."
    )
    reason = models.CharField(max_length=255, blank=True, help_text="Why it changed; empty for the first promise.")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "version", "ships_on"], name="promise_once_per_day", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="promise_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} by {self.ships_on or 'a day not known yet'}"


class Withdrawal(models.Model):
    """Units that a claim gave up before they were shipped: how many, who decided and why. Append-only."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="withdrawals")
    units = models.PositiveIntegerField()
    reason = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="withdrawal_units_positive")]

    def __str__(self) -> str:
        return f"{self.units} given up"
