"""Placing orders: the date guard, consent, once per cart, sums per SKU."""

from datetime import timedelta

import pytest
from django.db import transaction

from backorders.models import Claim, Policy, Promise, Queue
from backorders.plan import State
from inventory.locking import lock_items
from inventory.models import PurchaseOrderLine, StockItem, StockMovement
from inventory.queries import recount
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import carts, checkout, fulfilment
from shop.checkout import AnswersMissing, PromiseMoved
from shop.models import Cart, Order, Product, Sends, ShippingMethod
from shop.review import DETAILS, UnableToPlaceOrder, seal, unseal
from tests.cast import LATER, NOON, SOON, TODAY, buy, cart_of, days_told, inbound, order_cart, stock, variant

pytestmark = pytest.mark.django_db


def test_an_order_takes_what_is_there_and_waits_for_the_rest():
    item = stock(on_hand=1)
    inbound(item, 8)

    order = buy((variant(item), 3))

    claim = order.lines.get().claim
    item.refresh_from_db()
    assert (claim.quantity, claim.allocated, claim.reference) == (3, 1, order.number)
    assert (item.on_hand, item.allocated, item.queue.waiting) == (1, 1, 2)
    assert days_told(order) == [(1, TODAY), (2, SOON)]
    assert order.consent_text == (
        "I agree to wait for what is not on the shelf: 2 × Popular curtains, POPULAR-CURTAINS by 9 December 2026."
    )
    assert order.consented_at == NOON
    assert (order.total, order.payment.amount) == (order.goods_total + order.shipping_price, order.total)
    assert Letter.objects.get().key == f"placed:{order.number}"
    assert not Cart.objects.exists()


def test_the_queue_is_first_and_the_newcomer_stands_behind_it():
    item = stock(on_hand=0)
    inbound(item, 3, SOON)
    inbound(item, 5, LATER)
    curtains = variant(item)

    first, second = buy((curtains, 2)), buy((curtains, 2))

    assert days_told(first) == [(2, SOON)]
    assert days_told(second) == [(1, SOON), (1, LATER)]


def test_goods_that_arrived_but_are_not_filled_yet_are_not_free_for_a_newcomer():
    item = stock(on_hand=0)
    line = inbound(item, 2)
    curtains = variant(item)
    buy((curtains, 2))
    inbound(item, 5, LATER)

    fulfilment.receive("D-1", [Arrived(item.pk, 2)], order=line.order, actor="cy", at=NOON)

    assert days_told(buy((curtains, 1))) == [(1, LATER)]


def test_a_day_that_got_later_stops_the_order_and_nothing_is_lost():
    item = stock(on_hand=0)
    line = inbound(item, 5, SOON)
    cart = cart_of((variant(item), 2))
    shown = checkout.review(cart, NOON).shown
    PurchaseOrderLine.objects.filter(pk=line.pk).update(expected_on=LATER)

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    (change,) = stopped.value.changes
    assert change.is_later
    assert [portion.ships_on for portion in change.old or ()] == [SOON]
    assert [portion.ships_on for portion in change.line.portions] == [LATER]
    assert (Order.objects.count(), Claim.objects.count(), cart.lines.count()) == (0, 0, 1)
    assert days_told(order_cart(cart)) == [(2, LATER)]


def test_a_day_that_got_better_is_taken_as_it_is():
    item = stock(on_hand=0)
    line = inbound(item, 5, LATER)
    cart = cart_of((variant(item), 2))
    shown = checkout.review(cart, NOON).shown
    PurchaseOrderLine.objects.filter(pk=line.pk).update(expected_on=SOON)

    order = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert days_told(order) == [(2, SOON)]


def test_a_last_unit_bought_by_somebody_else_stops_the_order():
    item = stock(on_hand=1, policy=Policy.CLOSED)
    curtains = variant(item)
    cart = cart_of((curtains, 1))
    shown = checkout.review(cart, NOON).shown
    buy((curtains, 1))

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert stopped.value.changes[0].line.missing == 1


def test_another_price_stops_the_order():
    item = stock(on_hand=5)
    curtains = variant(item, price="49.00")
    cart = cart_of((curtains, 1))
    shown = checkout.review(cart, NOON).shown
    curtains.price = 51
    curtains.save()

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    (change,) = stopped.value.changes
    assert (str(change.old_price), change.line.unit_price, change.is_later) == ("49.00", 51, False)


@pytest.mark.parametrize("field", DETAILS)
def test_what_goes_elsewhere_than_was_shown_is_not_ordered(field: str):
    cart = cart_of((variant(stock(on_hand=5)), 1))
    shown = checkout.review(cart, NOON).shown
    cart.details[field] = "AT"
    cart.save()

    with pytest.raises(UnableToPlaceOrder, match="Where it goes changed since you looked"):
        checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)

    assert not Order.objects.exists()
    order_cart(cart)


def test_another_shipping_price_stops_the_order():
    cart = cart_of((variant(stock(on_hand=5)), 1))
    shown = checkout.review(cart, NOON).shown
    ShippingMethod.objects.update(price=9)

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert stopped.value.shipping


