"""What nobody comes back to is thrown away, and nothing else."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from shop import carts, retention, tasks
from shop.models import Cart, CartLine, Order
from tests.cast import NOON, buy, cart_of, stock, variant

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def session(key: str, *, ends: timedelta) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=NOON + ends)


def test_sessions_that_are_over_go_however_many_and_the_others_stay(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for number in range(5):
        session(f"over{number}", ends=-timedelta(seconds=1 + number))
    session("open", ends=timedelta(seconds=1))

    assert retention.throw_away(NOON) == (5, 0, 0)
    assert [row.session_key for row in Session.objects.all()] == ["open"]


def test_carts_go_after_thirty_days_with_what_is_in_them_and_the_others_stay(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    curtains = variant(stock(on_hand=99))
    old = [cart_of((curtains, 1)) for _ in range(5)]
    fresh = cart_of((curtains, 2))
    today = timezone.localdate(NOON)
    Cart.objects.filter(pk__in=[cart.pk for cart in old]).update(seen_on=today - carts.KEPT - DAY)
    Cart.objects.filter(pk=fresh.pk).update(seen_on=today - carts.KEPT)

    assert retention.throw_away(NOON) == (0, 5, 0)
    assert [line.cart_id for line in CartLine.objects.all()] == [fresh.pk]
    assert Cart.objects.get() == fresh


def test_what_was_ordered_stays():
    order = buy((variant(stock(on_hand=9)), 1))

    retention.throw_away(NOON + timedelta(days=9999))

    assert Order.objects.get().lines.count() == order.lines.count() == 1


def test_the_worker_does_it():
    session("over", ends=-timedelta(days=9999))
    tasks.tidy()
    assert not Session.objects.exists()
