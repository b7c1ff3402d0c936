"""Stock items: what is on the shelf, whose it is and what is coming. Counts change through the ledger only."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, IntegerField, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from backorders.models import Queue
from inventory.admin import SavesOnlyChanges
from inventory.models import PurchaseOrderLine, StockItem
from shop import fulfilment
from shop.models import StockAlert
from shop.settling import Foreseen
from shop.staff import queues, ticked, whys
from shop.staff.effects import effects, tell_of
from shop.staff.files import ImportCounts
from shop.staff.flow import Flow, Refused, find
from shop.staff.imports import WithFiles
from shop.staff.never_coming import NeverComing, may_end

_MOVEMENTS_ON_A_PAGE = 25
_COUNTS = ["on_hand", "allocated", "waiting", "free_units", "inbound_units", "alerts"]


def with_columns(items: QuerySet[StockItem]) -> QuerySet[Any]:
    """Annotates `waits`, `free` (law 4) and `inbound`, in one query for any number of items."""
    owed = PurchaseOrderLine.objects.inbound().with_outstanding().filter(item=OuterRef("pk")).order_by()
    inbound = owed.values("item").annotate(units=Sum("still_owed")).values("units")
    waits = Coalesce(F("queue__waiting"), 0)
    return items.annotate(
        waits=waits,
        free=Greatest(F("on_hand") - F("allocated") - waits, 0),
        inbound=Coalesce(Subquery(inbound, output_field=IntegerField()), 0),
    )


def with_alerts(items: QuerySet[Any]) -> QuerySet[Any]:
    """Annotates `alerted`: how many wait for the letter that an article which is sold is here again."""
    alerts = StockAlert.objects.waiting().filter(variant__stock_item=OuterRef("pk")).order_by()
    people = alerts.values("variant__stock_item").annotate(people=Count("pk")).values("people")
    return items.annotate(alerted=Coalesce(Subquery(people, output_field=IntegerField()), 0))


def overpromised(items: QuerySet[StockItem]) -> QuerySet[Any]:
    """Items for which more units are waited for than are on the shelf or on order."""
    return with_columns(items).filter(waits__gt=F("on_hand") - F("allocated") + F("inbound"))


class StockFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("free", "Free units"),
            ("none", "Nothing free"),
            ("waiting", "Somebody waits"),
            ("overpromised", "Overpromised"),
            ("alerts", "Somebody wants to hear of it"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "free":
                return queryset.filter(free__gt=0)
            case "none":
                return queryset.filter(free=0)
            case "waiting":
                return queryset.filter(waits__gt=0)
            case "overpromised":
                return queryset.filter(pk__in=overpromised(StockItem.objects.all()).values("pk"))
            case "alerts":
                return queryset.filter(alerted__gt=0)
        return queryset


@dataclass(frozen=True, slots=True)
class Correction:
    """What a count of the shelf means: how far the books are off, and what it does to those who wait."""

    on_hand: int
    counted: int
    foreseen: Foreseen

    @property
    def change(self) -> int:
        return self.counted - self.on_hand


class CorrectionForm(forms.Form):
    counted = forms.IntegerField(
        label="Units on the shelf",
        min_value=0,
        max_value=10_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="All units of the item that are in the house, set aside or not.",
    )
    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as “damaged in the store”. A customer whose units give way reads it.",
    )


class CorrectStock(Flow):
    title = "Correct the stock"
    act_label = "Correct the stock"
    preview_template = "staff/correct_preview.html"
    obj: StockItem

    def form(self, data: Any = None) -> forms.Form:
        return CorrectionForm(data, initial={"counted": self.obj.on_hand})

    def preview(self, form: forms.Form) -> Correction:
        counted, reason = form.cleaned_data["counted"], form.cleaned_data["reason"]
        on_hand = StockItem.objects.values_list("on_hand", flat=True).get(pk=self.obj.pk)
        if counted == on_hand:
            raise Refused(f"The books say {on_hand} as well: there is nothing to correct.")
        change = counted - on_hand
        foreseen = fulfilment.preview_correction(self.obj.pk, change, reason=reason, actor=self.actor, at=self.at)
        return Correction(on_hand, counted, foreseen)

    def shown(self, form: forms.Form, preview: Correction | None) -> dict[str, Any]:
        return {"effects": effects(preview.foreseen)} if preview else {}

    def act(self, form: forms.Form, preview: Correction) -> str:
        fulfilment.correct_stock(
            self.obj.pk,
            preview.change,
            reason=form.cleaned_data["reason"],
            seen_on_hand=preview.on_hand,
            actor=self.actor,
            at=self.at,
        )
        reason = form.cleaned_data["reason"]
        self.admin.log_change(self.request, self.obj, f"Corrected by {preview.change:+d}: {reason}")
        messages.success(self.request, f"{self.obj.sku}: {preview.counted} on hand now ({preview.change:+d}).")
        tell_of(self.request, preview.foreseen)
        return self.back()


@admin.register(StockItem)
class StockItemAdmin(WithFiles, SavesOnlyChanges, ModelAdmin):
    importer = ImportCounts
    list_display = ["sku", "name", *_COUNTS]
    list_filter = [StockFilter]
    search_fields = ["sku", "name"]
    ordering = ["sku"]
    actions_detail = ["who_waits", "correct", "never_coming"]
    change_form_outer_after_template = "staff/stock_item.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockItem]:
        return with_alerts(with_columns(super().get_queryset(request)))

    def get_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        return ["sku", "name", *_COUNTS] if obj else ["sku", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        """The SKU is fixed once it exists: orders, counts and imports know the goods by it."""
        return ["sku", *_COUNTS] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Queue.objects.get_or_create(item_id=obj.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        item = self.get_object(request, object_id)
        if item is None:
            raise Http404("There is no such stock item.")
        more = {
            "movements": item.movements.order_by("-id")[:_MOVEMENTS_ON_A_PAGE],
            "inbound": PurchaseOrderLine.objects.inbound()
            .filter(item=item)
            .select_related("order__supplier")
            .order_by(F("expected_on").asc(nulls_last=True), "id"),
            "queue": Queue.objects.filter(item=item).first(),
            "whys": whys.links(item),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def has_correct_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.add_stockmovement")

    @action(
        description="Correct the stock",
        icon="edit_note",
        url_path="correct",
        permissions=["correct"],
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item = find(self, request, object_id)
        return CorrectStock(request, self, item).run()

    def has_end_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_end(request)

    @action(description="It will never come", icon="block", url_path="never-coming", permissions=["end"])
    def never_coming(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return NeverComing(request, self, find(self, request, object_id)).run()

    # Its queue

    def has_queue_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.view_claim")

    def has_turn_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.change_claim")

    @action(description="Who waits", icon="groups", url_path="queue", permissions=["queue"])
    def who_waits(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return queues.show(request, self, find(self, request, object_id))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/why/<slug:name>/", wrap(self.why), name="inventory_stockitem_why"),
            path("<int:pk>/queue/file/", wrap(self.queue_file), name="inventory_stockitem_queue_file"),
            path("<int:pk>/queue/turns/", wrap(self.change_turns), name="inventory_stockitem_change_turns"),
            path("<int:pk>/queue/cancel/", wrap(self.cancel_ticked), name="inventory_stockitem_cancel_ticked"),
            path("<int:pk>/queue/offer/", wrap(self.offer_ticked), name="inventory_stockitem_offer_ticked"),
            *super().get_urls(),
        ]

    def why(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return whys.show(request, self, get_object_or_404(StockItem, pk=pk), name)

    def queue_file(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_queue_permission(request):
            raise PermissionDenied
        return queues.export(request, get_object_or_404(StockItem, pk=pk))

    def change_turns(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_turn_permission(request):
            raise PermissionDenied
        return ticked.ChangeTurns(request, self, get_object_or_404(StockItem, pk=pk)).run()

    def cancel_ticked(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("backorders.add_withdrawal"):
            raise PermissionDenied
        return ticked.CancelTicked(request, self, get_object_or_404(StockItem, pk=pk)).run()

    def offer_ticked(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("shop.add_proposal"):
            raise PermissionDenied
        return ticked.OfferTicked(request, self, get_object_or_404(StockItem, pk=pk)).run()

    @display(description="Waiting", ordering="waits")
    def waiting(self, item: StockItem) -> int:
        return int(getattr(item, "waits", 0))

    @display(description="Free", ordering="free")
    def free_units(self, item: StockItem) -> int:
        return int(getattr(item, "free", 0))

    @display(description="Inbound", ordering="inbound")
    def inbound_units(self, item: StockItem) -> int:
        return int(getattr(item, "inbound", 0))

    @display(description="Alerts", ordering="alerted")
    def alerts(self, item: StockItem) -> int:
        return int(getattr(item, "alerted", 0))
