"""The money arrives in the moment in which the hold ends: one of the two happens, never both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from backorders import promises, queries
from backorders.models import Claim, Queue
from inventory import queries as stocks
from notifications.models import Letter
from shop import cancellations, holds, payments
from shop.holds import UnableToReceivePayment
from shop.models import Order, OrderLine, Payment
from tests.cast import CY, NOON, buy, stock, variant

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 12
THEN = NOON + timedelta(days=7)


@pytest.fixture(autouse=True)
def _by_transfer(settings: Any) -> None:
    settings.PAYMENT_METHODS = ["transfer"]


def race(number: int) -> tuple[Order, bool, bool]:
    """The order, whether the payment was taken, and whether the units were given back."""
    order = buy((variant(stock(f"LAMP-{number}", on_hand=1)), 1))
    amount, start = order.payment.amount, Barrier(2)

    def receive() -> bool:
        try:
            start.wait(timeout=30)
            holds.receive_payment(order, amount, actor=CY, at=THEN)
        except UnableToReceivePayment:
            return False
        else:
            return True
        finally:
            connection.close()

    def expire() -> bool:
        try:
            start.wait(timeout=30)
            return holds.expire(order.pk, at=THEN)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        taken, given_back = both.submit(receive), both.submit(expire)
        return order, taken.result(), given_back.result()


def test_the_first_wins_and_the_other_changes_nothing():
    for number in range(ROUNDS):
        order, taken, given_back = race(number)

        claim = Claim.objects.get(order_line__order=order)
        state = Payment.objects.get(order=order).state
        written = set(Letter.objects.filter(thread=order.number).values_list("template", flat=True))
        assert taken != given_back
        assert (state, claim.quantity) == (("paid", 1) if taken else ("expired", 0))
        assert written == {"order_placed", "payment_received" if taken else "payment_missed"}
    assert [*stocks.recount(), *queries.recount()] == []


def test_control_without_the_locks_both_happen(monkeypatch):
    both_have_read = Barrier(2, timeout=30)

    def all_without_lock(order: Order) -> tuple[dict[int, Queue], list[OrderLine]]:
        return {}, list(order.lines.select_related("claim__notice", "order"))

    def read_without_lock(order_id: int) -> Payment:
        payment = Payment.objects.select_related("order").get(order=order_id)
        both_have_read.wait()
        return payment

    monkeypatch.setattr(cancellations, "lock_all", all_without_lock)
    monkeypatch.setattr(payments, "lock", read_without_lock)
    # Days are set anew once the money is here. That would meet the other in the claim's row, and be tried again.
    monkeypatch.setattr(promises, "postpone", lambda *claims, **day: [])
    monkeypatch.setattr(holds, "reschedule", lambda *order, **moment: None)

    assert race(0)[1:] == (True, True)
