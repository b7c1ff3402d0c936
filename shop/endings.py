"""It will never come: whoever waits for an item beyond what is on the shelf is cancelled, with an apology and a refund.

Those who wait leave from the end of the queue, so that nobody is told a better day who is to leave as well. At last
nothing more is expected of the item. From the beginning on nobody joins the queue any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.db import transaction
from django.db.models import F

from backorders import queue, turns
from backorders.models import Claim, Policy, Queue
from backorders.plan import share
from inventory import purchasing
from inventory.locking import StockBusy
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import cancellations, delay_letters, wakeups
from shop.cancellations import CancelledOrder
from shop.models import Order, OrderLine
from shop.settling import settle
from shop.transactions import use_case

# So many orders end by one call ...
AT_ONCE = 100
# ... and so many in one transaction: others who want their goods wait for it.
_CHUNK = 10


class UnableToEnd(Exception):
    """The sentence says why there is nothing to end."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The orders that nothing more of the item comes for.

    `left` are orders that still wait, for the next call; `written_off` units that were on order.
    """

    ended: tuple[CancelledOrder, ...]
    left: int
    written_off: int


@dataclass(frozen=True, slots=True)
class ForeseenEnding:
    """What would end, and the first of the letters."""

    ending: Ending
    letter: Letter | None


def never_coming(item_id: int, *, reason: str, actor: str, at: datetime, limit: int = AT_ONCE) -> Ending:
    """Cancel up to `limit` orders of those who wait in vain, in chunks that commit.

    A kill between two chunks leaves the others waiting as before; calling it again goes on. Raises UnableToEnd.
    """
    ended: list[CancelledOrder] = []
    while True:
        chunk = _end_chunk(item_id, reason, actor, at, min(_CHUNK, limit - len(ended)))
        ended += chunk.ended
        if not chunk.left or len(ended) >= limit:
            return Ending(tuple(ended), chunk.left, chunk.written_off)


def preview(item_id: int, *, reason: str, actor: str, at: datetime) -> ForeseenEnding:
    """What would end, by the code that ends it, in a transaction that is rolled back. Raises UnableToEnd."""
    with transaction.atomic():
        ending = _end(item_id, reason, actor, at, AT_ONCE)
        first = [ended.order.number for ended in ending.ended[:1]]
        letter = Letter.objects.filter(template="never_coming", thread__in=first).order_by("-id").first()
        transaction.set_rollback(True)
    return ForeseenEnding(ending, letter)


@use_case
def _end_chunk(item_id: int, reason: str, actor: str, at: datetime, limit: int) -> Ending:
    ending = _end(item_id, reason, actor, at, limit)
    wakeups.wake_mailer()
    return ending


def _end(item_id: int, reason: str, actor: str, at: datetime, limit: int) -> Ending:
    found = _orders(_in_vain(Queue.objects.select_related("item").get(item=item_id)))[:limit]
    queues = queue.lock([item_id, *_items_of(found)])
    units = _in_vain(queues[item_id])
    orders = _orders(units)
    chosen = orders[:limit]
    if set(_items_of(chosen)) - queues.keys():
        raise StockBusy("The queue changed just now. Try again in a moment.")
    inbound = list(PurchaseOrderLine.objects.inbound().filter(item=item_id).select_related("order", "item"))
    if not orders and not inbound:
        raise UnableToEnd("Nobody waits for it in vain, and nothing is on order: there is nothing to end.")
    _close(queues[item_id])
    ended = []
    for order in chosen:
        mine = {line.claim_id: units[line.claim_id] for line in order.lines.all() if line.claim_id in units}
        order, withdrawn, refund = cancellations.withdraw(order, queues, mine, reason=reason, actor=actor, at=at)
        delay_letters.never_coming(order, withdrawn, reason, refund=refund, at=at)
        ended.append(CancelledOrder(order, sum(fact.units for fact in withdrawn), refund))
    left = len(orders) - len(chosen)
    written_off = 0 if left else _write_off(queues[item_id], inbound, reason, actor, at)
    return Ending(tuple(ended), left, written_off)


def _in_vain(line: Queue) -> dict[int, int]:
    """Units by claim that nothing on the shelf is there for, in the order of the queue. Who is passed over is last."""
    waiting = list(Claim.objects.waiting().filter(item=line.item_id).in_order())
    served = sorted(waiting, key=attrgetter("is_passed_over"))
    given = dict(zip(served, share(line.item.unallocated, [claim.lacks for claim in served]), strict=True))
    return {claim.pk: claim.lacks - given[claim] for claim in waiting if claim.lacks > given[claim]}


def _orders(units: Iterable[int]) -> list[Order]:
    """The orders of these claims, from the end of the queue."""
    lines = OrderLine.objects.filter(claim__in=list(units)).select_related("order")
    last_first = lines.order_by("-claim__rank", "-claim__place", "-claim__units_before")
    return list({line.order_id: line.order for line in last_first.prefetch_related("order__lines")}.values())


def _items_of(orders: Sequence[Order]) -> list[int]:
    """What else of these orders has not shipped: its day, or its parcel, may change with the rest."""
    still = OrderLine.objects.filter(order__in=orders, claim__shipped__lt=F("claim__quantity"))
    return list(still.values_list("claim__item_id", flat=True).distinct())


def _close(line: Queue) -> None:
    line.policy = Policy.CLOSED
    line.save(update_fields=["policy"])


def _write_off(line: Queue, inbound: Sequence[PurchaseOrderLine], reason: str, actor: str, at: datetime) -> int:
    """Nothing more is expected; whoever is left waits for what is on the shelf."""
    queues, units = {line.item_id: line}, 0
    for owed in inbound:
        units += owed.outstanding
        purchasing.write_off(owed, owed.outstanding)
    turns.call_back(queues, [owed.pk for owed in inbound], reason=reason, actor=actor, at=at)
    settle(queues, reason=reason, actor=actor, at=at)
    return units
