from django.db import models

from backorders.plan import Limit
from inventory.models import StockItem


class LostDemand(models.Model):
    """Somebody asked for more than could be promised: so many units of an item were missing, and why.

    One row for each visitor, item and day, with what she asked for last. Who she is cannot be read from `visitor`.
    """

    item = models.ForeignKey(StockItem, on_delete=models.CASCADE, related_name="+")
    visitor = models.CharField(max_length=32)
    on = models.DateField()
    units = models.PositiveIntegerField()
    why = models.CharField(max_length=12, choices=[(limit.name.lower(), limit.value) for limit in Limit])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "visitor", "on"], name="lost_demand_once_a_day"),
            models.CheckConstraint(condition=models.Q(units__gt=0), name="lost_demand_units_positive"),
        ]
        indexes = [models.Index(fields=["on"], name="lost_demand_by_day")]
        permissions = [("view_reports", "Can see the reports")]

    def __str__(self) -> str:
        return f"{self.units} × {self.item.sku}: {self.why}"
