import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from shop.models.accounts import User
from shop.models.catalog import Variant

MOST_UNITS_OF_A_LINE = 9999


class Cart(models.Model):
    """What a shopper means to buy. It reserves nothing: places are taken when the order is placed.

    The id doubles as the key that makes a checkout happen once: an order remembers the cart that it came from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="carts")
    details = models.JSONField(
        default=dict, help_text="Contact, address and shipping method, as far as they were given."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # A day on which its owner came by; she may have come within a day after it as well.
    seen_on = models.DateField(default=timezone.localdate, editable=False)

    def __str__(self) -> str:
        return f"Cart {self.id}"


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="cart_lines")
    quantity = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MOST_UNITS_OF_A_LINE)],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once_per_variant"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MOST_UNITS_OF_A_LINE), name="cart_line_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"
