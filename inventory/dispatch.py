"""When this house ships: its working days, as the settings say."""

from datetime import date, datetime, time
from functools import cache

from django.conf import settings
from django.utils import timezone

from inventory.working_days import WorkingDays


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
