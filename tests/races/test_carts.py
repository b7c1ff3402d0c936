"""Something is put into a cart while it is being ordered: it waits, and goes into a new one; with its control."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from shop import carts
from shop.models import Cart, CartLine, Variant
from tests.cast import cart_of, stock, variant
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

type Put = Callable[[Cart, Variant], object]


def put_while_it_is_ordered(put: Put) -> BaseException | None:
    """What became of it that an article came into a cart whose order was about to be committed."""
    curtains, lamp = variant(stock("CURTAINS")), variant(stock("LAMP"))
    cart = cart_of((curtains, 1))

    def late() -> None:
        try:
            put(cart, lamp)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as others:
        with transaction.atomic():
            carts.locked_lines(cart.pk)
            waiting = others.submit(late)
            wait_for(_somebody_waits, what="the other one to wait")
            carts.discard(cart)
        return waiting.exception(timeout=60)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # What is going on is otherwise read once in a transaction.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_what_is_put_into_a_cart_that_was_ordered_meanwhile_is_told():
    problem = put_while_it_is_ordered(lambda cart, lamp: carts.add(cart, lamp, 1))
    assert isinstance(problem, carts.CartIsGone)


def test_control_without_looking_at_the_cart_it_is_an_error_of_the_database():
    problem = put_while_it_is_ordered(
        lambda cart, lamp: CartLine.objects.create(cart_id=cart.pk, variant=lamp, quantity=1)
    )
    assert isinstance(problem, IntegrityError)
