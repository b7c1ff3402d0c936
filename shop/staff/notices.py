"""What customers were told of delays, what they answered, and what did not reach them. Rows to look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from backorders import consent
from backorders.models import Bounce, Consent, Notice
from inventory.admin import ReadOnly
from shop.dossiers import Dossier
from shop.formats import money
from shop.models import Order, OrderLine, Proposal
from shop.staff.flow import address
from shop.staff.wording import time_left, what_became_of_it, what_was_told
from shop.wording import until

STATES = {"open": "Needs an answer", "untold": "Not told", "answered": "Answered"}


def in_state(notices: QuerySet[Notice], state: str) -> QuerySet[Notice]:
    """Notices in a state of STATES."""
    match state:
        case "open":
            return notices.filter(pk__in=consent.open_questions().values("pk"))
        case "untold":
            return notices.filter(pk__in=consent.untold().values("pk"))
        case "answered":
            return notices.filter(consent__isnull=False)
    return notices


def with_state(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Annotates `is_open` and `is_untold`."""
    return notices.annotate(
        is_open=Exists(consent.open_questions().filter(pk=OuterRef("pk"))),
        is_untold=Exists(consent.untold().filter(pk=OuterRef("pk"))),
    )


def answer_due(notice: Notice, at: datetime, *, is_open: bool) -> str:
    """Until when an answer is in time, and how long that is; "silence keeps it" where none is needed."""
    if notice.answer_by is None:
        return "silence keeps it"
    by = until(notice.answer_by)
    return f"{by} ({time_left(notice.answer_by, at)})" if is_open else by


class OnTheDesk(Dossier):
    """With what staff offered instead, and what is still to be done about the delays that were told."""

    def _lines(self) -> QuerySet[OrderLine]:
        offered = Prefetch("proposals", Proposal.objects.select_related("variant__product").order_by("id"))
        return super()._lines().prefetch_related(offered)

    def _notices(self) -> QuerySet[Notice]:
        return with_state(super()._notices())


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as its order's page shows it."""

    notice: Notice
    told: str
    due: str
    became: str
    may_answer: bool


def delays_of(dossier: OnTheDesk) -> list[NoticeView]:
    return [view_of(notice, timezone.now()) for notice in dossier.notices]


def view_of(notice: Notice, at: datetime) -> NoticeView:
    """The notice comes from `with_state`. Its customer has an answer to give, or is still to be told, or neither."""
    is_open, is_untold = getattr(notice, "is_open", False), getattr(notice, "is_untold", False)
    return NoticeView(
        notice,
        what_was_told(notice),
        answer_due(notice, at, is_open=is_open),
        what_became_of_it(notice),
        is_open or is_untold,
    )


def lines_to_answer(order: Order) -> QuerySet[OrderLine]:
    """Lines whose customer has an answer to give, or has not been told yet and can be on the telephone."""
    asked = consent.open_questions().values("pk").union(consent.untold().values("pk"))
    return order.lines.filter(claim__notice__in=asked).select_related("claim__notice").order_by("id")


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        return in_state(queryset, self.value() or "")


class OfOrder(ReadOnly):
    """Rows about a notice, each with a link to its order."""

    def notice(self, row: Any) -> Notice:
        notice: Notice = row.notice
        return notice

    @display(description="Order")
    def order(self, row: Model) -> str:
        order = self.notice(row).claim.order_line.order
        return format_html('<a href="{}">{}</a>', address(order), order.number)

    @display(description="Customer")
    def customer(self, row: Model) -> str:
        order = self.notice(row).claim.order_line.order
        return ", ".join(filter(None, [order.name, order.phone or order.email]))

    @display(description="What was told")
    def told(self, row: Model) -> str:
        return what_was_told(self.notice(row))


@admin.register(Notice)
class NoticeAdmin(OfOrder, ModelAdmin):
    list_display = ["told_at", "order", "customer", "goods", "told", "answer_due", "value", "result", "can_be_done"]
    list_select_related = ["claim__order_line__order", "consent", "bounce"]
    list_filter = [StateFilter, "kind", ("told_at", admin.DateFieldListFilter)]
    search_fields = ["claim__reference", "claim__item__sku", "claim__order_line__order__name"]
    ordering = ["-told_at", "-id"]
    show_full_result_count = False
    fields = [("order", "customer"), "goods", ("told", "told_at"), "reason", "answer_due", "value", "result"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return with_state(super().get_queryset(request))

    def notice(self, row: Any) -> Notice:
        notice: Notice = row
        return notice

    @display(description="Goods")
    def goods(self, notice: Notice) -> str:
        line = notice.claim.order_line
        return f"{notice.claim.left} of {line.quantity} × {line.article}"

    @display(description="Answer by", ordering="answer_by")
    def answer_due(self, notice: Notice) -> str:
        return view_of(notice, timezone.now()).due

    @display(description="Worth")
    def value(self, notice: Notice) -> str:
        line = notice.claim.order_line
        return money(line.unit_price * notice.claim.left, line.order.currency)

    @display(description="What became of it")
    def result(self, notice: Notice) -> str:
        return view_of(notice, timezone.now()).became

    @display(description="What can be done", empty_value="–")
    def can_be_done(self, notice: Notice) -> str | None:
        if not view_of(notice, timezone.now()).may_answer:
            return None
        link = reverse("admin:shop_order_answer", args=[notice.claim.order_line.order_id])
        return format_html('<a href="{}">Record an answer</a>', link)


@admin.register(Consent)
class ConsentAdmin(OfOrder, ModelAdmin):
    list_display = ["at", "order", "customer", "told", "answer", "detail", "actor"]
    list_select_related = ["notice__claim__order_line__order"]
    list_filter = ["answer", ("at", admin.DateFieldListFilter)]
    search_fields = ["notice__claim__reference", "actor"]
    ordering = ["-id"]
    fields = [("order", "customer"), "told", ("answer", "detail"), ("actor", "at")]


@admin.register(Bounce)
class BounceAdmin(OfOrder, ModelAdmin):
    list_display = ["at", "order", "customer", "told", "answer"]
    list_select_related = ["notice__claim__order_line__order"]
    list_filter = [("at", admin.DateFieldListFilter)]
    search_fields = ["notice__claim__reference", "answer"]
    ordering = ["-id"]
    fields = [("order", "customer"), "told", "answer", "at"]
