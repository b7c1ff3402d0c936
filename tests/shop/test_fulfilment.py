"""From the delivery to the parcel, and everything that shrinks, slips or is cancelled on the way."""

from datetime import timedelta
from typing import Any

import pytest

from backorders import queries as queues
from backorders import queue
from backorders.models import Policy, Promise, Queue, Withdrawal
from backorders.queue import UnableToLeave, UnableToShip
from inventory import queries as stocks
from inventory.locking import StockBusy
from inventory.models import DeliveryLine, PurchaseOrder, PurchaseOrderLine, StockItem, StockMovement
from inventory.purchasing import UnableToChangePurchaseOrder
from inventory.receiving import Arrived, UnableToReceive
from notifications.models import Letter
from shop import cancellations, delays, fulfilment, lapses, notices, returns, tasks
from shop.models import Order, Payment, Variant
from tests.cast import BO, LATER, NOON, SOON, TODAY, buy, cart_of, days_told, inbound, order_cart, stock, variant

pytestmark = pytest.mark.django_db


def receive(number, item, units, order=None):
    return fulfilment.receive(number, [Arrived(item.pk, units)], order=order, actor="cy", at=NOON)


def fill(*items):
    return fulfilment.fill_waiting([item.pk for item in items], actor="worker", at=NOON)


def letters(order: Order) -> list[str]:
    """Kinds of letters about an order, in the order in which they were written."""
    return list(Letter.objects.filter(thread=order.number).order_by("id").values_list("template", flat=True))


@pytest.fixture
def fill_fails_for(monkeypatch):
    """Gives the fill of one item a fault, until it is told None."""
    real = fulfilment.fill_waiting

    def fail_for(item):
        def fill_waiting(item_ids, **said):
            if item and item.pk in item_ids:
                raise StockBusy("Try again in a moment.")
            return real(item_ids, **said)

        monkeypatch.setattr(fulfilment, "fill_waiting", fill_waiting)

    return fail_for


def holdings(*orders: Order) -> list[tuple[int, int, int]]:
    """(wanted, allocated, shipped) of each order's only line."""
    return [
        (claim.quantity, claim.allocated, claim.shipped)
        for claim in (order.lines.select_related("claim").get().claim for order in orders)
    ]


@pytest.fixture(autouse=True)
def books_balance():
    yield
    assert [*stocks.recount(), *queues.recount()] == []


def test_a_delivery_goes_to_those_who_waited_in_order_with_partial_fill():
    item = stock()
    line = inbound(item, 10)
    curtains = variant(item)
    ada, bo, late = buy((curtains, 2)), buy((curtains, 3), who=BO), buy((curtains, 4))

    receive("D-1", item, 4, line.order)
    assert fill(item) == 4

    assert holdings(ada, bo, late) == [(2, 2, 0), (3, 2, 0), (4, 0, 0)]
    assert [letters(order) for order in (ada, bo, late)] == [
        ["order_placed", "units_arrived"],
        ["order_placed", "units_arrived"],
        ["order_placed"],
    ]


def test_filling_twice_gives_nothing_twice():
    item = stock()
    line = inbound(item, 10)
    ada = buy((variant(item), 2))
    receive("D-1", item, 4, line.order)

    assert (fill(item), fill(item)) == (2, 0)
    assert letters(ada) == ["order_placed", "units_arrived"]


def test_one_delivery_of_two_items_is_one_letter_to_who_waited_for_both():
    lamp, stool = stock("LAMP"), stock("STOOL")
    inbound(lamp, 5), inbound(stool, 5)
    ada = buy((variant(lamp), 1), (variant(stool), 2))

    arrived = [Arrived(lamp.pk, 1), Arrived(stool.pk, 2)]
    fulfilment.receive("D-1", arrived, actor="cy", at=NOON)
    assert fill(lamp, stool) == 3

    assert letters(ada) == ["order_placed", "units_arrived"]


