"""Deliveries that were received, to look at; goods that came without a purchase order are received here."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from inventory.admin import ReadOnly
from inventory.models import Delivery, DeliveryLine
from shop.staff.receiving import ReceiveGoods


class DeliveryLineInline(ReadOnly, TabularInline):
    model = DeliveryLine
    fields = ["item", "quantity", "purchase_line"]
    ordering = ["id"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryLine]:
        return super().get_queryset(request).select_related("item", "purchase_line__order", "purchase_line__item")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    list_display = ["number", "order", "skus", "units", "received_at", "actor"]
    list_select_related = ["order__supplier"]
    list_filter = [("received_at", admin.DateFieldListFilter)]
    search_fields = ["number", "order__number", "lines__item__sku"]
    ordering = ["-received_at", "-id"]
    inlines = [DeliveryLineInline]
    actions_list = ["receive_unordered"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        lines = {"sku_count": Count("lines__item", distinct=True), "unit_count": Sum("lines__quantity")}
        return super().get_queryset(request).annotate(**lines)

    def has_receive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.add_delivery")

    @action(description="Receive without an order", icon="input", url_path="receive", permissions=["receive"])
    def receive_unordered(self, request: HttpRequest) -> HttpResponse:
        return ReceiveGoods(request, self).run()

    @display(description="SKUs", ordering="sku_count")
    def skus(self, delivery: Delivery) -> int:
        return int(getattr(delivery, "sku_count", 0))

    @display(description="Units", ordering="unit_count")
    def units(self, delivery: Delivery) -> int:
        return int(getattr(delivery, "unit_count", 0) or 0)
