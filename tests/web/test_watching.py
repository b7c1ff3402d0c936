"""An order's page that is left open: it hears what changed, in a sentence, and stops asking when nothing can change."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from inventory.receiving import Arrived
from shop import cancellations, delays, fulfilment, inquiries
from shop.models import Order, Sends
from tests.cast import CY, LATER, NOON, buy, inbound, stock, variant
from tests.web.reading import link, words

pytestmark = pytest.mark.django_db

CHANGED = "Something changed: this page shows your order as it is now."


def asks(page: Any) -> str | None:
    """The address that a page, or a part of it, asks for news."""
    asking = r'data-hx-get="([^"]+)" data-hx-trigger="every 30s" data-hx-swap="outerHTML"'
    found = re.search(asking, page.content.decode())
    return html.unescape(found[1]) if found else None


def address(visitor: Client, order: Order) -> str:
    found = asks(visitor.get(order.get_absolute_url()))
    assert found
    return found


def test_while_nothing_changed_there_is_nothing_to_swap(visitor: Client, order: Order):
    answer = visitor.get(address(visitor, order))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_shipped_is_said_and_shown_in_its_place(visitor: Client, order: Order):
    ask = address(visitor, order)
    fulfilment.ship_ready(order, carrier="Postal", tracking_number="TRACK-1", actor=CY, at=NOON)
    answer = visitor.get(ask)
    assert words(answer).endswith("1 unit has shipped.")
    assert "1 shipped on 21 November 2026 with Postal, tracking number TRACK-1" in words(answer)
    assert visitor.get(asks(answer) or "").status_code == 204


def test_what_arrived_and_what_moved_is_said(visitor: Client, order: Order):
    line = order.lines.get().claim.item.purchase_lines.get()
    ask = address(visitor, order)
    delays.move_expected_day(line, LATER, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    moved = visitor.get(ask)
    assert words(moved).endswith("The last of it ships by 4 January 2027 now.")
    fulfilment.receive("D-1", [Arrived(line.item_id, 8)], order=line.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([line.item_id], actor="worker", at=NOON)
    assert words(visitor.get(asks(moved) or "")).endswith("2 units are set aside for you now.")


def test_a_reply_is_said(visitor: Client, order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    ask = address(visitor, order)
    inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    assert words(visitor.get(ask)).endswith("We answered your question.")


@pytest.mark.parametrize("seen", ["", "x", "0.1.0.2026-13-39.0123456789abcdef", "1.2.3", "²." * 4 + "0" * 16])
def test_who_brings_no_sense_gets_the_page_as_it_is(visitor: Client, order: Order, seen: str):
    answer = visitor.get(f"/orders/{order.number}/news/", {"seen": seen})
    assert (answer.status_code, words(answer)[-len(CHANGED) :]) == (200, CHANGED)


def test_a_change_that_no_number_tells_is_said_all_the_same(visitor: Client, order: Order):
    ask = address(visitor, order)
    Order.objects.filter(pk=order.pk).update(line1="14 Engine Lane")
    assert words(visitor.get(ask)).endswith(CHANGED)


def test_nothing_asks_once_all_has_shipped_or_was_cancelled(visitor: Client, order: Order):
    ask = address(visitor, order)
    cancellations.cancel_order(order, actor="ada", at=NOON)
    last = visitor.get(ask)
    assert (last.status_code, asks(last)) == (200, None)
    page = visitor.get(order.get_absolute_url())
    assert (asks(page), "htmx" in page.content.decode().split("</head>")[1]) == (None, False)


def test_who_waits_for_a_reply_keeps_asking_after_all_has_shipped(client: Client):
    done = buy((variant(stock(on_hand=1)), 1))
    fulfilment.ship_ready(done, actor=CY, at=NOON)
    inquiries.ask(done, "How do I clean it?", at=NOON)
    client.get(link(done))
    ask = address(client, done)
    inquiries.reply(done, "With a wet cloth.", seen=1, actor=CY, at=NOON)
    assert asks(client.get(ask)) is None


def test_a_page_that_is_not_hers_any_more_stops_asking_and_stays_as_it_is(visitor: Client, order: Order):
    ask = address(visitor, order)
    Order.objects.filter(pk=order.pk).update(link_version=2)
    answer = visitor.get(ask)
    # The answer by which htmx stops, and the header by which it leaves the page alone.
    assert (answer.status_code, answer.headers["HX-Reswap"], answer.content) == (286, "none", b"")


def test_an_order_that_is_sent_together_says_the_day_of_all(client: Client):
    item = stock(on_hand=1)
    line = inbound(item, 8)
    whole = buy((variant(item), 3), sends=Sends.TOGETHER)
    client.get(link(whole))
    ask = address(client, whole)
    delays.move_expected_day(line, LATER, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    assert words(client.get(ask)).endswith("The last of it ships by 4 January 2027 now.")


def test_asking_costs_a_fixed_number_of_queries(client: Client, queries_of: Any):
    goods = [variant(stock(f"MUG-{number}", on_hand=9)) for number in range(4)]
    small, large = buy((goods[0], 1)), buy(*((mug, 1) for mug in goods))
    for order in (small, large):
        client.get(link(order))
    for number in range(3):
        inquiries.ask(large, f"Question {number}", at=NOON)
    inquiries.ask(small, "Question", at=NOON)
    counted = [queries_of(f"/orders/{order.number}/news/") for order in (small, large)]
    assert counted[0] == counted[1] <= 15
