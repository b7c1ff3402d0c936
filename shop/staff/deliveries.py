"""Deliveries that were received, to look at; goods that came without a purchase order are received here."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from inventory.admin import ReadOnly
from inventory.models import Delivery, DeliveryLine, MovementKind, StockMovement
from shop.staff.flow import find
from shop.staff.receiving import ReceiveGoods
from shop.staff.undoing import UndoReceipt


class DeliveryLineInline(ReadOnly, TabularInline):
    model = DeliveryLine
    fields = ["item", "quantity", "damaged", "purchase_line"]
    ordering = ["id"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryLine]:
        return super().get_queryset(request).select_related("item", "purchase_line__order", "purchase_line__item")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    list_display = ["number", "order", "skus", "units", "damaged", "received_at", "actor", "shown_state"]
    list_select_related = ["order__supplier"]
    list_filter = [("received_at", admin.DateFieldListFilter)]
    search_fields = ["number", "order__number", "lines__item__sku"]
    ordering = ["-received_at", "-id"]
    inlines = [DeliveryLineInline]
    actions_list = ["receive_unordered"]
    actions_detail = ["undo"]
    fieldsets = [
        (None, {"fields": ["number", "order", "received_at", "actor", "damage"]}),
        ("Undone", {"fields": ["undone_at", "undone_by", "undone_why"]}),
    ]
    readonly_fields = ["damage"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        # Each on its own: a search joins the lines once more, and each would count as often as there are lines.
        lines = DeliveryLine.objects.filter(delivery=OuterRef("pk")).order_by().values("delivery")
        return (
            super()
            .get_queryset(request)
            .annotate(
                sku_count=Subquery(lines.annotate(skus=Count("item", distinct=True)).values("skus")),
                unit_count=Subquery(lines.annotate(units=Sum("quantity")).values("units")),
                damaged_count=Subquery(lines.annotate(units=Sum("damaged")).values("units")),
            )
        )

    def has_receive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.add_delivery")

    @action(description="Receive without an order", icon="input", url_path="receive", permissions=["receive"])
    def receive_unordered(self, request: HttpRequest) -> HttpResponse:
        return ReceiveGoods(request, self).run()

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        return self.fieldsets if obj and obj.undone_at else self.fieldsets[:1]

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        standing = Delivery.objects.standing().filter(pk=object_id).exists()
        return super().get_actions_detail(request, object_id) if standing else []

    @action(description="Undo the receipt", icon="undo", url_path="undo", permissions=["receive"])
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return UndoReceipt(request, self, find(self, request, object_id)).run()

    @display(description="What was damaged")
    def damage(self, delivery: Delivery) -> str:
        """As the movement says that kept the units off the shelf."""
        movements = StockMovement.objects.filter(kind=MovementKind.DAMAGE, at=delivery.received_at)
        why = movements.filter(cause=f"delivery {delivery.number}").values_list("reason", flat=True).first()
        return why or "Nothing"

    @display(description="State", label={"Received": "success", "Undone": "danger"})
    def shown_state(self, delivery: Delivery) -> str:
        return "Undone" if delivery.undone_at else "Received"

    @display(description="SKUs", ordering="sku_count")
    def skus(self, delivery: Delivery) -> int:
        return int(getattr(delivery, "sku_count", 0))

    @display(description="Units", ordering="unit_count")
    def units(self, delivery: Delivery) -> int:
        return int(getattr(delivery, "unit_count", 0) or 0)

    @display(description="Damaged", ordering="damaged_count")
    def damaged(self, delivery: Delivery) -> int:
        return int(getattr(delivery, "damaged_count", 0) or 0)
