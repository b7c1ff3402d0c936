"""What a person changes of the order of a queue: rank, hold, a later delivery. Each change keeps its reason (law 8).

Every function takes queues from `queue.lock`; the caller fills and revises afterwards.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Max

from backorders.models import Claim, ClaimChange, Queue
from backorders.queue import COUNTERS, count
from inventory.models import PurchaseOrderLine

Kind = ClaimChange.Kind
_RANKS = range(-1000, 1001)


class UnableToChangeTurn(Exception):
    """The sentence says what to do instead."""


def change_rank(queue: Queue, claim_id: int, *, rank: int, reason: str, actor: str, at: datetime) -> Claim:
    """Let a claim go before those of a higher rank and after those of a lower one. Raises UnableToChangeTurn."""
    claim = _waiting_claim(queue, claim_id)
    if rank not in _RANKS:
        raise UnableToChangeTurn(f"Give a rank from {_RANKS[0]} to {_RANKS[-1]}; lower goes first.")
    if rank == claim.rank:
        raise UnableToChangeTurn(f"{claim} has rank {rank} already.")
    old, claim.rank = claim.rank, rank
    others = Claim.objects.waiting().filter(item=queue.item_id).exclude(pk=claim.pk)
    queue.last_rank = max(0, rank, others.aggregate(last=Max("rank"))["last"] or 0)
    _write(queue, claim, Kind.RANK, str(old), str(rank), reason, actor, at)
    return claim


def hold(queue: Queue, claim_id: int, *, reason: str, actor: str, at: datetime) -> Claim:
    """Pass a claim over until it is resumed; it keeps its place. Raises UnableToChangeTurn."""
    claim = _waiting_claim(queue, claim_id)
    if claim.hold:
        raise UnableToChangeTurn(f"{claim} is on hold already: {claim.hold}.")
    _change_turn(queue, claim, hold=_checked(reason))
    _write(queue, claim, Kind.HOLD, "", "on hold", reason, actor, at)
    return claim


def resume(queue: Queue, claim_id: int, *, reason: str, actor: str, at: datetime) -> Claim:
    """End a hold: the claim's turn is where its place is. Raises UnableToChangeTurn."""
    claim = Claim.objects.select_related("item").get(pk=claim_id, item=queue.item_id)
    if not claim.hold:
        raise UnableToChangeTurn(f"{claim} is not on hold.")
    _change_turn(queue, claim, hold="")
    _write(queue, claim, Kind.HOLD, "on hold", "", reason, actor, at)
    return claim


def put_off(
    queue: Queue, claim_id: int, *, line: PurchaseOrderLine | None, reason: str, actor: str, at: datetime
) -> Claim:
    """Let a claim wait for goods of this purchase line, and take none before; None calls it back.

    Raises UnableToChangeTurn.
    """
    claim = _waiting_claim(queue, claim_id)
    old = claim.put_off_to
    if line == old:
        raise UnableToChangeTurn(f"{claim} waits for that delivery already.")
    if line and not PurchaseOrderLine.objects.inbound().filter(pk=line.pk, item=claim.item_id).exists():
        raise UnableToChangeTurn(f"Choose a purchase line on which {queue.item.sku} is still to come.")
    _change_turn(queue, claim, put_off_to=line)
    _write(queue, claim, Kind.DELIVERY, _name(old), _name(line), reason, actor, at)
    return claim


def call_back(queues: Mapping[int, Queue], line_ids: Iterable[int], *, reason: str, actor: str, at: datetime) -> None:
    """Goods of these purchase lines came, or will not come any more: who waited for them waits for anything now."""
    waiting = Claim.objects.filter(put_off_to__in=list(line_ids), item__in=queues).select_related("put_off_to__order")
    for claim in waiting.order_by("id"):
        queue, old = queues[claim.item_id], claim.put_off_to
        _change_turn(queue, claim, put_off_to=None)
        _write(queue, claim, Kind.DELIVERY, _name(old), "", reason, actor, at)


def _waiting_claim(queue: Queue, claim_id: int) -> Claim:
    claim = Claim.objects.select_related("item").filter(pk=claim_id, item=queue.item_id).first()
    if claim is None or not claim.lacks:
        raise UnableToChangeTurn("It does not wait any more: everything was set aside for it, or it was cancelled.")
    return claim


def _change_turn(queue: Queue, claim: Claim, **changes: object) -> None:
    """Take the claim's units out of the counters as it was, and put them in again as it is."""
    count(queue, claim, -claim.lacks)
    for name, value in changes.items():
        setattr(claim, name, value)
    count(queue, claim, claim.lacks)


def _write(queue: Queue, claim: Claim, kind: Kind, old: str, new: str, reason: str, actor: str, at: datetime) -> None:
    claim.save(update_fields=["rank", "hold", "put_off_to"])
    ClaimChange.objects.create(claim=claim, kind=kind, old=old, new=new, reason=_checked(reason), actor=actor, at=at)
    queue.judged = None
    queue.save(update_fields=COUNTERS)


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise UnableToChangeTurn("Say why: it answers who asks later why somebody was served first.")
    return reason[:255]


def _name(line: PurchaseOrderLine | None) -> str:
    return f"{line.order.number}, line {line.pk}" if line else ""
