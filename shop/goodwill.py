"""Making a long delay good: a rule of the house, off unless its settings say otherwise. Once per order."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings

from backorders.models import Promise
from shop.delay_letters import News
from shop.models import Goodwill


def give(delays: Iterable[News], *, at: datetime) -> None:
    """Write down what the orders of these delays have earned: a delay counts from the day that was first promised.

    One query for all of them, and one to write; none while the rule is off.
    """
    limit = timedelta(days=settings.GOODWILL_AFTER_DAYS)
    if not limit:
        return
    delays = list(delays)
    first = _first_days(fact.claim_id for news in delays for _, fact in news.facts)
    earned = {}
    for news in delays:
        late = [_late(first[fact.claim_id], fact.new[-1].by) for _, fact in news.facts]
        if max(late) > limit:
            earned[news.order.pk] = None if timedelta.max in late else max(late).days
    Goodwill.objects.bulk_create(
        (Goodwill(order_id=pk, kind=settings.GOODWILL, days_late=days, at=at) for pk, days in earned.items()),
        ignore_conflicts=True,
    )


def _first_days(claim_ids: Iterable[int]) -> dict[int, date]:
    """The day by which all of each claim was first promised."""
    rows = (
        Promise.objects.filter(claim__in=list(claim_ids), version=1)
        .order_by("ships_on")
        .values_list("claim_id", "ships_on")
    )
    return {pk: day for pk, day in rows if day}


def _late(first: date, now: date) -> timedelta:
    return timedelta.max if now == date.max else now - first
