"""Taking a place, giving it up, filling: lock, plan, write, return facts.

Every function takes queues from `lock`, inside the transaction that locked them. The plan is made elsewhere
(backorders.plan, backorders.availability); this module writes what was planned, and the counters that go with it.
What a person changes of the order of a queue stands in backorders.turns.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Model

from backorders import promises
from backorders.deadlines import Standing
from backorders.facts import Filled, Joined, Shipped, Withdrawn
from backorders.judging import with_newcomer
from backorders.models import Claim, Policy, Queue, Withdrawal
from backorders.plan import Portion, share
from inventory import ledger
from inventory.dispatch import ready_on
from inventory.locking import lock_items, stand_in_line, stock_lock
from inventory.pipelining import draw, insert
from inventory.prepared import Given, IsOneOf, Prepared, planned_once

# So many claims are filled in one transaction: others who want the item wait for it.
FILL_CHUNK = 500

COUNTERS = ("waiting", "passed_over", "put_off", "last_rank", "judged", "filled", "freed")


class UnableToJoin(Exception):
    """What was to be promised is not there any more; the quote was not made under the lock."""


class UnableToLeave(Exception):
    """The sentence says what can still be given up."""


class UnableToShip(Exception):
    """The sentence says what is ready to be shipped."""


@dataclass(frozen=True, slots=True)
class Want:
    """A line that joins: all its portions were quoted under the lock and add up to its quantity.

    `due_at` is the instant by which the first of its units leaves; None while something else has to come first.
    `unit_price` is what a unit is sold for.
    """

    item_id: int
    reference: str
    portions: tuple[Portion, ...]
    customer: str = ""
    country: str = ""
    due_at: datetime | None = None
    unit_price: Decimal = Decimal(0)

    @property
    def quantity(self) -> int:
        return sum(portion.quantity for portion in self.portions)

    @property
    def now(self) -> int:
        return sum(portion.quantity for portion in self.portions if portion.now)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may join a queue, how many, and for how long; None means no limit."""

    policy: Policy
    lead_days: int
    cap: int | None
    per_order: int | None
    per_customer: int | None
    longest_wait: int | None

    @classmethod
    def of(cls, queue: Queue) -> "Rules":
        return cls(
            Policy(queue.policy), queue.lead_days, queue.cap, queue.per_order, queue.per_customer, queue.longest_wait
        )


def change_rules(queue: Queue, rules: Rules) -> None:
    """From now on newcomers join by these rules. Whoever waits keeps her place.

    What was told can rest on a lead time: where that changes, the next revision looks at everybody who waits.
    """
    old = Rules.of(queue)
    fields = [field.name for field in dataclass_fields(Rules)]
    for name in fields:
        setattr(queue, name, getattr(rules, name))
    if (old.policy, old.lead_days) != (rules.policy, rules.lead_days):
        queue.judged = None
        fields.append("judged")
    queue.save(update_fields=fields)


def lock(item_ids: Iterable[int]) -> dict[int, Queue]:
    """Lock stock items and their queues, in the order of the items' ids: queue by item id, with its locked item.

    One query. Raises StockBusy when the lock is not to be had, and StockItem.DoesNotExist for an unknown id.
    """
    wanted = set(item_ids)
    queues = _lock(wanted)
    if missing := wanted - queues.keys():
        lock_items(missing)
        Queue.objects.bulk_create((Queue(item_id=pk) for pk in sorted(missing)), ignore_conflicts=True)
        queues |= _lock(missing)
    return dict(sorted(queues.items()))


def lock_for(
    item_ids: Iterable[int], wanted_ids: Mapping[type[Model], int]
) -> tuple[dict[int, Queue], list[list[int]]]:
    """`lock` for a checkout, inside `pipelined()`: it stands in line, and gets as many ids of each model as wanted that
    are drawn under the lock, for claims that are to join and what else is written with them. Both come back together.
    """
    wanted = set(item_ids)
    stand_in_line(wanted)
    with stock_lock():
        locked, ids = _locked.sent(items=list(wanted)), draw(wanted_ids)
        queues, drawn = _by_item(locked()), ids()
    if wanted <= queues.keys():
        return dict(sorted(queues.items())), drawn
    return lock(wanted), draw(wanted_ids)()


def _lock(item_ids: Collection[int]) -> dict[int, Queue]:
    with stock_lock():
        return _by_item(_locked(items=list(item_ids)))


def _by_item(queues: Iterable[Queue]) -> dict[int, Queue]:
    locked = {queue.item_id: queue for queue in queues}
    for queue in locked.values():
        queue.item.is_locked = True
    return locked


