from django.db import models

from shop.models.orders import Order


class Payment(models.Model):
    """What an order owes or has paid, through one gateway. Amounts are in the order's currency."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        PAID = "paid", "Paid"
        VOID = "void", "Void"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="payment")
    gateway = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.amount} by {self.gateway}: {self.get_state_display()}"
