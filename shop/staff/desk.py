"""The admin's home: what asks for a hand today. Every number opens its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Sum
from django.http import HttpRequest
from django.utils import timezone

from inventory.models import PurchaseOrder, StockItem
from notifications.models import Letter
from shop import payments
from shop.formats import long_moment, money
from shop.models import Order, OrderLine, Payment
from shop.staff.flow import list_address
from shop.staff.progress import in_state, late_lines, ready_lines
from shop.staff.purchasing import arriving, slipped
from shop.staff.stock import overpromised


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its meaning. `urgent` numbers stand out, in words too, while they are not zero."""

    title: str
    number: int
    says: str
    address: str
    urgent: bool = False


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by the admin's home page. One query or two per card; only what the user may see is counted."""
    return context | {"title": "Today", "cards": list(_cards(request))}


def _cards(request: HttpRequest) -> list[Card]:
    may = request.user.has_perm
    cards = []
    if may("shop.view_order"):
        cards += _of_orders()
    if may("inventory.view_purchaseorder"):
        cards.append(_of_arrivals())
    if may("inventory.view_stockitem"):
        cards.append(_of_stock())
    if may("notifications.view_letter"):
        cards.append(_of_letters())
    return cards


def _of_orders() -> list[Card]:
    today = timezone.localdate()
    orders = Order.objects.all()
    late = in_state(orders, "late", today).count()
    overdue = f"{_n(late_lines(today).count(), 'line')} promised for a day that has passed"
    ready = _sum(ready_lines(), F("claim__allocated") - F("claim__shipped"))
    waiting = _sum(OrderLine.objects.waiting(), F("claim__quantity") - F("claim__allocated"))
    page = list_address(Order)
    return [
        Card("Late now", late, overdue, f"{page}?state=late", True),
        Card("Ready to ship", ready[0], f"{_n(ready[1], 'unit')} set aside on the shelf", f"{page}?state=ready"),
        *_of_unpaid(page),
        Card("Waiting", waiting[0], f"{_n(waiting[1], 'unit')} still to come", f"{page}?state=waiting"),
    ]


def _of_unpaid(page: str) -> Iterator[Card]:
    """Orders that are held until their payment is here; no card where nobody pays in advance."""
    found = Payment.objects.awaited().aggregate(orders=Count("id"), amount=Sum("amount"), next=Min("due_by"))
    says = f"{money(found['amount'] or Decimal(0))} to come"
    if found["next"]:
        says += f", the first until {long_moment(found['next'])}"
    if found["orders"] or any(gateway.in_advance for gateway in payments.offered()):
        yield Card("Awaits payment", found["orders"], says, f"{page}?state=unpaid")


def _of_arrivals() -> Card:
    today = timezone.localdate()
    late = slipped(today).count()
    due = arriving(today).aggregate(orders=Count("order", distinct=True), units=Sum("still_owed"))
    says = f"{_n(due['units'] or 0, 'unit')} within two weeks" + (f", {_n(late, 'line')} overdue" if late else "")
    return Card("Arriving", due["orders"], says, f"{list_address(PurchaseOrder)}?expected=arriving", bool(late))


def _of_stock() -> Card:
    items = overpromised(StockItem.objects.all()).count()
    says = "SKUs with more waiting than on the shelf and on order"
    return Card("Overpromised", items, says, f"{list_address(StockItem)}?state=overpromised", True)


def _of_letters() -> Card:
    dead = Letter.objects.filter(state=Letter.State.DEAD).count()
    return Card("Mail failed", dead, "letters that were given up", f"{list_address(Letter)}?state__exact=dead", True)


def _sum(lines: Any, units: Any) -> tuple[int, int]:
    found = lines.aggregate(orders=Count("order", distinct=True), units=Sum(units))
    return found["orders"], found["units"] or 0


def _n(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
