"""Money that is due back: staff see it, send it, and say so once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from notifications.models import Letter
from shop import cancellations, holds, refunds
from shop.gateways.transfer import Transfer
from shop.models import Order, Payment, Refund, User
from shop.staff.desk import cards_of
from tests.cast import CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, seal_of, words


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def refund(db: None) -> Refund:
    """Ada paid for two and cancelled one."""
    item = stock()
    inbound(item, 5)
    order = buy((variant(item), 2))
    Payment.objects.update(gateway=Transfer.name, due_by=NOON + timedelta(days=7))
    holds.receive_payment(order, Payment.objects.get().amount, actor=CY, at=NOON)
    cancellations.cancel_line(order.lines.get(), 1, reason="one is enough", actor="customer", at=NOON)
    Letter.objects.all().delete()
    return Refund.objects.get()


def sent_address(refund: Refund) -> str:
    return reverse("admin:shop_refund_mark_sent", args=[refund.pk])


def page_of(order: Order) -> str:
    return reverse("admin:shop_order_change", args=[order.pk])


def test_what_is_due_back_stands_on_the_order_with_its_act(cy: Client, refund: Refund) -> None:
    text = words(cy.get(page_of(refund.order)))

    assert "€49.00 one is enough to be sent: 7 days left Mark as sent" in text


def test_it_is_shown_what_is_to_be_sent_and_nothing_is_written_yet(cy: Client, refund: Refund) -> None:
    text = words(cy.get(sent_address(refund)))

    assert "Send back €49.00 by bank transfer, the way it came For one is enough Until 7 days left" in text
    refund.refresh_from_db()
    assert refund.sent_at is None


def test_it_is_marked_as_sent_once_with_one_letter(cy: Client, refund: Refund) -> None:
    seal = seal_of(cy.get(sent_address(refund)))

    first = cy.post(sent_address(refund), {"seal": seal}, follow=True)
    again = cy.post(sent_address(refund), {"seal": seal}, follow=True)

    assert f"€49.00 sent back for order {refund.order}. The customer gets a letter." in words(first)
    assert f"sent on 21 November 2026 at 12:00 CET, noted by {CY}" in words(first)
    assert "was sent already, by cy@example.com." in words(again)
    refund.refresh_from_db()
    assert (refund.sent_at, refund.sent_by) == (NOON, CY)
    assert [letter.template for letter in Letter.objects.all()] == ["refund_sent"]


def test_under_the_lock_it_is_looked_at_again(refund: Refund) -> None:
    refunds.mark_sent(refund.pk, actor=CY, at=NOON)

    with pytest.raises(refunds.UnableToRefund, match="was sent already"):
        refunds.mark_sent(refund.pk, actor="somebody else", at=NOON)
    assert Refund.objects.get().sent_by == CY


def test_a_seal_of_another_page_marks_nothing(cy: Client, refund: Refund) -> None:
    page = cy.post(sent_address(refund), {"seal": "0" * 64})

    assert "Something changed since you looked" in words(page)
    assert Refund.objects.get().sent_at is None


def test_the_desk_counts_what_is_to_be_sent_and_says_what_is_overdue(
    cy: Client, refund: Refund, rf: RequestFactory, time_machine: Any
) -> None:
    assert card_of(rf) == (1, "€49.00; the first: 7 days left", False)

    time_machine.move_to(refund.due_by + timedelta(hours=1))

    assert card_of(rf) == (1, "€49.00, 1 of them overdue; the first: overdue by 1 day", True)
    cy.force_login(User.objects.get(email=CY))
    listed = words(cy.get(reverse("admin:shop_refund_changelist") + "?state=overdue"))
    assert f"{refund.order.number} Ada Lovelace €49.00 one is enough" in listed
    assert "overdue by 1 day" in listed

    refunds.mark_sent(refund.pk, actor=CY, at=NOON)
    assert card_of(rf) == (0, "€0.00", False)


def card_of(rf: RequestFactory) -> tuple[int, str, bool]:
    request = rf.get("/")
    request.user = User.objects.get(email=CY)
    card = {card.title: card for card in cards_of(request)}["Refunds to send"]
    return card.number, card.says, card.urgent


def test_sending_money_needs_its_own_right(clerk: SignIn, refund: Refund) -> None:
    client = clerk("shop.view_order", "shop.view_refund", "shop.change_payment")

    assert client.get(sent_address(refund)).status_code == 403
    assert "Mark as sent" not in words(client.get(page_of(refund.order)))


def test_the_right_to_send_is_enough(clerk: SignIn, refund: Refund) -> None:
    client = clerk("shop.view_order", "shop.change_refund")

    client.post(sent_address(refund), {"seal": seal_of(client.get(sent_address(refund)))})

    assert Refund.objects.get().sent_by == "clerk@example.com"
