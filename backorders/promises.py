"""Making and revising promises. A promise is never updated: a change is a new version with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils import timezone

from backorders.facts import Moved
from backorders.models import Claim, Policy, Promise, Queue
from backorders.plan import Portion, after, expected, is_better, is_worse, merge, renew, take
from backorders.queries import holding
from inventory.queries import arrivals
from inventory.supply import Arrival, supply

# A day that gets better is told only if it moves by more than this (law 10).
WORTH_TELLING = timedelta(days=1)


def make(told: Iterable[tuple[Claim, Sequence[Portion]]], *, at: datetime) -> None:
    """Write the first promises of claims."""
    Promise.objects.bulk_create(row for claim, portions in told for row in _rows(claim.pk, 1, portions, "", at))


def shorten(claims: Iterable[Claim], *, reason: str, at: datetime) -> None:
    """Claims that want fewer units keep the earliest part of their promise."""
    quantities = {claim.pk: claim.quantity for claim in claims}
    Promise.objects.bulk_create(
        row
        for pk, (version, portions) in holding(list(quantities)).items()
        for row in _rows(pk, version + 1, list(take(portions, quantities[pk])), reason, at)
    )


def revise(queues: Iterable[Queue], *, reason: str, at: datetime) -> list[Moved]:
    """Plan the queues anew and write a new promise exactly where the old one breaks or gets better by more than a day.

    Called after any change of supply or queue, under the lock. Units that lie on the shelf for a claim are no news
    here: the fill tells them. A day that merely passed is no change (law 11): those who were promised units of an
    overdue line keep their day until a person moves it.
    """
    queues = list(queues)
    inbound = arrivals([queue.item_id for queue in queues])
    today = timezone.localdate(at)
    changes = [
        change for queue in queues for change in _changes_of(queue, inbound.get(queue.item_id, []), today, reason)
    ]
    Promise.objects.bulk_create(
        (row for fact, here in changes for row in _rows(fact.claim_id, fact.version, [*here, *fact.new], reason, at)),
        batch_size=2000,
    )
    return [fact for fact, _ in changes if _is_news(fact)]


def _changes_of(
    queue: Queue, inbound: Sequence[Arrival], today: date, reason: str
) -> Iterator[tuple[Moved, list[Portion]]]:
    """The promises to be made anew, each with the portions of units that are here already."""
    claims = list(Claim.objects.waiting().filter(item=queue.item).in_order())
    if not claims:
        return
    lacking = [claim.lacks for claim in claims]
    told = holding([claim.pk for claim in claims])
    lead_days = queue.lead_days if queue.policy == Policy.LEAD_TIME else None
    as_stated = expected(supply(queue.item.unallocated, inbound), lacking, today)
    surely = expected(supply(queue.item.unallocated, inbound, since=today), lacking, today)
    for claim, stated, sure in zip(claims, as_stated, surely, strict=True):
        version, portions = told[claim.pk]
        here = claim.allocated + sum(portion.quantity for portion in stated if portion.now)
        old = merge(after(portions, here))
        # An overdue arrival breaks no promise that rests on it, and betters none: only the first plan counts it.
        new = renew(_to_come(stated), old, today, lead_days)
        breaks = is_worse(new, old)
        if not breaks:
            new = renew(_to_come(sure), old, today, lead_days)
        improves = not is_worse(new, old) and is_better(new, old, by_more_than=WORTH_TELLING)
        if breaks or improves or _is_confirmed(new, old):
            kept = [_at_latest(new[0], portion, today) for portion in take(portions, here)]
            yield Moved(claim.pk, claim.item_id, version + 1, old, new, reason), kept


def _to_come(portions: Sequence[Portion]) -> list[Portion]:
    return [portion for portion in portions if not portion.now]


def _is_confirmed(new: Sequence[Portion], old: Sequence[Portion]) -> bool:
    """The same days, but another certainty."""
    days = [[(portion.quantity, portion.ships_on) for portion in portions] for portions in (new, old)]
    return days[0] == days[1] and [p.confirmed for p in new] != [p.confirmed for p in old]


def _is_news(fact: Moved) -> bool:
    """A day that moved is told; that a supplier confirmed it is only written down."""
    return not _is_confirmed(fact.new, fact.old)


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
