"""Making and revising promises. A promise is never updated: a change is a new version with a reason."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial
from itertools import batched, groupby
from typing import NamedTuple

from django.db import connection
from django.db.models import F
from django.utils import timezone

from backorders.availability import lead_on, put_off_since
from backorders.facts import Moved
from backorders.judging import Doubt, timeline, why
from backorders.looking import Waiting, look, pending
from backorders.models import Claim, Promise, Queue
from backorders.plan import (
    SHELF,
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
from backorders.queries import among, holding, portion_of
from inventory.dispatch import overdue_before, ready_on
from inventory.pipelining import pipelined
from inventory.prepared import Given, Prepared, planned_once
from inventory.queries import arrivals
from inventory.supply import Arrival, Supply, stated, supply

# A day that gets better is told only if it moves by more than this (law 10).
WORTH_TELLING = timedelta(days=1)

_WRITE = """
INSERT INTO backorders_promise (claim_id, version, quantity, ships_on, confirmed, basis, reason, told_at)
SELECT unnest(claims), version, quantity, ships_on, confirmed, basis, reason, %s
FROM jsonb_to_recordset(%s::jsonb) AS told
    (claims bigint[], version int, quantity int, ships_on date, confirmed bool, basis text, reason text)
"""
_HOLD = """
UPDATE backorders_claim AS claim SET told = fresh.version FROM unnest(%s::bigint[], %s::int[]) AS fresh (id, version)
WHERE claim.id = fresh.id AND claim.told < fresh.version
"""
# So many rows in one statement: none comes near the limit of time, however many promises move.
_BATCH = 5000
# So many promises are written while the next ones are judged.
_A_FEW = 50


def make(told: Iterable[tuple[Claim, Sequence[Portion]]], *, at: datetime) -> None:
    """Write the first promises of claims."""
    _write((row for claim, portions in told for row in _rows(claim.pk, 1, portions, "")), at)


def shorten(claims: Iterable[Claim], *, reason: str, at: datetime) -> None:
    """Claims that want fewer units keep the earliest part of their promise. The caller saves `told` of the claims."""
    claims = list(claims)
    told = holding([claim.pk for claim in claims])
    rows: list[tuple[int, _Row]] = []
    for claim in claims:
        claim.told += 1
        _, portions = told.get(claim.pk, (0, ()))
        rows += _rows(claim.pk, claim.told, list(take(portions, claim.quantity)), reason)
    _write(rows, at)


def split_off(claim: Claim, part: Claim, *, at: datetime) -> None:
    """Each keeps what was told of its own units: the part, all that the whole was told of its latest ones, and when.

    The claim wants no more than its own units by now, and the part knows the same version. The caller saves `told` of
    both.
    """
    rows = Promise.objects.filter(claim=claim).order_by("version", F("ships_on").asc(nulls_last=True))
    for version, same in groupby(rows, key=lambda row: row.version):
        told = list(same)
        portions = list(take(after(map(portion_of, told), claim.quantity), part.quantity))
        _write(_rows(part.pk, version, portions, told[0].reason), told[0].told_at)
    shorten([claim, part], reason="split off", at=at)


def postpone(claims: Iterable[Claim], day: date, *, reason: str, at: datetime) -> list[Moved]:
    """Units that have not left and were told an earlier day are told this one: what moved, by claim."""
    claims = list(claims)
    told = holding([claim.pk for claim in claims])
    moved: list[Moved] = []
    rows: list[tuple[int, _Row]] = []
    for claim in claims:
        version, portions = told[claim.pk]
        old = tuple(after(portions, claim.shipped))
        new = merge(portion if portion.by >= day else replace(portion, ships_on=day, now=False) for portion in old)
        if new != old:
            holds = (*take(portions, claim.shipped), *new)
            moved.append(Moved(claim.pk, claim.item_id, version + 1, old, new, reason, holds, claim.shipped))
            rows += _rows(claim.pk, version + 1, holds, reason)
    _write(rows, at)
    Claim.objects.filter(pk__in=among(fact.claim_id for fact in moved)).update(told=F("told") + 1)
    return moved


def tell_again(claims: Iterable[Claim], *, reason: str, at: datetime) -> None:
    """What was told is told once more, as a version of its own. The claims know it afterwards."""
    claims = list(claims)
    told = holding([claim.pk for claim in claims])
    rows: list[tuple[int, _Row]] = []
    for claim in claims:
        claim.told += 1
        rows += _rows(claim.pk, claim.told, told[claim.pk][1], reason)
    _write(rows, at)
    Claim.objects.filter(pk__in=[claim.pk for claim in claims]).update(told=F("told") + 1)


def date_what_is_here(claim_ids: Collection[int], day: date, *, reason: str, at: datetime) -> list[Claim]:
    """Units that lie on the shelf for claims which were told no day for them are told this one; whose they are."""
    claims = _undated(claims=list(claim_ids))
    if not claims:
        return []
    told = holding([claim.pk for claim in claims])
    rows: list[tuple[int, _Row]] = []
    dated: list[Claim] = []
    for claim in claims:
        _, portions = told[claim.pk]
        here = [
            portion if portion.ships_on else replace(portion, ships_on=day, basis=SHELF)
            for portion in take(portions, claim.allocated)
        ]
        if any(portion.ships_on is None for portion in take(portions, claim.allocated)):
            claim.told += 1
            rows += _rows(claim.pk, claim.told, [*here, *after(portions, claim.allocated)], reason)
            dated.append(claim)
    _write(rows, at)
    Claim.objects.filter(pk__in=[claim.pk for claim in dated]).update(told=F("told") + 1)
    return dated


_undated = Prepared(
    lambda: Claim.objects.filter(
        pk__in=Promise.objects.filter(claim__in=among(Given("claims")), version=F("claim__told"), ships_on=None).values(
            "claim"
        )
    ).select_related("notice")
)


def revise(queues: Iterable[Queue], *, reason: str, at: datetime, own: Mapping[int, str] | None = None) -> list[Moved]:
    """Plan the queues anew and write a new promise exactly where the old one breaks or gets better by more than a day.

    Called after any change of supply or queue, under the lock. Units that lie on the shelf for a claim are no news
    here: the fill tells them. A day that merely passed is no change (law 11): those who were promised units of an
    overdue line keep their day until a person moves it. Only the places of the queue are read that can expect
    something else than when they were last judged, and of each queue only a chunk: while it is `in_doubt`, call `go_on`
    in a new transaction. `own` has another reason for single claims.
    """
    return _revise([(queue, Doubt(reason, own or {})) for queue in queues], at)


def go_on(queues: Iterable[Queue], *, at: datetime, in_force: bool = True) -> list[Moved]:
    """Revise a further chunk of the queues that are in doubt, for the reasons that were given before.

    What is not `in_force` holds once `telling.tell` has told it, in the same transaction: that writes each claim once
    and not twice, and half of what a chunk of thousands costs is claims.
    """
    return _revise([(queue, doubts[-1]) for queue in queues if (doubts := pending(queue))], at, in_force=in_force)


def revise_all(
    queues: Iterable[Queue], *, reason: str, at: datetime, own: Mapping[int, str] | None = None
) -> list[Moved]:
    """What all chunks revise together, for a transaction that is rolled back."""
    queues = list(queues)
    moved = revise(queues, reason=reason, at=at, own=own)
    while any(queue.in_doubt for queue in queues):
        moved += go_on(queues, at=at)
    return moved


def _revise(facts: Sequence[tuple[Queue, Doubt]], at: datetime, *, in_force: bool = True) -> list[Moved]:
    if not facts:
        return []
    inbound, news = arrivals([queue.item_id for queue, _ in facts]), []
    with pipelined():
        changes = (
            change for queue, fact in facts for change in _changes_of(queue, inbound.get(queue.item_id, []), fact, at)
        )
        for some in batched(changes, _A_FEW):
            _write((row for fact in some for row in _rows(fact.claim_id, fact.version, fact.holds, fact.reason)), at)
            hold(some if in_force else [fact for fact in some if not _is_news(fact)])
            news += [fact for fact in some if _is_news(fact)]
    return news


def hold(moved: Collection[Moved]) -> None:
    """From now on these new versions hold; those that do already stay as they are."""
    if moved:
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [[fact.claim_id for fact in moved], [fact.version for fact in moved]])


def _changes_of(queue: Queue, inbound: Sequence[Arrival], fact: Doubt, at: datetime) -> Iterator[Moved]:
    """The promises to be made anew."""
    today, since = timezone.localdate(at), overdue_before(at)
    as_stated = stated(queue.item.unallocated, inbound, since=since)
    surely = supply(queue.item.unallocated, inbound, since=since)
    offered = lead_on(queue, today)
    # What is on the shelf beyond those who wait goes to whoever buys next, and never to a place of the queue.
    for_the_queue = replace(as_stated, unallocated=min(as_stated.unallocated, queue.waiting))
    claims, doubts = look(queue, fact, timeline(for_the_queue), today, offered)
    if not claims:
        return
    plans = list(_plans(queue, claims, as_stated))
    sure_plans = plans if surely == as_stated else list(_plans(queue, claims, surely))
    told = holding([claim.claim_id for claim in claims])
    # Thousands were told the same and can expect the same: each case is judged once.
    judged = cache(partial(_judged, today, ready_on(at), offered))
    for claim, planned, sure in zip(claims, plans, sure_plans, strict=True):
        version, portions = told[claim.claim_id]
        if change := judged(portions, claim.allocated, planned, sure):
            kept, old, new = change
            reason = why(doubts, claim.claim_id, claim.start, claim.start + claim.lacks)
            holds = (*kept, *new)
            yield Moved(claim.claim_id, queue.item_id, version + 1, old, new, reason, holds, claim.shipped)


def _judged(
    today: date,
    ready: date,
    offered: date | None,
    told: tuple[Portion, ...],
    allocated: int,
    planned: tuple[Portion, ...],
    sure: tuple[Portion, ...],
) -> tuple[list[Portion], tuple[Portion, ...], tuple[Portion, ...]] | None:
    """Of a promise that is to be made anew: the units that are here already, what was told of the rest, and what is
    told of it now. None where the promise stands."""
    here = allocated + sum(portion.quantity for portion in planned if portion.now)
    old = merge(after(told, here))
    # An overdue arrival breaks no promise that rests on it, and betters none: only the first plan counts it.
    new = renew(_to_come(planned), old, today, offered, ready)
    breaks = is_worse(new, old)
    if not breaks:
        new = renew(_to_come(sure), old, today, offered, ready)
    improves = not is_worse(new, old) and is_better(new, old, by_more_than=WORTH_TELLING)
    if not (breaks or improves or _is_confirmed(new, old)):
        return None
    return [_at_latest(new[0], portion, today) for portion in take(told, here)], old, new


def _plans(queue: Queue, claims: Sequence[Waiting], units: Supply) -> Iterator[tuple[Portion, ...]]:
    """What each of these claims can expect."""
    if not queue.put_off:
        yield from expected_at([(claim.start, claim.lacks) for claim in claims], units)
        return
    since = [put_off_since(claim.put_off_to, units.arrivals) for claim in claims]
    yield from expected(units, [Need(claim.lacks, day) for claim, day in zip(claims, since, strict=True)])


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


class _Row(NamedTuple):
    """Units that a claim was told the same of."""

    version: int
    quantity: int
    ships_on: str | None
    confirmed: bool
    basis: str
    reason: str


def _write(rows: Iterable[tuple[int, _Row]], at: datetime) -> None:
    """Promises of claims, by their ids. Thousands are told the same, and the database reads it once."""
    with planned_once() as cursor:
        for some in batched(rows, _BATCH):
            claims: dict[_Row, list[int]] = defaultdict(list)
            for claim_id, row in some:
                claims[row].append(claim_id)
            told = [{"claims": ids, **row._asdict()} for row, ids in claims.items()]
            cursor.execute(_WRITE, [at, json.dumps(told)])


def _rows(claim_id: int, version: int, portions: Iterable[Portion], reason: str) -> Iterator[tuple[int, _Row]]:
    return ((claim_id, row) for row in _rows_of(version, tuple(portions), reason))


@lru_cache(1000)
def _rows_of(version: int, portions: tuple[Portion, ...], reason: str) -> Sequence[_Row]:
    in_order = sorted(portions, key=lambda portion: portion.ships_on or date.max)
    by_day = groupby(in_order, key=lambda portion: portion.ships_on)
    parts = [(day and day.isoformat(), list(same_day)) for day, same_day in by_day]
    return [
        _Row(
            version,
            sum(portion.quantity for portion in same_day),
            day,
            all(portion.confirmed for portion in same_day),
            same_day[-1].basis,
            reason,
        )
        for day, same_day in parts
    ]
