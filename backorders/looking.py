"""Finding those of a queue whose promise may not be what they can expect, a chunk at a time, head first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from django.db import connection
from django.db.models import F

from backorders.judging import Doubt, Range, Timeline, changed, merged, places, together
from backorders.models import Claim, Queue
from backorders.plan import LEAD_TIME

# So many claims are revised in one transaction: others who want the item wait for it.
REVISE_CHUNK = 160
# So many places are looked at for them: most of the places that are in doubt were told another day than they expect.
_LOOK = 2

# Unit by unit of all who wait: where they stand, what they were told, what they can expect. Left out is what `renew`
# would leave as it is: the same day; a lead time that supply does not beat; a day that rests on an overdue arrival.
_IN_DOUBT = """
WITH place AS MATERIALIZED (
    SELECT * FROM (
        SELECT id, rank, place, units_before, reference, told, allocated, shipped, quantity - allocated AS lacks,
            %(upto)s + sum(quantity - allocated) OVER (ORDER BY rank, place, units_before) - (quantity - allocated)
                AS start
        FROM backorders_claim
        WHERE item_id = %(item)s AND allocated < quantity
            AND (rank, place, units_before) > (%(rank)s, %(place)s, %(units_before)s)
    ) AS waiting
    WHERE EXISTS (
        SELECT FROM unnest(%(lows)s::int[], %(highs)s::int[]) AS range (low, high)
        WHERE start < high AND start + lacks > low
    )
    ORDER BY rank, place, units_before LIMIT %(places)s
), unit AS (
    SELECT place.*,
        promise.ships_on, promise.confirmed, promise.basis,
        place.start - place.allocated
            + sum(promise.quantity) OVER (PARTITION BY place.id ORDER BY promise.ships_on NULLS LAST) AS upto,
        promise.quantity
    FROM place JOIN backorders_promise AS promise ON promise.claim_id = place.id AND promise.version = place.told
), doubtful AS (
    SELECT DISTINCT unit.rank, unit.place, unit.units_before, unit.id, unit.reference, unit.start::int, unit.allocated,
        unit.shipped, unit.lacks
    FROM unit JOIN unnest(%(starts)s::int[], %(ends)s::int[], %(days)s::date[], %(confirmed)s::bool[])
        AS plan (start, upto, day, confirmed)
        ON greatest(unit.upto - unit.quantity, unit.start) < plan.upto AND unit.upto > greatest(plan.start, unit.start)
    WHERE (
        (unit.basis = %(lead_time)s AND (plan.day IS NULL OR plan.day >= unit.ships_on))
        OR (plan.day < %(today)s AND unit.ships_on >= plan.day)
        OR (
            plan.day IS NOT DISTINCT FROM unit.ships_on
            AND (plan.day IS NULL OR plan.confirmed = unit.confirmed)
            AND (%(offered)s::date IS NULL OR %(offered)s::date >= unit.ships_on)
        )
    ) IS NOT TRUE
    ORDER BY start LIMIT %(claims)s
), latest AS (
    SELECT rank, place, units_before, (start + lacks)::int, (SELECT count(*) FROM place)
    FROM place ORDER BY start DESC LIMIT 1
)
SELECT latest.*, doubtful.* FROM latest LEFT JOIN doubtful ON true ORDER BY doubtful.start
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim that waits: `start` units are waited for before it."""

    start: int
    claim_id: int
    allocated: int
    shipped: int
    lacks: int
    put_off_to: int | None = None


class Edge(NamedTuple):
    """The last claim that was looked at, by what orders the queue; `upto` units are waited for up to its end."""

    rank: int
    place: int
    units_before: int
    upto: int


class _Row(NamedTuple):
    """One whose promise is in doubt, beside the last place that was looked at; all is None where nobody is in doubt."""

    rank: int
    place: int
    units_before: int
    upto: int
    looked_at: int
    claim_rank: int
    claim_place: int
    claim_units_before: int
    claim_id: int
    reference: str
    start: int
    allocated: int
    shipped: int
    lacks: int

    @property
    def latest(self) -> Edge:
        """The last that was looked at."""
        return Edge(self.rank, self.place, self.units_before, self.upto)

    @property
    def edge(self) -> Edge:
        """The one in doubt."""
        return Edge(self.claim_rank, self.claim_place, self.claim_units_before, self.start + self.lacks)


_HEAD = Edge(-(1 << 15), 0, 0, 0)


def look(
    queue: Queue, fact: Doubt, fresh: Timeline, today: date, offered: date | None
) -> tuple[list[Waiting], list[Doubt]]:
    """Claims whose promise may not be what they can expect, because of this fact or of one that is still to be told,
    and where each of these facts reaches.

    Of the places in doubt only a chunk is looked at, and the queue remembers the others. When the order itself was
    changed, all places are in doubt. When somebody is put off, places do not tell what they can expect: all claims are
    read, and at once.
    """
    doubts = _doubts(queue, fact, fresh)
    ranges = merged(each for doubt in doubts for each in doubt.ranges)
    found, edge = _found(queue, fresh, ranges, today, offered)
    _remember(queue, fresh, doubts, edge)
    return found, doubts


def pending(queue: Queue) -> list[Doubt]:
    """What is still to be told, in the order in which it happened."""
    return [Doubt.read(doubt) for doubt in queue.in_doubt or ()]


def _doubts(queue: Queue, fact: Doubt, fresh: Timeline) -> list[Doubt]:
    left = {"filled": queue.filled, "freed": queue.freed, "waiting": queue.waiting}
    if queue.judged is None or queue.put_off:
        everywhere = [(0, queue.waiting)]
        return together([*(doubt.at(everywhere) for doubt in pending(queue)), fact.at(everywhere)])
    return together(
        [*(doubt.moved_up(**left) for doubt in pending(queue)), fact.at(changed(queue.judged, fresh, **left))]
    )


def _remember(queue: Queue, fresh: Timeline, doubts: Sequence[Doubt], edge: Edge | None) -> None:
    """The queue is judged by this timeline, but for what lies beyond the edge."""
    left = together(doubt.beyond(edge.upto) for doubt in doubts) if edge else []
    now = {
        "judged": [list(part) for part in fresh],
        "filled": 0,
        "freed": 0,
        "in_doubt": [doubt.json for doubt in left] or None,
        "looked_to": list(edge) if edge and left else None,
    }
    if any(getattr(queue, name) != value for name, value in now.items()):
        for name, value in now.items():
            setattr(queue, name, value)
        Queue.objects.filter(pk=queue.pk).update(**now)


def everybody(queue: Queue) -> list[Waiting]:
    """All who wait."""
    claims = Claim.objects.waiting().filter(item=queue.item).in_order()
    rows = list(claims.values_list("pk", "allocated", "shipped", F("quantity") - F("allocated"), "put_off_to"))
    starts = accumulate((lacks for _, _, _, lacks, _ in rows), initial=0)
    return [Waiting(start, *row) for start, row in zip(starts, rows, strict=False)]


def _found(
    queue: Queue, fresh: Timeline, ranges: Sequence[Range], today: date, offered: date | None
) -> tuple[list[Waiting], Edge | None]:
    """A chunk of those in the ranges for whom a unit was told another day than it can expect; how far it reaches, None
    if that is all."""
    if not ranges:
        return [], None
    if queue.put_off:
        return everybody(queue), None
    plan = list(places(fresh, queue.waiting))
    after = _edge(queue, ranges)
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_DOUBT,
            {
                **after._asdict(),
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
                "places": _LOOK * REVISE_CHUNK,
                "claims": REVISE_CHUNK + 1,
            },
        )
        return _chunk([_Row(*row) for row in cursor.fetchall()])


def _edge(queue: Queue, ranges: Sequence[Range]) -> Edge:
    """Behind whom the ranges lie: those who were looked at are not counted again while all stand where they stood."""
    if queue.looked_to is None or queue.judged is None or queue.filled or queue.freed:
        return _HEAD
    edge = Edge(*queue.looked_to)
    return edge if ranges[0][0] >= edge.upto else _HEAD


def _chunk(rows: Sequence[_Row]) -> tuple[list[Waiting], Edge | None]:
    if not rows:
        return [], None
    found = [row for row in rows if row.claim_id is not None]
    looked_to, looked_at = rows[0].latest, rows[0].looked_at
    some = _whole_orders(found)
    claims = [Waiting(row.start, row.claim_id, row.allocated, row.shipped, row.lacks) for row in some]
    if len(some) < len(found):
        return claims, some[-1].edge
    return claims, looked_to if looked_at == _LOOK * REVISE_CHUNK else None


def _whole_orders(found: Sequence[_Row]) -> Sequence[_Row]:
    """A chunk of them that does not end between two claims of one order: they are told by one letter."""
    if len(found) <= REVISE_CHUNK:
        return found
    some = [*found[:REVISE_CHUNK]]
    while some and some[-1].reference == found[REVISE_CHUNK].reference:
        some.pop()
    return some or found[:REVISE_CHUNK]
