"""A cart that its owner comes back to in the moment in which it is thrown away."""

from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from shop import carts, retention
from shop.models import Cart, CartLine
from tests.cast import cart_of, stock, variant
from tests.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True)


def old_carts() -> tuple[Cart, Cart]:
    curtains = variant(stock(on_hand=9))
    both = cart_of((curtains, 1)), cart_of((curtains, 2))
    Cart.objects.update(seen_on=timezone.localdate() - carts.KEPT - timedelta(days=1))
    return both


def come_back(her: psycopg.Connection, cart: Cart) -> None:
    her.execute("UPDATE shop_cart SET seen_on = current_date WHERE id = %s", [cart.pk])


def test_who_comes_back_at_the_same_moment_keeps_it_and_holds_nobody_up():
    hers, old = old_carts()

    with psycopg.connect(database_url()) as her:
        come_back(her, hers)
        assert retention.throw_away(timezone.now())[1] == 1, "hers is locked: it is left for the next time"

    assert retention.throw_away(timezone.now())[1] == 0
    assert [line.cart_id for line in CartLine.objects.all()] == [hers.pk]
    assert not Cart.objects.filter(pk=old.pk).exists()


def test_control_without_the_look_at_the_lock_it_waits_for_her_in_vain(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "_DISCARD", retention._DISCARD.replace("FOR UPDATE SKIP LOCKED", ""))
    hers, _ = old_carts()

    with psycopg.connect(database_url()) as her:
        come_back(her, hers)
        with pytest.raises(OperationalError):
            retention.throw_away(timezone.now())
