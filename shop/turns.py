"""What staff change of the order of a queue: whom it reaches is shown before it is done, and told after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from backorders import queue, turns
from backorders.models import Claim, Queue
from inventory.models import PurchaseOrderLine
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


@use_case
def change(turn: Turn, *, actor: str, at: datetime) -> Outcome:
    """Do it, and tell those whom it reaches. Raises UnableToChangeTurn."""
    return settle(_changed(turn, actor, at), reason=turn.others, own={turn.claim_id: turn.own}, actor=actor, at=at)


def preview(turn: Turn, *, actor: str, at: datetime) -> Foreseen:
    """Whom it would reach, by the code that does it, in a transaction that is rolled back.

    Raises UnableToChangeTurn.
    """
    with transaction.atomic():
        queues = _changed(turn, actor, at)
        foreseen = foresee(queues, reason=turn.others, own={turn.claim_id: turn.own}, actor=actor, at=at)
        transaction.set_rollback(True)
    return foreseen


def _changed(turn: Turn, actor: str, at: datetime) -> Mapping[int, Queue]:
    item_id = Claim.objects.values_list("item_id", flat=True).get(pk=turn.claim_id)
    queues = queue.lock([item_id])
    turn.act(queues[item_id], turn.claim_id, reason=turn.reason, actor=actor, at=at)
    return queues
