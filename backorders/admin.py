"""The queues: rules to edit, places and promises to look at. The order of a queue is nobody's to edit here."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Min, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from backorders.models import Claim, Policy, Promise, Queue, Withdrawal
from backorders.queries import holding
from inventory.admin import ReadOnly, SavesOnlyChanges

# A page shows the head of the queue; the list of claims shows all of it.
CLAIMS_ON_A_PAGE = 100


class PolicyFilter(admin.SimpleListFilter):
    title = "who waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Somebody waits"), ("no", "Nobody waits")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Queue]) -> QuerySet[Queue]:
        match self.value():
            case "yes":
                return queryset.filter(waiting__gt=0)
            case "no":
                return queryset.filter(waiting=0)
        return queryset


@admin.register(Queue)
class QueueAdmin(SavesOnlyChanges, ModelAdmin):
    list_display = ["item", "policy", "lead_time", "cap", "waiting", "oldest"]
    list_select_related = ["item"]
    list_filter = [PolicyFilter, "policy"]
    search_fields = ["item__sku", "item__name"]
    ordering = ["-waiting", "item__sku"]
    fields = ["item", "policy", "lead_days", "cap", "waiting"]
    readonly_fields = ["item", "waiting"]
    change_form_outer_after_template = "staff/queue_claims.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Queue | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        claims = Claim.objects.waiting().filter(item=OuterRef("item")).order_by().values("item")
        since = Subquery(claims.annotate(since=Min("placed_at")).values("since"))
        return super().get_queryset(request).annotate(waits_since=since)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        queue = self.get_object(request, object_id)
        if queue is None:
            raise Http404("There is no such queue.")
        return super().change_view(request, object_id, form_url, (extra_context or {}) | places_of(queue))

    @display(description="Lead time")
    def lead_time(self, queue: Queue) -> str:
        return f"{queue.lead_days} days" if queue.policy == Policy.LEAD_TIME else "–"

    @display(description="Oldest waits since", ordering=F("waits_since").asc(nulls_last=True), empty_value="–")
    def oldest(self, queue: Queue) -> Any:
        return getattr(queue, "waits_since", None)


def places_of(queue: Queue) -> dict[str, Any]:
    """The head of the queue in order, with what each claim was told last. Two queries."""
    claims = list(Claim.objects.waiting().filter(item=queue.item_id).in_order()[: CLAIMS_ON_A_PAGE + 1])
    told = holding([claim.pk for claim in claims])
    rows = [
        {"place": place, "claim": claim, "portions": told[claim.pk][1] if claim.pk in told else ()}
        for place, claim in enumerate(claims[:CLAIMS_ON_A_PAGE], 1)
    ]
    return {"places": rows, "more_wait": len(claims) > CLAIMS_ON_A_PAGE}


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
        return [("waiting", "Waiting"), ("ready", "Set aside")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        claims = Claim.objects.filter(pk__in=queryset.values("pk"))
        match self.value():
            case "waiting":
                return queryset.filter(pk__in=claims.waiting().values("pk"))
            case "ready":
                return queryset.filter(pk__in=claims.holding().values("pk"))
        return queryset


@admin.register(Claim)
class ClaimAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "item", "quantity", "allocated", "shipped", "lacks", "placed_at"]
    list_select_related = ["item"]
    list_filter = [ClaimStateFilter]
    search_fields = ["reference", "item__sku"]
    ordering = ["item__sku", "rank", "id"]
    fields = ["reference", "item", "rank", "quantity", "allocated", "shipped", "lacks", "placed_at"]
    inlines = [PromiseInline, WithdrawalInline]

    @display(description="Waits for", ordering=F("quantity") - F("allocated"))
    def lacks(self, claim: Claim) -> int:
        return claim.lacks
