"""Purchase orders. A draft is edited freely; what was sent changes by acts that say whom they touch."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from inventory.dispatch import working_days
from inventory.lateness import days_of_order
from inventory.models import PurchaseOrder, PurchaseOrderLine
from shop.purchase_letters import letter_to
from shop.staff import kept
from shop.staff.days import PASSED, MoveDay, WriteOff, may_move
from shop.staff.files import ImportOrders
from shop.staff.flow import address, find
from shop.staff.history import WithHistory
from shop.staff.imports import WithFiles
from shop.staff.never_coming import may_end
from shop.staff.ordering import CancelRest, Confirm, MoveAll, Send
from shop.staff.receiving import ReceiveGoods

_STATES = PurchaseOrder.State
_ARRIVING_WITHIN_DAYS = 14


def arriving(today: date) -> QuerySet[PurchaseOrderLine]:
    """Lines expected within two weeks, those that slipped included."""
    until = today + timedelta(days=_ARRIVING_WITHIN_DAYS)
    return PurchaseOrderLine.objects.inbound().with_outstanding().filter(expected_on__lte=until)


def slipped(today: date) -> QuerySet[PurchaseOrderLine]:
    """Lines whose day has passed: no supply for a new quote until somebody confirms a day (law 11)."""
    return PurchaseOrderLine.objects.inbound().filter(expected_on__lt=working_days().overdue_before(today))


class ExpectedFilter(admin.SimpleListFilter):
    title = "expected"
    parameter_name = "expected"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("arriving", f"Within {_ARRIVING_WITHIN_DAYS} days"),
            ("slipped", "Its day has passed"),
            ("unknown", "No day known"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
        today = timezone.localdate()
        match self.value():
            case "arriving":
                return queryset.filter(pk__in=arriving(today).values("order"))
            case "slipped":
                return queryset.filter(pk__in=slipped(today).values("order"))
            case "unknown":
                unknown = PurchaseOrderLine.objects.inbound().filter(expected_on=None)
                return queryset.filter(pk__in=unknown.values("order"))
        return queryset


class DraftLineForm(forms.ModelForm):
    class Meta:
        model = PurchaseOrderLine
        fields = ["item", "quantity", "expected_on", "confirmed"]

    def clean_expected_on(self) -> date | None:
        day: date | None = self.cleaned_data["expected_on"]
        if "expected_on" in self.changed_data and day is not None and day < timezone.localdate():
            raise ValidationError(PASSED)
        return day


class DraftLineInline(TabularInline):
    """The lines of a draft. Those of an order that was sent are shown below it, each with what can be done to it."""

    model = PurchaseOrderLine
    form = DraftLineForm
    fields = ["item", "quantity", "expected_on", "confirmed"]
    autocomplete_fields = ["item"]
    ordering = ["id"]
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseOrderLine]:
        return super().get_queryset(request).select_related("item", "order")


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(WithFiles, WithHistory, ModelAdmin):
    importer = ImportOrders
    list_display = ["number", "supplier", "shown_state", "ordered_on", "units", "outstanding", "next_day"]
    list_select_related = ["supplier"]
    list_filter = ["state", ExpectedFilter, "supplier"]
    search_fields = ["number", "supplier__name", "lines__item__sku"]
    ordering = [F("ordered_on").desc(nulls_first=True), "-id"]
    autocomplete_fields = ["supplier"]
    readonly_fields = ["shown_state", "how_sent", "confirmed_on"]
    actions_detail = ["send", "confirm", "receive", "move_all", "cancel_rest"]
    actions_row = ["receive"]
    change_form_outer_after_template = "staff/purchase_order.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseOrder]:
        lines = PurchaseOrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
        inbound = PurchaseOrderLine.objects.inbound().with_outstanding()
        owed = inbound.filter(order=OuterRef("pk")).order_by().values("order")
        return (
            super()
            .get_queryset(request)
            .annotate(
                ordered_units=Coalesce(Subquery(lines.annotate(units=Sum("quantity")).values("units")), 0),
                owed_units=Coalesce(Subquery(owed.annotate(units=Sum("still_owed")).values("units")), 0),
                next_on=Subquery(owed.annotate(day=Min("expected_on")).values("day")),
            )
        )

    # Which fields and lines can be edited depends on the state

    def get_fields(self, request: HttpRequest, obj: PurchaseOrder | None = None) -> list[str]:
        fields = ["number", "supplier", "shown_state", "ordered_on"]
        return fields if _is_draft(obj) else [*fields, "how_sent", "confirmed_on"]

    def get_inlines(self, request: HttpRequest, obj: PurchaseOrder | None) -> list[Any]:
        return [DraftLineInline] if _is_draft(obj) else []

    def has_change_permission(self, request: HttpRequest, obj: PurchaseOrder | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PurchaseOrder | None = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        order = PurchaseOrder.objects.filter(pk=object_id).first()
        possible = {f"inventory_purchaseorder_{name}" for name in _possible(order)} if order else set()
        return [act for act in super().get_actions_detail(request, object_id) if act.action_name in possible]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        if order is None:
            raise Http404("There is no such purchase order.")
        more = {} if _is_draft(order) else _sent_context(request, order)
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    # What can be done

    def has_send_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request)

    def has_receive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.add_delivery")

    def has_move_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_move(request)

    @action(description="Send the order", icon="send", url_path="send", permissions=["send"])
    def send(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Send(request, self, find(self, request, object_id)).run()

    @action(description="The supplier confirmed", icon="event_available", url_path="confirm", permissions=["move"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Confirm(request, self, find(self, request, object_id)).run()

    @action(description="Move all days", icon="event_repeat", url_path="move-all", permissions=["move"])
    def move_all(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return MoveAll(request, self, find(self, request, object_id)).run()

    @action(description="Cancel the rest", icon="block", url_path="cancel-rest", permissions=["move"])
    def cancel_rest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return CancelRest(request, self, find(self, request, object_id)).run()

    @action(description="Receive goods", icon="input", url_path="receive", permissions=["receive"])
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = find(self, request, object_id)
        return ReceiveGoods(request, self, order).run()

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("lines/<int:pk>/move/", wrap(self.move_line), name="inventory_purchaseorder_move"),
            path("lines/<int:pk>/write-off/", wrap(self.write_off_line), name="inventory_purchaseorder_write_off"),
            *super().get_urls(),
        ]

    def move_line(self, request: HttpRequest, pk: int) -> HttpResponse:
        return MoveDay.for_line(request, self, pk).run()

    def write_off_line(self, request: HttpRequest, pk: int) -> HttpResponse:
        return WriteOff.for_line(request, self, pk).run()

    # Columns

    @display(
        description="State",
        ordering="state",
        label={
            "Draft": "info",
            "Sent": "warning",
            "Confirmed": "primary",
            "Partly received": "primary",
            "Closed": "success",
        },
    )
    def shown_state(self, order: PurchaseOrder) -> str:
        return order.get_state_display() or "Draft"

    @display(description="How it was sent")
    def how_sent(self, order: PurchaseOrder) -> str:
        letter = letter_to(order)
        if letter is None:
            return "By hand"
        link = '<a href="{}">{}</a>'
        words = f"By mail to {letter.recipient}: {letter.get_state_display().lower()}"
        return format_html(link, address(letter), words)

    @display(description="Units", ordering="ordered_units")
    def units(self, order: PurchaseOrder) -> int:
        return int(getattr(order, "ordered_units", 0))

    @display(description="Still owed", ordering="owed_units")
    def outstanding(self, order: PurchaseOrder) -> int:
        return int(getattr(order, "owed_units", 0))

    @display(description="Next day", ordering=F("next_on").asc(nulls_last=True), empty_value="–")
    def next_day(self, order: PurchaseOrder) -> Any:
        return getattr(order, "next_on", None)


def _is_draft(order: PurchaseOrder | None) -> bool:
    return order is None or order.state == _STATES.DRAFT


def _possible(order: PurchaseOrder) -> set[str]:
    """What can be done with an order as it stands. A closed one still receives: more may come than was ordered."""
    if order.state == _STATES.DRAFT:
        return {"send"}
    if not order.is_open:
        return {"receive"}
    return {"receive", "move_all", "cancel_rest"} | (set() if order.confirmed_on else {"confirm"})


def _sent_context(request: HttpRequest, order: PurchaseOrder) -> dict[str, Any]:
    return {
        "lines": order.lines.select_related("item").prefetch_related("day_changes").order_by("expected_on", "id"),
        "deliveries": order.deliveries.annotate(units=Sum("lines__quantity"), damaged=Sum("lines__damaged")).order_by(
            "received_at", "id"
        ),
        "days_kept": kept.rows(days_of_order(order), timezone.localdate()),
        "today": timezone.localdate(),
        "may_move": may_move(request),
        "may_end": may_end(request),
    }
