"""Two of the staff do the same thing in one instant: one wins, and the other is told; each with its control."""

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from backorders import queries as queues
from backorders import queue
from backorders.models import Claim, ClaimChange, Withdrawal
from backorders.queue import UnableToLeave, UnableToShip
from backorders.turns import UnableToChangeTurn
from inventory import queries as stocks
from notifications.models import Letter
from shop import addresses, cancellations, fulfilment, resending, turns
from shop.addresses import UnableToChangeAddress
from shop.models import AddressChange, Order, OrderLine, SentAgain, Shipment
from shop.resending import UnableToSendAgain
from tests.cast import CY, NOON, buy, inbound, stock, variant
from tests.races.at_once import at_once, without_the_lock

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 5
# A control looks until it finds.
TRIES = 20
numbers = count(1)


def ready() -> Order:
    return buy((variant(stock(f"LAMP-{next(numbers)}", on_hand=2)), 2))


def waiting() -> Order:
    item = stock(f"STOOL-{next(numbers)}")
    inbound(item, 4)
    return buy((variant(item), 2))


def line_of(order: Order) -> OrderLine:
    return order.lines.select_related("claim", "order").get()


def refusals(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, Exception)]


def faults() -> list[str]:
    return [*stocks.recount(), *queues.recount()]


def happens_twice(twice: Callable[[], int]) -> bool:
    """Does it happen to both in one of so many tries?"""
    return any(twice() == 2 for _ in range(TRIES))


# The same line is cancelled.


def cancel_by_two(order: Order) -> list[object]:
    lines = [line_of(order), line_of(order)]
    return at_once(*(lambda line=line: cancellations.cancel_line(line, 1, seen=2, actor=CY, at=NOON) for line in lines))


def test_the_same_line_is_cancelled_once():
    for _ in range(ROUNDS):
        order = waiting()
        (refused,) = refusals(cancel_by_two(order))
        assert isinstance(refused, UnableToLeave)
        assert "The order changed since you looked" in str(refused)
        assert line_of(order).claim.quantity == 1
    assert faults() == []


def test_control_without_the_lock_a_line_is_cancelled_twice(monkeypatch):
    def twice() -> int:
        order = waiting()
        with monkeypatch.context() as patch:
            without_the_lock(patch, 2)
            cancel_by_two(order)
        return Withdrawal.objects.filter(claim=line_of(order).claim).count()

    assert happens_twice(twice)


# The same order is shipped.


def ship_by_two(order: Order) -> list[object]:
    packed, to = {line_of(order).claim_id: 2}, order.address_lines
    return at_once(*[lambda: fulfilment.ship_ready(order, packed=packed, to=to, actor=CY, at=NOON)] * 2)


def test_the_same_order_ships_once():
    for _ in range(ROUNDS):
        order = ready()
        (refused,) = refusals(ship_by_two(order))
        assert isinstance(refused, UnableToShip)
        assert "it was shipped already, or it waits" in str(refused)
        assert Shipment.objects.filter(order=order).count() == 1
        assert Letter.objects.filter(thread=order.number, template="parcel_shipped").count() == 1
    assert faults() == []


def test_control_without_the_lock_an_order_ships_twice(monkeypatch):
    def twice() -> int:
        order = ready()
        with monkeypatch.context() as patch:
            without_the_lock(patch, 2)
            ship_by_two(order)
        return Shipment.objects.filter(order=order).count()

    assert happens_twice(twice)


# The same claim is held.


def hold_by_two(claim: Claim) -> list[object]:
    def hold(reason: str) -> Callable[[], object]:
        return lambda: turns.change(turns.hold(claim, reason=reason), actor=CY, at=NOON)

    return at_once(hold("a recall"), hold("address unclear"))


def test_the_same_claim_is_held_once_and_for_one_reason():
    for _ in range(ROUNDS):
        claim = line_of(waiting()).claim
        (refused,) = refusals(hold_by_two(claim))
        assert isinstance(refused, UnableToChangeTurn)
        assert "is on hold already" in str(refused)
        claim.refresh_from_db()
        assert ClaimChange.objects.get(claim=claim).reason == claim.hold
    assert faults() == []


def test_control_without_the_lock_a_claim_is_held_twice(monkeypatch):
    def twice() -> int:
        claim = line_of(waiting()).claim
        with monkeypatch.context() as patch:
            without_the_lock(patch, 2)
            hold_by_two(claim)
        return ClaimChange.objects.filter(claim=claim).count()

    assert happens_twice(twice)


# One ships it while the other sends it elsewhere.


def shipping(order: Order) -> Callable[[], object]:
    packed, to = {line_of(order).claim_id: 2}, order.address_lines
    return lambda: fulfilment.ship_ready(order, packed=packed, to=to, actor=CY, at=NOON)


def sending_elsewhere(order: Order) -> Callable[[], object]:
    fresh = addresses.address_of(order) | {"line1": "14 Engine Lane"}
    return lambda: addresses.change(order, fresh, seen=0, actor=CY, at=NOON)


def test_a_parcel_leaves_with_the_address_that_holds_or_not_at_all():
    for _ in range(ROUNDS):
        order = ready()
        (refused,) = refusals(at_once(shipping(order), sending_elsewhere(order)))
        assert isinstance(refused, UnableToShip | UnableToChangeAddress)
        assert Shipment.objects.filter(order=order).exists() != AddressChange.objects.filter(order=order).exists()
    assert faults() == []


def test_control_without_the_lock_a_parcel_leaves_with_the_old_address(monkeypatch):
    """The address changes after it has been compared with the parcel's, and before the parcel is written down."""
    order = ready()
    send_elsewhere, ship = sending_elsewhere(order), queue.ship

    def send_elsewhere_and_go_on(*what, **who):
        at_once(send_elsewhere)
        return ship(*what, **who)

    without_the_lock(monkeypatch, 1)
    monkeypatch.setattr(queue, "ship", send_elsewhere_and_go_on)
    shipping(order)()
    assert Shipment.objects.filter(order=order).exists()
    assert AddressChange.objects.filter(order=order).exists()


# The same letter is sent again.


def test_the_same_letter_goes_out_again_once():
    order = ready()
    for _ in range(ROUNDS):
        Letter.objects.update(state=Letter.State.SENT)
        letter = Letter.objects.earliest("id")
        seen = letter.sent_again.count()

        results = at_once(*[partial(resending.send_again, letter.pk, seen=seen, actor=CY, at=NOON)] * 2)

        (refused,) = refusals(results)
        assert isinstance(refused, UnableToSendAgain)
        assert SentAgain.objects.filter(letter=letter).count() == seen + 1
    assert Letter.objects.filter(thread=order.number).count() == 1 + ROUNDS