def test_deliveries_are_short_over_and_unordered():
    item, extra = stock("LAMP"), stock("FREE-SAMPLE")
    line = inbound(item, 10)

    receive("SHORT", item, 4, line.order)
    line.refresh_from_db()
    assert (line.received, line.outstanding, line.order.state) == (4, 6, PurchaseOrder.State.PARTLY)

    receive("OVER", item, 8, line.order)
    line.refresh_from_db()
    line.order.refresh_from_db()
    assert (line.received, line.outstanding, line.order.state) == (12, 0, PurchaseOrder.State.CLOSED)

    receive("SAMPLE", extra, 3, line.order)
    assert DeliveryLine.objects.get(delivery__number="SAMPLE").purchase_line is None
    item.refresh_from_db()
    extra.refresh_from_db()
    assert (item.on_hand, extra.on_hand) == (12, 3)


def test_a_delivery_number_is_received_once():
    item = stock()
    line = inbound(item, 10)

    assert receive("D-1", item, 4, line.order).is_new
    assert not receive(" D-1 ", item, 4, line.order).is_new
    with pytest.raises(UnableToReceive, match="other goods"):
        receive("D-1", item, 5, line.order)

    item.refresh_from_db()
    assert item.on_hand == 4


@pytest.mark.parametrize(
    ("number", "units", "says"), [("", 4, "number"), ("D-1", 0, "empty"), ("D-1", -1, "cannot arrive")]
)
def test_a_delivery_that_makes_no_sense_is_refused(number, units, says):
    with pytest.raises(UnableToReceive, match=says):
        receive(number, stock(), units)


