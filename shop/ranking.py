"""How soon a variant can be had, ranked by the database, so that a page of a long shelf can be cut off there.

It decides the order of cards and what else is offered; what a page says of an article is the quote's (law 6). The two
agree on one unit for a newcomer, except that behind claims which were put off to a later delivery, and under limits of
a year and more, LATER and NEVER may be taken for each other: then a card stands at the wrong end of those that wait.
A filter must not err: `ships_by` asks the quote itself for the few items that the rank may be wrong about.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    DateField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from backorders.availability import quotes_of
from backorders.models import Claim, Policy
from backorders.plan import Quote, State
from inventory.dispatch import overdue_before, ready_on, working_days
from inventory.models import PurchaseOrderLine, StockItem
from inventory.working_days import WorkingDays

NOW, LATER, NEVER = 0, 1, 2
# No day further off than this can be asked for: the calendar below must know it, also when it starts a few days ago.
FURTHEST = timedelta(days=350)
_QUEUE = "stock_item__queue"
_HORIZON = 366


def ranked(variants: QuerySet[Any], at: datetime, *, by: date | None = None) -> QuerySet[Any]:
    """Annotates `rank`: NOW when a unit is free, LATER when a newcomer is promised a day for one, else NEVER.

    With `by`, a later day than that is as good as none.
    """
    is_open = _queue(policy__in=[Policy.INBOUND, Policy.LEAD_TIME])
    has_room = (
        (_queue(cap=None) | _queue(cap__gt=F(f"{_QUEUE}__waiting")))
        & (_queue(per_order=None) | _queue(per_order__gt=0))
        & (_queue(per_customer=None) | _queue(per_customer__gt=0))
    )
    until_ready = (ready_on(at) - timezone.localdate(at)).days
    supplied = Q(arriving__gt=F("ahead")) & (Q(longest=None) | Q(longest__gte=until_ready))
    made = _queue(policy=Policy.LEAD_TIME) & (Q(longest=None) | Q(days_to_make__gt=0))
    return variants.annotate(
        longest=_longest_wait(at, by),
        ahead=Coalesce(F(f"{_QUEUE}__waiting"), 0) + F("stock_item__allocated") - F("stock_item__on_hand"),
        arriving=Coalesce(Subquery(_arriving(at)), 0),
        days_to_make=_days_between(F(f"{_QUEUE}__lead_days"), F("longest"), at),
        rank=Case(
            # Who was put off to a later delivery takes nothing off the shelf.
            When(Q(ahead__lt=0) | is_open & Q(ahead__lt=F(f"{_QUEUE}__put_off")), then=NOW),
            When(is_open & has_room & (made | supplied), then=LATER),
            default=Value(NEVER),
        ),
    )


def ships_by(day: date, at: datetime, customer: str = "") -> Q:
    """Of variants ranked by this day: those of which one unit ships on it or earlier, as their quote says. One query,
    and the quotes of the items that it finds."""
    on_time = [NOW, LATER] if ready_on(at) <= day else [LATER]
    odd = _odd_quotes(at, customer)
    in_time = [pk for pk, quote in odd.items() if _is_in_time(quote, day)]
    return Q(rank__in=on_time) & ~Q(stock_item__in=list(odd)) | Q(stock_item__in=in_time)


def _is_in_time(quote: Quote, day: date) -> bool:
    return quote.state is not State.OUT_OF_STOCK and quote.complete_on is not None and quote.complete_on <= day


def _odd_quotes(at: datetime, customer: str) -> dict[int, Quote]:
    """Quotes for one unit of the items that a rank may be wrong about: claims were put off to a later delivery, or this
    customer waits for some of it and there is a limit for that. Few at any time: a person does the one by hand."""
    limited = Q(queue__per_customer__isnull=False, pk__in=_waited_for(customer))
    odd = StockItem.objects.filter(Q(queue__put_off__gt=0) | limited).select_related("queue")
    items = {item.pk: item for item in odd}
    return quotes_of(items.values(), dict.fromkeys(items, 1), at, customer=customer)


def _waited_for(customer: str) -> QuerySet[Any, Any]:
    claims = Claim.objects.waiting().filter(customer=customer) if customer else Claim.objects.none()
    return claims.order_by().values("item")


def _longest_wait(at: datetime, by: date | None) -> Combinable:
    """In days from today; NULL for no limit."""
    own = F(f"{_QUEUE}__longest_wait")
    if by is None:
        return ExpressionWrapper(own, output_field=IntegerField())
    # PostgreSQL's least passes over NULL.
    return Least(own, Value((by - timezone.localdate(at)).days), output_field=IntegerField())


def _queue(**terms: Any) -> Q:
    return Q(**{f"{_QUEUE}__{name}": value for name, value in terms.items()})


def _arriving(at: datetime) -> QuerySet[Any, Any]:
    """Units that suppliers still owe us of a variant's item and that can ship within its longest wait."""
    lines = PurchaseOrderLine.objects.inbound().with_outstanding().filter(item=OuterRef("stock_item"))
    return (
        lines.filter(expected_on__gte=overdue_before(at))
        .annotate(
            longest=ExpressionWrapper(OuterRef("longest"), output_field=IntegerField()),
            handling=F("order__supplier__handling_days") + settings.HANDLING_DAYS,
            days_left=_working_days(_plus(timezone.localdate(at), F("longest")), at)
            - _working_days(_plus(F("expected_on"), Value(-1)), at),
        )
        .filter(Q(longest=None) | Q(days_left__gt=F("handling")))
        .order_by()
        .values("item")
        .annotate(units=Sum("still_owed"))
        .values("units")
    )


def _days_between(first: Combinable, last: Combinable, at: datetime) -> Combinable:
    """Working days from the one to the other, both counted in days from today and both included."""
    today = timezone.localdate(at)
    return _working_days(_plus(today, last), at) - _working_days(_plus(today - timedelta(days=1), first), at)


def _plus(day: date | Combinable, days: Combinable) -> Combinable:
    start = Value(day, output_field=DateField()) if isinstance(day, date) else day
    return ExpressionWrapper(start + days, output_field=DateField())


def _working_days(until: Combinable, at: datetime) -> Func:
    """The number of working days up to a day, that day included, counted from the first that is not overdue."""
    calendar = Value(_calendar(working_days(), overdue_before(at)), output_field=ArrayField(DateField()))
    return Func(until, calendar, function="width_bucket", output_field=IntegerField())


@lru_cache(maxsize=8)
def _calendar(house: WorkingDays, first: date) -> list[date]:
    days = (first + timedelta(days=ahead) for ahead in range(_HORIZON))
    return [day for day in days if house.include(day)]
