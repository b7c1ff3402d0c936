"""What the desk writes down beside an order. All of it is append-only; a trigger refuses UPDATE and DELETE."""

from django.db import models
from simple_history import register

from inventory.models import PurchaseOrder, Supplier
from notifications.models import Letter
from shop.models.catalog import Variant
from shop.models.orders import Address, Order, OrderLine, Shipment


class OrderNote(models.Model):
    """What staff tell each other about an order. Its customer never sees it, and her record does not have it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Note of {self.actor}"


class AddressChange(Address):
    """Where an order went until now. Its new address is the next change's, or the order's own."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="address_changes")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Address of {self.order} changed"


class TrackingChange(models.Model):
    """What stood on a parcel until it was corrected. What is right is the next change's, or the parcel's own."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="tracking_changes")
    carrier = models.CharField(max_length=50, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Tracking number of {self.shipment} corrected"


class SentAgain(models.Model):
    """A letter that somebody sent once more. `copy` is the new letter, or the same one where it had been given up."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="sent_again")
    copy = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "letters sent again"

    def __str__(self) -> str:
        return f"{self.letter} again"


class Proposal(models.Model):
    """Another variant that staff offered a customer instead of the units that her line lacked, at the price she read.

    It is hers to take, by `alternatives.take`, for as long as it fits.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="proposals")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.variant} instead of {self.line}"


# Who changed a supplier or a purchase order, and when: the inventory knows no people, so it stands here.
for model in (Supplier, PurchaseOrder):
    register(model, app="shop")
