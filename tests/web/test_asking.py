"""Asking something from an order's page: it lands with the order, is kept whole, and is nobody else's to read."""

from typing import Any

import pytest
from django.test import Client

from shop import inquiries
from shop.models import Inquiry, Order
from shop.models.inquiries import MOST_CHARACTERS
from tests.cast import BO, CY, NOON, buy, stock, variant
from tests.web.reading import link, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return buy((variant(stock(on_hand=2)), 1))


@pytest.fixture
def visitor(client: Client, order: Order) -> Client:
    client.get(link(order))
    return client


def ask(visitor: Client, order: Order, text: str) -> str:
    return words(visitor.post(f"/orders/{order.number}/ask/", {"text": text}, follow=True))


def test_a_question_lands_with_the_order_and_stands_on_its_page(visitor: Client, order: Order):
    page = ask(visitor, order, "  Do they come with <i>hooks</i>?\r\nOf brass?  ")
    asked = Inquiry.objects.get()
    assert (asked.order, asked.text) == (order, "Do they come with <i>hooks</i>?\nOf brass?")
    assert "Your question is with us." in page
    assert "You asked on 21 November 2026 at 12:00 CET Do they come with <i>hooks</i>? Of brass? No answer yet" in page


def test_the_reply_stands_below_it_without_the_name_of_who_wrote_it(visitor: Client, order: Order):
    ask(visitor, order, "Do they come with hooks?")
    inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    page = words(visitor.get(order.get_absolute_url()))
    assert "Do they come with hooks? Dibs replied on 21 November 2026 at 12:00 CET They do." in page
    assert "No answer yet" not in page
    assert CY not in page


def test_a_double_click_asks_once(visitor: Client, order: Order):
    for _ in range(2):
        page = ask(visitor, order, "Do they come with hooks?")
    assert "Your question is with us." in page
    assert Inquiry.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write your question first."),
        (" \r\n ", "Write your question first."),
        ("x" * (MOST_CHARACTERS + 1), "Please say it in at most 2000 characters: these are 2001."),
        ("hooks\0", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason_and_kept_in_its_box(
    visitor: Client, order: Order, text: str, says: str
):
    page = visitor.post(f"/orders/{order.number}/ask/", {"text": text}, follow=True)
    assert says in words(page)
    assert page.context["form"]["text"].value() == text
    assert not Inquiry.objects.exists()


def test_a_line_break_counts_as_one_character(visitor: Client, order: Order):
    ask(visitor, order, "\r\n".join(["x"] * (MOST_CHARACTERS // 2)))
    assert Inquiry.objects.exists()


def test_the_sixth_question_of_an_hour_is_kept_in_its_box_with_a_kind_sentence(visitor: Client, order: Order):
    for number in range(5):
        ask(visitor, order, f"Question {number}")
    page = visitor.post(f"/orders/{order.number}/ask/", {"text": "Question 6"}, follow=True)
    assert "Please give us a little time, and ask this one later." in words(page)
    assert page.context["form"]["text"].value() == "Question 6"


def test_a_link_to_another_order_neither_reads_nor_asks_here(client: Client, order: Order):
    inquiries.ask(order, "My door code is 4711, is that needed?", at=NOON)
    other = buy((order.lines.get().variant, 1), who=BO)
    client.get(link(other))

    refused = client.post(f"/orders/{order.number}/ask/", {"text": "What did she ask?"})
    pages = [client.get(f"/orders/{order.number}/{page}") for page in ("", "news/", "record/", "days.ics")]

    assert refused.status_code == 403
    assert [page.status_code for page in pages] == [403, 286, 403, 403]
    assert not any("4711" in page.content.decode() for page in [refused, *pages, client.get(other.get_absolute_url())])
    assert Inquiry.objects.count() == 1


def test_nothing_is_asked_by_a_look(visitor: Client, order: Order):
    page = visitor.get(f"/orders/{order.number}/ask/", {"text": "Hooks?"})
    assert page.headers["Location"] == f"{order.get_absolute_url()}#questions"
    assert not Inquiry.objects.exists()


def test_the_page_costs_the_same_however_much_was_said(visitor: Client, order: Order, queries_of: Any):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    with_one = queries_of(order.get_absolute_url())
    for number in range(3):
        inquiries.ask(order, f"Question {number}", at=NOON)
    inquiries.reply(order, "Three times yes.", seen=5, actor=CY, at=NOON)
    assert queries_of(order.get_absolute_url()) == with_one <= 11
