"""Making and revising promises. A promise is never updated: a change is a new version with a reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby

from django.db import connection
from django.db.models import F
from django.utils import timezone

from backorders.availability import lead_on, put_off_since
from backorders.facts import Moved
from backorders.judging import Timeline, changed, places, timeline
from backorders.models import Claim, Promise, Queue
from backorders.plan import (
    LEAD_TIME,
    Need,
    Portion,
    after,
    expected,
    expected_at,
    is_better,
    is_worse,
    merge,
    renew,
    take,
)
from backorders.queries import holding
from inventory.dispatch import overdue_before
from inventory.queries import arrivals
from inventory.supply import Arrival, Supply, stated, supply

# A day that gets better is told only if it moves by more than this (law 10).
WORTH_TELLING = timedelta(days=1)

# Unit by unit of all who wait: where they stand, what they were told, what they can expect. Left out is what `renew`
# would leave as it is: the same day; a lead time that supply does not beat; a day that rests on an overdue arrival.
_IN_DOUBT = """
WITH place AS MATERIALIZED (
    SELECT * FROM (
        SELECT id, told, allocated, quantity - allocated AS lacks,
            sum(quantity - allocated) OVER (ORDER BY rank, id) - (quantity - allocated) AS start
        FROM backorders_claim WHERE item_id = %(item)s AND allocated < quantity
    ) AS waiting
    WHERE EXISTS (
        SELECT FROM unnest(%(lows)s::int[], %(highs)s::int[]) AS range (low, high)
        WHERE start < high AND start + lacks > low
    )
), unit AS (
    SELECT place.id, place.start, promise.ships_on, promise.confirmed, promise.basis,
        place.start - place.allocated
            + sum(promise.quantity) OVER (PARTITION BY place.id ORDER BY promise.ships_on NULLS LAST) AS upto,
        promise.quantity
    FROM place JOIN backorders_promise AS promise ON promise.claim_id = place.id AND promise.version = place.told
)
SELECT DISTINCT unit.id, unit.start::int
FROM unit JOIN unnest(%(starts)s::int[], %(ends)s::int[], %(days)s::date[], %(confirmed)s::bool[])
    AS plan (start, upto, day, confirmed)
    ON greatest(unit.upto - unit.quantity, unit.start) < plan.upto AND unit.upto > plan.start AND unit.upto > unit.start
