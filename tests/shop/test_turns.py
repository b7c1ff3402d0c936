"""Whose turn it is, changed by staff: who is told what, and that no promise breaks unnoticed."""

from datetime import timedelta

import pytest
from django.db import transaction

from backorders import promises, queue
from backorders import queries as queues
from backorders.models import Claim, ClaimChange, Policy
from backorders.turns import UnableToChangeTurn
from inventory.models import PurchaseOrder
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import cancellations, delays, fulfilment, returns, turns
from tests.cast import BO, CY, LATER, NOON, SOON, buy, days_told, inbound, stock, variant

pytestmark = pytest.mark.django_db


def arrive(number, line, units, at=NOON):
    fulfilment.receive(number, [Arrived(line.item_id, units)], order=line.order, actor=CY, at=at)
    fulfilment.fill_waiting([line.item_id], actor="worker", at=at)


def change(turn, at=NOON):
    return turns.change(turn, actor=CY, at=at)


def claim_of(order):
    return order.lines.get().claim


def letters(order, template):
    return Letter.objects.filter(thread=order.number, template=template)


def nobody_is_in_doubt(item, at=NOON):
    with transaction.atomic():
        line = queue.lock([item.pk])[item.pk]
        line.judged = None
        return promises.revise([line], reason="a look at everybody", at=at) == []


