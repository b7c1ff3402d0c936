"""Why is it this number? Exactly the movements, claims, purchase lines or alerts that make it, with who and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from backorders.models import Claim, Queue
from inventory.models import MovementKind, PurchaseOrderLine, StockItem, StockMovement
from shop.models import StockAlert
from shop.models.stock_alerts import StockAlertQuerySet
from shop.staff.flow import address
from shop.staff.wording import expected_in_words

_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the number. `link` leads to the row that it was read from, for those who may look at it."""

    units: int
    what: str
    who: str
    when: datetime | None
    day: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """A number as it is kept, and what it is made of: `total` is the sum of all rows, however many a page shows."""

    title: str
    number: int
    total: int
    rows: QuerySet[Any] | Sequence[Row]
    row_of: Callable[[Any], Row]


def why_of(obj: StockItem | Claim, name: str) -> Why:
    """One of the numbers of an item or a claim; 404 for what is not kept."""
    numbers = numbers_of(obj)
    if name not in numbers:
        raise Http404("There is no such number.")
    title, number = numbers[name]
    if isinstance(obj, StockItem):
        rows, units, row_of = _made_of(obj, name)
        return Why(title, number, rows.aggregate(total=Sum(units))["total"] or 0, rows, row_of)
    listed = _listed(obj, name)
    return Why(title, number, sum(row.units for row in listed), listed, lambda row: row)


def numbers_of(obj: StockItem | Claim) -> dict[str, tuple[str, int]]:
    """The numbers as they are kept, each with its words, by the name in its address."""
    if isinstance(obj, Claim):
        return {
            "wanted": ("wanted", obj.quantity),
            "allocated": ("set aside, shipped or not", obj.allocated),
            "shipped": ("shipped", obj.shipped),
            "lacking": ("lacking", obj.lacks),
        }
    waiting = Queue.objects.filter(item=obj).values_list("waiting", flat=True).first()
    owed = PurchaseOrderLine.objects.inbound().filter(item=obj)
    return {
        "on-hand": ("on hand", obj.on_hand),
        "allocated": ("allocated", obj.allocated),
        "waiting": ("waiting", waiting or 0),
        "on-order": ("on order", sum(line.outstanding for line in owed)),
        "alerts": ("alerts asked for", _alerts(obj).count()),
    }


def links(obj: StockItem | Claim) -> list[tuple[str, int, str]]:
    """The numbers in words, and where each is explained."""
    page = "admin:inventory_stockitem_why" if isinstance(obj, StockItem) else "admin:backorders_claim_why"
    return [(*told, reverse(page, args=[obj.pk, name])) for name, told in numbers_of(obj).items()]


def show(request: HttpRequest, admin: ModelAdmin, obj: StockItem | Claim, name: str) -> HttpResponse:
    why = why_of(obj, name)
    page = Paginator(why.rows, _ON_A_PAGE).get_page(request.GET.get("page"))
    request.current_app = admin.admin_site.name
    title = f"Why {why.number} {why.title}?"
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "content_title": title,
        "opts": admin.model._meta,
        "original": obj,
        "back": address(obj),
        "why": why,
        "page": page,
        "rows": [why.row_of(row) for row in page],
    }
    return TemplateResponse(request, "staff/why.html", context)


def _made_of(item: StockItem, name: str) -> tuple[QuerySet[Any], Combinable, Callable[[Any], Row]]:
    """The rows of an item's number, and what of each counts."""
    match name:
        case "on-hand":
            return item.movements.exclude(on_hand_change=0).order_by("-id"), F("on_hand_change"), _moved
        case "allocated":
            holding = _of_orders(Claim.objects.holding().filter(item=item)).in_order()
            return holding, F("allocated") - F("shipped"), _holds
        case "waiting":
            waiting = _of_orders(Claim.objects.waiting().filter(item=item)).in_order()
            return waiting, F("quantity") - F("allocated"), _lacks
        case "alerts":
            alerts = _alerts(item).select_related("variant__product").order_by("asked_at", "id")
            return alerts, Value(1), _wants_to_hear
    owed = PurchaseOrderLine.objects.inbound().with_outstanding().filter(item=item)
    lines = owed.select_related("order__supplier").order_by(F("expected_on").asc(nulls_last=True), "id")
    return lines, F("still_owed"), _owed


def _listed(claim: Claim, name: str) -> list[Row]:
    """The rows of a claim's number."""
    if name == "wanted":
        return _wanted(claim)
    moved = list(StockMovement.objects.filter(item=claim.item_id, cause=f"claim {claim.pk}").order_by("id"))
    if name == "shipped":
        return [_left(row) for row in moved if row.kind == MovementKind.SHIP]
    set_aside = [_set_aside(row) for row in moved if row.kind != MovementKind.SHIP]
    if name == "allocated":
        return set_aside
    return [*_wanted(claim), *(replace(row, units=-row.units) for row in set_aside)]


def _of_orders(claims: Any) -> Any:
    return claims.select_related("item", "order_line__order")


def _moved(row: StockMovement) -> Row:
    return Row(row.on_hand_change, _words(row), row.actor, row.at)


def _set_aside(row: StockMovement) -> Row:
    return Row(row.allocated_change, _words(row), row.actor, row.at)


def _left(row: StockMovement) -> Row:
    return Row(-row.on_hand_change, _words(row), row.actor, row.at)


def _words(row: StockMovement) -> str:
    return f"{row.get_kind_display()}, {row.cause}{f': {row.reason}' if row.reason else ''}"


def _holds(claim: Claim) -> Row:
    return Row(claim.ready, f"set aside for {claim.reference}", _customer(claim), claim.placed_at, link=address(claim))


def _lacks(claim: Claim) -> Row:
    what = f"{claim.reference} lacks {claim.lacks} of {claim.quantity}"
    return Row(claim.lacks, what, _customer(claim), claim.placed_at, link=address(claim))


def _customer(claim: Claim) -> str:
    line = getattr(claim, "order_line", None)
    return line.order.name if line else claim.customer


def _alerts(item: StockItem) -> StockAlertQuerySet:
    return StockAlert.objects.waiting().filter(variant__stock_item=item)


def _wants_to_hear(alert: StockAlert) -> Row:
    """Not who: nobody at the desk writes to her."""
    return Row(1, str(alert), "a shopper", alert.asked_at)


def _owed(line: PurchaseOrderLine) -> Row:
    what = f"{line.order.number}: {line.quantity} ordered, {line.received} received, {line.written_off} written off"
    return Row(
        line.outstanding, what, line.order.supplier.name, None, expected_in_words(line.expected), address(line.order)
    )


def _wanted(claim: Claim) -> list[Row]:
    withdrawn = list(claim.withdrawals.order_by("id"))
    line = getattr(claim, "order_line", None)
    ordered = line.quantity if line else claim.quantity + sum(row.units for row in withdrawn)
    given_up = [
        Row(-row.units, f"cancelled{f': {row.reason}' if row.reason else ''}", row.actor, row.at) for row in withdrawn
    ]
    return [Row(ordered, f"ordered with {claim.reference}", _customer(claim), claim.placed_at), *given_up]