def test_a_draft_is_not_received():
    item = stock()
    line = inbound(item, 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    with pytest.raises(UnableToReceive, match="send it first"):
        receive("D-1", item, 5, line.order)


def test_an_order_on_which_nothing_is_owed_is_closed():
    item = stock()
    line = inbound(item, 5)
    receive("D-1", item, 3, line.order)
    delays.write_off(line, 2, reason="the weaver closed", actor="cy", at=NOON)
    line.order.refresh_from_db()
    assert line.order.state == PurchaseOrder.State.CLOSED


def test_each_item_of_a_big_delivery_is_planned_anew_once_its_queue_is_filled(monkeypatch):
    monkeypatch.setattr(queue, "FILL_CHUNK", 2)
    lamp, stool = stock("LAMP"), stock("STOOL")
    for item in (lamp, stool):
        inbound(item, 3, SOON)
        inbound(item, 3, LATER)
    lamps, stools = variant(lamp), variant(stool)
    buy((lamps, 1)), buy((lamps, 2))
    late = buy((lamps, 1), who=BO)
    for _ in range(3):
        buy((stools, 1))

    fulfilment.receive("D-1", [Arrived(lamp.pk, 3), Arrived(stool.pk, 3)], actor="cy", at=NOON)
    fill(lamp, stool)

    assert days_told(late) == [(1, SOON)]


def test_counters_that_are_wrong_do_not_stop_the_sweep(fill_fails_for, smtp_server):
    broken, fine = stock("BROKEN"), stock("FINE")
    for item in (broken, fine):
        inbound(item, 1)
    buy((variant(broken), 1))
    ada = buy((variant(fine), 1))
    fulfilment.receive("D-1", [Arrived(broken.pk, 1), Arrived(fine.pk, 1)], actor="cy", at=NOON)
    fill_fails_for(broken)

    tasks.sweep()

    assert holdings(ada) == [(1, 1, 0)]
    assert Letter.objects.filter(state=Letter.State.SENT).count() == 3
    fill_fails_for(None)
    fill(broken)


def test_the_preview_of_a_delivery_is_what_then_happens_and_changes_nothing():
    item = stock()
    line = inbound(item, 10)
    ada, bo = buy((variant(item), 2)), order_cart(cart_of((item.variants.get(), 3), who=BO))
    before = (StockMovement.objects.count(), Letter.objects.count())

    preview = fulfilment.preview_delivery("D-1", [Arrived(item.pk, 4)], order=line.order, actor="cy", at=NOON)

    assert (StockMovement.objects.count(), Letter.objects.count()) == before
    receive("D-1", item, 4, line.order)
    fill(item)
    assert [(fact.units, fact.lacks) for fact in preview.outcome.filled] == [(2, 0), (2, 1)]
    assert holdings(ada, bo) == [(2, 2, 0), (3, 2, 0)]


def test_what_is_ready_ships_once_and_leaves_the_shelf():
    item = stock(on_hand=1)
    inbound(item, 5)
    ada = buy((variant(item), 3))

    shipment = fulfilment.ship_ready(ada, carrier="DHL", tracking_number="00340", actor="cy", at=NOON)

    item.refresh_from_db()
    assert (item.on_hand, item.allocated) == (0, 0)
    assert (shipment.lines.get().quantity, holdings(ada)) == (1, [(3, 1, 1)])
    assert letters(ada) == ["order_placed", "parcel_shipped"]
    with pytest.raises(UnableToShip, match="Nothing of order"):
        fulfilment.ship_ready(ada, actor="cy", at=NOON)


def test_a_moved_day_reaches_exactly_those_whose_promise_breaks():
    item = stock()
    inbound(item, 2, SOON)
    second = inbound(item, 2, SOON + timedelta(days=2))
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    moved = delays.move_expected_day(second, LATER, confirmed=True, reason="the loom broke", actor="cy", at=NOON)

    assert [fact.claim_id for fact in moved] == [bo.lines.get().claim_id]
    assert (days_told(ada), days_told(bo)) == ([(2, SOON)], [(2, LATER)])
    assert (letters(ada), letters(bo)) == (["order_placed"], ["order_placed", "days_later"])
    assert Promise.objects.filter(version=2).values_list("reason", flat=True).get() == "the loom broke"
    change = second.day_changes.get()
    assert (change.old, change.new, change.actor) == (SOON + timedelta(days=2), LATER, "cy")


def test_a_day_taken_back_is_told_as_no_day():
    item = stock()
    line = inbound(item, 5)
    ada = buy((variant(item), 2))

    delays.move_expected_day(line, None, confirmed=False, reason="no word from the weaver", actor="cy", at=NOON)

    assert days_told(ada) == [(2, None)]
    assert letters(ada) == ["order_placed", "answer_needed"]


def test_who_has_no_day_hears_nothing_until_there_is_one():
    item = stock()
    line = inbound(item, 5)
    ada = buy((variant(item), 2))
    delays.move_expected_day(line, None, confirmed=False, reason="no word from the weaver", actor="cy", at=NOON)

    fulfilment.correct_stock(item.pk, 1, reason="found behind the shelf", actor="cy", at=NOON)
    packed = TODAY + timedelta(days=notices.PACKING_DAYS)
    assert days_told(ada) == [(1, packed), (1, None)]

    delays.move_expected_day(line, LATER, confirmed=True, reason="the weaver wrote", actor="cy", at=NOON)
    assert days_told(ada) == [(1, packed), (1, LATER)]
    assert letters(ada) == ["order_placed", "answer_needed", "units_arrived", "days_earlier"]


@pytest.mark.parametrize(("days", "told"), [(1, False), (2, True)])
def test_a_better_day_is_told_if_it_moves_by_more_than_a_day(days, told):
    item = stock()
    line = inbound(item, 5)
    ada = buy((variant(item), 2))

    better = SOON - timedelta(days=days)
    delays.move_expected_day(line, better, confirmed=True, reason="the weaver is fast", actor="cy", at=NOON)

    assert letters(ada) == ["order_placed", "days_earlier"] if told else ["order_placed"]
    assert days_told(ada) == [(2, better if told else SOON)]


def test_a_day_that_passes_changes_nothing_by_itself():
    item = stock()
    inbound(item, 2, SOON)
    other = inbound(item, 5, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 1), who=BO)
    after_soon = NOON + (SOON - TODAY) + timedelta(days=3)

    new_day = LATER - timedelta(days=10)
    delays.move_expected_day(other, new_day, confirmed=True, reason="faster", actor="cy", at=after_soon)

    assert (days_told(ada), days_told(bo)) == ([(2, SOON)], [(1, new_day)])


