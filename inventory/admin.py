"""What the inventory knows by itself. Desks that also need the queue or letters stand in `shop.staff`."""

from django.contrib import admin
from django.db.models import F, Model
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from inventory.models import ExpectedDayChange, StockMovement


class ReadOnly:
    """Rows that a use case writes and nobody edits: to look at, not to add, change or delete."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SavesOnlyChanges:
    """Saves the fields of the form and no other: a counter that moved meanwhile must not be written back."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
        else:
            obj.save()


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ModelAdmin):
    """The ledger. A mistake is undone by a correction of the stock item, which leaves a row of its own."""

    list_display = ["at", "item", "shown_kind", "on_hand", "allocated", "cause", "reason", "actor"]
    list_select_related = ["item"]
    list_filter = ["kind", ("at", admin.DateFieldListFilter)]
    search_fields = ["item__sku", "cause", "reason", "actor"]
    ordering = ["-id"]
    show_full_result_count = False

    @display(description="What", ordering="kind")
    def shown_kind(self, movement: StockMovement) -> str:
        return movement.get_kind_display()

    @display(description="On hand", ordering="on_hand_change")
    def on_hand(self, movement: StockMovement) -> str:
        return f"{movement.on_hand_change:+d}" if movement.on_hand_change else "–"

    @display(description="Allocated", ordering="allocated_change")
    def allocated(self, movement: StockMovement) -> str:
        return f"{movement.allocated_change:+d}" if movement.allocated_change else "–"


@admin.register(ExpectedDayChange)
class ExpectedDayChangeAdmin(ReadOnly, ModelAdmin):
    """Every change of a supplier's day: how far can we believe whom?"""

    list_display = ["at", "supplier", "line", "old", "new", "reason", "actor"]
    list_select_related = ["line__order__supplier", "line__item"]
    list_filter = ["line__order__supplier", ("at", admin.DateFieldListFilter)]
    search_fields = ["line__order__number", "line__item__sku", "reason"]
    ordering = ["-id"]

    @display(description="Supplier", ordering=F("line__order__supplier__name").asc())
    def supplier(self, change: ExpectedDayChange) -> str:
        return change.line.order.supplier.name
