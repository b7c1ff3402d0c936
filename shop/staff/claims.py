"""Claims: a place in a queue, what it was told, what was changed of its turn, and why others go before it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin, TabularInline
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from backorders.models import Claim, Promise, Queue, Withdrawal
from inventory.admin import ReadOnly
from shop.models import Order
from shop.staff import whys
from shop.staff.flow import find
from shop.staff.places import standing, why_passed_over
from shop.staff.turns import CallBack, ChangeRank, Hold, PutOff, Resume, Split, possible, turn_rights


class PromiseInline(ReadOnly, TabularInline):
    model = Promise
    fields = ["version", "quantity", "ships_on", "confirmed", "basis", "reason", "told_at"]
    ordering = ["-version", "ships_on"]
    extra = 0


class WithdrawalInline(ReadOnly, TabularInline):
    model = Withdrawal
    fields = ["units", "reason", "actor", "at"]
    ordering = ["id"]
    extra = 0


class ClaimStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("passed", "Passed over"), ("ready", "Set aside")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        claims = Claim.objects.filter(pk__in=queryset.values("pk"))
        match self.value():
            case "waiting":
                return queryset.filter(pk__in=claims.waiting().values("pk"))
            case "passed":
                passed = claims.waiting().exclude(hold="", put_off_to=None)
                return queryset.filter(pk__in=passed.values("pk"))
            case "ready":
                return queryset.filter(pk__in=claims.holding().values("pk"))
        return queryset


@admin.register(Claim)
class ClaimAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "item", "quantity", "allocated", "shipped", "lacks", "rank", "turn", "placed_at"]
    list_filter = [ClaimStateFilter]
    search_fields = ["reference", "item__sku"]
    list_per_page = 25
    show_full_result_count = False
    ordering = ["item__sku", "rank", "place", "units_before"]
    fields = [
        ("reference", "item"),
        ("quantity", "allocated", "shipped", "lacks"),
        ("rank", "placed_at"),
        "turn",
    ]
    inlines = [PromiseInline, WithdrawalInline]
    actions_detail = ["change_rank", "hold", "resume", "put_off", "call_back", "split"]
    change_form_outer_before_template = "staff/claim.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        return super().get_queryset(request).select_related("item", "put_off_to__order__supplier")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        claim = Claim.objects.filter(pk=object_id).first()
        offered = {f"backorders_claim_{name}" for name in possible(claim)} if claim else set()
        return [act for act in super().get_actions_detail(request, object_id) if act.action_name in offered]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        claim = self.get_object(request, object_id)
        if claim is None:
            raise Http404("There is no such claim.")
        more = {
            "order": Order.objects.filter(lines__claim=claim).first(),
            "queue": Queue.objects.filter(item=claim.item_id).first(),
            "standing": standing(claim) if claim.lacks else None,
            "whys": whys.links(claim),
            "changes": claim.changes.order_by("-id"),
            **turn_rights(request, claim.item_id),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.why)
        return [path("<int:pk>/why/<slug:name>/", page, name="backorders_claim_why"), *super().get_urls()]

    def why(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return whys.show(request, self, get_object_or_404(Claim, pk=pk), name)

    # A claim is never edited; the right to change it is the right to change its turn.

    def has_turn_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.change_claim")

    @action(description="Change rank", icon="low_priority", url_path="rank", permissions=["turn"])
    def change_rank(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ChangeRank(request, self, find(self, request, object_id)).run()

    @action(description="Hold", icon="pause", url_path="hold", permissions=["turn"])
    def hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Hold(request, self, find(self, request, object_id)).run()

    @action(description="Let it go on", icon="play_arrow", url_path="resume", permissions=["turn"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Resume(request, self, find(self, request, object_id)).run()

    @action(description="Wait for a later delivery", icon="update", url_path="put-off", permissions=["turn"])
    def put_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return PutOff(request, self, find(self, request, object_id)).run()

    @action(description="Call back", icon="undo", url_path="call-back", permissions=["turn"])
    def call_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return CallBack(request, self, find(self, request, object_id)).run()

    @action(description="Split", icon="call_split", url_path="split", permissions=["turn"])
    def split(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Split(request, self, find(self, request, object_id)).run()

    @display(description="Waits for", ordering=F("quantity") - F("allocated"))
    def lacks(self, claim: Claim) -> int:
        return claim.lacks

    @display(description="Turn")
    def turn(self, claim: Claim) -> str:
        return "; ".join(why_passed_over(claim)) or "in its turn" if claim.lacks else "–"