_locked = Prepared(
    lambda: (
        Queue.objects.select_related("item")
        .filter(IsOneOf("item_id", Given("items")))
        .order_by("item_id")
        .select_for_update(of=("item", "self"))
    )
)


def join(
    queues: Mapping[int, Queue], wants: Sequence[Want], *, actor: str, at: datetime, ids: Sequence[int] = ()
) -> list[Joined]:
    """Take one place per line. Units from the shelf are allocated at once; the rest waits. Promises are written.

    `ids` came with the lock, or are drawn here. Raises UnableToJoin when a line would take units to which those who
    wait have the first right (law 4).
    """
    claims: list[Claim] = []
    for pk, want in zip(ids or draw({Claim: len(wants)})()[0], wants, strict=True):
        queue = queues[want.item_id]
        taken = sum(claim.allocated for claim in claims if claim.item_id == want.item_id)
        if want.now > max(0, queue.item.unallocated - (queue.waiting - queue.put_off) - taken):
            raise UnableToJoin(f"Fewer than {want.now} units of {queue.item.sku} are free.")
        claims.append(
            Claim(
                pk=pk,
                item=queue.item,
                rank=queue.last_rank,
                quantity=want.quantity,
                allocated=want.now,
                reference=want.reference,
                customer=want.customer,
                country=want.country,
                due_at=want.due_at,
                unit_price=want.unit_price,
                told=1,
                placed_at=at,
            )
        )
    insert(claims)
    _count_newcomers(queues, [(claim, want) for claim, want in zip(claims, wants, strict=True) if claim.lacks], at)
    ledger.allocate([_entry(queues, claim, claim.allocated) for claim in claims], actor=actor, at=at)
    promises.make([(claim, want.portions) for claim, want in zip(claims, wants, strict=True)], at=at)
    return [Joined(claim.pk, claim.item_id, want.portions) for claim, want in zip(claims, wants, strict=True)]


def _count_newcomers(queues: Mapping[int, Queue], waiting: Iterable[tuple[Claim, Want]], at: datetime) -> None:
    more: Counter[int] = Counter()
    ready = ready_on(at)
    for claim, want in waiting:
        queue = queues[claim.item_id]
        _judge(queue, [portion for portion in want.portions if not portion.now], ready)
        more[claim.item_id] += claim.lacks
        queue.waiting += claim.lacks
    if not more:
        return
    with planned_once() as cursor:
        cursor.execute(
            """
            UPDATE backorders_queue AS queue SET waiting = waiting + more.units
            FROM unnest(%s::bigint[], %s::int[]) AS more (item, units) WHERE queue.item_id = more.item
            """,
            [list(more), list(more.values())],
        )


def _judge(queue: Queue, told: Sequence[Portion], ready: date) -> None:
    """Who comes while a supply is not judged yet was told other days than her places expect: the queue remembers."""
    if queue.judged is None:
        return
    judged = with_newcomer(queue.judged, queue.waiting + queue.filled + queue.freed, told, ready)
    if judged is not queue.judged:
        queue.judged = [list(part) for part in judged]
        Queue.objects.filter(pk=queue.pk).update(judged=queue.judged)


def leave(
    queues: Mapping[int, Queue], units: Mapping[int, int], *, reason: str, actor: str, at: datetime
) -> list[Withdrawn]:
    """Give up units before they are shipped, claim id -> units: first those still waited for, then those set aside.

    Raises UnableToLeave when fewer units of a claim are left to give up.
    """
    claims = list(Claim.objects.filter(pk__in=units, item__in=queues).order_by("id"))
    released = {claim.pk: _give_up(claim, units[claim.pk]) for claim in claims}
    for claim in claims:
        queue, no_longer_waited_for = queues[claim.item_id], units[claim.pk] - released[claim.pk]
        count(queue, claim, -no_longer_waited_for)
        queue.freed += no_longer_waited_for
    # The withdrawal has the reason that was given: it may be one for staff alone.
    promises.shorten(claims, reason="fewer units wanted", at=at)
    Claim.objects.bulk_update(claims, ["quantity", "allocated", "told"])
    Queue.objects.bulk_update(queues.values(), ["waiting", "passed_over", "put_off", "freed"])
    ledger.release([_entry(queues, claim, released[claim.pk], reason) for claim in claims], actor=actor, at=at)
    Withdrawal.objects.bulk_create(
        Withdrawal(claim=claim, units=units[claim.pk], reason=reason, actor=actor, at=at) for claim in claims
    )
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


def fill(queue: Queue, *, actor: str, at: datetime) -> list[Filled]:
    """Give the free units on the shelf to those who wait, in order, partly where they do not suffice.

    At most FILL_CHUNK claims are served; call again in a new transaction until nothing is returned.
    """
    filled = serve(queue)
    record({queue.item_id: queue}, filled, actor=actor, at=at)
    return filled


