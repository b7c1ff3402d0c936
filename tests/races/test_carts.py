"""A cart is changed while it is being ordered: what is put into it waits, and goes into a new one; another quantity is
not passed over in silence. Each with its control."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from shop import carts
from shop.models import Cart, CartLine, Variant
from tests.cast import stock, variant
from tests.processes import wait_for
from tests.web.reading import put_into_cart, words

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lamp() -> Variant:
    return variant(stock("LAMP"))


@pytest.fixture
def cart(client: Client) -> Cart:
    put_into_cart(client, variant(stock("CURTAINS")))
    return Cart.objects.get()


def while_it_is_ordered(cart: Cart, act: Callable[[], Any]) -> Any:
    """What an act comes to that begins just before the order of the cart is committed."""

    def late() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as others:
        with transaction.atomic():
            carts.locked_lines(cart.pk)
            waiting = others.submit(late)
            wait_for(_somebody_waits, what="the other one to wait")
            carts.discard(cart)
        return waiting.result(timeout=60)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # What is going on is otherwise read once in a transaction.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_what_is_put_into_a_cart_that_was_ordered_meanwhile_goes_into_a_new_one(
    client: Client, cart: Cart, lamp: Variant
):
    answer = while_it_is_ordered(
        cart, lambda: client.post("/cart/add/", {"variant": lamp.pk, "quantity": 2}, follow=True)
    )
    assert answer.redirect_chain == [("/cart/", 302)]
    (line,) = CartLine.objects.all()
    assert (line.variant_id, line.quantity) == (lamp.pk, 2)
    assert line.cart_id != cart.pk


def test_control_without_looking_at_the_cart_it_is_an_error_of_the_database(cart: Cart, lamp: Variant):
    with pytest.raises(IntegrityError):
        while_it_is_ordered(cart, lambda: CartLine.objects.create(cart_id=cart.pk, variant=lamp, quantity=1))


def test_another_quantity_of_what_was_ordered_meanwhile_is_told_to_be_too_late(client: Client, cart: Cart):
    line = cart.lines.get()
    answer = while_it_is_ordered(cart, lambda: client.post(f"/cart/lines/{line.pk}/", {"quantity": "2"}, follow=True))
    assert "That is not in your cart any more." in words(answer)


def test_control_without_the_carts_lock_it_is_changed_and_lost(cart: Cart):
    line = cart.lines.get()

    def change() -> int:
        try:
            return CartLine.objects.filter(pk=line.pk).update(quantity=2)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as others, transaction.atomic():
        (ordered,) = carts.locked_lines(cart.pk)
        assert others.submit(change).result(timeout=60) == 1
        carts.discard(cart)
    assert ordered.quantity == 1
