"""The queues: rules and places to look at. What staff can do to them stands in `shop.staff`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import F, Min, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from unfold.admin import ModelAdmin
from unfold.decorators import display

from backorders.models import Claim, ClaimChange, ClaimQuerySet, Policy, Queue
from backorders.plan import Portion
from backorders.queries import holding
from inventory.models import PurchaseOrderLine

# A page shows the head of the queue; the list of claims shows all of it.
CLAIMS_ON_A_PAGE = 100
_LIMITS = {"cap": "in all", "per_order": "an order", "per_customer": "a customer", "longest_wait": "days ahead"}


@dataclass(frozen=True, slots=True)
class Place:
    """A claim in its queue: the days it was told, and the latest change of its rank, if there was one."""

    number: int
    claim: Claim
    portions: tuple[Portion, ...]
    ranked: ClaimChange | None

    @property
    def passed_over(self) -> str:
        return "; ".join(why_passed_over(self.claim))


def places_of(waiting: ClaimQuerySet, limit: int) -> list[Place]:
    """The first of a queue, in order. Three queries for any number of them."""
    claims = list(waiting.in_order().select_related("item", "put_off_to__order__supplier")[:limit])
    ids = [claim.pk for claim in claims]
    told = holding(ids)
    changes = ClaimChange.objects.filter(claim__in=ids, kind=ClaimChange.Kind.RANK).order_by("id")
    ranked = {change.claim_id: change for change in changes}
    return [
        Place(number, claim, told[claim.pk][1] if claim.pk in told else (), ranked.get(claim.pk))
        for number, claim in enumerate(claims, 1)
    ]


def why_passed_over(claim: Claim) -> Iterator[str]:
    """What keeps a claim from being served in its turn, in words."""
    if claim.hold:
        yield f"on hold: {claim.hold}"
    if claim.put_off_to:
        yield f"waits for {delivery_in_words(claim.put_off_to)}"


def delivery_in_words(line: PurchaseOrderLine) -> str:
    """A purchase line as a delivery to wait for, such as "PO-7 of Weavers of Ulm, expected 9 December 2026"."""
    day = f"expected {date_format(line.expected_on, 'j F Y')}" if line.expected_on else "no day known"
    estimated = " (estimated)" if line.expected_on and not line.confirmed else ""
    return f"{line.order.number} of {line.order.supplier.name}, {day}{estimated}"


def turn_rights(request: HttpRequest, item_id: int) -> dict[str, bool]:
    """What the rows of a queue offer: may this user change a turn, and is there a delivery to wait for?"""
    may_turn = request.user.has_perm("backorders.change_claim")
    on_order = may_turn and PurchaseOrderLine.objects.inbound().filter(item=item_id).exists()
    return {"may_turn": may_turn, "may_put_off": on_order, "may_look": request.user.has_perm("backorders.view_claim")}


class WaitsFilter(admin.SimpleListFilter):
    title = "who waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Somebody waits"), ("passed", "Somebody is passed over"), ("no", "Nobody waits")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Queue]) -> QuerySet[Queue]:
        match self.value():
            case "yes":
                return queryset.filter(waiting__gt=0)
            case "passed":
                return queryset.filter(passed_over__gt=0)
            case "no":
                return queryset.filter(waiting=0)
        return queryset


@admin.register(Queue)
class QueueAdmin(ModelAdmin):
    list_display = ["item", "policy", "lead_time", "limits", "waiting", "skipped", "oldest"]
    list_select_related = ["item"]
    list_filter = [WaitsFilter, "policy"]
    search_fields = ["item__sku", "item__name"]
    ordering = ["-waiting", "item__sku"]
    fieldsets = [
        (None, {"fields": ["item", ("waiting", "skipped")]}),
        (
            "Who may join",
            {
                "fields": ["policy", "lead_days"],
                "description": "Whoever waits already keeps her place, whatever the rules become.",
            },
        ),
        (
            "How many may wait",
            {
                "fields": ["cap", "per_order", "per_customer"],
                "description": "At a limit the shop says “Out of stock” and why, and sells again by itself when there"
                " is room. 0 means that nothing waits.",
            },
        ),
        (
            "For how long",
            {
                "fields": ["longest_wait"],
                "description": "A day further off is promised to nobody who comes new. 0 means that nothing waits.",
            },
        ),
    ]
    readonly_fields = ["skipped"]
    change_form_outer_after_template = "staff/queue_claims.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Queue | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        claims = Claim.objects.waiting().filter(item=OuterRef("item")).order_by().values("item")
        since = Subquery(claims.annotate(since=Min("placed_at")).values("since"))
        return super().get_queryset(request).annotate(waits_since=since)

    def has_change_permission(self, request: HttpRequest, obj: Queue | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        queue = self.get_object(request, object_id)
        if queue is None:
            raise Http404("There is no such queue.")
        places = places_of(Claim.objects.waiting().filter(item=queue.item_id), CLAIMS_ON_A_PAGE + 1)
        more = {
            "places": places[:CLAIMS_ON_A_PAGE],
            "more_wait": len(places) > CLAIMS_ON_A_PAGE,
            **turn_rights(request, queue.item_id),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    @display(description="Lead time")
    def lead_time(self, queue: Queue) -> str:
        return f"{queue.lead_days} days" if queue.policy == Policy.LEAD_TIME else "–"

    @display(description="Limits")
    def limits(self, queue: Queue) -> str:
        limits = ((getattr(queue, name), words) for name, words in _LIMITS.items())
        return ", ".join(f"{limit} {words}" for limit, words in limits if limit is not None) or "none"

    @display(description="Of them passed over", ordering="passed_over")
    def skipped(self, queue: Queue) -> int:
        return queue.passed_over

    @display(description="Oldest waits since", ordering=F("waits_since").asc(nulls_last=True), empty_value="–")
    def oldest(self, queue: Queue) -> Any:
        return getattr(queue, "waits_since", None)
