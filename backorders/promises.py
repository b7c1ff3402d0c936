"""Making and revising promises. A promise is never updated: a change is a new version with a reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from backorders.facts import Moved
from backorders.models import Claim, Policy, Promise, Queue
from backorders.plan import Portion, after, expected, is_worse, merge, take
from backorders.queries import holding
from inventory.queries import arrivals
from inventory.supply import Arrival, supply

# A day that gets better is told only if it moves by more than this (law 10).
WORTH_TELLING = timedelta(days=1)


def make(told: Iterable[tuple[Claim, Sequence[Portion]]], *, at: datetime) -> None:
    """Write the first promises of claims."""
    Promise.objects.bulk_create(row for claim, portions in told for row in _rows(claim.pk, 1, portions, "", at))


def shorten(claim: Claim, *, reason: str, at: datetime) -> None:
    """A claim that wants fewer units keeps the earliest part of its promise."""
    version, portions = holding([claim.pk])[claim.pk]
    Promise.objects.bulk_create(_rows(claim.pk, version + 1, list(take(portions, claim.quantity)), reason, at))


def revise(queues: Iterable[Queue], *, reason: str, at: datetime) -> list[Moved]:
    """Plan the queues anew and write a new promise exactly where the old one breaks or gets better by more than a day.

    Called after any change of supply or queue, under the lock and after a fill. A day that merely passed is no change
    (law 11): those who were promised units of an overdue line keep their day until a person moves it.
    """
    queues = list(queues)
    inbound = arrivals([queue.item_id for queue in queues])
    today = timezone.localdate(at)
    moved: list[Moved] = []
    for queue in queues:
        moved += _moved_of(queue, inbound.get(queue.item_id, []), today, reason)
    rows = []
    kept = _allocated_parts([fact.claim_id for fact in moved])
    for fact in moved:
        rows += _rows(fact.claim_id, fact.version, [*kept[fact.claim_id], *fact.new], reason, at)
    Promise.objects.bulk_create(rows, batch_size=2000)
    return moved


def _moved_of(queue: Queue, inbound: Sequence[Arrival], today: date, reason: str) -> list[Moved]:
    claims = list(Claim.objects.waiting().filter(item=queue.item).in_order())
    if not claims:
        return []
    lacking = [claim.lacks for claim in claims]
    told = holding([claim.pk for claim in claims])
    lead_days = queue.lead_days if queue.policy == Policy.LEAD_TIME else None
    as_stated = expected(supply(queue.item.unallocated, inbound), lacking, today, lead_days)
    confirmed = expected(supply(queue.item.unallocated, inbound, since=today), lacking, today, lead_days)
    facts = []
    for claim, stated, sure in zip(claims, as_stated, confirmed, strict=True):
        version, portions = told[claim.pk]
        old = tuple(after(portions, claim.allocated))
        new = _completed(sure, claim.lacks, old, queue)
        breaks = is_worse(_completed(stated, claim.lacks, old, queue), old)
        improves = not is_worse(new, old) and (new[-1].by + WORTH_TELLING < old[-1].by)
        if (breaks or improves) and new != old:
            facts.append(Moved(claim.pk, claim.item_id, version + 1, old, new, reason))
    return facts


def _completed(portions: Sequence[Portion], lacks: int, old: Sequence[Portion], queue: Queue) -> tuple[Portion, ...]:
    """The portions, and for units that no supply covers: the lead time's day that was told, or no day."""
    covered = sum(portion.quantity for portion in portions)
    if covered == lacks:
        return tuple(portions)
    if queue.policy == Policy.LEAD_TIME:
        return merge(sorted([*portions, *after(old, covered)], key=lambda portion: portion.by))
    return (*portions, Portion(lacks - covered, None, confirmed=False, basis="nothing on order"))


def _allocated_parts(claim_ids: Sequence[int]) -> dict[int, list[Portion]]:
    allocated = dict(Claim.objects.filter(pk__in=claim_ids).values_list("id", "allocated"))
    told = holding(claim_ids)
    return {pk: list(take(told[pk][1], units)) for pk, units in allocated.items()}


def _rows(claim_id: int, version: int, portions: Sequence[Portion], reason: str, at: datetime) -> list[Promise]:
    units: Counter[date | None] = Counter()
    latest: dict[date | None, Portion] = {}
    for portion in portions:
        units[portion.ships_on] += portion.quantity
        latest[portion.ships_on] = portion
    return [
        Promise(
            claim_id=claim_id,
            version=version,
            quantity=units[day],
            ships_on=day,
            confirmed=portion.confirmed,
            basis=portion.basis,
            reason=reason,
            told_at=at,
        )
        for day, portion in latest.items()
    ]