def test_who_is_put_off_takes_nothing_before_her_delivery_and_the_next_get_it():
    item = stock()
    first, second = inbound(item, 2), inbound(item, 2, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    change(turns.put_off(claim_of(ada), second, reason="she is away until then"))

    assert days_told(ada) == [(2, LATER)]
    assert days_told(bo) == [(2, SOON)]
    arrive("D-1", first, 2)
    assert (claim_of(ada).allocated, claim_of(bo).allocated) == (0, 2)
    arrive("D-2", second, 2)
    assert claim_of(ada).allocated == 2
    assert [str(row) for row in ClaimChange.objects.filter(claim=claim_of(ada)).order_by("id")] == [
        f"Delivery: none → {second.order.number}, line {second.pk}: she is away until then",
        f"Delivery: {second.order.number}, line {second.pk} → none: goods arrived",
    ]


def test_a_put_off_claim_keeps_its_day_when_its_line_is_overdue_and_another_moves():
    item = stock()
    first, second = inbound(item, 2), inbound(item, 2, SOON + timedelta(days=1))
    inbound(item, 5, LATER)
    second.order.supplier.handling_days = 2
    second.order.supplier.save()
    order = buy((variant(item), 2))
    change(turns.put_off(claim_of(order), second, reason="the later colour"))
    told = days_told(order)
    afterwards = NOON + timedelta(days=20)

    delays.move_expected_day(first, LATER, confirmed=True, reason="unrelated", actor=CY, at=afterwards)

    assert told == [(2, SOON + timedelta(days=3))]
    assert days_told(order) == told


def test_a_claim_on_hold_keeps_its_place_and_its_customer_reads_why_she_was_passed_over():
    item = stock()
    line = inbound(item, 2)
    inbound(item, 4, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    change(turns.hold(claim_of(ada), reason="your address is unclear"))
    assert days_told(ada) == [(2, SOON)]
    arrive("D-1", line, 2)

    assert (claim_of(ada).allocated, claim_of(bo).allocated) == (0, 2)
    assert days_told(ada) == [(2, LATER)]
    assert letters(ada, "days_later").get().context["reasons"] == ["your address is unclear"]


def come_while_goods_lie_for_somebody_on_hold():
    """One unit for Ada came unannounced and is kept for her; Bo bought the one that is still to come."""
    item = stock()
    line = inbound(item, 1)
    curtains = variant(item)
    ada = buy((curtains, 1))
    change(turns.hold(claim_of(ada), reason="your address is unclear"))
    fulfilment.receive("D-1", [Arrived(item.pk, 1)], actor=CY, at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    return line, buy((curtains, 1), who=BO)


def test_who_came_by_goods_that_nobody_was_judged_by_hears_that_hers_do_not_come():
    line, bo = come_while_goods_lie_for_somebody_on_hold()
    assert days_told(bo) == [(1, SOON)]

    delays.move_expected_day(line, None, confirmed=False, reason="the loom broke", actor=CY, at=NOON)

    assert days_told(bo) == [(1, None)]
    assert letters(bo, "answer_needed").get().context["reasons"] == ["the loom broke"]
    assert nobody_is_in_doubt(line.item)


def test_control_without_a_note_of_her_day_she_would_not_hear_it(monkeypatch):
    monkeypatch.setattr(queue, "with_newcomer", lambda judged, start, told, ready: judged)
    line, bo = come_while_goods_lie_for_somebody_on_hold()

    delays.move_expected_day(line, None, confirmed=False, reason="the loom broke", actor=CY, at=NOON)

    assert days_told(bo) == [(1, SOON)]
    assert not nobody_is_in_doubt(line.item)


def test_a_supplier_who_is_late_is_the_reason_also_for_a_claim_on_hold():
    item = stock()
    line = inbound(item, 2)
    order = buy((variant(item), 2))
    change(turns.hold(claim_of(order), reason="your address is unclear"))

    delays.move_expected_day(line, LATER, confirmed=True, reason="a strike in the harbour", actor=CY, at=NOON)

    assert letters(order, "days_later").get().context["reasons"] == ["a strike in the harbour"]


def test_a_hold_can_be_lifted_when_nothing_is_missing_any_more():
    item = stock(on_hand=3)
    inbound(item, 2)
    order = buy((variant(item), 5))
    change(turns.hold(claim_of(order), reason="your address is unclear"))
    cancellations.cancel_line(order.lines.get(), 2, actor="ada", at=NOON)

    change(turns.resume(claim_of(order), reason="it is right"))

    assert claim_of(order).hold == ""
    assert [*queues.recount()] == []


def test_who_joins_stands_behind_somebody_who_was_moved_back():
    item = stock()
    inbound(item, 2)
    inbound(item, 2, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 1)), buy((curtains, 1), who=BO)
    change(turns.rank(claim_of(ada), 10, reason="the others need it sooner"))

    eve = buy((curtains, 1))

    assert [claim.reference for claim in Claim.objects.in_order()] == [bo.number, ada.number, eve.number]
    assert nobody_is_in_doubt(item)


def test_a_unit_that_comes_back_betters_the_last_in_the_queue():
    """The shelf was sold out before anybody waited: places are counted from the first who waits."""
    item = stock(on_hand=1, policy=Policy.LEAD_TIME)
    line = inbound(item, 5)
    PurchaseOrder.objects.filter(pk=line.order_id).update(state=PurchaseOrder.State.DRAFT)
    delays.send_purchase_order(line.order, at=NOON)
    curtains = variant(item)
    first = buy((curtains, 1))
    buy((curtains, 3))
    last = buy((curtains, 3))
    fulfilment.ship_ready(first, actor=CY, at=NOON)
    assert len(days_told(last)) == 2

    returns.take_back(first.lines.get(), 1, reason="too long", actor=CY, at=NOON)

    assert days_told(last) == [(3, SOON)]


def test_nobody_is_put_off_to_goods_that_are_not_ordered():
    item = stock()
    inbound(item, 2)
    draft = inbound(item, 2, LATER)
    PurchaseOrder.objects.filter(pk=draft.order_id).update(state=PurchaseOrder.State.DRAFT)
    order = buy((variant(item), 1))

    with pytest.raises(UnableToChangeTurn, match="still to come"):
        change(turns.put_off(claim_of(order), draft, reason="later"))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_change_without_a_reason_is_refused_and_changes_nothing(reason):
    item = stock()
    inbound(item, 2)
    order = buy((variant(item), 1))

    with pytest.raises(UnableToChangeTurn, match="Say why"):
        change(turns.hold(claim_of(order), reason=reason))
    assert claim_of(order).hold == ""
