"""From the delivery to the parcel: receive, fill those who wait, correct, ship."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from backorders import promises, queue
from backorders.facts import Filled, Moved
from backorders.models import Claim, Queue
from inventory import ledger
from inventory.models import MovementKind, PurchaseOrder, StockMovement
from inventory.receiving import Arrived, Received, receive_delivery
from shop import messages, wakeups
from shop.models import Order, OrderLine, Shipment, ShipmentLine
from shop.transactions import use_case

_GOODS_ARRIVED = "goods arrived"


class UnableToTakeBack(Exception):
    """The sentence says how many can come back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a delivery does to those who wait."""

    filled: tuple[Filled, ...]
    moved: tuple[Moved, ...]


@use_case
def receive(
    number: str, arrived: Iterable[Arrived], *, order: PurchaseOrder | None = None, actor: str, at: datetime
) -> Received:
    """Put a delivery on the shelf; a worker then gives its units to those who wait. Raises UnableToReceive."""
    received = receive_delivery(number, arrived, order=order, actor=actor, at=at)
    wakeups.wake_fill(received.item_ids)
    return received


def preview_delivery(
    number: str, arrived: Iterable[Arrived], *, order: PurchaseOrder | None = None, actor: str, at: datetime
) -> Outcome:
    """Who would get what, by the code that does it, in a transaction that is rolled back. Raises UnableToReceive."""
    with transaction.atomic():
        received = receive_delivery(number, arrived, order=order, actor=actor, at=at)
        queues = queue.lock(received.item_ids)
        filled: list[Filled] = []
        for line in queues.values():
            while some := queue.fill(line, actor=actor, at=at):
                filled += some
        moved = promises.revise(queues.values(), reason=_GOODS_ARRIVED, at=at)
        transaction.set_rollback(True)
    return Outcome(tuple(filled), tuple(moved))


def fill_waiting(item_ids: Iterable[int], *, actor: str, at: datetime) -> int:
    """Give free units to those who wait, item by item in chunks that commit. Returns the units given.

    Each chunk is one transaction with its letters: a kill between two chunks loses nothing, and the sweep goes on.
    """
    ids, given = sorted(set(item_ids)), 0
    while True:
        filled, drained = _fill_chunk(ids, actor=actor, at=at)
        given += sum(fact.units for fact in filled)
        # Nothing given and not drained: the counters are wrong, which the recount shows and no repetition mends.
        if drained or not filled:
            return given


@use_case
def _fill_chunk(item_ids: list[int], *, actor: str, at: datetime) -> tuple[list[Filled], bool]:
    queues = queue.lock(item_ids)
    filled = [fact for line in queues.values() for fact in queue.fill(line, actor=actor, at=at)]
    served = {fact.item_id for fact in filled}
    drained = {pk for pk, line in queues.items() if not (line.waiting and line.item.unallocated)}
    moved = promises.revise([queues[pk] for pk in sorted(served & drained)], reason=_GOODS_ARRIVED, at=at)
    messages.units_arrived(filled, at=at)
    messages.days_moved(moved, at=at)
    wakeups.wake_mailer()
    return filled, drained == queues.keys()


@use_case
def correct_stock(
    item_id: int, change: int, *, reason: str, actor: str, at: datetime, seen_on_hand: int | None = None
) -> Outcome:
    """Correct what is on hand. Too few units: the newest allocation gives way and its customer is told (law 9).

    With `seen_on_hand`, the books that the change was computed from: raises UnableToLeave when they moved meanwhile.
    """
    queues = queue.lock([item_id])
    if seen_on_hand not in {None, queues[item_id].item.on_hand}:
        raise queue.UnableToLeave("The stock moved since you looked: count it and enter it once more.")
    queue.correct(queues[item_id], change, reason=reason, actor=actor, at=at)
    return _settle(queues, reason=reason, actor=actor, at=at)


def preview_correction(item_id: int, change: int, *, reason: str, actor: str, at: datetime) -> Outcome:
    """Who would give way or be served, by the code that does it, in a transaction that is rolled back."""
    with transaction.atomic():
        queues = queue.lock([item_id])
        queue.correct(queues[item_id], change, reason=reason, actor=actor, at=at)
        filled = queue.fill(queues[item_id], actor=actor, at=at)
        moved = promises.revise(queues.values(), reason=reason, at=at)
        transaction.set_rollback(True)
    return Outcome(tuple(filled), tuple(moved))


@use_case
def take_back(line: OrderLine, units: int, *, reason: str, actor: str, at: datetime) -> Outcome:
    """Units that a customer sent back come onto the shelf again, for the next in the queue.

    Raises UnableToTakeBack when more would come back than were shipped.
    """
    item_id = line.claim.item_id
    queues = queue.lock([item_id])
    cause = f"return of claim {line.claim_id}"
    returned = StockMovement.objects.filter(item=item_id, kind=MovementKind.TAKE_BACK, cause=cause)
    away = Claim.objects.get(pk=line.claim_id).shipped - sum(returned.values_list("on_hand_change", flat=True))
    if not 0 < units <= away:
        raise UnableToTakeBack(f"{away} of {line.sku} are with the customer: at most so many can come back.")
    ledger.take_back([ledger.Entry(queues[item_id].item, units, cause, reason)], actor=actor, at=at)
    return _settle(queues, reason=reason, actor=actor, at=at)


def _settle(queues: Mapping[int, Queue], *, reason: str, actor: str, at: datetime) -> Outcome:
    """After a change of stock: fill, tell exactly those whose day moved; the worker fills what is beyond one chunk."""
    filled = [fact for line in queues.values() for fact in queue.fill(line, actor=actor, at=at)]
    moved = promises.revise(queues.values(), reason=reason, at=at)
    messages.units_arrived(filled, at=at)
    messages.days_moved(moved, at=at)
    wakeups.wake_fill(queues)
    wakeups.wake_mailer()
    return Outcome(tuple(filled), tuple(moved))


@use_case
def ship_ready(
    order: Order,
    *,
    carrier: str = "",
    tracking_number: str = "",
    actor: str,
    at: datetime,
    packed: Mapping[int, int] | None = None,
) -> Shipment:
    """Ship everything of the order that is set aside, in one parcel. Raises UnableToShip when nothing is.

    With `packed`, the units by claim that lie in the parcel: raises UnableToShip when something else is set aside.
    """
    item_ids = list(order.lines.ready().values_list("claim__item_id", flat=True))
    queues = queue.lock(item_ids)
    lines = {line.claim_id: line for line in order.lines.ready().filter(claim__item__in=queues).select_related("claim")}
    if not lines:
        raise queue.UnableToShip(
            f"Nothing of order {order.number} is ready to ship: it was shipped already, or it waits."
        )
    ready = {pk: line.claim.ready for pk, line in lines.items()}
    if packed not in (None, ready):
        raise queue.UnableToShip("What is ready changed since you looked: check the parcel and ship it once more.")
    shipped = queue.ship(queues, ready, actor=actor, at=at)
    shipment = Shipment.objects.create(
        order=order, carrier=carrier, tracking_number=tracking_number, shipped_at=at, actor=actor
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=lines[fact.claim_id], quantity=fact.units) for fact in shipped
    )
    messages.parcel_shipped(shipment, at=at)
    wakeups.wake_mailer()
    return shipment
