"""How soon a variant can be had, ranked by the database, so that a page of a long shelf can be cut off there.

It decides the order of cards and what else is offered; what a page says of an article is the quote's (law 6). The two
agree on one unit for a newcomer, except that behind claims which were put off to a later delivery, and under limits of
a year and more, LATER and NEVER may be taken for each other: then a card stands at the wrong end of those that wait.
A filter must not err: `ships_by` asks the quote itself for the few items that the rank may be wrong about.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    CharField,
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
from django.db.models.functions import Cast, Coalesce, Least
from django.utils import timezone

from backorders.availability import quotes_of
from backorders.models import Claim, Policy
from backorders.plan import Quote, State
from inventory.dispatch import overdue_before, ready_on, working_days
from inventory.models import PurchaseOrderLine, StockItem
from inventory.prepared import Given
from inventory.working_days import WorkingDays

NOW, LATER, NEVER = 0, 1, 2
# No day further off than this can be asked for: the calendar below must know it, also when it starts a few days ago.
FURTHEST = timedelta(days=350)
_QUEUE = "stock_item__queue"
_HORIZON = 366
_ASKED: dict[str, Any] = {
    "today": DateField(),
    "until_ready": IntegerField(),
    "overdue_before": DateField(),
    "handling": IntegerField(),
    "calendar": CharField(),
}

type Now = Mapping[str, Combinable]


def ranked(variants: QuerySet[Any], at: datetime | None, *, by: date | None = None) -> QuerySet[Any]:
    """Annotates `rank`: NOW when a unit is free, LATER when a newcomer is promised a day for one, else NEVER.

    With `by`, a later day than that is as good as none. Without `at` it is a part of a prepared query, which is then
    given `instant(at)`.
    """
    now = _now(at)
    is_open = _queue(policy__in=[Policy.INBOUND, Policy.LEAD_TIME])
    has_room = (
        (_queue(cap=None) | _queue(cap__gt=F(f"{_QUEUE}__waiting")))
        & (_queue(per_order=None) | _queue(per_order__gt=0))
        & (_queue(per_customer=None) | _queue(per_customer__gt=0))
    )
    supplied = Q(arriving__gt=F("ahead")) & (Q(longest=None) | Q(longest__gte=now["until_ready"]))
    made = _queue(policy=Policy.LEAD_TIME) & (Q(longest=None) | Q(days_to_make__gt=0))
    return variants.annotate(
        longest=_longest_wait(by, at),
        ahead=Coalesce(F(f"{_QUEUE}__waiting"), 0) + F("stock_item__allocated") - F("stock_item__on_hand"),
        arriving=Coalesce(Subquery(_arriving(now)), 0),
        days_to_make=_days_between(F(f"{_QUEUE}__lead_days"), F("longest"), now),
        rank=Case(
            # Who was put off to a later delivery takes nothing off the shelf.
            When(Q(ahead__lt=0) | is_open & Q(ahead__lt=F(f"{_QUEUE}__put_off")), then=NOW),
            When(is_open & has_room & (made | supplied), then=LATER),
            default=Value(NEVER),
        ),
    )


def instant(at: datetime) -> dict[str, Any]:
    """What a rank asks of clock, calendar and settings."""
    today, first = timezone.localdate(at), overdue_before(at)
    return {
        "today": today,
        "until_ready": (ready_on(at) - today).days,
        "overdue_before": first,
        "handling": settings.HANDLING_DAYS,
        "calendar": _calendar(working_days(), first),
    }


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


def _now(at: datetime | None) -> Now:
    if at is None:
        return {name: ExpressionWrapper(Given(name), output_field=field) for name, field in _ASKED.items()}
    return {name: Value(value, output_field=_ASKED[name]) for name, value in instant(at).items()}


def _longest_wait(by: date | None, at: datetime | None) -> Combinable:
    """In days from today; NULL for no limit."""
    own = F(f"{_QUEUE}__longest_wait")
    if by is None or at is None:
        return ExpressionWrapper(own, output_field=IntegerField())
    # PostgreSQL's least passes over NULL.
    return Least(own, Value((by - timezone.localdate(at)).days), output_field=IntegerField())


def _queue(**terms: Any) -> Q:
    return Q(**{f"{_QUEUE}__{name}": value for name, value in terms.items()})


def _arriving(now: Now) -> QuerySet[Any, Any]:
    """Units that suppliers still owe us of a variant's item and that can ship within its longest wait."""
    lines = PurchaseOrderLine.objects.inbound().with_outstanding().filter(item=OuterRef("stock_item"))
    return (
        lines.filter(expected_on__gte=now["overdue_before"])
        .annotate(
            longest=ExpressionWrapper(OuterRef("longest"), output_field=IntegerField()),
            handling=F("order__supplier__handling_days") + now["handling"],
            days_left=_working_days(_plus(now["today"], F("longest")), now)
            - _working_days(_plus(F("expected_on"), Value(-1)), now),
        )
        .filter(Q(longest=None) | Q(days_left__gt=F("handling")))
        .order_by()
        .values("item")
        .annotate(units=Sum("still_owed"))
        .values("units")
    )


def _days_between(first: Combinable, last: Combinable, now: Now) -> Combinable:
    """Working days from the one to the other, both counted in days from today and both included."""
    until = _working_days(_plus(now["today"], last), now)
    return until - _working_days(_plus(_plus(now["today"], first), Value(-1)), now)


def _plus(day: Combinable, days: Combinable) -> Combinable:
    return ExpressionWrapper(day + days, output_field=DateField())


def _working_days(until: Combinable, now: Now) -> Func:
    """The number of working days up to a day, that day included, counted from the first that is not overdue."""
    calendar = Cast(now["calendar"], ArrayField(DateField()))
    return Func(until, calendar, function="width_bucket", output_field=IntegerField())


@lru_cache(maxsize=8)
def _calendar(house: WorkingDays, first: date) -> str:
    """The working days as PostgreSQL writes an array: to write a year of them anew for each page takes milliseconds."""
    days = (first + timedelta(days=ahead) for ahead in range(_HORIZON))
    return f"{{{','.join(day.isoformat() for day in days if house.include(day))}}}"