def test_a_day_moves_with_a_reason_only():
    line = inbound(stock(), 5)
    with pytest.raises(UnableToChangePurchaseOrder, match="reason"):
        delays.move_expected_day(line, LATER, confirmed=True, reason=" ", actor="cy", at=NOON)
    line.refresh_from_db()
    assert line.expected_on == SOON


def test_the_preview_of_a_moved_day_is_what_then_happens_and_changes_nothing():
    item = stock()
    line = inbound(item, 5)
    ada = buy((variant(item), 2))
    said: dict[str, Any] = {"confirmed": True, "reason": "the loom broke", "actor": "cy", "at": NOON}

    preview = delays.preview_move(line, LATER, **said)

    assert (days_told(ada), letters(ada)) == ([(2, SOON)], ["order_placed"])
    assert list(preview.outcome.moved) == delays.move_expected_day(line, LATER, **said)


def test_an_overdue_line_is_no_excuse_for_telling_no_day():
    item = stock()
    inbound(item, 2, SOON)
    other = inbound(item, 2, LATER - timedelta(days=9))
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)
    after_soon = NOON + (SOON - TODAY) + timedelta(days=3)

    delays.move_expected_day(other, LATER, confirmed=True, reason="the loom broke", actor="cy", at=after_soon)

    assert (days_told(ada), days_told(bo)) == ([(2, SOON)], [(2, LATER)])


def test_a_unit_that_is_lost_after_its_day_had_passed_is_cancelled_and_not_put_off():
    item = stock(on_hand=1)
    inbound(item, 2, SOON)
    ada = buy((variant(item), 1))
    after_soon = NOON + (SOON - TODAY) + timedelta(days=3)

    fulfilment.correct_stock(item.pk, -1, reason="it broke", actor="cy", at=after_soon)
    assert (days_told(ada), letters(ada)) == ([(1, None)], ["order_placed"])

    assert lapses.lapse(ada.pk, at=after_soon)
    assert (holdings(ada), letters(ada)) == ([(0, 0, 0)], ["order_placed", "order_lapsed"])


def test_a_confirmed_day_is_written_down_and_troubles_nobody():
    item = stock()
    line = inbound(item, 5, confirmed=False)
    ada = buy((variant(item), 2))

    delays.move_expected_day(line, SOON, confirmed=True, reason="", actor="cy", at=NOON)

    claim = ada.lines.get().claim
    assert [(row.version, row.confirmed) for row in claim.promises.order_by("version")] == [(1, False), (2, True)]
    assert letters(ada) == ["order_placed"]


def on_lead_time() -> tuple[StockItem, Variant]:
    item = stock(policy=Policy.LEAD_TIME, lead_days=28)
    return item, variant(item)


def test_a_lead_time_takes_over_where_supply_is_lost_and_that_is_told():
    item, curtains = on_lead_time()
    line = inbound(item, 2, SOON)
    ada = buy((curtains, 2))

    delays.write_off(line, 2, reason="the weaver closed", actor="cy", at=NOON + timedelta(days=2))

    assert days_told(ada) == [(2, TODAY + timedelta(days=30))]
    assert letters(ada) == ["order_placed", "days_later"]


def test_a_lead_time_that_was_told_stands_whatever_happens_in_the_queue():
    item, curtains = on_lead_time()
    inbound(item, 2, TODAY + timedelta(days=60))
    ada = buy((curtains, 2))
    for day in (1, 2, 5):
        at = NOON + timedelta(days=day)
        cancellations.cancel_order(buy((curtains, 1), who=BO, at=at), actor="bo", at=at)
    Queue.objects.update(policy=Policy.CLOSED)
    delays.write_off(PurchaseOrderLine.objects.get(), 2, reason="the weaver closed", actor="cy", at=NOON)

    assert days_told(ada) == [(2, TODAY + timedelta(days=28))]
    assert letters(ada) == ["order_placed"]


def test_units_written_off_leave_the_last_in_the_queue_without_a_day():
    item = stock()
    line = inbound(item, 4)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    delays.write_off(line, 1, reason="one was damaged at the weaver's", actor="cy", at=NOON)

    assert (days_told(ada), days_told(bo)) == ([(2, SOON)], [(1, SOON), (1, None)])