WHERE (
    (unit.basis = %(lead_time)s AND (plan.day IS NULL OR plan.day >= unit.ships_on))
    OR (plan.day < %(today)s AND unit.ships_on >= plan.day)
    OR (
        plan.day IS NOT DISTINCT FROM unit.ships_on
        AND (plan.day IS NULL OR plan.confirmed = unit.confirmed)
        AND (%(offered)s::date IS NULL OR %(offered)s::date >= unit.ships_on)
    )
) IS NOT TRUE
"""


def make(told: Iterable[tuple[Claim, Sequence[Portion]]], *, at: datetime) -> None:
    """Write the first promises of claims."""
    Promise.objects.bulk_create(row for claim, portions in told for row in _rows(claim.pk, 1, portions, "", at))


def shorten(claims: Iterable[Claim], *, reason: str, at: datetime) -> None:
    """Claims that want fewer units keep the earliest part of their promise. The caller saves `told` of the claims."""
    claims = list(claims)
    told = holding([claim.pk for claim in claims])
    rows = []
    for claim in claims:
        claim.told += 1
        _, portions = told.get(claim.pk, (0, ()))
        rows += _rows(claim.pk, claim.told, list(take(portions, claim.quantity)), reason, at)
    Promise.objects.bulk_create(rows)


def postpone(claims: Iterable[Claim], day: date, *, reason: str, at: datetime) -> list[Moved]:
    """Units that have not left and were told an earlier day are told this one: what moved, by claim."""
    claims = list(claims)
    told = holding([claim.pk for claim in claims])
    moved, rows = [], []
    for claim in claims:
        version, portions = told[claim.pk]
        old = tuple(after(portions, claim.shipped))
        new = merge(portion if portion.by >= day else replace(portion, ships_on=day, now=False) for portion in old)
        if new != old:
            moved.append(Moved(claim.pk, claim.item_id, version + 1, old, new, reason, new))
            gone = list(take(portions, claim.shipped))
            rows += _rows(claim.pk, version + 1, [*gone, *new], reason, at)
    Promise.objects.bulk_create(rows)
    Claim.objects.filter(pk__in=[fact.claim_id for fact in moved]).update(told=F("told") + 1)
    return moved


def revise(queues: Iterable[Queue], *, reason: str, at: datetime, own: Mapping[int, str] | None = None) -> list[Moved]:
    """Plan the queues anew and write a new promise exactly where the old one breaks or gets better by more than a day.

    Called after any change of supply or queue, under the lock. Units that lie on the shelf for a claim are no news
    here: the fill tells them. A day that merely passed is no change (law 11): those who were promised units of an
    overdue line keep their day until a person moves it. Only the places of the queue are read that can expect
    something else than when they were last judged. `own` has another reason for single claims.
    """
    queues = list(queues)
    inbound = arrivals([queue.item_id for queue in queues])
    changes = [
        change
        for queue in queues
        for change in _changes_of(queue, inbound.get(queue.item_id, []), reason, own or {}, at)
    ]
    if changes:
        Promise.objects.bulk_create(
            (
                row
                for fact, here in changes
                for row in _rows(fact.claim_id, fact.version, [*here, *fact.new], fact.reason, at)
            ),
            batch_size=2000,
        )
        Claim.objects.filter(pk__in=[fact.claim_id for fact, _ in changes]).update(told=F("told") + 1)
    return [fact for fact, _ in changes if _is_news(fact)]


def _changes_of(
    queue: Queue, inbound: Sequence[Arrival], reason: str, own: Mapping[int, str], at: datetime
) -> Iterator[tuple[Moved, list[Portion]]]:
    """The promises to be made anew, each with the portions of units that are here already."""
    today, since = timezone.localdate(at), overdue_before(at)
    as_stated = stated(queue.item.unallocated, inbound, since=since)
    surely = supply(queue.item.unallocated, inbound, since=since)
    offered = lead_on(queue, today)
    # What is on the shelf beyond those who wait goes to whoever buys next, and never to a place of the queue.
    for_the_queue = replace(as_stated, unallocated=min(as_stated.unallocated, queue.waiting))
    claims = _to_judge(queue, timeline(for_the_queue), today, offered)
    if not claims:
        return
    plans = zip(_plans(queue, claims, as_stated), _plans(queue, claims, surely), strict=True)
    told = holding([claim.pk for _, claim in claims])
    for (_, claim), (planned, sure) in zip(claims, plans, strict=True):
        version, portions = told[claim.pk]
        here = claim.allocated + sum(portion.quantity for portion in planned if portion.now)
        old = merge(after(portions, here))
        # An overdue arrival breaks no promise that rests on it, and betters none: only the first plan counts it.
        new = renew(_to_come(planned), old, today, offered)
        breaks = is_worse(new, old)
        if not breaks:
            new = renew(_to_come(sure), old, today, offered)
        improves = not is_worse(new, old) and is_better(new, old, by_more_than=WORTH_TELLING)
        if breaks or improves or _is_confirmed(new, old):
            kept = [_at_latest(new[0], portion, today) for portion in take(portions, here)]
            why = own.get(claim.pk, reason)
            unshipped = tuple(after([*kept, *new], claim.shipped))
            yield Moved(claim.pk, claim.item_id, version + 1, old, new, why, unshipped), kept


def _to_judge(queue: Queue, fresh: Timeline, today: date, offered: date | None) -> list[tuple[int, Claim]]:
    """Claims whose promise may not be what they can expect, each with its first place; the queue is judged by then.

    When the order itself was changed, all places are looked at; when somebody is put off, places do not tell what they
    can expect, and all claims are read.
    """
    before, ranges = queue.judged, None
    if before is not None and not queue.put_off:
        ranges = changed(before, fresh, filled=queue.filled, freed=queue.freed, waiting=queue.waiting)
    if (before, queue.filled, queue.freed) != (judged := [list(part) for part in fresh], 0, 0):
        queue.judged, queue.filled, queue.freed = judged, 0, 0
        queue.save(update_fields=["judged", "filled", "freed"])
    if ranges == [] or not queue.waiting:
        return []
    if queue.put_off:
        return everybody(queue)
    return _in_doubt(queue, fresh, ranges or [(0, queue.waiting)], today, offered)


def everybody(queue: Queue) -> list[tuple[int, Claim]]:
    """All who wait, each with the first place."""
    claims = list(Claim.objects.waiting().filter(item=queue.item).in_order())
    return list(zip(accumulate((claim.lacks for claim in claims), initial=0), claims, strict=False))


def _in_doubt(
    queue: Queue, fresh: Timeline, ranges: Sequence[tuple[int, int]], today: date, offered: date | None
) -> list[tuple[int, Claim]]:
    """Those in the ranges for whom a unit was told another day than it can expect, found by one statement."""
    plan = list(places(fresh, queue.waiting))
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_DOUBT,
            {
                "item": queue.item_id,
                "lows": [low for low, _ in ranges],
                "highs": [high for _, high in ranges],
                "starts": [start for start, _, _, _ in plan],
                "ends": [end for _, end, _, _ in plan],
                "days": [day for _, _, day, _ in plan],
                "confirmed": [confirmed for _, _, _, confirmed in plan],
                "lead_time": LEAD_TIME,
                "today": today,
                "offered": offered,
            },
        )
        starts = dict(cursor.fetchall())
    claims = Claim.objects.in_bulk(starts)
    return sorted(((start, claims[pk]) for pk, start in starts.items()), key=lambda place: place[0])


def _plans(queue: Queue, claims: Sequence[tuple[int, Claim]], units: Supply) -> Iterator[tuple[Portion, ...]]:
    """What each of these claims can expect."""
    if not queue.put_off:
        yield from expected_at([(start, claim.lacks) for start, claim in claims], units)
        return
    since = [put_off_since(claim.put_off_to_id, units.arrivals) for _, claim in claims]
    yield from expected(units, [Need(claim.lacks, day) for (_, claim), day in zip(claims, since, strict=True)])


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
