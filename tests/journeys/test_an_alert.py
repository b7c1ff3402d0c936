"""Somebody finds what she looks for out of stock, asks to be told, hears of it when it is back, and buys it."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import fulfilment, tasks
from shop.models import StockAlert
from tests.cast import ADA, CY, stock, variant

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_she_is_told_once_and_can_end_it(
    live_server: LiveServer, new_context: Any, settings: Any, scripts: bool
) -> None:
    settings.SITE_URL = live_server.url
    kettle = variant(stock("KETTLE"))
    page: Page = new_context(java_script_enabled=scripts).new_page()
    said = page.get_by_role("main")

    page.goto(f"{live_server.url}/products/kettle/")
    expect(page.get_by_label("Quantity")).to_be_hidden()
    page.get_by_label("E-mail address").fill("ada@")
    page.get_by_role("button", name="Tell me").click()
    expect(said).to_contain_text("Enter an e-mail address such as ada@example.com.")
    page.get_by_label("E-mail address").fill(ADA["email"])
    page.get_by_role("button", name="Tell me").click()
    expect(said).to_contain_text("We wrote to ada@example.com")

    page.goto(link("alert_asked", "Yes, tell me:"))
    page.get_by_role("button", name="Yes, tell me").click()
    expect(said).to_contain_text("You hear from us once, when it is on our shelf.")

    fulfilment.receive("D-1", [Arrived(kettle.stock_item_id, 1)], actor=CY, at=timezone.now())
    tasks.sweep()
    page.goto(link("back_in_stock", "To the article:"))
    page.get_by_role("button", name="Add to cart").click()
    expect(said).to_contain_text("1 × Kettle, KETTLE added to your cart.")

    page.goto(link("back_in_stock", "once:"))
    page.get_by_role("button", name="Forget my address").click()
    expect(said).to_contain_text("It is ended, and no letter about it is sent.")
    assert not StockAlert.objects.exists()
    assert not Letter.objects.exists()


def link(template: str, words: str) -> str:
    """The address below these words of the letter, as its recipient reads it."""
    text = str(rendering.message(Letter.objects.get(template=template)).body)
    [address] = re.findall(rf"{words}\n(http\S+)", text)
    return str(address)
