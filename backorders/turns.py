"""What a person changes of the order of a queue: rank, hold, a later delivery, a part that goes its own way.

Each change keeps its reason (law 8).
Every function takes queues from `queue.lock`; the caller fills and revises afterwards.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Max

from backorders import consent, promises
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


def split(queue: Queue, claim_id: int, *, units: int, seen: int, reason: str, actor: str, at: datetime) -> Claim:
    """The latest of the units that a claim lacks become a claim of their own, at the same place: returns that one.

    Nothing changes of what each unit was told, nor of whose turn it is. `seen` are the units that the claim lacked when
    somebody chose. Raises UnableToChangeTurn.
    """
    claim = _waiting_claim(queue, claim_id)
    if claim.lacks != seen:
        raise UnableToChangeTurn(f"{claim} changed since you looked: it waits for {claim.lacks} now.")
    if why := why_not_split(claim, units, at):
        raise UnableToChangeTurn(why)
    whole, claim.quantity = claim.quantity, claim.quantity - units
    part = Claim.objects.create(
        item=queue.item,
        rank=claim.rank,
        part_of_id=claim.place,
        units_before=claim.units_before + claim.quantity,
        quantity=units,
        hold=claim.hold,
        put_off_to_id=claim.put_off_to_id,
        reference=claim.reference,
        customer=claim.customer,
        told=claim.told,
        placed_at=claim.placed_at,
        country=claim.country,
        unit_price=claim.unit_price,
    )
    promises.split_off(claim, part, at=at)
    consent.share(claim, part)
    claim.save(update_fields=["quantity", "told"])
    part.save(update_fields=["told", "notice", "standing", "due_at"])
    _keep(claim, Kind.SPLIT, str(whole), str(claim.quantity), reason, actor, at)
    _keep(part, Kind.SPLIT, f"part of claim {claim.pk}", str(units), reason, actor, at)
    # All units stand where they stood, but a look that goes on behind the whole would count those of the part again.
    queue.looked_to = None
    queue.save(update_fields=["looked_to"])
    return part


def may_split(claim: Claim) -> int:
    """So many of its units can become a claim of their own: of those that it lacks, and one stays at least."""
    return 0 if claim.is_asked else min(claim.lacks, claim.quantity - 1)


def why_not_split(claim: Claim, units: int, at: datetime) -> str:
    """The sentence that says why so many units of it cannot become a claim of their own; empty if they can."""
    if claim.is_asked:
        return "Its customer is asked about a delay: it can be split once she has answered."
    if consent.case_of(claim).is_too_late(at, consent.law()):
        return "Its day has passed, and what that means for all of it is being done."
    most = may_split(claim)
    if not most:
        return "It is about a single unit: there is nothing to split."
    if not 0 < units <= most:
        return f"Split off at least 1 and at most {most} of the {claim.quantity} units."
    return ""


def _waiting_claim(queue: Queue, claim_id: int) -> Claim:
    claim = Claim.objects.select_related("item", "notice").filter(pk=claim_id, item=queue.item_id).first()
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
    _keep(claim, kind, old, new, reason, actor, at)
    queue.judged = None
    queue.save(update_fields=COUNTERS)


def _keep(claim: Claim, kind: Kind, old: str, new: str, reason: str, actor: str, at: datetime) -> None:
    ClaimChange.objects.create(claim=claim, kind=kind, old=old, new=new, reason=_checked(reason), actor=actor, at=at)


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise UnableToChangeTurn("Say why: it answers who asks later why somebody was served first.")
    return reason[:255]


def _name(line: PurchaseOrderLine | None) -> str:
    return f"{line.order.number}, line {line.pk}" if line else ""
