"""The desk replies to what customers ask: counted, shown with the order, read before it is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from shop import inquiries
from shop.models import Order, Reply, User
from shop.staff.desk import Card, cards_of
from tests.cast import CY, NOON, buy, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def order(db: None) -> Order:
    return buy((variant(stock(on_hand=2)), 1))


def page(order: Order, name: str = "change") -> str:
    return reverse(f"admin:shop_order_{name}", args=[order.pk])


def card(rf: RequestFactory) -> Card:
    request = rf.get("/")
    request.user = User.objects.get(email=CY)
    return next(card for card in cards_of(request) if card.title == "Questions")


def test_the_desk_counts_orders_that_ask_with_the_age_of_the_oldest(cy: Client, rf: RequestFactory, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON - 30 * HOUR)
    inquiries.ask(order, "And with rings?", at=NOON - 2 * HOUR)

    shown = card(rf)

    assert (shown.number, shown.urgent) == (1, True)
    assert shown.says == "2 questions about orders; the oldest has waited 30 hours"
    assert order.number in words(cy.get(shown.address))


def test_a_question_of_today_is_not_urgent_and_one_with_a_reply_is_gone(cy: Client, rf: RequestFactory, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON - HOUR)
    assert (card(rf).number, card(rf).urgent) == (1, False)
    inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    assert (card(rf).number, card(rf).says) == (0, "0 questions about orders")


def test_questions_stand_after_the_delays_that_need_an_answer(cy: Client):
    text = words(cy.get(reverse("admin:index")))
    assert text.index("Needs an answer") < text.index("Questions") < text.index("Arriving")


def test_the_orders_page_shows_what_is_asked_and_the_way_to_reply(cy: Client, order: Order):
    inquiries.ask(order, "Do they come with <b>hooks</b>?", at=NOON)
    text = words(cy.get(page(order)))
    assert "The customer asks Ada Lovelace, 21 November 2026, 12:00 Do they come with <b>hooks</b>? Reply" in text
    assert "A question was asked" in text


def test_a_reply_is_read_as_a_letter_before_it_goes_out(cy: Client, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    text = words(cy.post(page(order, "reply"), {"text": "They do.", "preview": "1"}))
    assert f"It goes to {order.email}" in text
    assert f"Your order {order}: our answer to your question" in text
    assert "On 21 November 2026 you asked us: Do they come with hooks?" in text
    assert not Reply.objects.exists()


def test_a_reply_goes_out_and_stands_with_the_order(cy: Client, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    text = words(confirm(cy, page(order, "reply"), {"text": "They do.\r\nOf steel."}))
    made = Reply.objects.get()
    assert (made.text, made.actor) == ("They do.\nOf steel.", CY)
    assert f"Asked and answered Ada Lovelace, 21 November 2026, 12:00 Do they come with hooks? {CY} replied" in text


def test_what_she_adds_meanwhile_is_shown_before_the_reply_goes_out(cy: Client, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    preview = cy.post(page(order, "reply"), {"text": "They do.", "preview": "1"})
    inquiries.ask(order, "And with rings?", at=NOON)
    again = cy.post(page(order, "reply"), {"text": "They do.", "confirm": "1", "seal": seal_of(preview)})
    assert "Something changed since you looked" in words(again)
    assert not Reply.objects.exists()


def test_where_nothing_was_asked_the_desk_says_so(cy: Client, order: Order):
    assert "Nobody asked anything about order" in words(
        cy.post(page(order, "reply"), {"text": "They do.", "preview": "1"})
    )


def test_who_may_not_reply_reads_the_question_and_finds_no_way_to_reply(clerk: SignIn, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    shown = clerk("shop.view_order").get(page(order))
    assert "Do they come with hooks?" in words(shown)
    assert page(order, "reply") not in shown.content.decode()
