from datetime import datetime
from typing import Self

from django.db import models

from shop.models.orders import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def awaited(self) -> Self:
        """Due before anything ships: their orders are held, and cannot leave yet."""
        return self.filter(state=Payment.State.DUE, due_by__isnull=False)


class Payment(models.Model):
    """What an order owes or has paid, through one gateway. Amounts are in the order's currency.

    While it is due, `amount` follows what is still wanted; once it is paid, `amount` stays what was paid.
    With `due_by`, the order is paid before it ships: until then it holds its units and its place; after that it gives
    them back, and the payment is expired.
    """

    class State(models.TextChoices):
        DUE = "due", "Due"
        PAID = "paid", "Paid"
        VOID = "void", "Void"
        EXPIRED = "expired", "Not paid in time"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="payment")
    gateway = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    created_at = models.DateTimeField()
    due_by = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=150, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_by"], name="payment_held", condition=models.Q(state="due", due_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.gateway}: {self.get_state_display()}"

    @property
    def is_awaited(self) -> bool:
        return is_awaited(self.state, self.due_by)

    def is_overdue(self, at: datetime) -> bool:
        return self.state == self.State.DUE and self.due_by is not None and self.due_by <= at


def is_awaited(state: str, due_by: datetime | None) -> bool:
    """Is it due before anything ships? What `awaited` asks of rows."""
    return state == Payment.State.DUE and due_by is not None


class Refund(models.Model):
    """Money that is due back to a customer, in the order's currency, until a person has sent it.

    The row is written with what made it due. It goes the way it came, and never as credit.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=255)
    due_since = models.DateTimeField()
    due_by = models.DateTimeField(help_text="It is sent until then: the law's last moment.")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_positive")]
        indexes = [models.Index(fields=["due_by"], name="refund_open", condition=models.Q(sent_at=None))]

    def __str__(self) -> str:
        return f"{self.amount} back to {self.order}"
