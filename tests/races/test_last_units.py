"""Many buyers for one SKU, on real PostgreSQL with real threads; the control without the lock."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from django.db import connection

from backorders import queries as queues
from backorders.models import Claim, Promise
from inventory import queries as stocks
from inventory.locking import StockBusy
from inventory.models import StockItem
from inventory.receiving import Arrived
from shop import checkout, fulfilment
from shop.checkout import PromiseMoved
from shop.models import Cart, CartLine, Order
from tests.cast import ADA, NOON, SOON, TODAY, cart_of, days_told, inbound, shipping, stock, variant
from tests.races.at_once import without_the_lock

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def carts_of(item: StockItem, buyers: int) -> list[Cart]:
    goods, details = variant(item), ADA | {"shipping_method": shipping().pk}
    carts = Cart.objects.bulk_create(Cart(details=details) for _ in range(buyers))
    CartLine.objects.bulk_create(CartLine(cart=cart, variant=goods, quantity=1) for cart in carts)
    return carts


def rush(item: StockItem, buyers: int, at_once: int) -> list[Order | PromiseMoved]:
    """Every buyer has looked at the page while all was there; then all of them order, so many at a time."""
    carts = carts_of(item, buyers)
    seen = checkout.review(carts[0], NOON).shown
    start, arrivals = Barrier(at_once), count()

    def order(cart: Cart) -> Order | PromiseMoved:
        shown = seen
        try:
            if next(arrivals) < at_once:
                start.wait(timeout=60)
            while True:
                try:
                    return checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)
                except PromiseMoved as moved:
                    # She is asked again, and goes on as long as everything can still be promised.
                    if not moved.contents.can_be_ordered:
                        return moved
                    shown = checkout.review(cart, NOON).shown
                except StockBusy:
                    continue
        finally:
            connection.close()

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(order, carts))


@pytest.mark.parametrize(("buyers", "at_once"), [(900, 16), (900, 64)])
def test_500_on_the_shelf_and_300_on_their_way_are_sold_once_and_in_order(buyers, at_once):
    item = stock(on_hand=500)
    line = inbound(item, 300)

    answers = rush(item, buyers, at_once)

    orders = [answer for answer in answers if isinstance(answer, Order)]
    refused = [answer for answer in answers if isinstance(answer, PromiseMoved)]
    assert (len(orders), len(refused)) == (800, buyers - 800)
    assert Order.objects.count() == Claim.objects.count() == 800
    days = Promise.objects.order_by("claim_id").values_list("quantity", "ships_on")
    assert list(days) == [(1, TODAY)] * 500 + [(1, SOON)] * 300

    fulfilment.receive("D-1", [Arrived(item.pk, 120)], order=line.order, actor="cy", at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    served = list(Claim.objects.order_by("id").values_list("allocated", flat=True))
    assert served == [1] * 620 + [0] * 180
    assert [*stocks.recount(), *queues.recount()] == []


def test_every_promise_is_kept_in_the_order_in_which_it_was_made():
    item = stock(on_hand=10)
    line = inbound(item, 15)

    orders = [answer for answer in rush(item, 60, 20) if isinstance(answer, Order)]

    orders.sort(key=lambda order: order.lines.get().claim_id)
    assert [days_told(order) for order in orders] == [[(1, TODAY)]] * 10 + [[(1, SOON)]] * 15
    for number, units, served in ((1, 7, 17), (2, 8, 25)):
        fulfilment.receive(f"D-{number}", [Arrived(item.pk, units)], order=line.order, actor="cy", at=NOON)
        fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
        assert [order.lines.get().claim.allocated for order in orders] == [1] * served + [0] * (25 - served)


def test_control_without_the_lock_it_oversells(monkeypatch):
    without_the_lock(monkeypatch, 16)
    item = stock(on_hand=10)

    answers = rush(item, 16, 16)

    assert sum(isinstance(answer, Order) for answer in answers) > 10


def test_the_last_unit_in_two_carts_is_sold_once():
    for number in range(20):
        item = stock(f"LAST-{number}", on_hand=1)
        goods = variant(item)
        carts = [cart_of((goods, 1)) for _ in range(2)]
        shown = [checkout.review(cart, NOON).shown for cart in carts]
        with ThreadPoolExecutor(2) as buyers:
            answers = list(buyers.map(buy_or_not, carts, shown))
        assert sorted(answers) == [False, True]


def buy_or_not(cart, shown) -> bool:
    try:
        checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)
    except PromiseMoved:
        return False
    finally:
        connection.close()
    return True
