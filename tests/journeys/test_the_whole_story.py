"""From the product page to the mails: a browser, the real pages, a real worker and a real mail server.

Ada wants 3 and 1 is on the shelf; Cy receives the other 2; the worker gives them to her; she reads it all.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from shop.formats import long_day
from shop.models import User
from tests.cast import ADA, inbound, shipping, stock, variant
from tests.journeys.hands import Hand, Keys, Pointer
from tests.journeys.steps import (
    agree_and_order,
    assert_fits,
    choose,
    go_to_the_review,
    open_mail,
    open_purchase_order,
    receive,
    wait_for_mail,
)

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("hand", "browser_is"),
    [
        pytest.param(Pointer(), {}, id="with a pointer"),
        pytest.param(Keys(), {}, id="by keyboard alone"),
        pytest.param(Pointer(), {"java_script_enabled": False}, id="without JavaScript"),
        pytest.param(Pointer(), {"viewport": {"width": 320, "height": 568}}, id="on 320 pixels"),
    ],
)
def test_ada_buys_what_is_not_all_there_and_gets_it(
    hand: Hand,
    browser_is: dict[str, Any],
    new_context,
    live_server: LiveServer,
    celery_worker,
    smtp_server,
    settings,
    desk: User,
):
    settings.SITE_URL = live_server.url
    item = stock(on_hand=1)
    day = timezone.localdate() + timedelta(days=9)
    line = inbound(item, 2, day)
    variant(item)
    shipping()
    worker = celery_worker(SITE_URL=live_server.url)
    page = new_context(**browser_is).new_page()

    number = _order_three(page, live_server.url, day, hand)
    confirmation = wait_for_mail(smtp_server, worker, ADA["email"], f"Your order {number}")
    assert "1 ships now" in confirmation.text
    assert f"2 ship by {long_day(day)}" in confirmation.text

    desk_page = new_context().new_page()
    open_purchase_order(desk_page, live_server.url, line.order)
    receive(desk_page, "WU-77", goes_to="Ada Lovelace", given="2 of 2", units=2)
    arrived = wait_for_mail(smtp_server, worker, ADA["email"], "in stock and being packed")
    assert "2 × Popular curtains" in arrived.text

    open_mail(page, live_server.url, arrived)
    with page.expect_navigation():
        page.locator(f".letter a[href*='/orders/{number}/open/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    expect(_story(page)).to_contain_text("3 set aside for you, being packed")
    expect(_story(page)).not_to_contain_text("waiting")


def _order_three(page: Page, shop: str, day: date, hand: Hand) -> str:
    """Order 3, of which 1 ships now, and look at the order; its number."""
    choose(page, shop, 3, "1 ships today", f"2 ship by {long_day(day)}", hand=hand)
    expect(page.get_by_role("main")).to_contain_text("Ships now")
    go_to_the_review(page, ADA, hand)
    hand.tick(page.get_by_role("radio", name="Each part as soon as it is ready"))
    number = agree_and_order(page, long_day(day), hand)
    hand.press(page.get_by_role("link", name="See your order"))
    expect(_story(page)).to_contain_text("1 set aside for you, being packed")
    expect(_story(page)).to_contain_text(f"2 waiting, ship by {long_day(day)}")
    assert_fits(page)
    return number


def _story(page: Page) -> Locator:
    """What has happened to the only line of the order on the page."""
    return page.get_by_role("list").filter(has_text="ordered on").first
