"""Money that is due back: what is still to be sent, and saying that it was."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from inventory.admin import ReadOnly
from shop import refunds
from shop.dossiers import Dossier
from shop.formats import long_moment, money
from shop.gateways import BY_NAME
from shop.models import Payment, Refund
from shop.staff.flow import OnePage, address, find
from shop.staff.wording import time_left


@dataclass(frozen=True, slots=True)
class ToSend:
    """What is about to be sent, to whom and how."""

    amount: Decimal
    way: str
    reason: str
    left: str


class MarkSent(OnePage[forms.Form, ToSend]):
    title = "Mark the refund as sent"
    act_label = "It is sent"
    form_template = "staff/refund.html"
    obj: Refund

    def form(self, data: Any = None) -> forms.Form:
        return forms.Form(data)

    def preview(self, form: forms.Form) -> ToSend:
        refund = self.obj
        refunds.refuse_if_sent(refund)
        way = BY_NAME[Payment.objects.get(order=refund.order_id).gateway].noun
        return ToSend(refund.amount, way, refund.reason, time_left(refund.due_by, self.at))

    def shown(self, form: forms.Form, preview: ToSend | None) -> dict[str, Any]:
        return {"amount": self._amount()}

    def act(self, form: forms.Form, preview: ToSend) -> str:
        refunds.mark_sent(self.obj.pk, actor=self.actor, at=self.at)
        what = f"{self._amount()} sent back for order {self.obj.order}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()

    def back(self) -> str:
        return self.address_of(self.obj.order)

    def _amount(self) -> str:
        return money(self.obj.amount, self.obj.order.currency)


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund as its order's page shows it."""

    refund: Refund
    amount: str
    state: str


def refunds_of(dossier: Dossier) -> list[RefundView]:
    at = timezone.now()
    return [
        RefundView(refund, money(refund.amount, dossier.order.currency), _state(refund, at))
        for refund in dossier.refunds
    ]


def _state(refund: Refund, at: datetime) -> str:
    if refund.sent_at:
        return f"sent on {long_moment(refund.sent_at)}, noted by {refund.sent_by}"
    return f"to be sent: {time_left(refund.due_by, at)}"


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "To be sent"), ("overdue", "Overdue"), ("sent", "Sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        match self.value():
            case "open":
                return queryset.filter(sent_at=None)
            case "overdue":
                return queryset.filter(sent_at=None, due_by__lt=timezone.now())
            case "sent":
                return queryset.exclude(sent_at=None)
        return queryset


@admin.register(Refund)
class RefundAdmin(ReadOnly, ModelAdmin):
    list_display = ["for_order", "customer", "shown_amount", "reason", "due_since", "state"]
    list_select_related = ["order"]
    list_filter = [StateFilter, ("due_since", admin.DateFieldListFilter)]
    search_fields = ["order__number", "order__name", "order__email"]
    ordering = ["sent_at", "due_by", "id"]
    fields = [("for_order", "customer"), ("shown_amount", "reason"), ("due_since", "due_by"), ("sent_at", "sent_by")]
    actions_detail = ["mark_sent"]
    actions_row = ["mark_sent"]

    def has_send_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.change_refund")

    @action(description="Mark as sent", icon="payments", url_path="sent", permissions=["send"])
    def mark_sent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return MarkSent(request, self, find(self, request, object_id)).run()

    @display(description="Order")
    def for_order(self, refund: Refund) -> str:
        return format_html('<a href="{}">{}</a>', address(refund.order), refund.order.number)

    @display(description="Customer")
    def customer(self, refund: Refund) -> str:
        return refund.order.name

    @display(description="Amount", ordering="amount")
    def shown_amount(self, refund: Refund) -> str:
        return money(refund.amount, refund.order.currency)

    @display(description="State", ordering="due_by")
    def state(self, refund: Refund) -> str:
        return _state(refund, timezone.now())