def test_a_line_that_was_not_shown_stops_the_order():
    cart = cart_of((variant(stock("SHOWN", on_hand=5)), 1))
    shown = checkout.review(cart, NOON).shown
    carts.add(cart, variant(stock("ADDED-IN-ANOTHER-TAB", on_hand=5)), 1)

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert [change.line.variant.sku for change in stopped.value.changes] == ["ADDED-IN-ANOTHER-TAB"]


def test_waiting_needs_consent():
    item = stock(on_hand=0)
    inbound(item, 5)
    cart = cart_of((variant(item), 1))
    shown = checkout.review(cart, NOON).shown

    with pytest.raises(AnswersMissing):
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=False, user=None, at=NOON)

    assert not Order.objects.exists()


def test_what_ships_now_needs_none():
    cart = cart_of((variant(stock(on_hand=5)), 1))
    shown = checkout.review(cart, NOON).shown

    order = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=False, user=None, at=NOON)

    assert (order.consent_text, order.consented_at) == ("", None)


def test_the_same_submission_twice_is_one_order():
    cart = cart_of((variant(stock(on_hand=5)), 1))
    shown = checkout.review(cart, NOON).shown

    first = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)
    second = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert first == second
    assert (Order.objects.count(), Letter.objects.count()) == (1, 1)


def test_steps_cannot_be_skipped():
    curtains = variant(stock(on_hand=5))
    cart = cart_of((curtains, 1))
    Cart.objects.filter(pk=cart.pk).update(details={})
    cart.refresh_from_db()

    with pytest.raises(UnableToPlaceOrder, match="contact and address"):
        checkout.review(cart, NOON)


def test_an_order_has_an_upper_limit():
    cart = cart_of((variant(stock(on_hand=9999), price="99999.00"), 9999))
    with pytest.raises(UnableToPlaceOrder, match="lower a quantity"):
        checkout.review(cart, NOON)


def test_a_shown_that_was_tampered_with_is_refused():
    cart = cart_of((variant(stock(on_hand=5)), 1))
    sealed = seal(checkout.review(cart, NOON).shown)

    assert unseal(sealed) == checkout.review(cart, NOON).shown
    with pytest.raises(UnableToPlaceOrder):
        unseal(sealed[:-1])


def test_two_lines_of_one_sku_are_summed_before_they_are_checked():
    item = stock(on_hand=3)
    inbound(item, 3)
    alone, in_a_gift_box = (
        variant(item),
        variant(item, product=Product.objects.create(title="Gift box", slug="gift-box")),
    )

    order = buy((alone, 2), (in_a_gift_box, 3))

    assert days_told(order) == [(2, TODAY), (1, TODAY), (2, SOON)]
    with pytest.raises(PromiseMoved):
        buy((alone, 1), (in_a_gift_box, 1))


def test_a_cap_turns_the_page_to_out_of_stock_and_back():
    item = stock(on_hand=0, cap=2)
    inbound(item, 10)
    curtains = variant(item)
    buy((curtains, 2))

    (line,) = carts.contents(cart_of((curtains, 1)).pk, NOON).lines
    assert (line.state, line.missing) == (State.OUT_OF_STOCK, 1)

    Queue.objects.update(cap=3)
    (line, *_) = carts.contents(Cart.objects.latest("created_at").pk, NOON).lines
    assert line.state is State.BACKORDER


def test_an_article_that_was_taken_down_is_not_sold():
    curtains = variant(stock(on_hand=5))
    cart = cart_of((curtains, 1))
    shown = checkout.review(cart, NOON).shown
    Product.objects.update(published=False)

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert not stopped.value.contents.can_be_ordered


def test_an_overdue_line_is_no_supply_for_a_new_quote():
    item = stock(on_hand=0)
    inbound(item, 10, TODAY - timedelta(days=1))

    (line,) = carts.contents(cart_of((variant(item), 1)).pk, NOON).lines

    assert line.state is State.OUT_OF_STOCK


@pytest.mark.parametrize(("skus", "on_hand", "queries"), [(1, 2, 12), (1, 0, 12), (3, 1, 16)])
def test_placing_an_order_takes_few_queries(skus, on_hand, queries, django_assert_max_num_queries):
    wanted = []
    for number in range(skus):
        item = stock(f"SKU-{number}", on_hand=on_hand)
        inbound(item, 5)
        wanted.append((variant(item), 2))
    cart = cart_of(*wanted)
    shown = checkout.review(cart, NOON).shown

    # Two more open and close the transaction: inside the test's own they are savepoints.
    with django_assert_max_num_queries(queries + 2):
        order = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert order.lines.count() == skus
    assert list(recount()) == []


def test_ledger_and_promises_cannot_be_rewritten():
    buy((variant(stock(on_hand=5)), 1))
    for rows in (StockMovement.objects.all(), Promise.objects.all()):
        with pytest.raises(Exception, match="written once"), transaction.atomic():
            rows.update(reason="")
        with pytest.raises(Exception, match="written once"), transaction.atomic():
            rows._raw_delete(rows.db)


def test_the_ledger_writes_only_to_locked_items():
    from inventory import ledger

    item = StockItem.objects.get(pk=stock(on_hand=5).pk)
    with pytest.raises(ledger.NotLocked):
        ledger.receive([ledger.Entry(item, 1, "delivery 1")], actor="cy", at=NOON)
    assert lock_items([item.pk])[item.pk].on_hand == 5
