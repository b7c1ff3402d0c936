"""The queue of a stock item: who waits, since when, for how many, what was promised and what can be expected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from backorders.models import Claim, Queue
from backorders.outlook import Outlook, outlooks
from backorders.turns import may_split
from inventory.models import StockItem
from shop.models import OrderLine
from shop.staff.effects import in_words
from shop.staff.exports import as_csv
from shop.staff.places import delivery_in_words, why_passed_over
from shop.staff.turns import turn_rights

_ON_A_PAGE = 100
# Filters look among so many: what each of them can expect is worked out for it.
_LOOKED_AT = 5_000
SHOWS: dict[str, tuple[str, Callable[[Outlook], bool]]] = {
    "": ("Everybody", lambda row: True),
    "risk": ("At risk", lambda row: row.is_at_risk),
    "hold": ("On hold", lambda row: bool(row.claim.hold)),
    "put_off": ("Put off", lambda row: row.claim.put_off_to_id is not None),
    "turn": ("In their turn", lambda row: not row.claim.is_passed_over),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the page. What nobody ordered has no line."""

    outlook: Outlook
    line: OrderLine | None

    @property
    def claim(self) -> Claim:
        return self.outlook.claim

    @property
    def customer(self) -> str:
        return self.line.order.name if self.line else ""

    @property
    def promised(self) -> str:
        return in_words(self.outlook.told)

    @property
    def expected(self) -> str:
        return in_words(self.outlook.expects)

    @property
    def may_split(self) -> bool:
        return may_split(self.claim) > 0

    @property
    def passed_over(self) -> str:
        return "; ".join(why_passed_over(self.claim))


def queue_address(item: StockItem) -> str:
    return reverse("admin:inventory_stockitem_who_waits", args=[item.pk])


def queue_of(item: StockItem) -> Queue:
    queue = Queue.objects.select_related("item").filter(item=item.pk).first()
    if queue is None:
        raise Http404("This item has no queue yet.")
    return queue


def chosen(request: HttpRequest, queue: Queue, first: int | None = None) -> list[Outlook]:
    """Those who wait that the filters of the address name, among all or among the first."""
    _, fits = SHOWS.get(request.GET.get("show", ""), SHOWS[""])
    wanted = request.GET.get("q", "").strip().casefold()
    rows = [row for row in outlooks(queue, timezone.now(), first) if fits(row)]
    return [row for row in rows if wanted in f"{row.claim.reference} {row.claim.customer}".casefold()]


def places_of(rows: Sequence[Outlook]) -> list[Place]:
    """One query for any number of them."""
    lines = OrderLine.objects.filter(claim__in=[row.claim.pk for row in rows]).select_related("order")
    by_claim = {line.claim_id: line for line in lines}
    return [Place(row, by_claim.get(row.claim.pk)) for row in rows]


def show(request: HttpRequest, admin: ModelAdmin, item: StockItem) -> HttpResponse:
    queue = queue_of(item)
    claims = Claim.objects.waiting().filter(item=item).count()
    is_filtered = any(request.GET.get(name) for name in ("show", "q"))
    found = chosen(request, queue, _LOOKED_AT) if is_filtered else None
    page: Page = Paginator(range(claims if found is None else len(found)), _ON_A_PAGE).get_page(request.GET.get("page"))
    rows = outlooks(queue, timezone.now(), page.end_index()) if found is None else found[: page.end_index()]
    kept = request.GET.copy()
    kept.pop("page", None)
    rights, buttons = turn_rights(request, item.pk), _buttons(request, item)
    request.current_app = admin.admin_site.name
    title = f"Who waits for {item.sku}"
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "content_title": title,
        "opts": admin.model._meta,
        "original": item,
        "queue": queue,
        "page": page,
        "places": places_of(rows[max(0, page.start_index() - 1) :]),
        "units": queue.waiting if found is None else sum(row.claim.lacks for row in found),
        "looked_at": _LOOKED_AT if found is not None and claims > _LOOKED_AT else None,
        "shows": [(name, words) for name, (words, _) in SHOWS.items()],
        "show": request.GET.get("show", ""),
        "q": request.GET.get("q", ""),
        "filters": kept.urlencode(),
        **rights,
        **buttons,
        "may_tick": rights["may_turn"] or any(buttons.values()),
    }
    return TemplateResponse(request, "staff/queue.html", context)


def _buttons(request: HttpRequest, item: StockItem) -> dict[str, str]:
    """Where the form of those that are ticked goes by another button than the first, where the user may do that."""
    acts = {"offers": ("offer", "shop.add_proposal"), "cancels": ("cancel", "backorders.add_withdrawal")}
    return {
        name: format_html('formaction="{}"', reverse(f"admin:inventory_stockitem_{act}_ticked", args=[item.pk]))
        for name, (act, right) in acts.items()
        if request.user.has_perm(right)
    }


def export(request: HttpRequest, item: StockItem) -> HttpResponse:
    columns = ["Place", "Order", "Customer", "E-mail", "Lacks", "Wanted", "Since", "Promised", "Expected", "At risk"]
    rows = (
        [
            place.outlook.number,
            place.claim.reference,
            place.customer,
            place.claim.customer,
            place.claim.lacks,
            place.claim.quantity,
            timezone.localtime(place.claim.placed_at).isoformat(timespec="minutes"),
            place.promised,
            place.expected,
            "at risk" if place.outlook.is_at_risk else "",
            place.claim.rank,
            place.claim.hold,
            delivery_in_words(place.claim.put_off_to) if place.claim.put_off_to else "",
        ]
        for place in places_of(chosen(request, queue_of(item)))
    )
    return as_csv(f"queue-{item.pk}", [*columns, "Rank", "On hold", "Put off to"], rows)
