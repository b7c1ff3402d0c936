"""Two lines of one order are cancelled at once, in two tabs: the bill must lose both."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier, local

import pytest
from django.db import connection
from django.db.models import F, Sum

from backorders import queue
from backorders.models import Queue
from shop import cancellations, payments
from shop.models import Order, OrderLine, Payment
from tests.cast import NOON, buy, stock, variant

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 12

# The stock item of the line that this tab cancels.
tab = local()


def owed_after_cancelling_two_of_three() -> list[Decimal]:
    owed = []
    for number in range(ROUNDS):
        goods = [variant(stock(f"{name}-{number}", on_hand=1), price="10.00") for name in ("LAMP", "STOOL", "THROW")]
        order = buy(*((article, 1) for article in goods))
        start = Barrier(2)

        def cancel(line: OrderLine, start: Barrier = start) -> None:
            tab.item_id = line.claim.item_id
            try:
                start.wait(timeout=30)
                cancellations.cancel_line(line, 1, actor="ada", at=NOON)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as tabs:
            list(tabs.map(cancel, order.lines.order_by("id")[:2]))
        owed.append(Payment.objects.get(order=order).amount - order.shipping_price)
    return owed


def test_both_are_taken_off_the_bill():
    assert owed_after_cancelling_two_of_three() == [Decimal("10.00")] * ROUNDS


def test_control_a_sum_that_is_read_before_the_locks_forgets_one(monkeypatch):
    both_have_read = Barrier(2, timeout=30)

    def lock_one(order: Order) -> tuple[dict[int, Queue], list[OrderLine]]:
        return queue.lock([tab.item_id]), list(order.lines.select_related("claim__notice", "order"))

    def read_then_lock(order: Order) -> Payment:
        goods = order.lines.aggregate(total=Sum(F("unit_price") * F("claim__quantity")))["total"]
        both_have_read.wait()
        payment = Payment.objects.select_for_update().get(order=order)
        payment.amount = goods + order.shipping_price
        payment.save(update_fields=["amount"])
        return payment

    monkeypatch.setattr(cancellations, "lock_all", lock_one)
    monkeypatch.setattr(payments, "lock", lambda order_id: Payment.objects.select_related("order").get(order=order_id))
    monkeypatch.setattr(payments, "reduce_to_what_is_wanted", read_then_lock)
    assert owed_after_cancelling_two_of_three() == [Decimal("20.00")] * ROUNDS
