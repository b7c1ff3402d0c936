"""What is better looked at than read: weeks to come, and weeks that were."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Sum
from django.utils import timezone

from backorders.models import Claim
from inventory.dispatch import start_of
from inventory.models import PurchaseOrderLine
from shop import reports
from shop.formats import short_day
from shop.reports import Period

_WEEKS = 8
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Week:
    """Two numbers of a week, and how long their bars are, in hundredths of the longest."""

    name: str
    first: int
    second: int
    first_bar: int
    second_bar: int


def coming_weeks() -> list[Week]:
    """Units that arrive, and units that are due to those who wait, by week; what is overdue counts to this week."""
    monday = _monday(timezone.localdate())
    last = monday + _WEEKS * _WEEK
    arriving: Counter[date] = Counter()
    inbound = PurchaseOrderLine.objects.inbound().with_outstanding().filter(expected_on__lt=last).order_by()
    for day, units in inbound.values_list("expected_on").annotate(units=Sum("still_owed")):
        arriving[max(monday, _monday(day))] += units
    due: Counter[date] = Counter()
    waiting = Claim.objects.waiting().filter(due_at__lte=start_of(last)).order_by().values_list("due_at")
    for until, units in waiting.annotate(units=Sum(F("quantity") - F("allocated"))):
        # The instant is the midnight after the day.
        due[max(monday, _monday(timezone.localdate(until - timedelta(hours=1))))] += units
    return _weeks(monday, arriving, due)


def kept_by_week() -> list[Week]:
    """Lines of which the last unit shipped, and those of them that left by the day promised first, by week."""
    today = timezone.localdate()
    monday = _monday(today) - (_WEEKS - 1) * _WEEK
    found = {week: (shipped, kept) for week, shipped, kept in reports.kept_by_week(Period(monday, today))}
    shipped = Counter({week: lines for week, (lines, _) in found.items()})
    return _weeks(monday, shipped, Counter({week: kept for week, (_, kept) in found.items()}))


def _weeks(monday: date, first: Counter[date], second: Counter[date]) -> list[Week]:
    most = max([*first.values(), *second.values(), 1])
    days = [monday + number * _WEEK for number in range(_WEEKS)]
    return [
        Week(short_day(day), first[day], second[day], _share(first[day], most), _share(second[day], most))
        for day in days
    ]


def _share(part: int, most: int) -> int:
    """A bar that stands for something can be seen."""
    return max(1, round(100 * part / most)) if part else 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
