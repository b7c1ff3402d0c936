"""When this house ships: its working days, as the settings say."""

from datetime import date, datetime, time, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone

from inventory.working_days import WorkingDays

# How long before the last hour for today people are told of it.
_NEAR = timedelta(hours=3)


def working_days() -> WorkingDays:
    return _working_days(
        tuple(settings.SHIPPING_WEEKDAYS),
        settings.HOLIDAYS_COUNTRY,
        settings.HOLIDAYS_SUBDIVISION,
        tuple(settings.CLOSED_ON),
        settings.CUTOFF_HOUR,
        settings.HANDLING_DAYS,
    )


def ready_on(at: datetime) -> date:
    """The day on which something leaves that is on the shelf and is ordered now."""
    return working_days().ready_on(timezone.localtime(at))


def order_before(at: datetime) -> time | None:
    """The hour before which an order leaves today, once it is near; None on a day on which it would not."""
    now, cutoff = timezone.localtime(at), working_days().cutoff
    if cutoff is None or ready_on(at) != now.date():
        return None
    left = datetime.combine(now, cutoff) - now.replace(tzinfo=None)
    return cutoff if left <= _NEAR else None


def overdue_before(at: datetime) -> date:
    """Goods that were expected before this day are overdue."""
    return working_days().overdue_before(timezone.localdate(at))


@cache
def _working_days(
    weekdays: tuple[int, ...],
    country: str,
    subdivision: str,
    closed: tuple[date, ...],
    cutoff_hour: int,
    handling_days: int,
) -> WorkingDays:
    cutoff = time(cutoff_hour) if cutoff_hour < 24 else None
    return WorkingDays(frozenset(weekdays), country, subdivision, frozenset(closed), cutoff, handling_days)


def start_of(day: date) -> datetime:
    """The instant at which a day begins in the house."""
    return timezone.make_aware(datetime.combine(day, time.min))
