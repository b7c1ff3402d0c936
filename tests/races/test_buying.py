"""Two people at the desk do the same in one instant: one wins, the other is told; each with its control."""

from collections.abc import Callable

import pytest

from backorders import queries as queues
from inventory import queries as stocks
from inventory.models import Delivery, ExpectedDay, ExpectedDayChange, PurchaseOrder, PurchaseOrderLine, StockMovement
from inventory.purchasing import UnableToChangePurchaseOrder
from inventory.receiving import Arrived, Received
from inventory.undoing import UnableToUndo
from shop import delays, fulfilment, undoing
from tests.cast import LATER, NOON, SOON, buy, inbound, stock, variant
from tests.races.at_once import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def faults() -> list[str]:
    return [*stocks.recount(), *queues.recount()]


def mover(line: PurchaseOrderLine, day: ExpectedDay, actor: str, *, seen: bool = True) -> Callable[[], object]:
    looked_at = {line.pk: line.expected} if seen else None
    return lambda: delays.move_expected_days(
        {line.pk: day}, seen=looked_at, reason="the loom broke", actor=actor, at=NOON
    )


def test_of_two_who_move_one_day_one_is_told():
    line = inbound(stock(), 5)
    buy((variant(line.item), 2))
    answers = at_once(mover(line, ExpectedDay(LATER, True), "cy"), mover(line, ExpectedDay(None), "bo"))
    told = [answer for answer in answers if isinstance(answer, UnableToChangePurchaseOrder)]
    assert len(told) == 1
    assert "changed since you looked" in str(told[0])
    assert ExpectedDayChange.objects.count() == 1
    assert faults() == []


def test_control_without_what_was_seen_the_second_overwrites_the_first():
    line = inbound(stock(), 5)
    acts = [
        mover(line, ExpectedDay(LATER, True), "cy", seen=False),
        mover(line, ExpectedDay(None), "bo", seen=False),
    ]
    assert not any(isinstance(answer, Exception) for answer in at_once(*acts))
    assert ExpectedDayChange.objects.count() == 2


def test_of_two_who_confirm_one_order_one_is_told():
    line = inbound(stock(), 5, confirmed=False)

    def confirm() -> object:
        days = {line.pk: ExpectedDay(SOON, True)}
        return delays.confirm_purchase_order(line.order, days, reason="", actor="cy", at=NOON)

    answers = at_once(confirm, confirm)
    assert {type(answer) for answer in answers} == {UnableToChangePurchaseOrder, list}


def test_of_two_who_send_one_order_one_is_told_and_one_letter_goes_out():
    line = inbound(stock(), 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    answers = at_once(*[lambda: delays.send_purchase_order(line.order, at=NOON)] * 2)
    assert {type(answer) for answer in answers} == {UnableToChangePurchaseOrder, list}


def test_of_two_who_receive_one_delivery_one_is_told():
    line = inbound(stock(), 5)

    def receive() -> Received:
        return fulfilment.receive(
            "D-1", [Arrived(line.item_id, 5, 1)], order=line.order, damage="moths", actor="cy", at=NOON
        )

    answers = at_once(receive, receive)
    assert sorted(answer.is_new for answer in answers if isinstance(answer, Received)) == [False, True]
    assert list(StockMovement.objects.order_by("id").values_list("kind", "on_hand_change")) == [
        ("receive", 5),
        ("damage", -1),
    ]
    assert faults() == []


def received() -> Delivery:
    line = inbound(stock(on_hand=5), 5)
    return fulfilment.receive("D-1", [Arrived(line.item_id, 5)], order=line.order, actor="cy", at=NOON).delivery


def test_of_two_who_undo_one_receipt_one_is_told():
    delivery = received()

    def undo() -> object:
        return undoing.undo_receipt(delivery.pk, from_customers=False, reason="twice", actor="cy", at=NOON)

    answers = at_once(undo, undo)
    assert len([answer for answer in answers if isinstance(answer, UnableToUndo)]) == 1
    assert list(StockMovement.objects.filter(kind="undo").values_list("on_hand_change", flat=True)) == [-5]
    assert faults() == []


def test_control_without_the_question_whether_it_stands_it_is_undone_twice(monkeypatch):
    delivery = received()
    monkeypatch.setattr("inventory.undoing.lock_standing", lambda pk: Delivery.objects.get(pk=pk))
    PurchaseOrderLine.objects.update(received=10)

    def undo() -> object:
        return undoing.undo_receipt(delivery.pk, from_customers=False, reason="twice", actor="cy", at=NOON)

    at_once(undo, undo)
    assert StockMovement.objects.filter(kind="undo").count() == 2


def undo_while_it_is_filled(number: int) -> tuple[bool, int, int]:
    """Whether the receipt was undone, and what is on the shelf and set aside then."""
    item = stock(f"LAMP-{number}")
    line = inbound(item, 2)
    buy((variant(item), 2))
    goods = [Arrived(item.pk, 2)]
    delivery = fulfilment.receive(f"D-{number}", goods, order=line.order, actor="cy", at=NOON).delivery
    at_once(
        lambda: fulfilment.fill_waiting([item.pk], actor="worker", at=NOON),
        lambda: undoing.undo_receipt(delivery.pk, from_customers=False, reason="twice", actor="cy", at=NOON),
    )
    item.refresh_from_db()
    delivery.refresh_from_db()
    return bool(delivery.undone_at), item.on_hand, item.allocated


def test_units_that_are_given_while_their_receipt_is_undone_are_given_or_gone_and_never_both():
    for number in range(5):
        assert undo_while_it_is_filled(number) in {(True, 0, 0), (False, 2, 2)}
    assert faults() == []
