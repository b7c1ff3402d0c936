"""The admin's home: what asks for a hand today. Every number opens its rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import caches
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from backorders import consent
from backorders.models import Claim, Notice
from inventory.models import PurchaseOrder, StockItem
from notifications.models import Letter
from shop import payments
from shop.formats import count, long_day, long_moment, money, span
from shop.models import Announcement, Inquiry, Order, OrderLine, Payment, Refund
from shop.staff.flow import list_address
from shop.staff.progress import due_lines, late_lines, ready_lines, waiting_orders
from shop.staff.purchasing import arriving, slipped
from shop.staff.stock import overpromised
from shop.staff.weeks import coming_weeks, kept_by_week
from shop.staff.wording import time_left

# The charts are counted anew once a minute, from a hundred thousand rows: the cards have the numbers.
_COMING, _KEPT, _MINUTE = "desk:coming-weeks", "desk:kept-by-week", 60
_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)


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
    first, also = list(_first(request)), list(_also(request))
    may = request.user.has_perm
    coming = may("inventory.view_purchaseorder") and may("backorders.view_claim")
    weeks = caches["pages"].get_or_set(_COMING, coming_weeks, _MINUTE) if coming else []
    kept = caches["pages"].get_or_set(_KEPT, kept_by_week, _MINUTE) if may("shop.view_reports") else []
    return context | {"title": "Today", "first": first, "also": also, "weeks": weeks, "kept": kept}


def cards_of(request: HttpRequest) -> list[Card]:
    return [*_first(request), *_also(request)]


def _first(request: HttpRequest) -> Iterator[Card]:
    """In the order in which a morning goes through them."""
    may = request.user.has_perm
    if may("shop.view_order"):
        yield _of_late_orders()
    if may("backorders.view_notice"):
        yield _of_questions()
    if may("shop.view_inquiry"):
        yield _of_inquiries()
    if may("inventory.view_purchaseorder"):
        yield _of_arrivals()
    if may("shop.view_order"):
        yield _of_waiting()
    if may("inventory.view_stockitem"):
        yield _of_stock()
    if may("notifications.view_letter"):
        yield _of_letters()


def _also(request: HttpRequest) -> Iterator[Card]:
    may = request.user.has_perm
    if may("shop.view_order"):
        yield _of_deadlines()
        yield _of_ready()
        yield from _of_unpaid(list_address(Order))
    if may("backorders.view_notice"):
        says = "notices of a delay that did not arrive: telephone"
        yield Card("Not told", consent.untold().count(), says, f"{list_address(Notice)}?state=untold", True)
    if may("shop.view_refund"):
        yield _of_refunds()
    if may("shop.add_return"):
        yield _of_returns()


def _of_late_orders() -> Card:
    today = timezone.localdate()
    late = late_lines(today).aggregate(
        orders=Count("order", distinct=True),
        lines=Count("id"),
        worth=Sum(F("unit_price") * (F("claim__quantity") - F("claim__shipped"))),
        since=Min("promised_first"),
    )
    says = f"{count(late['lines'], 'line')}, {money(late['worth'] or Decimal(0))}"
    if late["since"]:
        says += f"; the oldest was promised for {long_day(late['since'])}"
    return Card("Late now", late["orders"], says, f"{list_address(Order)}?state=late", True)


def _of_deadlines() -> Card:
    due = due_lines(timezone.now()).aggregate(
        orders=Count("order", distinct=True), lines=Count("id"), next=Min("claim__due_at")
    )
    says = f"{count(due['lines'], 'line')} to ship, to tell of or to be answered"
    if due["next"]:
        says += f", the first until {long_moment(due['next'])}"
    return Card("Due within a day", due["orders"], says, f"{list_address(Order)}?state=due", True)


def _of_questions() -> Card:
    at = timezone.now()
    asked = OrderLine.objects.filter(claim__in=consent.asking()).aggregate(
        lines=Count("id"),
        orders=Count("order", distinct=True),
        worth=Sum(F("unit_price") * (F("claim__quantity") - F("claim__shipped"))),
        next=Min("claim__notice__answer_by"),
    )
    says = f"{count(asked['orders'], 'order')}, {money(asked['worth'] or Decimal(0))}"
    if asked["next"]:
        says += f"; the first: {time_left(asked['next'], at)}"
    return Card("Needs an answer", asked["lines"], says, f"{list_address(Notice)}?state=open")


def _of_inquiries() -> Card:
    at = timezone.now()
    asked = Inquiry.objects.unanswered().aggregate(
        orders=Count("order", distinct=True), rows=Count("id"), since=Min("at")
    )
    says = count(asked["rows"], "question about an order", "questions about orders")
    if asked["since"]:
        says += f"; the oldest has waited {span(max(at - asked['since'], _HOUR))}"
    is_old = asked["since"] is not None and at - asked["since"] >= _A_DAY
    return Card("Questions", asked["orders"], says, f"{list_address(Order)}?state=asks", is_old)


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


def _of_returns() -> Card:
    coming = Announcement.objects.awaited().aggregate(
        orders=Count("line__order", distinct=True), units=Sum("coming"), since=Min("at")
    )
    says = f"{count(coming['units'] or 0, 'unit')} that customers send back"
    if coming["since"]:
        says += f"; the oldest announced on {long_day(timezone.localdate(coming['since']))}"
    return Card("To come back", coming["orders"], says, f"{list_address(Order)}?state=coming")


def _of_ready() -> Card:
    ready = ready_lines().aggregate(
        orders=Count("order", distinct=True),
        units=Sum(F("claim__allocated") - F("claim__shipped")),
        since=Min("claim__placed_at"),
    )
    says = f"{count(ready['units'] or 0, 'unit')} set aside on the shelf"
    if ready["since"]:
        says += f"; the oldest order is of {long_day(timezone.localdate(ready['since']))}"
    return Card("Ready to ship", ready["orders"], says, f"{list_address(Order)}?state=ready")


def _of_waiting() -> Card:
    lacks = F("quantity") - F("allocated")
    found = Claim.objects.waiting().aggregate(
        units=Sum(lacks), worth=Sum(lacks * F("unit_price")), since=Min("placed_at")
    )
    says = "nobody waits"
    if found["units"]:
        since = long_day(timezone.localdate(found["since"]))
        says = f"{count(found['units'], 'unit')}, {money(found['worth'])}; the oldest since {since}"
    return Card("Waiting", waiting_orders(), says, f"{list_address(Order)}?state=waiting")


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
    late = 0
    owed: Counter[int] = Counter()
    waits: dict[int, int] = {}
    orders = set()
    has_slipped = Exists(slipped(today).filter(pk=OuterRef("pk")))
    for line in arriving(today).annotate(waits=F("item__queue__waiting"), has_slipped=has_slipped):
        late += line.has_slipped
        orders.add(line.order_id)
        owed[line.item_id] += line.outstanding
        waits[line.item_id] = line.waits or 0
    freed = sum(min(units, waits[item]) for item, units in owed.items())
    says = f"{count(owed.total(), 'unit')} within two weeks, {freed} of them for those who wait"
    says += f"; {count(late, 'line')} overdue" if late else ""
    return Card("Arriving", len(orders), says, f"{list_address(PurchaseOrder)}?expected=arriving", bool(late))


def _of_stock() -> Card:
    short = overpromised(StockItem.objects.all()).aggregate(
        items=Count("pk"), units=Sum(F("waits") - F("on_hand") + F("allocated") - F("inbound"))
    )
    says = f"{count(short['units'] or 0, 'unit')} more waited for than on the shelf and on order"
    return Card("Overpromised", short["items"], says, f"{list_address(StockItem)}?state=overpromised", True)


def _of_letters() -> Card:
    dead = Letter.objects.filter(state=Letter.State.DEAD).aggregate(letters=Count("pk"), since=Min("written_at"))
    says = "letters that were given up"
    if dead["since"]:
        says += f", the oldest of {long_day(timezone.localdate(dead['since']))}"
    return Card("Mail failed", dead["letters"], says, f"{list_address(Letter)}?state__exact=dead", True)
