"""A claim is split while something else happens to it: nothing is lost or counted twice; each with its control."""

from collections.abc import Callable
from itertools import count

import pytest
from django.db import IntegrityError

from backorders import promises
from backorders import queries as queues
from backorders.models import Claim, Withdrawal
from backorders.queue import UnableToLeave
from backorders.turns import UnableToChangeTurn
from inventory import queries as stocks
from inventory.receiving import Arrived
from shop import cancellations, fulfilment, turns
from shop.models import Order
from tests.cast import CY, NOON, buy, inbound, stock, variant
from tests.races.at_once import at_once, without_the_lock

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 5
numbers = count(1)


def waiting() -> Order:
    """Ada waits for four."""
    item = stock(f"STOOL-{next(numbers)}")
    inbound(item, 4)
    return buy((variant(item), 4))


def with_three_on_the_shelf() -> Order:
    order = waiting()
    item = claim_of(order).item
    line = item.purchase_lines.get()
    fulfilment.receive(f"D-{line.order.number}", [Arrived(item.pk, 3)], order=line.order, actor=CY, at=NOON)
    return order


def claim_of(order: Order) -> Claim:
    return order.lines.order_by("id")[0].claim


def splitting(order: Order) -> Callable[[], object]:
    turn = turns.split(claim_of(order), 2, reason="she travels twice")
    return lambda: turns.change(turn, actor=CY, at=NOON)


def cancelling(order: Order) -> Callable[[], object]:
    line = order.lines.select_related("claim", "order").get()
    return lambda: cancellations.cancel_line(line, 1, seen=4, actor=CY, at=NOON)


def filling(order: Order) -> Callable[[], object]:
    item_id = claim_of(order).item_id
    return lambda: fulfilment.fill_waiting([item_id], actor="worker", at=NOON)


def quantities(order: Order) -> list[int]:
    return [line.claim.quantity for line in order.lines.order_by("id")]


def faults() -> list[str]:
    return [*stocks.recount(), *queues.recount()]


def in_the_middle(monkeypatch: pytest.MonkeyPatch, order: Order, other: Callable[[], object]) -> None:
    """Without the lock, the other act happens between what a split reads and what it writes."""
    split, keep = splitting(order), promises.split_off

    def let_the_other_act(*claims, **when):
        monkeypatch.setattr(promises, "split_off", keep)
        (done,) = at_once(other)
        assert not isinstance(done, Exception)
        keep(*claims, **when)

    without_the_lock(monkeypatch, 1)
    monkeypatch.setattr(promises, "split_off", let_the_other_act)
    split()


def test_of_two_who_split_the_same_units_one_is_told():
    for _ in range(ROUNDS):
        order = waiting()
        (refused,) = (done for done in at_once(splitting(order), splitting(order)) if isinstance(done, Exception))
        assert isinstance(refused, UnableToChangeTurn)
        assert "changed since you looked" in str(refused)
        assert quantities(order) == [2, 2]
    assert faults() == []


def test_control_without_the_lock_the_second_runs_into_the_first(monkeypatch):
    order = waiting()
    with pytest.raises(IntegrityError, match="promise_once_per_day"):
        in_the_middle(monkeypatch, order, splitting(order))


def test_a_claim_is_split_or_a_unit_of_it_is_cancelled_as_it_was_seen():
    for _ in range(ROUNDS):
        order = waiting()
        (refused,) = (done for done in at_once(splitting(order), cancelling(order)) if isinstance(done, Exception))
        assert isinstance(refused, UnableToChangeTurn | UnableToLeave)
        given_up = Withdrawal.objects.filter(claim__order_line__order=order).exists()
        assert quantities(order) == ([3] if given_up else [2, 2])
    assert faults() == []


def test_control_without_the_lock_a_cancelled_unit_is_split(monkeypatch):
    order = waiting()
    with pytest.raises(IntegrityError, match="promise_once_per_day"):
        in_the_middle(monkeypatch, order, cancelling(order))


def test_units_that_come_meanwhile_are_given_once():
    for _ in range(ROUNDS):
        order = with_three_on_the_shelf()
        split, fill = at_once(splitting(order), filling(order))
        assert not isinstance(split, Exception) or isinstance(split, UnableToChangeTurn)
        assert not isinstance(fill, Exception)
        assert sum(line.claim.allocated for line in order.lines.all()) == 3
        assert sum(quantities(order)) == 4
    assert faults() == []


def test_control_without_the_lock_units_are_given_that_are_split_off(monkeypatch):
    order = with_three_on_the_shelf()
    with pytest.raises(IntegrityError, match="claim_shipped_within_allocated_within_quantity"):
        in_the_middle(monkeypatch, order, filling(order))
