"""Goods arrive, are cancelled and are bought in the same instant; each with its control."""

from functools import partial

import pytest

from backorders import queries as queues
from backorders.models import Claim, Queue
from inventory import queries as stocks
from inventory.models import Delivery, StockItem
from inventory.receiving import Arrived, Received, UnableToReceive
from shop import cancellations, checkout, fulfilment
from shop.checkout import PromiseMoved
from tests.cast import BO, NOON, buy, cart_of, inbound, stock, variant
from tests.races.at_once import at_once, without_the_lock

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 10


def faults() -> list[str]:
    return [*stocks.recount(), *queues.recount()]


def cancel_while_it_is_filled(number: int) -> Claim:
    """Ada waits before Bo; one unit lies on the shelf, and Ada gives up while it is given. Returns Bo's claim."""
    item = stock(f"LAMP-{number}")
    line = inbound(item, 2)
    lamp = variant(item)
    ada, bo = buy((lamp, 1)), buy((lamp, 1), who=BO)
    fulfilment.receive(f"D-{number}", [Arrived(item.pk, 1)], order=line.order, actor="cy", at=NOON)
    at_once(
        lambda: fulfilment.fill_waiting([item.pk], actor="worker", at=NOON),
        lambda: cancellations.cancel_line(ada.lines.get(), 1, actor="ada", at=NOON),
    )
    return bo.lines.get().claim


def test_a_unit_that_is_given_and_given_up_at_once_goes_to_the_next():
    for number in range(ROUNDS):
        assert cancel_while_it_is_filled(number).allocated == 1
    assert faults() == []


def test_control_without_the_lock_the_counters_are_wrong(monkeypatch):
    """One of the two can be through before the other writes: so it is looked for until it is found."""
    for number in range(ROUNDS):
        item = stock(f"LAMP-{number}")
        line = inbound(item, 2)
        lamp = variant(item)
        ada = buy((lamp, 1))
        buy((lamp, 1), who=BO)
        fulfilment.receive(f"D-{number}", [Arrived(item.pk, 1)], order=line.order, actor="cy", at=NOON)
        with monkeypatch.context() as patch:
            without_the_lock(patch, 2)
            at_once(
                partial(fulfilment.fill_waiting, [item.pk], actor="worker", at=NOON),
                partial(cancellations.cancel_line, ada.lines.get(), 1, actor="ada", at=NOON),
            )
        if faults():
            return
    pytest.fail("Without the lock the counters stayed right: the test above shows nothing.")


def buy_while_it_arrives(number: int) -> tuple[object, StockItem]:
    """Ada waits for the only unit. It arrives while Bo, who has seen the page, tries to buy it."""
    item = stock(f"STOOL-{number}")
    line = inbound(item, 1)
    stool = variant(item)
    cart = cart_of((stool, 1), who=BO)
    shown = checkout.review(cart, NOON).shown
    buy((stool, 1))
    goods = [Arrived(item.pk, 1)]
    _, answer = at_once(
        lambda: fulfilment.receive(f"S-{number}", goods, order=line.order, actor="cy", at=NOON),
        lambda: checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON),
    )
    return answer, item


def test_nobody_overtakes_the_queue_while_goods_arrive():
    for number in range(ROUNDS):
        answer, item = buy_while_it_arrives(number)
        assert isinstance(answer, PromiseMoved)
        assert list(Claim.objects.filter(item=item).values_list("quantity", "allocated")) == [(1, 0)]
    assert faults() == []


def test_control_with_counters_that_forget_who_waits_she_is_overtaken():
    item = stock()
    line = inbound(item, 1)
    stool = variant(item)
    buy((stool, 1))
    fulfilment.receive("S-1", [Arrived(item.pk, 1)], order=line.order, actor="cy", at=NOON)
    Queue.objects.update(waiting=0)
    assert buy((stool, 1), who=BO).lines.get().claim.allocated == 1


def receive_twice(first: str, second: str) -> tuple[list[object], StockItem]:
    item = stock("THROW", on_hand=0)
    goods = [Arrived(item.pk, 3)]
    answers = at_once(
        lambda: fulfilment.receive(first, goods, actor="cy", at=NOON),
        lambda: fulfilment.receive(second, goods, actor="bo", at=NOON),
    )
    item.refresh_from_db()
    return answers, item


def test_two_receives_of_one_delivery_put_it_on_the_shelf_once():
    answers, item = receive_twice("D-7", "D-7")
    assert sorted(answer.is_new for answer in answers if isinstance(answer, Received)) == [False, True]
    assert (item.on_hand, Delivery.objects.count()) == (3, 1)
    assert faults() == []


def test_control_it_is_the_number_that_tells_them_apart():
    _, item = receive_twice("D-7", "D-8")
    assert item.on_hand == 6


def test_one_number_for_two_deliveries_of_different_goods_is_refused_to_the_second():
    lamp, stool = stock("LAMP"), stock("STOOL")
    answers = at_once(
        lambda: fulfilment.receive("D-7", [Arrived(lamp.pk, 3)], actor="cy", at=NOON),
        lambda: fulfilment.receive("D-7", [Arrived(stool.pk, 3)], actor="bo", at=NOON),
    )
    assert {type(answer) for answer in answers} == {Received, UnableToReceive}
    assert sum(StockItem.objects.values_list("on_hand", flat=True)) == 3
