"""An item that will never come: who waits in vain is told, and paid back, and nobody else hears a word."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders import turns
from backorders.models import Claim, Policy, Queue, Withdrawal
from backorders.queries import recount
from backorders.queue import lock
from inventory.models import PurchaseOrderLine, StockItem
from notifications.models import Letter
from shop import delays, endings, holds
from shop.gateways.transfer import Transfer
from shop.models import Order, Payment, Refund, Variant
from tests.cast import ADA, BO, CY, LATER, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

WHY = {"reason": "the mill does not weave it any more"}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON, tick=False)


def act_on(item: StockItem) -> str:
    return reverse("admin:inventory_stockitem_never_coming", args=[item.pk])


def end(item: StockItem, **other: Any) -> endings.Ending:
    return endings.never_coming(item.pk, reason=WHY["reason"], actor=CY, at=NOON, **other)


def customers(curtains: Variant, number: int) -> list[Order]:
    return [buy((curtains, 1), who=ADA | {"email": f"customer{each}@example.com"}) for each in range(number)]


def letters() -> list[tuple[str, str]]:
    return sorted(Letter.objects.values_list("template", "recipient"))


def pay(order: Order) -> None:
    payment = Payment.objects.get(order=order)
    Payment.objects.filter(pk=payment.pk).update(gateway=Transfer.name, due_by=NOON + timedelta(days=7))
    holds.receive_payment(order, payment.amount, actor=CY, at=NOON)


def test_the_preview_is_what_then_happens(cy: Client) -> None:
    item = stock(on_hand=1)
    line = inbound(item, 9)
    curtains = variant(item)
    ada, bo = buy((curtains, 3)), buy((curtains, 1), who=BO)
    pay(bo)
    Letter.objects.all().delete()

    foreseen = endings.preview(item.pk, reason=WHY["reason"], actor=CY, at=NOON)
    preview = words(cy.post(act_on(item), WHY | {"preview": "1"}))
    assert (letters(), Refund.objects.count(), Withdrawal.objects.count()) == ([], 0, 0)
    page = words(confirm(cy, act_on(item), WHY))

    assert "2 orders, 3 units, €53.90 to pay back, 9 units on order written off" in preview
    assert f"{bo.number} Bo Nordin 1 €53.90 {ada.number} Ada Lovelace 2 €0.00" in preview
    assert f"{item.sku} will never come: 2 orders, 3 units, €53.90 to pay back, 9 units on order written off." in page
    assert [(row.units, row.refund) for row in foreseen.ending.ended] == [
        (sum(row.units for row in Withdrawal.objects.filter(claim__order_line__order=order)), paid_back(order))
        for order in (bo, ada)
    ]
    assert letters() == [("never_coming", "ada@example.com"), ("never_coming", "bo@example.com")]
    assert {row.reason for row in Withdrawal.objects.all()} == {WHY["reason"]}
    line.refresh_from_db()
    assert line.outstanding == 0
    assert list(recount()) == []


def paid_back(order: Order) -> Any:
    return sum(refund.amount for refund in order.refunds.all())


def test_what_is_on_the_shelf_goes_to_those_who_stand_first(db: None) -> None:
    item = stock()
    inbound(item, 9)
    ada, bo, dee = customers(variant(item), 3)
    StockItem.objects.filter(pk=item.pk).update(on_hand=2)

    end(item)

    claims = [order.lines.get().claim for order in (ada, bo, dee)]
    assert [(claim.quantity, claim.allocated) for claim in claims] == [(1, 1), (1, 1), (0, 0)]


def test_who_is_held_back_keeps_what_the_shelf_still_has_for_her(db: None) -> None:
    item = stock()
    inbound(item, 9)
    ada, bo = customers(variant(item), 2)
    claim = ada.lines.get().claim
    turns.hold(lock([item.pk])[item.pk], claim.pk, reason="the address is checked", actor=CY, at=NOON)
    StockItem.objects.filter(pk=item.pk).update(on_hand=1)

    end(item)

    claims = [order.lines.get().claim for order in (ada, bo)]
    assert [(claim.quantity, claim.allocated) for claim in claims] == [(0, 0), (1, 1)]


def test_nobody_who_is_to_leave_hears_of_another_day_first(db: None) -> None:
    """Two deliveries: everybody of the second would move up if those before left first."""
    item = stock()
    inbound(item, 6)
    inbound(item, 6, LATER)
    orders = customers(variant(item), 12)
    Letter.objects.all().delete()

    ending = end(item)

    assert (len(ending.ended), ending.left, ending.written_off) == (12, 0, 12)
    assert letters() == sorted(("never_coming", order.email) for order in orders)


def test_what_is_too_much_for_once_goes_on_with_the_next_call(db: None) -> None:
    item = stock()
    line = inbound(item, 9)
    orders = customers(variant(item), 5)
    Letter.objects.all().delete()

    first = end(item, limit=3)
    still = PurchaseOrderLine.objects.get(pk=line.pk).outstanding
    second = end(item, limit=3)

    assert [(len(part.ended), part.left, part.written_off) for part in (first, second)] == [(3, 2, 0), (2, 0, 9)]
    assert [ended.order for ended in (*first.ended, *second.ended)] == orders[::-1]
    assert still == 9
    assert len(letters()) == 5


def test_a_question_about_what_is_here_is_asked_no_more(db: None) -> None:
    item = stock(on_hand=1)
    line = inbound(item, 9)
    order = buy((variant(item), 3))
    delays.move_expected_day(line, None, confirmed=False, reason="no yarn", actor=CY, at=NOON)
    assert Claim.objects.get().is_asked

    end(item)

    claim = order.lines.get().claim
    assert (claim.quantity, claim.ready, claim.is_asked) == (1, 1, False)


def test_it_is_sold_from_the_shelf_only_from_then_on(db: None) -> None:
    item = stock(policy=Policy.LEAD_TIME)
    buy((variant(item), 1))

    end(item)

    assert Queue.objects.get().policy == Policy.CLOSED


def test_a_second_click_cancels_nothing_more(cy: Client) -> None:
    item = stock()
    inbound(item, 9)
    buy((variant(item), 2))
    sealed = WHY | {"confirm": "1", "seal": seal_of(cy.post(act_on(item), WHY | {"preview": "1"}))}

    cy.post(act_on(item), sealed)
    again = cy.post(act_on(item), sealed)

    assert "there is nothing to end" in words(again)
    assert Withdrawal.objects.count() == 1


def test_a_queue_that_changed_meanwhile_is_shown_again(cy: Client) -> None:
    item = stock()
    inbound(item, 9)
    curtains = variant(item)
    buy((curtains, 2))
    sealed = WHY | {"confirm": "1", "seal": seal_of(cy.post(act_on(item), WHY | {"preview": "1"}))}
    buy((curtains, 1), who=BO)

    page = cy.post(act_on(item), sealed)

    assert "Something changed since you looked" in words(page)
    assert "2 orders, 3 units" in words(page)
    assert not Withdrawal.objects.exists()


def test_without_a_reason_nothing_happens(cy: Client) -> None:
    item = stock()
    inbound(item, 9)

    assert "every customer reads the reason in her letter" in words(cy.post(act_on(item), {"reason": " "}))
    assert PurchaseOrderLine.objects.get().outstanding == 9


@pytest.mark.parametrize("right", ["backorders.add_withdrawal", "inventory.add_expecteddaychange"])
def test_it_needs_the_right_to_cancel_and_to_change_days(clerk: SignIn, right: str) -> None:
    item = stock()
    line = inbound(item, 9)
    client = clerk("inventory.view_stockitem", "inventory.view_purchaseorder", right)

    assert client.get(act_on(item)).status_code == 403
    order_page = client.get(reverse("admin:inventory_purchaseorder_change", args=[line.order_id]))
    assert "It will never come" not in words(order_page)


def test_both_rights_are_enough_and_its_purchase_line_leads_there(clerk: SignIn) -> None:
    item = stock()
    line = inbound(item, 9)
    rights = "backorders.add_withdrawal", "inventory.add_expecteddaychange"
    client = clerk("inventory.view_stockitem", "inventory.view_purchaseorder", *rights)

    order_page = client.get(reverse("admin:inventory_purchaseorder_change", args=[line.order_id]))
    assert act_on(item) in order_page.content.decode()
    confirm(client, act_on(item), WHY)
    assert PurchaseOrderLine.objects.get().outstanding == 0
