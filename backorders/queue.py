"""Taking a place, giving it up, filling: lock, plan, write, return facts.

Every function takes queues from `lock`, inside the transaction that locked them. The plan is made elsewhere
(backorders.plan, backorders.availability); this module writes what was planned, and the counters that go with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backorders import promises
from backorders.facts import Filled, Joined, Shipped, Withdrawn
from backorders.models import Claim, Queue, Withdrawal
from backorders.plan import Portion, share
from inventory import ledger
from inventory.locking import lock_items

# So many claims are filled in one transaction: others who want the item wait for it.
FILL_CHUNK = 1000


class UnableToJoin(Exception):
    """What was to be promised is not there any more; the quote was not made under the lock."""


class UnableToLeave(Exception):
    """The sentence says what can still be given up."""


class UnableToShip(Exception):
    """The sentence says what is ready to be shipped."""


@dataclass(frozen=True, slots=True)
class Want:
    """A line that joins: all its portions were quoted under the lock and add up to its quantity."""

    item_id: int
    reference: str
    portions: tuple[Portion, ...]

    @property
    def quantity(self) -> int:
        return sum(portion.quantity for portion in self.portions)

    @property
    def now(self) -> int:
        return sum(portion.quantity for portion in self.portions if portion.now)


def lock(item_ids: Iterable[int]) -> dict[int, Queue]:
    """Lock stock items and read their queues: queue by item id, with `queue.item` the locked item."""
    items = lock_items(item_ids)
    queues = {queue.item_id: queue for queue in Queue.objects.filter(item__in=items)}
    Queue.objects.bulk_create(queues.setdefault(pk, Queue(item=item)) for pk, item in items.items() if pk not in queues)
    for pk, queue in queues.items():
        queue.item = items[pk]
    return queues


def join(queues: Mapping[int, Queue], wants: Sequence[Want], *, actor: str, at: datetime) -> list[Joined]:
    """Take one place per line. Units from the shelf are allocated at once; the rest waits. Promises are written.

    Raises UnableToJoin when a line would take units to which those who wait have the first right (law 4).
    """
    claims: list[Claim] = []
    for want in wants:
        queue = queues[want.item_id]
        taken = sum(claim.allocated for claim in claims if claim.item_id == want.item_id)
        if want.now > max(0, queue.item.unallocated - queue.waiting - taken):
            raise UnableToJoin(f"Fewer than {want.now} units of {queue.item.sku} are free.")
        claims.append(
            Claim(
                item=queue.item,
                quantity=want.quantity,
                allocated=want.now,
                reference=want.reference,
                placed_at=at,
            )
        )
    Claim.objects.bulk_create(claims)
    for claim in claims:
        queues[claim.item_id].waiting += claim.lacks
    _save_waiting(queues)
    ledger.allocate([_entry(queues, claim, claim.allocated) for claim in claims], actor=actor, at=at)
    promises.make([(claim, want.portions) for claim, want in zip(claims, wants, strict=True)], at=at)
    return [Joined(claim.pk, claim.item_id, want.portions) for claim, want in zip(claims, wants, strict=True)]


def leave(
    queues: Mapping[int, Queue], units: Mapping[int, int], *, reason: str, actor: str, at: datetime
) -> list[Withdrawn]:
    """Give up units before they are shipped, claim id -> units: first those still waited for, then those set aside.

    Raises UnableToLeave when fewer units of a claim are left to give up.
    """
    claims = list(Claim.objects.filter(pk__in=units, item__in=queues).order_by("id"))
    released = {claim.pk: _give_up(claim, units[claim.pk]) for claim in claims}
    for claim in claims:
        queues[claim.item_id].waiting -= units[claim.pk] - released[claim.pk]
    Claim.objects.bulk_update(claims, ["quantity", "allocated"])
    _save_waiting(queues)
    ledger.release([_entry(queues, claim, released[claim.pk], reason) for claim in claims], actor=actor, at=at)
    Withdrawal.objects.bulk_create(
        Withdrawal(claim=claim, units=units[claim.pk], reason=reason, actor=actor, at=at) for claim in claims
    )
    promises.shorten(claims, reason=reason or "fewer units wanted", at=at)
    return [
        Withdrawn(claim.pk, claim.item_id, units[claim.pk], released[claim.pk], claim.quantity - claim.shipped)
        for claim in claims
    ]


def _give_up(claim: Claim, units: int) -> int:
    """Lower what the claim wants; returns how many units on the shelf it lets go."""
    left = claim.quantity - claim.shipped
    if not left:
        raise UnableToLeave("Nothing is left to cancel: it has shipped, or was cancelled.")
    if not 0 < units <= left:
        raise UnableToLeave(f"At most {left} can be cancelled.")
    released = max(0, units - claim.lacks)
    claim.quantity -= units
    claim.allocated -= released
    return released


def fill(queue: Queue, *, actor: str, at: datetime, limit: int = FILL_CHUNK) -> list[Filled]:
    """Give the free units on the shelf to those who wait, in order, partly where they do not suffice.

    At most `limit` claims are served; call again in a new transaction until nothing is returned. n units serve at most
    n claims, so no more than n rows are read, however long the queue is.
    """
    free = queue.item.unallocated
    if free <= 0 or not queue.waiting:
        return []
    head = list(Claim.objects.waiting().filter(item=queue.item).in_order()[: min(limit, free)])
    served = [(claim, units) for claim, units in zip(head, share(free, [c.lacks for c in head]), strict=True) if units]
    for claim, units in served:
        claim.allocated += units
        queue.waiting -= units
    Claim.objects.bulk_update([claim for claim, _ in served], ["allocated"], batch_size=500)
    queue.save(update_fields=["waiting"])
    ledger.allocate([_entry({queue.item_id: queue}, claim, units) for claim, units in served], actor=actor, at=at)
    return [Filled(claim.pk, queue.item_id, units, claim.lacks) for claim, units in served]


def ship(queues: Mapping[int, Queue], units: Mapping[int, int], *, actor: str, at: datetime) -> list[Shipped]:
    """Ship units that are set aside: claim id -> units. Raises UnableToShip when a claim holds fewer."""
    claims = list(Claim.objects.filter(pk__in=units, item__in=queues).order_by("id"))
    for claim in claims:
        if not 0 < units[claim.pk] <= claim.ready:
            raise UnableToShip(f"{claim.ready} of {queues[claim.item_id].item.sku} are ready, not {units[claim.pk]}.")
        claim.shipped += units[claim.pk]
    Claim.objects.bulk_update(claims, ["shipped"])
    ledger.ship([_entry(queues, claim, units[claim.pk]) for claim in claims], actor=actor, at=at)
    return [Shipped(claim.pk, claim.item_id, units[claim.pk]) for claim in claims]


def correct(queue: Queue, change: int, *, reason: str, actor: str, at: datetime) -> None:
    """Correct what is on hand, up or down, with a reason.

    When fewer units are left than are set aside, the newest allocation gives way first and waits again (law 9). The
    caller plans the queue anew afterwards: who gave way has a promise that does not hold.

    Raises UnableToLeave when more units are to vanish than are on the shelf.
    """
    if queue.item.on_hand + change < 0:
        raise UnableToLeave(
            f"Only {queue.item.on_hand} of {queue.item.sku} are on the shelf: take away at most so many."
        )
    _give_way(queue, queue.item.allocated - (queue.item.on_hand + change), reason, actor, at)
    cause = f"correction of {queue.item.sku}"
    ledger.adjust([ledger.Entry(queue.item, change, cause, reason)], actor=actor, at=at)


def _give_way(queue: Queue, short: int, reason: str, actor: str, at: datetime) -> None:
    if short <= 0:
        return
    newest_first = Claim.objects.holding().filter(item=queue.item).order_by("-rank", "-id")
    claims = list(newest_first[:short])
    taken = list(share(short, [claim.ready for claim in claims]))
    for claim, units in zip(claims, taken, strict=True):
        claim.allocated -= units
    queue.waiting += short
    Claim.objects.bulk_update(claims, ["allocated"], batch_size=500)
    queue.save(update_fields=["waiting"])
    ledger.release(
        [_entry({queue.item_id: queue}, claim, units, reason) for claim, units in zip(claims, taken, strict=True)],
        actor=actor,
        at=at,
    )


def _entry(queues: Mapping[int, Queue], claim: Claim, units: int, reason: str = "") -> ledger.Entry:
    return ledger.Entry(queues[claim.item_id].item, units, f"claim {claim.pk}", reason)


def _save_waiting(queues: Mapping[int, Queue]) -> None:
    Queue.objects.bulk_update(queues.values(), ["waiting"])
