from typing import Self

from django.db import models
from django.db.models import F, Q

from shop.models.catalog import Variant

_WAITS = Q(confirmed_at__isnull=False, told_at=None)


class StockAlertQuerySet(models.QuerySet["StockAlert"]):
    def waiting(self) -> Self:
        """Those that are confirmed and not written yet, of articles that are sold."""
        return self.filter(_WAITS, variant__product__published=True)

    def of_what_is_here(self) -> Self:
        """Of these, those of which something is on the shelf that is not set aside; the queue may want it all."""
        return self.filter(variant__stock_item__on_hand__gt=F("variant__stock_item__allocated"))


class StockAlert(models.Model):
    """Somebody asked to be written to, once, when a variant that could not be had is on the shelf again.

    Nothing is written before she confirmed that the address is hers.
    """

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="stock_alerts")
    email = models.EmailField(help_text="In small letters.")
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = StockAlertQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "variant"], name="stock_alert_once")]
        indexes = [models.Index(fields=["variant"], name="stock_alert_waits", condition=_WAITS)]

    def __str__(self) -> str:
        return f"Alert for {self.variant}"
