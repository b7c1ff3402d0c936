"""The admin's home: what asks for a hand today. Every number opens its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from backorders import consent
from backorders.models import Notice
from inventory.models import PurchaseOrder, StockItem
from notifications.models import Letter
from shop import payments
from shop.formats import long_moment, money
from shop.models import Order, OrderLine, Payment, Refund
from shop.staff.flow import list_address
from shop.staff.progress import due_lines, in_state, late_lines, ready_lines
from shop.staff.purchasing import arriving, slipped
from shop.staff.stock import overpromised
from shop.staff.wording import time_left


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
    cards: list[Card] = []
    if may("shop.view_order"):
        cards += _of_late_orders()
    if may("backorders.view_notice"):
        cards += _of_notices()
    if may("shop.view_refund"):
        cards.append(_of_refunds())
    if may("shop.view_order"):
        cards += _of_orders()
    if may("inventory.view_purchaseorder"):
        cards.append(_of_arrivals())
    if may("inventory.view_stockitem"):
        cards.append(_of_stock())
    if may("notifications.view_letter"):
        cards.append(_of_letters())
    return cards


def _of_late_orders() -> Iterator[Card]:
    at = timezone.now()
    orders, page = Order.objects.all(), list_address(Order)
    overdue = f"{_n(late_lines(timezone.localdate(at)).count(), 'line')} promised for a day that has passed"
    yield Card("Late now", in_state(orders, "late", at).count(), overdue, f"{page}?state=late", True)
    due = due_lines(at).aggregate(orders=Count("order", distinct=True), lines=Count("id"), next=Min("claim__due_at"))
    says = f"{_n(due['lines'], 'line')} to ship, to tell of or to be answered"
    if due["next"]:
        says += f", the first until {long_moment(due['next'])}"
    yield Card("Due within a day", due["orders"], says, f"{page}?state=due", True)


def _of_notices() -> Iterator[Card]:
    at, page = timezone.now(), list_address(Notice)
    asked = OrderLine.objects.filter(claim__notice__in=consent.open_questions()).aggregate(
        lines=Count("id"),
        orders=Count("order", distinct=True),
        worth=Sum(F("unit_price") * (F("claim__quantity") - F("claim__shipped"))),
        next=Min("claim__notice__answer_by"),
    )
    says = f"{_n(asked['orders'], 'order')}, {money(asked['worth'] or Decimal(0))}"
    if asked["next"]:
        says += f"; the first: {time_left(asked['next'], at)}"
    yield Card("Needs an answer", asked["lines"], says, f"{page}?state=open")
    says = "notices of a delay that did not arrive: telephone"
    yield Card("Not told", consent.untold().count(), says, f"{page}?state=untold", True)


def _of_refunds() -> Card:
    at = timezone.now()
    due = Refund.objects.filter(sent_at=None).aggregate(
        rows=Count("id"),
        amount=Sum("amount"),
        next=Min("due_by"),
        overdue=Count("id", filter=Q(due_by__lt=at)),
    )
    says = money(due["amount"] or Decimal(0))
    if due["overdue"]:
        says += f", {due['overdue']} of them overdue"
    if due["next"]:
        says += f"; the first: {time_left(due['next'], at)}"
    return Card("Refunds to send", due["rows"], says, f"{list_address(Refund)}?state=open", bool(due["overdue"]))


def _of_orders() -> list[Card]:
    ready = _sum(ready_lines(), F("claim__allocated") - F("claim__shipped"))
    waiting = _sum(OrderLine.objects.waiting(), F("claim__quantity") - F("claim__allocated"))
    page = list_address(Order)
    return [
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
