"""How far orders are, as columns and filters that a list of any length can bear."""

from datetime import date

from django.db.models import Exists, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from backorders.models import Promise
from shop.models import Order, OrderLine

STATES = {
    "late": "Late",
    "ready": "Ready to ship",
    "waiting": "Waiting",
    "shipped": "Shipped",
    "cancelled": "Cancelled",
}


def with_progress(orders: QuerySet[Order], today: date) -> QuerySet[Order]:
    """Annotates the units `wanted`, `allocated` and `shipped`, `promised_on` (the latest day told for what is open) and
    `is_late`."""
    return orders.annotate(
        is_late=Exists(late_lines(today).filter(order=OuterRef("pk"))),
        wanted=_units("claim__quantity"),
        allocated=_units("claim__allocated"),
        shipped=_units("claim__shipped"),
        promised_on=Subquery(
            _holding()
            .filter(claim__order_line__order=OuterRef("pk"), claim__shipped__lt=F("claim__quantity"))
            .order_by(F("ships_on").desc(nulls_first=True))
            .values("ships_on")[:1]
        ),
    )


def late_lines(today: date) -> QuerySet[OrderLine]:
    """Lines of which more units were promised for days before today than have shipped."""
    due = (
        _holding()
        .filter(claim=OuterRef("claim"), ships_on__lt=today)
        .order_by()
        .values("claim")
        .annotate(units=Sum("quantity"))
        .values("units")
    )
    unshipped = OrderLine.objects.filter(claim__shipped__lt=F("claim__quantity"))
    return unshipped.annotate(due=Coalesce(Subquery(due), 0)).filter(due__gt=F("claim__shipped"))


def in_state(orders: QuerySet[Order], state: str, today: date) -> QuerySet[Order]:
    """Orders in a state of STATES. Late, ready and waiting overlap: an order may wait for one and hold another."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    match state:
        case "late":
            return orders.filter(Exists(late_lines(today).filter(order=OuterRef("pk"))))
        case "ready":
            return orders.filter(Exists(lines.ready()))
        case "waiting":
            return orders.filter(Exists(lines.waiting()))
        case "shipped":
            still_open = lines.filter(claim__shipped__lt=F("claim__quantity"))
            return orders.filter(~Exists(still_open), Exists(lines.filter(claim__shipped__gt=0)))
        case "cancelled":
            return orders.filter(~Exists(lines.filter(claim__quantity__gt=0)))
    return orders


def _units(field: str) -> Coalesce:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return Coalesce(Subquery(lines.annotate(units=Sum(field)).values("units"), output_field=IntegerField()), 0)


def _holding() -> QuerySet[Promise]:
    """Promises of the version that holds."""
    newest = Promise.objects.filter(claim=OuterRef("claim")).order_by("-version").values("version")[:1]
    return Promise.objects.filter(version=Subquery(newest))
