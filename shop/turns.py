"""What staff change of the order of a queue: whom it reaches is shown before it is done, and told after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from backorders import consent, queue, turns
from backorders.models import Claim, Queue
from backorders.queries import holding
from inventory.models import PurchaseOrderLine
from shop import departures
from shop.models import OrderLine
from shop.sending import is_together, next_days
from shop.settling import Foreseen, Outcome, foresee, settle
from shop.transactions import use_case

# What the others in the queue read when their day moves by it.
_ORDER_CHANGED = "the order of those who wait was changed"
_LET_BY = "somebody before you waits for a later delivery"


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of one claim's turn. `own` is what its customer reads, `others` what the others in the queue read."""

    claim_id: int
    act: Callable[..., Claim]
    reason: str
    own: str
    others: str


def rank(claim: Claim, rank: int, *, reason: str) -> Turn:
    """The claim goes before those of a higher rank. The reason is for staff: customers do not read it."""
    return Turn(claim.pk, partial(turns.change_rank, rank=rank), reason, _ORDER_CHANGED, _ORDER_CHANGED)


def hold(claim: Claim, *, reason: str) -> Turn:
    """The claim is passed over and keeps its place. Its customer reads the reason when her day moves by it."""
    return Turn(claim.pk, turns.hold, reason, reason, _LET_BY)


def resume(claim: Claim, *, reason: str) -> Turn:
    return Turn(claim.pk, turns.resume, reason, reason, _ORDER_CHANGED)


def put_off(claim: Claim, line: PurchaseOrderLine | None, *, reason: str) -> Turn:
    """The claim waits for goods of this purchase line; None calls it back. Its customer reads the reason."""
    return Turn(claim.pk, partial(turns.put_off, line=line), reason, reason, _LET_BY if line else _ORDER_CHANGED)


def split(claim: Claim, units: int, *, reason: str) -> Turn:
    """The latest units of the claim become a line and a claim of their own. The reason is for staff: no day moves."""
    return Turn(claim.pk, partial(_split, units=units, seen=claim.lacks), reason, _ORDER_CHANGED, _ORDER_CHANGED)


@use_case
def change(*changes: Turn, actor: str, at: datetime) -> Outcome:
    """Do it, and tell those whom it reaches. Several changes are of one sort, and of one queue.

    Raises UnableToChangeTurn, and then nothing has changed.
    """
    queues = _changed(changes, actor, at)
    return settle(queues, reason=changes[0].others, own=_own(changes), actor=actor, at=at)


def preview(*changes: Turn, actor: str, at: datetime) -> Foreseen:
    """Whom it would reach, by the code that does it, in a transaction that is rolled back.

    Raises UnableToChangeTurn.
    """
    with transaction.atomic():
        queues = _changed(changes, actor, at)
        foreseen = foresee(queues, reason=changes[0].others, own=_own(changes), actor=actor, at=at)
        transaction.set_rollback(True)
    return foreseen


def _own(changes: Sequence[Turn]) -> dict[int, str]:
    return {turn.claim_id: turn.own for turn in changes}


def _changed(changes: Sequence[Turn], actor: str, at: datetime) -> Mapping[int, Queue]:
    claims = Claim.objects.filter(pk__in=[turn.claim_id for turn in changes])
    queues = queue.lock(claims.values_list("item_id", flat=True).distinct())
    (of_all,) = queues.values()
    for turn in changes:
        turn.act(of_all, turn.claim_id, reason=turn.reason, actor=actor, at=at)
    return queues


def _split(of: Queue, claim_id: int, *, units: int, seen: int, reason: str, actor: str, at: datetime) -> Claim:
    """A line of the same order at the same price: it owes, and is owed, what it did before."""
    part = turns.split(of, claim_id, units=units, seen=seen, reason=reason, actor=actor, at=at)
    whole = OrderLine.objects.select_related("order__payment").get(claim=claim_id)
    whole.quantity -= units
    whole.save(update_fields=["quantity"])
    line = OrderLine.objects.create(
        order=whole.order,
        variant_id=whole.variant_id,
        claim=part,
        sku=whole.sku,
        title=whole.title,
        choice=whole.choice,
        unit_price=whole.unit_price,
        quantity=units,
    )
    departures.note([claim_id])
    # What leaves together is due together, and of what is not paid nothing is due yet.
    if not is_together(whole.order) and not whole.order.payment.is_awaited:
        consent.schedule([part], next_days(whole.order, [line], holding([part.pk])), at=at)
    return part
