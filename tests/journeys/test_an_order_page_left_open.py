"""Ada leaves the page of her order open while the desk works: it follows, and takes nothing from her hands."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from shop import cancellations, fulfilment
from tests.cast import CY, buy, inbound, stock, variant
from tests.web.reading import link

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HALF_A_MINUTE = 30_000


def test_it_says_what_shipped_and_keeps_what_ada_writes(page: Page, live_server: LiveServer):
    at = timezone.now()
    item = stock(on_hand=1)
    inbound(item, 2, timezone.localdate(at) + timedelta(days=9))
    order = buy((variant(item), 3), at=at)
    page.clock.install()
    page.goto(f"{live_server.url}{link(order)}")
    story, said, box = page.locator("#story"), page.locator("#said"), page.get_by_label("Your question")
    page.get_by_text("Ask us something").click()
    box.press_sequentially("Do they come with")

    fulfilment.ship_ready(order, carrier="Postal", tracking_number="TRACK-1", actor=CY, at=at)
    page.clock.fast_forward(HALF_A_MINUTE)

    expect(said).to_have_text("1 unit has shipped.")
    expect(story).to_contain_text("1 shipped on")
    expect(story).to_contain_text("TRACK-1")
    expect(box).to_be_visible()
    expect(box).to_be_focused()
    box.press_sequentially(" hooks?")
    expect(box).to_have_value("Do they come with hooks?")

    cancellations.cancel_order(order, actor=CY, at=at)
    page.clock.fast_forward(HALF_A_MINUTE)

    expect(story).to_contain_text("2 cancelled on")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(4 * HALF_A_MINUTE)
    page.get_by_role("button", name="Send the question").click()
    expect(page.locator("#conversation")).to_contain_text("Do they come with hooks?")
    assert not [url for url in asked if "/news/" in url]
