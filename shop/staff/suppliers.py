"""Suppliers. How long their goods need here changes what customers were told, so it is changed by an act."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from inventory.admin import SavesOnlyChanges
from inventory.lateness import Record, days_of_supplier
from inventory.models import PurchaseOrder, Supplier, SupplierNumber
from inventory.purchasing import MOST_HANDLING_DAYS
from shop import delays
from shop.formats import count
from shop.settling import Foreseen
from shop.staff import kept
from shop.staff.days import REASON_IS_READ, ChangesDays
from shop.staff.files import ImportSuppliers
from shop.staff.flow import Refused, find
from shop.staff.history import WithHistory
from shop.staff.imports import WithFiles

_LINES_ON_A_PAGE = 50


class HandlingForm(forms.Form):
    days = forms.IntegerField(
        label="Working days",
        min_value=0,
        max_value=MOST_HANDLING_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="From the arrival of its goods here to the day on which they can ship, beside the house's own.",
    )
    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text=REASON_IS_READ,
        error_messages={"required": "Say why: customers whose day moves read the reason in their letter."},
    )


class ChangeHandlingDays(ChangesDays):
    title = "Change handling days"
    act_label = "Change them"
    form_template = "staff/handling_form.html"
    preview_template = "staff/handling_preview.html"
    obj: Supplier

    def form(self, data: Any = None) -> HandlingForm:
        return HandlingForm(data, initial={"days": self.obj.handling_days})

    def state(self) -> Any:
        return self.obj.handling_days

    def preview(self, form: forms.Form) -> Foreseen:
        days, reason = form.cleaned_data["days"], form.cleaned_data["reason"]
        if days == self.obj.handling_days:
            raise Refused(f"Nothing would change: it is {_in_words(days)} already.")
        return delays.preview_handling_days(self.obj, days, reason=reason, at=self.at)

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        days, reason = form.cleaned_data["days"], form.cleaned_data["reason"]
        delays.change_handling_days(self.obj, days, reason=reason, actor=self.actor, at=self.at)
        return self.tell(f"{self.obj}: {_in_words(days)} instead of {self.obj.handling_days} ({reason}).", preview)


class SupplierForm(forms.ModelForm):
    class Meta:
        model = Supplier
        fields = ["name", "email"]

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        twin = Supplier.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).first()
        # Two that are there already can still get another address.
        if twin and "name" in self.changed_data:
            raise forms.ValidationError(f"There is a supplier {twin} already: open that one, or give another name.")
        return name


class NumberInline(TabularInline):
    """What the supplier calls our goods. Who may change the supplier may change its numbers."""

    model = SupplierNumber
    verbose_name_plural = "Its own numbers for our goods"
    fields = ["item", "number"]
    autocomplete_fields = ["item"]
    ordering = ["id"]
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierNumber]:
        return super().get_queryset(request).select_related("item", "supplier")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.view_supplier")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.change_supplier")

    has_add_permission = has_delete_permission = has_change_permission


@admin.register(Supplier)
class SupplierAdmin(WithFiles, SavesOnlyChanges, WithHistory, ModelAdmin):
    importer = ImportSuppliers
    form = SupplierForm
    list_display = ["name", "email", "handling", "open_orders"]
    search_fields = ["name", "email"]
    ordering = ["name"]
    fields = ["name", "email", "handling"]
    readonly_fields = ["handling"]
    inlines = [NumberInline]
    change_form_outer_after_template = "staff/supplier.html"
    actions_detail = ["change_handling"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Supplier]:
        is_open = Q(purchase_orders__state__in=PurchaseOrder.OPEN)
        return super().get_queryset(request).annotate(orders_open=Count("purchase_orders", filter=is_open))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        supplier, today = find(self, request, object_id), timezone.localdate()
        days = days_of_supplier(supplier.pk)
        more = {
            "days_kept": kept.rows(days[:_LINES_ON_A_PAGE], today),
            "kept_in_short": kept.in_short(Record.of(days, today)),
            "with_orders": True,
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def has_handling_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.change_supplier")

    @action(description="Change handling days", icon="event_repeat", url_path="handling-days", permissions=["handling"])
    def change_handling(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ChangeHandlingDays(request, self, find(self, request, object_id)).run()

    @display(description="Handling", ordering="handling_days")
    def handling(self, supplier: Supplier) -> str:
        return _in_words(supplier.handling_days)

    @display(description="Open purchase orders", ordering="orders_open")
    def open_orders(self, supplier: Supplier) -> int:
        return int(getattr(supplier, "orders_open", 0))


def _in_words(days: int) -> str:
    return count(days, "working day")
