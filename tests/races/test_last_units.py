"""200 buyers for 10 on hand and 15 inbound, on real PostgreSQL with real threads; the control without the lock."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local

import pytest
from django.db import connection

from backorders import queries as queues
from backorders.models import Claim
from inventory import queries as stocks
from inventory.locking import StockBusy
from inventory.models import StockItem
from inventory.receiving import Arrived
from shop import checkout, fulfilment
from shop.checkout import PromiseMoved
from shop.models import Order
from tests.cast import NOON, SOON, TODAY, cart_of, days_told, inbound, stock, variant

BUYERS, AT_ONCE = 200, 40
ON_HAND, INBOUND = 10, 15

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def rush(item: StockItem) -> list[Order | PromiseMoved]:
    """Every buyer has looked at the page while all was there; then all of them order."""
    curtains = variant(item)
    carts = [cart_of((curtains, 1)) for _ in range(BUYERS)]
    shown = [checkout.review(cart, NOON).shown for cart in carts]
    start = Barrier(AT_ONCE)

    def order(buyer: int) -> Order | PromiseMoved:
        try:
            if buyer < AT_ONCE:
                start.wait(timeout=60)
            while True:
                try:
                    return checkout.place_order(carts[buyer].pk, shown=shown[buyer], consented=True, user=None, at=NOON)
                except PromiseMoved as moved:
                    # She is asked again, and goes on as long as everything can still be promised.
                    if not moved.contents.can_be_ordered:
                        return moved
                    shown[buyer] = checkout.review(carts[buyer], NOON).shown
                except StockBusy:
                    continue
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as buyers:
        return list(buyers.map(order, range(BUYERS)))


def test_exactly_what_there_is_gets_sold_and_every_promise_is_kept_in_order():
    item = stock(on_hand=ON_HAND)
    line = inbound(item, INBOUND)

    answers = rush(item)

    orders = sorted((a for a in answers if isinstance(a, Order)), key=lambda order: order.lines.get().claim_id)
    refused = [a for a in answers if isinstance(a, PromiseMoved)]
    assert (len(orders), len(refused)) == (ON_HAND + INBOUND, BUYERS - ON_HAND - INBOUND)
    assert all(moved.contents.lines[0].missing == 1 for moved in refused)
    assert [days_told(order) for order in orders] == [[(1, TODAY)]] * ON_HAND + [[(1, SOON)]] * INBOUND

    fulfilment.receive("D-1", [Arrived(item.pk, 7)], order=line.order, actor="cy", at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    served = [claim.allocated for claim in Claim.objects.order_by("id")]
    assert served == [1] * (ON_HAND + 7) + [0] * (INBOUND - 7)

    fulfilment.receive("D-2", [Arrived(item.pk, INBOUND - 7)], order=line.order, actor="cy", at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    assert all(claim.allocated == claim.quantity for claim in Claim.objects.all())
    assert [*stocks.recount(), *queues.recount()] == []


def test_control_without_the_lock_it_oversells(monkeypatch):
    all_have_read, first = Barrier(AT_ONCE, timeout=60), local()

    def read_without_lock(ids):
        items = StockItem.objects.in_bulk(sorted(set(ids)))
        if not hasattr(first, "is_over"):
            first.is_over = True
            all_have_read.wait()
        for item in items.values():
            item.is_locked = True
        return items

    monkeypatch.setattr("backorders.queue.lock_items", read_without_lock)
    item = stock(on_hand=ON_HAND)
    inbound(item, INBOUND)

    answers = rush(item)

    assert sum(isinstance(answer, Order) for answer in answers) > ON_HAND + INBOUND
