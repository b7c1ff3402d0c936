"""Making and revising promises. A promise is never updated: a change is a new version with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils import timezone

from backorders.facts import Moved
from backorders.models import Claim, Policy, Promise, Queue
from backorders.plan import Portion, after, expected, is_better, is_worse, merge, take
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

    Called after any change of supply or queue, under the lock. Units that lie on the shelf for a claim are no news
    here: the fill tells them. A day that merely passed is no change (law 11): those who were promised units of an
    overdue line keep their day until a person moves it.
    """
    queues = list(queues)
    inbound = arrivals([queue.item_id for queue in queues])
    today = timezone.localdate(at)
    moved: list[Moved] = []
    rows: list[Promise] = []
    for queue in queues:
        for fact, here in _moved_of(queue, inbound.get(queue.item_id, []), today, reason):
            moved.append(fact)
            rows += _rows(fact.claim_id, fact.version, [*here, *fact.new], reason, at)
    Promise.objects.bulk_create(rows, batch_size=2000)
    return moved


def _moved_of(
    queue: Queue, inbound: Sequence[Arrival], today: date, reason: str
) -> Iterator[tuple[Moved, list[Portion]]]:
    """What changes for those who wait, each with the portions of units that are here already."""
    claims = list(Claim.objects.waiting().filter(item=queue.item).in_order())
    if not claims:
        return
    lacking = [claim.lacks for claim in claims]
    told = holding([claim.pk for claim in claims])
    lead_days = queue.lead_days if queue.policy == Policy.LEAD_TIME else None
    as_stated = expected(supply(queue.item.unallocated, inbound), lacking, today, lead_days)
    confirmed = expected(supply(queue.item.unallocated, inbound, since=today), lacking, today, lead_days)
    for claim, stated, sure in zip(claims, as_stated, confirmed, strict=True):
        version, portions = told[claim.pk]
        here = claim.allocated + sum(portion.quantity for portion in sure if portion.now)
        if here == claim.quantity:
            continue
        old = tuple(after(portions, here))
        new = _completed(sure, claim.quantity - here, old, queue)
        breaks = is_worse(_completed(stated, claim.quantity - here, old, queue), old)
        improves = not is_worse(new, old) and is_better(new, old, by_more_than=WORTH_TELLING)
        if (breaks or improves) and new != old:
            kept = [_at_latest(new[0], portion, today) for portion in take(portions, here)]
            yield Moved(claim.pk, claim.item_id, version + 1, old, new, reason), kept


def _completed(portions: Sequence[Portion], lacks: int, old: Sequence[Portion], queue: Queue) -> tuple[Portion, ...]:
    """The portions that are still to come, and for units that no supply covers: the lead time's day that was told, or
    no day."""
    portions = [portion for portion in portions if not portion.now]
    covered = sum(portion.quantity for portion in portions)
    if covered == lacks:
        return tuple(portions)
    if queue.policy == Policy.LEAD_TIME:
        return merge(sorted([*portions, *after(old, covered)], key=lambda portion: portion.by))
    return (*portions, Portion(lacks - covered, None, confirmed=False, basis="nothing on order"))


def _at_latest(first: Portion, kept: Portion, today: date) -> Portion:
    """The day of units that are set aside already: as it was told, but never after the first unit still waited for.

    A promise is read earliest day first, and allocated units are its earliest part.
    """
    return kept if kept.by <= first.by else Portion(kept.quantity, today)


def _rows(claim_id: int, version: int, portions: Sequence[Portion], reason: str, at: datetime) -> list[Promise]:
    by_day = groupby(sorted(portions, key=lambda portion: portion.ships_on or date.max), key=lambda p: p.ships_on)
    parts = {day: list(same_day) for day, same_day in by_day}
    return [
        Promise(
            claim_id=claim_id,
            version=version,
            quantity=sum(portion.quantity for portion in same_day),
            ships_on=day,
            confirmed=all(portion.confirmed for portion in same_day),
            basis=same_day[-1].basis,
            reason=reason,
            told_at=at,
        )
        for day, same_day in parts.items()
    ]
