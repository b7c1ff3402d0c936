"""How far orders are, as columns and filters that a list of any length can bear."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from backorders.models import Claim, Promise
from backorders.queries import among
from inventory.dispatch import start_of
from shop.models import Announcement, Inquiry, Order, OrderLine, Payment, Release, Return, Sends

STATES = {
    "late": "Late",
    "due": "Due within a day",
    "ready": "Ready to ship",
    "waiting": "Waiting",
    "unpaid": "Awaits payment",
    "asks": "Asks us something",
    "coming": "To come back",
    "shipped": "Shipped",
    "cancelled": "Cancelled",
}

_SOON = timedelta(days=1)


def with_progress(orders: QuerySet[Order], today: date) -> QuerySet[Order]:
    """Annotates the units `wanted`, `allocated` and `shipped`, of these `came_back` and `coming_back`, `promised_on`
    (the latest day told for what is open), `is_late`, `is_unpaid` (nothing ships before the payment is here) and
    `is_held` (nothing before the rest is)."""
    return orders.annotate(
        is_held=_held("pk"),
        is_unpaid=_unpaid("pk"),
        is_late=Exists(_late(today).filter(order=OuterRef("pk"))),
        wanted=_units("claim__quantity"),
        allocated=_units("claim__allocated"),
        shipped=_units("claim__shipped"),
        came_back=_of_lines(Return.objects.all(), "units"),
        coming_back=_of_lines(Announcement.objects.awaited(), "coming"),
        promised_on=Subquery(
            _holding()
            .filter(claim__order_line__order=OuterRef("pk"), claim__shipped__lt=F("claim__quantity"))
            .order_by(F("ships_on").desc(nulls_first=True))
            .values("ships_on")[:1]
        ),
    )


def late_lines(today: date) -> QuerySet[OrderLine]:
    """Lines of which more units were promised for days before today than have shipped.

    An order that is sent together has one day, the last of all: until then none of its lines is late, after it all are.
    We are not late with what the customer has not paid for, nor on the day on which her payment comes. Annotates the
    day that was `promised_first`. Reads first which claims can be late.
    """
    # What is due later is not late. These few are found first, as those that are ready are.
    past_due = Q(due_at__lte=start_of(today)) | Q(due_at=None)
    claims = Claim.objects.filter(past_due, shipped__lt=F("quantity")).values_list("pk", flat=True)
    return _late(today).filter(claim__in=among(claims))


def _late(today: date) -> QuerySet[OrderLine]:
    due = (
        _holding()
        .filter(claim=OuterRef("claim"), ships_on__lt=today)
        .order_by()
        .values("claim")
        .annotate(units=Sum("quantity"))
        .values("units")
    )
    paid_today = Payment.objects.filter(order=OuterRef("order"), due_by__isnull=False, settled_at__gte=start_of(today))
    unshipped = OrderLine.objects.filter(
        ~_unpaid("order"), ~Exists(paid_today), claim__shipped__lt=F("claim__quantity")
    )
    still_in_time = _holding().filter(
        Q(ships_on=None) | Q(ships_on__gte=today),
        claim__order_line__order=OuterRef("order"),
        claim__shipped__lt=F("claim__quantity"),
    )
    first = _holding().filter(claim=OuterRef("claim"), ships_on__lt=today).order_by("ships_on").values("ships_on")[:1]
    return unshipped.annotate(due=Coalesce(Subquery(due), 0), promised_first=Subquery(first)).filter(
        Q(order__sends=Sends.AS_READY, due__gt=F("claim__shipped"))
        | Q(~Exists(still_in_time), order__sends=Sends.TOGETHER)
    )


def ready_lines() -> QuerySet[OrderLine]:
    """Lines with units that can leave now: set aside, not waiting for the rest, paid for where payment comes first."""
    # The few are found first: the database would look for them among all that was ever ordered.
    holding = Claim.objects.holding().values_list("pk", flat=True)
    return OrderLine.objects.filter(~_unpaid("order"), ~_held("order"), claim__in=among(holding))


def waiting_orders() -> int:
    """How many orders wait for something, counted from the queues: a claim knows its order's number."""
    counted = Claim.objects.waiting().aggregate(orders=Count("reference", distinct=True))
    return int(counted["orders"])


def due_lines(at: datetime) -> QuerySet[OrderLine]:
    """Lines of which something has to ship, or to be told or answered, within a day; or by now, and nobody did it."""
    return OrderLine.objects.due(at + _SOON)


def in_state(orders: QuerySet[Order], state: str, at: datetime) -> QuerySet[Order]:
    """Orders in a state of STATES. Late, due, ready and waiting overlap: one may wait for one and hold another."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    match state:
        case "late":
            return orders.filter(pk__in=late_lines(timezone.localdate(at)).values("order"))
        case "due":
            return orders.filter(pk__in=due_lines(at).values("order"))
        case "ready":
            return orders.filter(pk__in=ready_lines().values("order"))
        case "waiting":
            # Those who wait can be far behind the newest orders: none of these is looked through.
            newest = Claim.objects.waiting().aggregate(at=Max("placed_at"))["at"] or at
            return orders.filter(Exists(lines.waiting()), placed_at__lte=newest)
        case "unpaid":
            return orders.filter(_unpaid("pk"))
        case "asks":
            return orders.filter(pk__in=Inquiry.objects.unanswered().values("order"))
        case "coming":
            return orders.filter(pk__in=Announcement.objects.awaited().values("line__order"))
        case "shipped":
            still_open = lines.filter(claim__shipped__lt=F("claim__quantity"))
            return orders.filter(~Exists(still_open), Exists(lines.filter(claim__shipped__gt=0)))
        case "cancelled":
            given_up = OrderLine.objects.filter(claim__in=Claim.objects.filter(quantity=0)).values("order")
            return orders.filter(~Exists(lines.filter(claim__quantity__gt=0)), pk__in=given_up)
    return orders


def _unpaid(order: str) -> Exists:
    return Exists(Payment.objects.awaited().filter(order=OuterRef(order)))


def _held(order: str) -> Exists:
    """Sent together, not released, and something of it is still to come."""
    together = Order.objects.with_waiting_lines().filter(pk=OuterRef(order), sends=Sends.TOGETHER)
    return Exists(together.filter(~Exists(Release.objects.filter(order=OuterRef("pk"), shipment=None))))


def _units(field: str) -> Coalesce:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return Coalesce(Subquery(lines.annotate(units=Sum(field)).values("units"), output_field=IntegerField()), 0)


def _of_lines(rows: QuerySet[Any], field: str) -> Coalesce:
    of_order = rows.filter(line__order=OuterRef("pk")).order_by().values("line__order")
    return Coalesce(Subquery(of_order.annotate(sum=Sum(field)).values("sum"), output_field=IntegerField()), 0)


def _holding() -> QuerySet[Promise]:
    """Promises of the version that holds."""
    return Promise.objects.filter(version=F("claim__told"))