def test_when_stock_shrinks_the_newest_allocation_gives_way_and_is_told():
    item = stock(on_hand=4)
    inbound(item, 5, SOON)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    fulfilment.correct_stock(item.pk, -1, reason="one fell off the shelf", actor="cy", at=NOON)

    assert holdings(ada, bo) == [(2, 2, 0), (2, 1, 0)]
    assert (days_told(bo), letters(bo)) == ([(1, TODAY), (1, SOON)], ["order_placed", "days_later"])
    assert letters(ada) == ["order_placed"]
    with pytest.raises(UnableToLeave, match="Only 3"):
        fulfilment.correct_stock(item.pk, -4, reason="miscounted", actor="cy", at=NOON)


def test_units_that_are_found_go_to_those_who_wait():
    item = stock()
    inbound(item, 5)
    ada = buy((variant(item), 2))

    fulfilment.correct_stock(item.pk, 2, reason="found behind the shelf", actor="cy", at=NOON)

    assert holdings(ada) == [(2, 2, 0)]


def test_a_cancelled_line_gives_its_units_to_the_next_at_once():
    item = stock(on_hand=2)
    inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    withdrawn = cancellations.cancel_line(ada.lines.get(), 2, reason="changed my mind", actor="ada", at=NOON)

    assert (withdrawn.units, withdrawn.released, withdrawn.left) == (2, 2, 0)
    assert holdings(ada, bo) == [(0, 0, 0), (2, 2, 0)]
    assert letters(ada) == ["order_placed", "units_withdrawn"]
    assert letters(bo) == ["order_placed", "units_arrived"]
    assert Withdrawal.objects.get().units == 2
    payment = Payment.objects.get(order=ada)
    assert (payment.amount, payment.state) == (0, Payment.State.VOID)


def test_those_behind_a_cancellation_hear_of_their_better_day():
    item = stock()
    inbound(item, 2, SOON)
    inbound(item, 2, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    cancellations.cancel_order(ada, actor="ada", at=NOON)

    assert (days_told(bo), letters(bo)) == ([(2, SOON)], ["order_placed", "days_earlier"])


def test_reducing_a_line_keeps_the_earliest_part_of_its_promise():
    item = stock(on_hand=1)
    inbound(item, 5)
    ada = buy((variant(item), 3))

    cancellations.cancel_line(ada.lines.get(), 1, actor="ada", at=NOON)

    assert (days_told(ada), holdings(ada)) == ([(1, TODAY), (1, SOON)], [(2, 1, 0)])
    assert Payment.objects.get(order=ada).amount == 2 * 49 + ada.shipping_price


def test_what_has_shipped_cannot_be_cancelled():
    ada = buy((variant(stock(on_hand=2)), 2))
    fulfilment.ship_ready(ada, actor="cy", at=NOON)
    with pytest.raises(UnableToLeave, match="Nothing is left"):
        cancellations.cancel_order(ada, actor="ada", at=NOON)


def test_goods_that_come_back_go_to_those_who_wait():
    item = stock(on_hand=1)
    inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 1)), buy((curtains, 1), who=BO)
    fulfilment.ship_ready(ada, actor="cy", at=NOON)

    returns.take_back(ada.lines.get(), 1, reason="wrong colour", actor="cy", at=NOON)

    assert holdings(bo) == [(1, 1, 0)]
    with pytest.raises(returns.UnableToTakeBack, match="0 of POPULAR-CURTAINS"):
        returns.take_back(ada.lines.get(), 1, reason="wrong colour", actor="cy", at=NOON)


def test_a_purchase_order_that_is_placed_betters_a_lead_time():
    item = stock(policy=Policy.LEAD_TIME, lead_days=28)
    ada = buy((variant(item), 2))
    assert days_told(ada) == [(2, TODAY + timedelta(days=28))]
    line = inbound(item, 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    line.order.refresh_from_db()

    delays.send_purchase_order(line.order, at=NOON)

    assert (days_told(ada), letters(ada)) == ([(2, SOON)], ["order_placed", "days_earlier"])
