"""From the delivery to the parcel: receive, fill those who wait, correct, ship."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from backorders import promises, queue, turns
from backorders.facts import Filled
from backorders.queries import hold_reasons
from inventory.locking import stand_in_line
from inventory.models import PurchaseOrder
from inventory.pipelining import pipelined
from inventory.receiving import Arrived, Received, receive_delivery
from shop import announcements, departures, holds, messages, notices, releases, wakeups
from shop.models import Carrier, Order, Shipment, ShipmentLine
from shop.plain import orders_of
from shop.settling import Foreseen, Outcome, foresee, settle, tell
from shop.transactions import check_references_at_once, leave_the_disk_to_others, use_case

_GOODS_ARRIVED = "goods arrived"
_SOME_DAMAGED = "some of the goods that arrived are damaged"


def put_on_shelf(
    number: str,
    arrived: Iterable[Arrived],
    *,
    order: PurchaseOrder | None = None,
    damage: str = "",
    actor: str,
    at: datetime,
) -> Received:
    """A delivery comes onto the shelf, and who waited for just these goods is called back to her turn.

    In the caller's transaction, which wakes the fill. Raises UnableToReceive.
    """
    received = receive_delivery(number, arrived, order=order, damage=damage, actor=actor, at=at)
    if received.line_ids:
        turns.call_back(queue.lock(received.item_ids), received.line_ids, reason=_GOODS_ARRIVED, actor=actor, at=at)
    return received


@use_case
def receive(
    number: str,
    arrived: Iterable[Arrived],
    *,
    order: PurchaseOrder | None = None,
    damage: str = "",
    actor: str,
    at: datetime,
) -> Received:
    """Put a delivery on the shelf; a worker then gives its units to those who wait. Raises UnableToReceive.

    Where some arrived damaged there is less than was told: who waits for it in vain is told at once.
    """
    received = put_on_shelf(number, arrived, order=order, damage=damage, actor=actor, at=at)
    if received.damaged_ids:
        settle(queue.lock(received.item_ids), reason=_SOME_DAMAGED, actor=actor, at=at)
    wakeups.wake_fill(received.item_ids)
    return received


def preview_delivery(
    number: str,
    arrived: Iterable[Arrived],
    *,
    order: PurchaseOrder | None = None,
    damage: str = "",
    actor: str,
    at: datetime,
) -> Foreseen:
    """Who would get what, by the code that does it, in a transaction that is rolled back. Raises UnableToReceive."""
    with transaction.atomic():
        received = put_on_shelf(number, arrived, order=order, damage=damage, actor=actor, at=at)
        reason = _SOME_DAMAGED if received.damaged_ids else _GOODS_ARRIVED
        foreseen = foresee(queue.lock(received.item_ids), reason=reason, actor=actor, at=at)
        transaction.set_rollback(True)
    return foreseen


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
    with pipelined():
        leave_the_disk_to_others()
        check_references_at_once()
        stand_in_line(item_ids)
        queues = queue.lock(item_ids)
        filled = [fact for line in queues.values() for fact in queue.serve(line)]
        # Read here, so that from now on nothing is waited for: the database writes what is put into words below.
        orders = orders_of(fact.claim_id for fact in filled)
        notices.arrived(filled, at=at)
        queue.record(queues, filled, actor=actor, at=at)
        served = {fact.item_id for fact in filled}
        drained = {pk for pk, line in queues.items() if not queue.is_filling(line)}
        settled = [queues[pk] for pk in sorted(served & drained)]
        moved = promises.revise(settled, reason=_GOODS_ARRIVED, own=hold_reasons(settled), at=at)
        messages.units_arrived(filled, at=at, orders=orders)
    tell(settled, moved, at=at)
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
    return settle(queues, reason=reason, actor=actor, at=at)


def preview_correction(item_id: int, change: int, *, reason: str, actor: str, at: datetime) -> Foreseen:
    """Who would give way or be served, by the code that does it, in a transaction that is rolled back."""
    with transaction.atomic():
        queues = queue.lock([item_id])
        queue.correct(queues[item_id], change, reason=reason, actor=actor, at=at)
        foreseen = foresee(queues, reason=reason, actor=actor, at=at)
        transaction.set_rollback(True)
    return foreseen


@use_case
def ship_ready(
    order: Order,
    *,
    carrier: str = "",
    tracking_number: str = "",
    actor: str,
    at: datetime,
    packed: Mapping[int, int] | None = None,
    to: Sequence[str] | None = None,
) -> Shipment:
    """Ship everything of the order that is set aside, in one parcel.

    Raises UnableToShip when nothing is, while a payment in advance is not here, and while an order that is sent
    together lacks units and was not released. With `packed`, the units by claim that lie in the parcel, and with `to`,
    the address that stands on it: raises UnableToShip when something else is set aside, or it goes elsewhere by now.
    """
    queues = queue.lock(releases.items_of(order))
    lines = list(order.lines.select_related("claim").order_by("id"))
    ready = {line.claim_id: line.claim.ready for line in lines if line.claim.ready and line.claim.item_id in queues}
    if not ready:
        raise queue.UnableToShip(
            f"Nothing of order {order.number} is ready to ship: it was shipped already, or it waits."
        )
    holds.refuse_to_ship_unpaid(order)
    released = releases.clear_for_dispatch(order, lines)
    if packed not in (None, ready):
        raise queue.UnableToShip("What is ready changed since you looked: check the parcel and ship it once more.")
    if to is not None and list(to) != Order.objects.get(pk=order.pk).address_lines:
        raise queue.UnableToShip("The address changed since you looked: write the new one on the parcel.")
    shipped = queue.ship(queues, ready, actor=actor, at=at)
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier,
        tracking_number=tracking_number,
        tracking_link=Carrier.link_of(carrier, tracking_number),
        shipped_at=at,
        actor=actor,
    )
    line_ids = {line.claim_id: line.pk for line in lines}
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=line_ids[fact.claim_id], quantity=fact.units) for fact in shipped
    )
    departures.note(ready)
    if released:
        releases.use_up(released, shipment)
    notices.reschedule(order, at=at, shipped=ready)
    messages.parcel_shipped(shipment, returnable_until=announcements.last_day(order), at=at)
    wakeups.wake_mailer()
    return shipment