def serve(queue: Queue) -> list[Filled]:
    """The first half of `fill`: the claims get their units. The ledger must `record` it in the same transaction.

    One statement finds and serves them: n units serve at most n claims, so no more than n rows are read, however long
    the queue is.
    """
    if not is_filling(queue):
        return []
    free = queue.item.unallocated
    filled = _serve(queue.item_id, free, min(FILL_CHUNK, free))
    _count_served(queue, sum(fact.units for fact in filled))
    return filled


def record(queues: Mapping[int, Queue], filled: Iterable[Filled], *, actor: str, at: datetime) -> None:
    """The second half of `fill`: what was given is off the shelf. Whoever needs to read something reads it before: in a
    pipeline (inventory.pipelining) nobody waits for this then."""
    entries = [ledger.Entry(queues[fact.item_id].item, fact.units, f"claim {fact.claim_id}") for fact in filled]
    ledger.allocate(entries, actor=actor, at=at)


def _count_served(queue: Queue, given: int) -> None:
    queue.waiting -= given
    # Where some are passed over, units do not go to the head of the queue, and its places must all be judged anew.
    if queue.passed_over:
        queue.judged = None
    else:
        queue.filled += given
    with planned_once() as cursor:
        cursor.execute(
            """
            UPDATE backorders_queue
            SET waiting = %s, filled = %s, judged = CASE WHEN %s THEN judged END WHERE id = %s
            """,
            [queue.waiting, queue.filled, queue.judged is not None, queue.pk],
        )


def is_filling(queue: Queue) -> bool:
    """Is something on the shelf that is still to be given to those who wait?"""
    return queue.item.unallocated > 0 and queue.waiting > queue.passed_over


def _serve(item_id: int, free: int, limit: int) -> list[Filled]:
    """The head of the queue, served from `free` units by a running sum over at most `limit` rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH head AS MATERIALIZED (
                SELECT id, rank, place, units_before, quantity - allocated AS lacks FROM backorders_claim
                WHERE item_id = %(item)s AND allocated < quantity AND hold = '' AND put_off_to_id IS NULL
                ORDER BY rank, place, units_before LIMIT %(limit)s
            ), line AS (
                SELECT id, lacks, sum(lacks) OVER (ORDER BY rank, place, units_before) - lacks AS before FROM head
            ), given AS (
                SELECT id, before, least(lacks, %(free)s - before)::int AS units FROM line
            )
            UPDATE backorders_claim AS claim SET allocated = allocated + given.units
            FROM given WHERE claim.id = given.id AND given.units > 0
            RETURNING given.before, claim.id, given.units, claim.quantity - claim.allocated, claim.standing
            """,
            {"item": item_id, "free": free, "limit": limit},
        )
        served = sorted(cursor.fetchall())
    asking = {str(standing) for standing in Standing if standing.is_question}
    return [Filled(pk, item_id, units, lacks, standing in asking) for _, pk, units, lacks, standing in served]


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
    give_way(queue, queue.item.allocated - (queue.item.on_hand + change), reason, actor, at)
    cause = f"correction of {queue.item.sku}"
    ledger.adjust([ledger.Entry(queue.item, change, cause, reason)], actor=actor, at=at)


def give_way(queue: Queue, short: int, reason: str, actor: str, at: datetime) -> dict[int, int]:
    """The newest allocations give so many units back, and wait again. Returns the units by claim.

    The caller plans the queue anew afterwards.
    """
    if short <= 0:
        return {}
    newest_first = Claim.objects.holding().filter(item=queue.item).in_order().reverse()
    claims = list(newest_first[:short])
    taken = list(share(short, [claim.ready for claim in claims]))
    for claim, units in zip(claims, taken, strict=True):
        claim.allocated -= units
        count(queue, claim, units)
    queue.judged = None
    Claim.objects.bulk_update(claims, ["allocated"], batch_size=500)
    queue.save(update_fields=COUNTERS)
    ledger.release(
        [_entry({queue.item_id: queue}, claim, units, reason) for claim, units in zip(claims, taken, strict=True)],
        actor=actor,
        at=at,
    )
    return {claim.pk: units for claim, units in zip(claims, taken, strict=True)}


def count(queue: Queue, claim: Claim, units: int) -> None:
    """The claim lacks so many units more, or fewer, than it did."""
    queue.waiting += units
    if claim.is_passed_over:
        queue.passed_over += units
    if claim.put_off_to_id is not None:
        queue.put_off += units


def _entry(queues: Mapping[int, Queue], claim: Claim, units: int, reason: str = "") -> ledger.Entry:
    return ledger.Entry(queues[claim.item_id].item, units, f"claim {claim.pk}", reason)
