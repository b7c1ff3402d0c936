"""What those who wait were told, beside what they can expect by now: whose promise is at risk? Read without a lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from backorders.availability import lead_on, put_off_since
from backorders.models import Claim, Queue
from backorders.plan import Need, Portion, after, expected, is_worse, merge, renew
from backorders.queries import holding
from inventory.dispatch import overdue_before
from inventory.queries import arrivals
from inventory.supply import supply


@dataclass(frozen=True, slots=True)
class Outlook:
    """A claim that waits: its place, what holds of its promise for the units that it lacks, and what it can expect.

    It is at risk when a unit is expected later than it was told, or when its day has passed. Units of a purchase line
    that is overdue are expected of nobody (law 11).
    """

    number: int
    claim: Claim
    told: tuple[Portion, ...]
    expects: tuple[Portion, ...]
    is_at_risk: bool


def outlooks(queue: Queue, at: datetime, first: int | None = None) -> list[Outlook]:
    """Those who wait for an item, in order: all, or only the first, for nobody's day depends on who stands behind her.

    Three queries, however many.
    """
    return list(_outlooks(queue, at, first))


def _outlooks(queue: Queue, at: datetime, first: int | None) -> Iterator[Outlook]:
    waiting = Claim.objects.waiting().filter(item=queue.item_id).in_order()
    claims = list(waiting.select_related("item", "put_off_to__order__supplier")[:first])
    told = holding([claim.pk for claim in claims])
    today, inbound = timezone.localdate(at), arrivals([queue.item_id]).get(queue.item_id, [])
    units = supply(queue.item.unallocated, inbound, since=overdue_before(at))
    needs = [Need(claim.lacks, put_off_since(claim.put_off_to_id, units.arrivals)) for claim in claims]
    offered = lead_on(queue, today)
    for number, (claim, plan) in enumerate(zip(claims, expected(units, needs), strict=True), 1):
        holds = merge(after(told[claim.pk][1], claim.allocated)) if claim.pk in told else ()
        here = tuple(portion for portion in plan if portion.now)
        later = tuple(after(holds, sum(portion.quantity for portion in here)))
        comes = renew([portion for portion in plan if not portion.now], later, today, offered)
        passed = any(portion.ships_on and portion.ships_on < today for portion in holds)
        yield Outlook(number, claim, holds, (*here, *comes), passed or is_worse(comes, later))
