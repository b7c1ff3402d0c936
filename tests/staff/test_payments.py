"""The desk sees which orders await their payment, and says when the money is here."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from notifications import rendering
from notifications.models import Letter
from shop import cancellations, holds
from shop.models import Order, Payment, User
from shop.staff.desk import cards_of
from tests.cast import CY, NOON, buy, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words


@pytest.fixture
def order(db: None, settings: Any) -> Order:
    """Two lamps that are set aside and wait for €102.90."""
    settings.PAYMENT_METHODS = ["transfer"]
    placed = buy((variant(stock("LAMP", on_hand=2)), 2))
    # The clock of the desk is the real one.
    Payment.objects.update(due_by=timezone.now() + timedelta(days=1))
    return placed


def received_address(order: Order) -> str:
    return reverse("admin:shop_order_receive_payment", args=[order.pk])


def order_page(client: Client, order: Order) -> str:
    return words(client.get(reverse("admin:shop_order_change", args=[order.pk])))


def listed(client: Client, state: str) -> bool:
    return "Ada Lovelace" in words(client.get(reverse("admin:shop_order_changelist"), {"state": state}))


def test_money_is_received_after_a_preview(cy: Client, order: Order) -> None:
    form = words(cy.get(received_address(order)))
    preview = words(cy.post(received_address(order), {"amount": "102.90", "preview": "1"}))
    page = confirm(cy, received_address(order), {"amount": "102.90"})

    assert f"€102.90 is due, with the reference {order.number}." in form
    assert "€102.90 by bank transfer Then 2 set aside" in preview
    assert f"€102.90 received for order {order.number}. The customer gets a letter." in words(page)
    payment = Payment.objects.get()
    assert (payment.state, payment.settled_by) == ("paid", CY)
    assert payment.settled_at
    assert f"noted by {CY}" in order_page(cy, order)


def test_an_order_that_awaits_its_payment_cannot_be_shipped(cy: Client, order: Order) -> None:
    page = cy.get(reverse("admin:shop_order_ship", args=[order.pk]), follow=True)

    assert f"Order {order.number} is not paid yet: €102.90 by bank transfer is due until" in words(page)
    assert "Awaits payment until" in order_page(cy, order)
    assert [listed(cy, state) for state in ("unpaid", "ready", "late", "shipped")] == [True, False, False, False]


def test_paid_it_is_ready_and_not_late_on_the_day_of_its_payment(cy: Client, order: Order) -> None:
    confirm(cy, received_address(order), {"amount": "102.90"})

    assert [listed(cy, state) for state in ("unpaid", "ready", "late")] == [False, True, False]


def test_the_desk_counts_it_where_it_belongs(cy: Client, order: Order, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User.objects.get(email=CY)
    cards = {card.title: card for card in cards_of(request)}

    assert (cards["Awaits payment"].number, cards["Ready to ship"].number) == (1, 0)
    assert cards["Awaits payment"].says.startswith("€102.90 to come, the first until ")
    assert cards["Awaits payment"].address.endswith("?state=unpaid")


def test_where_nobody_pays_in_advance_there_is_no_card(cy: Client, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User.objects.get(email=CY)

    assert "Awaits payment" not in {card.title for card in cards_of(request)}


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("102.89", "owes €102.90, not €102.89: wait until all of it is here"),
        ("-1", "Ensure this value is greater than or equal to 0.01."),
        ("NaN", "Enter a number."),
        ("much", "Enter a number."),
        ("1e99", "Ensure that there are no more than"),
        ("", "This field is required."),
    ],
)
def test_another_amount_gets_a_sentence(cy: Client, order: Order, amount: str, sentence: str) -> None:
    page = cy.post(received_address(order), {"amount": amount, "preview": "1"})

    assert sentence in words(page)
    assert Payment.objects.get().state == "due"


def test_an_amount_that_changed_meanwhile_is_not_taken(cy: Client, order: Order) -> None:
    data = {"amount": "102.90", "confirm": "1"}
    data["seal"] = seal_of(cy.post(received_address(order), {"amount": "102.90", "preview": "1"}))
    cancellations.cancel_line(order.lines.get(), 1, actor="customer", at=NOON)

    again = cy.post(received_address(order), data)

    assert "Something changed since you looked" in words(again)
    assert "Too much €49.00: transfer it back" in words(again)
    assert Payment.objects.get().state == "due"
    cy.post(received_address(order), data | {"seal": seal_of(again)})
    assert Payment.objects.get().state == "paid"
    assert "Refunds Amount For State What can be done €49.00 more was paid than was due" in order_page(cy, order)


def test_what_is_too_much_goes_back_and_is_no_part_of_the_total(cy: Client, order: Order) -> None:
    confirm(cy, received_address(order), {"amount": "120.00"})

    text = re.sub(r"\s+", " ", rendering.preview(Letter.objects.get(template="payment_received")).text)
    assert "Your payment of €120.00" in text
    assert "You paid €17.10 too much: we send it back by " in text
    totals = words(cy.get(reverse("admin:shop_order_changelist")))
    assert "€102.90" in totals
    assert "€120.00" not in totals


def test_an_order_that_was_given_back_says_so_and_takes_no_money(cy: Client, order: Order) -> None:
    Payment.objects.update(due_by=NOON)
    holds.expire(order.pk, at=NOON)

    page = cy.post(received_address(order), {"amount": "102.90", "preview": "1"})

    assert "was not paid in time, and its units went to the next in the queue: transfer the money back" in words(page)
    assert "the units and the place were given back" in order_page(cy, order)
    assert listed(cy, "cancelled")


def test_what_is_to_be_paid_back_stands_on_the_order(cy: Client, order: Order) -> None:
    confirm(cy, received_address(order), {"amount": "102.90"})
    assert "Refunds Amount" not in order_page(cy, order)

    cancellations.cancel_line(order.lines.get(), 1, actor="customer", at=NOON)
    assert "€49.00 cancelled to be sent: " in order_page(cy, order)


def test_receiving_money_needs_its_own_right(clerk: SignIn, order: Order) -> None:
    assert (
        clerk("shop.view_order", "shop.change_order", "shop.add_shipment").get(received_address(order)).status_code
        == 403
    )


def test_the_right_to_receive_money_is_enough(clerk: SignIn, order: Order) -> None:
    assert confirm(clerk("shop.change_payment", "shop.view_order"), received_address(order), {"amount": "102.90"})
    assert Payment.objects.get().state == "paid"
