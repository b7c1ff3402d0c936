"""Goods that a customer sent back: onto the shelf again for the next in the queue, and off the price of her order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from backorders import queue
from backorders.models import Queue
from inventory import ledger
from shop import announcements, messages, payments
from shop.formats import money
from shop.models import OrderLine, Return
from shop.settling import Foreseen, Outcome, foresee, settle
from shop.transactions import use_case

_CAME_BACK = "goods that were sent back can be sold again"
_DAMAGED = "came back damaged"
_MOVED = "Something came back meanwhile: see what is still with the customer, and enter it once more."


class UnableToTakeBack(Exception):
    """The sentence says how many can come back, or how much money can."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written, the money that would be due back, what the order would then come to, and who is served."""

    returned: Return
    refund: Decimal
    comes_to: Decimal
    foreseen: Foreseen


@use_case
def take_back(
    line: OrderLine,
    units: int,
    *,
    damaged: int = 0,
    amount: Decimal | None = None,
    reason: str,
    told: str = "",
    actor: str,
    at: datetime,
    seen: int | None = None,
) -> Outcome:
    """Units that a customer sent back come onto the shelf again, but for the `damaged` ones. She gets a letter.

    `amount` comes off the price of her order, and what was paid for it is due back; `usual_amount` unless given. What
    is `told` about it stands in her letter, the reason does not. With `seen`, the units that were with her when
    somebody entered it: a second click then takes nothing more. Raises UnableToTakeBack.
    """
    queues, row = _take_back(line, units, damaged, amount, reason, told, actor, at, seen)
    payment = payments.reduce_to_what_is_wanted(line.order)
    refund = payments.owe_back(payment, reason="goods came back", at=at)
    messages.units_returned(payment.order, row, refund=refund, at=at)
    return settle(queues, reason=_CAME_BACK, actor=actor, at=at)


def preview(
    line: OrderLine,
    units: int,
    *,
    damaged: int,
    amount: Decimal | None,
    reason: str,
    told: str,
    actor: str,
    at: datetime,
) -> Preview:
    """What would be, by the code that does it, in a transaction that is rolled back. Raises UnableToTakeBack."""
    with transaction.atomic():
        queues, row = _take_back(line, units, damaged, amount, reason, told, actor, at, None)
        payment = payments.reduce_to_what_is_wanted(line.order)
        refund = payments.owe_back(payment, reason="", at=at)
        comes_to = payments.owed(payment.order)
        foreseen = foresee(queues, reason=_CAME_BACK, actor=actor, at=at)
        transaction.set_rollback(True)
    return Preview(row, refund, comes_to, foreseen)


def usual_amount(line: OrderLine, units: int) -> Decimal:
    """The price of the units; shipping as well where by them a whole order is back that its customer withdrew from:
    directive 2011/83/EU art. 13(1)."""
    price, order = line.unit_price * units, line.order
    announced = units <= announcements.awaited_of(line)
    is_all = order.lines.with_customer() == {line.pk: units} and announcements.last_day(order) is not None
    return price + order.shipping_price if announced and is_all else price


def _take_back(
    line: OrderLine,
    units: int,
    damaged: int,
    amount: Decimal | None,
    reason: str,
    told: str,
    actor: str,
    at: datetime,
    seen: int | None,
) -> tuple[dict[int, Queue], Return]:
    item_id = line.claim.item_id
    queues = queue.lock([item_id])
    away = OrderLine.objects.filter(pk=line.pk).with_customer().get(line.pk, 0)
    if seen not in {None, away}:
        raise UnableToTakeBack(_MOVED)
    if not 0 < units <= away:
        raise UnableToTakeBack(f"{away} of {line.sku} are with the customer: at most so many can come back.")
    if not 0 <= damaged <= units:
        raise UnableToTakeBack(f"At most {units} of them can be damaged.")
    order = payments.lock(line.order_id).order
    left = payments.owed_for_what_left(order)
    if amount is None:
        amount = min(usual_amount(line, units), left)
    if not 0 <= amount <= left:
        raise UnableToTakeBack(
            f"What has left comes to {money(left, order.currency)}: enter no more than that, and nothing below 0."
        )
    row = Return.objects.create(
        line=line, units=units, damaged=damaged, amount=amount, reason=reason, told=told, actor=actor, at=at
    )
    announcements.note_return(line, units)
    cause = f"return of claim {line.claim_id}"
    ledger.take_back([ledger.Entry(queues[item_id].item, units, cause, reason)], actor=actor, at=at)
    ledger.adjust([ledger.Entry(queues[item_id].item, -damaged, cause, _DAMAGED)], actor=actor, at=at)
    return queues, row
