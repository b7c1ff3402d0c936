"""An order that is paid in advance is held for a set time; then its units and its place go to the next in line."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backorders import queries
from backorders.models import Claim, Withdrawal
from backorders.queue import UnableToShip
from inventory import queries as stocks
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import cancellations, fulfilment, holds, payments, tasks
from shop.holds import UnableToReceivePayment
from shop.models import Order, Payment
from shop.review import UnableToPlaceOrder
from tests.cast import BO, CY, NOON, buy, cart_of, inbound, order_cart, stock, variant

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
UNTIL = "28 November 2026 at 12:00 CET"


@pytest.fixture(autouse=True)
def _both_ways(settings: Any) -> None:
    settings.PAYMENT_METHODS = ["invoice", "transfer"]


def ahead(*wanted: Any, who: dict[str, str] | None = None) -> Order:
    return _buy("transfer", *wanted, who=who)


def by_invoice(*wanted: Any, who: dict[str, str] | None = None) -> Order:
    return _buy("invoice", *wanted, who=who)


def _buy(payment: str, *wanted: Any, who: dict[str, str] | None) -> Order:
    cart = cart_of(*wanted, who=who)
    cart.details["payment"] = payment
    cart.save()
    return order_cart(cart)


def receive(order: Order) -> Payment:
    return holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)


def paid_state(order: Order) -> tuple[str, Decimal]:
    payment = Payment.objects.get(order=order)
    return payment.state, payment.amount


def units(order: Order) -> list[tuple[int, int, int]]:
    return list(Claim.objects.filter(order_line__order=order).values_list("quantity", "allocated", "shipped"))


def letter(order: Order, template: str) -> str:
    text = str(rendering.message(Letter.objects.get(thread=order.number, template=template)).body)
    return " ".join(text.split())


def books_are_clean() -> bool:
    return [*stocks.recount(), *queries.recount()] == []


def test_units_and_place_are_held_and_nothing_ships() -> None:
    item = stock(on_hand=1)
    inbound(item, 2)
    order = ahead((variant(item), 2))

    assert units(order) == [(2, 1, 0)]
    assert order.payment.due_by == NOON + WEEK
    with pytest.raises(UnableToShip, match=rf"not paid yet: €102\.90 by bank transfer is due until {UNTIL}\."):
        fulfilment.ship_ready(order, actor=CY, at=NOON)


def test_an_order_by_invoice_is_not_held_and_ships() -> None:
    order = by_invoice((variant(stock(on_hand=1)), 1))

    assert order.payment.due_by is None
    assert holds.overdue(NOON + 9 * WEEK, 10) == []
    assert not holds.expire(order.pk, at=NOON + 9 * WEEK)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert units(order) == [(1, 1, 1)]


def test_it_is_filled_in_its_turn_while_it_waits_for_the_money() -> None:
    item = stock()
    line = inbound(item, 2)
    curtains = variant(item)
    first, second = ahead((curtains, 1)), by_invoice((curtains, 1), who=BO)
    fulfilment.receive("D-1", [Arrived(item.pk, 1)], order=line.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)

    assert [units(first), units(second)] == [[(1, 1, 0)], [(1, 0, 0)]]
    words = letter(first, "units_arrived")
    assert "set aside for you, and ships as soon as your payment is here" in words
    assert "packing" not in words
    assert f"STILL TO PAY Please transfer €53.90 to this account: {account_words(first)}" in words


def account_words(order: Order) -> str:
    return (
        "Account holder: Nobody, because this is a demo IBAN: DE36 0000 0000 0000 0000 00 BIC: DEMODEF0"
        f" Reference: {order.number} By: {UNTIL}"
    )


def test_not_paid_in_time_units_and_place_go_to_the_next_in_line() -> None:
    item = stock(on_hand=1)
    inbound(item, 3)
    curtains = variant(item)
    ada, bo = ahead((curtains, 2)), by_invoice((curtains, 2), who=BO)

    assert holds.expire(ada.pk, at=NOON + WEEK)

    assert [units(ada), units(bo)] == [[(0, 0, 0)], [(2, 1, 0)]]
    assert paid_state(ada) == ("expired", Decimal(0))
    assert paid_state(bo) == ("due", Decimal("102.90"))
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.units, withdrawal.actor, withdrawal.reason) == (2, holds.ACTOR, f"not paid by {UNTIL}")
    assert books_are_clean()
    words = letter(ada, "payment_missed")
    assert f"until {UNTIL}. Your payment of €102.90 was not here by then" in words
    assert "2 × Popular curtains" in words
    assert "You owe us nothing" in words
    assert "order it again" in words
    assert "1 × Popular curtains" in letter(bo, "units_arrived")
    assert not Letter.objects.filter(template="units_withdrawn").exists()


def test_not_a_moment_too_early_and_only_once() -> None:
    order = ahead((variant(stock(on_hand=1)), 1))
    due = NOON + WEEK

    assert [holds.expire(order.pk, at=due - timedelta(seconds=1)), holds.expire(order.pk, at=due)] == [False, True]
    assert not holds.expire(order.pk, at=due + WEEK)
    assert Letter.objects.filter(template="payment_missed").count() == Withdrawal.objects.count() == 1


def test_paid_it_ships_and_never_expires() -> None:
    order = ahead((variant(stock(on_hand=1)), 1))

    payment = receive(order)

    assert (payment.state, payment.settled_at, payment.settled_by) == ("paid", NOON, CY)
    assert not holds.expire(order.pk, at=NOON + 2 * WEEK)
    words = letter(order, "payment_received")
    assert "Your payment of €53.90" in words
    assert "is being packed" in words
    assert "STILL TO PAY" not in words
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert "you have paid for them by bank transfer." in letter(order, "parcel_shipped")


def test_money_that_cannot_be_taken_gets_a_sentence_that_says_what_to_do() -> None:
    curtains = variant(stock(on_hand=4))
    paid, cancelled, expired, open_ = (ahead((curtains, 1)) for _ in range(4))
    receive(paid)
    cancellations.cancel_order(cancelled, actor="customer", at=NOON)
    holds.expire(expired.pk, at=NOON + WEEK)

    def refusal(order: Order, amount: str = "53.90") -> str:
        before = paid_state(order)
        with pytest.raises(UnableToReceivePayment) as refused:
            holds.receive_payment(order, Decimal(amount), actor=CY, at=NOON)
        assert paid_state(order) == before
        return str(refused.value).removeprefix(f"Order {order} ")

    assert refusal(paid) == (
        "was paid on 21 November 2026 at 12:00 CET: if money came a second time, transfer it back to the customer."
    )
    assert (
        refusal(cancelled) == "was cancelled or came back, and owes nothing: transfer the money back to the customer."
    )
    assert refusal(expired) == (
        "was not paid in time, and its units went to the next in the queue: transfer the money back, or place the order"
        " anew for the customer."
    )
    assert refusal(open_, "50.00").startswith("owes €53.90, not €50.00: wait until all of it is here")


def test_less_is_wanted_before_it_is_paid_and_less_is_due() -> None:
    order = ahead((variant(stock(on_hand=3)), 3))
    cancellations.cancel_line(order.lines.get(), 1, actor="customer", at=NOON)

    assert paid_state(order) == ("due", Decimal("102.90"))
    assert "Please transfer €102.90 to this account" in letter(order, "units_withdrawn")


def test_less_is_wanted_after_it_was_paid_and_the_difference_goes_back() -> None:
    order = ahead((variant(stock(on_hand=3)), 3))
    receive(order)
    cancellations.cancel_line(order.lines.get(), 1, actor="customer", at=NOON)

    assert paid_state(order) == ("paid", Decimal("151.90"))
    assert payments.refund_due(Payment.objects.get(order=order)) == Decimal("49.00")
    assert "You have paid already: we transfer €49.00 back to you." in letter(order, "units_withdrawn")


def test_the_sweep_gives_back_what_is_due_and_one_orders_trouble_stops_no_other(monkeypatch: Any) -> None:
    curtains = variant(stock(on_hand=3))
    orders = [ahead((curtains, 1)) for _ in range(3)]
    Payment.objects.update(due_by=NOON)
    honest = holds.expire

    def expire(order_id: int, **options: Any) -> bool:
        if order_id == orders[0].pk:
            raise RuntimeError("this one is in trouble")
        return honest(order_id, **options)

    monkeypatch.setattr(holds, "expire", expire)
    tasks.sweep()

    assert [paid_state(order)[0] for order in orders] == ["due", "expired", "expired"]


def test_a_sweep_takes_the_longest_due_first_and_no_more_than_it_is_told() -> None:
    curtains = variant(stock(on_hand=3))
    orders = [ahead((curtains, 1)) for _ in range(3)]
    for order, days in zip(orders, (3, 1, 2), strict=True):
        Payment.objects.filter(order=order).update(due_by=NOON - timedelta(days=days))

    assert holds.overdue(NOON, 2) == [orders[0].pk, orders[2].pk]


def test_the_way_to_pay_is_asked_for_and_never_replaced(settings: Any) -> None:
    curtains = variant(stock(on_hand=2))
    with pytest.raises(UnableToPlaceOrder, match="Choose how you want to pay"):
        buy((curtains, 1))
    cart = cart_of((curtains, 1))
    cart.details["payment"] = "transfer"
    cart.save()
    settings.PAYMENT_METHODS = ["invoice"]
    with pytest.raises(UnableToPlaceOrder, match="“Pay by bank transfer” is not offered any more"):
        order_cart(cart)
    assert not Order.objects.exists()


def test_the_confirmation_names_amount_account_reference_and_day() -> None:
    order = ahead((variant(stock(on_hand=1)), 1))

    words = letter(order, "order_placed")
    subject = str(rendering.message(Letter.objects.get(template="order_placed")).subject)
    html = str(rendering.message(Letter.objects.get(template="order_placed")).alternatives[0][0])

    assert f"HOW YOU PAY Please transfer €53.90 to this account: {account_words(order)}" in words
    assert words.count("IBAN") == 1
    assert subject == f"Your order {order.number}: held for you, please pay €53.90"
    assert "ships as soon as your payment is here. 1 × Popular curtains" in words
    assert "1 set aside for you" in words
    assert "ships now" not in words
    assert "held for you" in words
    assert "nothing is charged" not in words + html
    assert "DE36 0000 0000 0000 0000 00" in html
