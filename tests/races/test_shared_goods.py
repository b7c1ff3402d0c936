"""Carts that hold the same goods in opposite orders: locks are taken in one order, so nobody waits in a circle."""

from itertools import count
from random import Random
from threading import Barrier

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from backorders import queries as queues
from backorders.models import Queue
from inventory import queries as stocks
from shop import checkout
from shop.models import Order
from tests.cast import NOON, cart_of, stock, variant
from tests.races.at_once import at_once, lock_by

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def placing(*goods):
    cart = cart_of(*((article, 1) for article in goods))
    shown = checkout.review(cart, NOON).shown
    return lambda: checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)


def test_carts_in_random_orders_are_all_placed():
    goods = [variant(stock(f"SKU-{number}", on_hand=100)) for number in range(5)]
    random = Random(7)
    for _ in range(8):
        answers = at_once(*(placing(*random.sample(goods, 4)) for _ in range(8)))
        assert all(isinstance(answer, Order) for answer in answers)
    assert [*stocks.recount(), *queues.recount()] == []


def test_control_locks_in_the_order_of_the_cart_meet_in_a_circle(monkeypatch):
    lamp, stool = (variant(stock(sku, on_hand=100)) for sku in ("LAMP", "STOOL"))
    both_hold_one, tries, deadlocks = Barrier(2, timeout=60), count(), []

    def lock_one_by_one(item_ids):
        """The first goes from the lowest id up, the second from the highest down; each waits for the other's first."""
        number, found = next(tries), {}
        for pk in sorted(item_ids, reverse=number == 1):
            rows = Queue.objects.select_related("item").filter(item=pk)
            try:
                found[pk] = rows.select_for_update(of=("item", "self")).get()
            except OperationalError as error:
                deadlocks.append(error.__cause__)
                raise
            found[pk].item.is_locked = True
            if number < 2 and len(found) == 1:
                both_hold_one.wait()
        return found

    lock_by(monkeypatch, lock_one_by_one)
    at_once(placing(lamp, stool), placing(stool, lamp))
    assert any(isinstance(error, DeadlockDetected) for error in deadlocks)
