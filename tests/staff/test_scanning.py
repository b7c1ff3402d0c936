"""A scanner at the form for goods that arrived, in a browser."""

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import PurchaseOrder
from shop.models import User
from tests.cast import inbound, stock

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order() -> PurchaseOrder:
    stock("STRAY-RUG")
    return inbound(stock(), 5).order


def open_form(browser: Browser, live_server: LiveServer, order: PurchaseOrder, *, with_script: bool) -> Page:
    client = Client()
    client.force_login(User.objects.create_superuser("cy@example.com"))
    context = browser.new_context()
    context.add_cookies(
        [{"name": name, "value": cookie.value, "url": live_server.url} for name, cookie in client.cookies.items()]
    )
    page = context.new_page()
    if not with_script:
        # The admin around the form shows nothing without its own scripts; ours alone is left out.
        page.route("**/staff/scan*.js", lambda route: route.abort())
    page.goto(f"{live_server.url}{reverse('admin:inventory_purchaseorder_receive', args=[order.pk])}")
    return page


def scan(page: Page, sku: str) -> None:
    page.get_by_label("Scan a SKU").fill(sku)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("with_script", [True, False])
def test_each_sku_and_enter_counts_one(
    browser: Browser, live_server: LiveServer, order: PurchaseOrder, with_script: bool
) -> None:
    page = open_form(browser, live_server, order, with_script=with_script)
    ordered, stray = page.locator("[name^=units_]"), page.locator("[name=extra_0]")
    expect(ordered).to_have_value("5")

    for units, sku in enumerate(["POPULAR-CURTAINS", "popular-curtains"], 1):
        scan(page, sku)
        expect(page.get_by_role("status").filter(has_text="Last scanned")).to_have_text(
            f"Last scanned: POPULAR-CURTAINS, now {units}"
        )
        expect(ordered).to_have_value(str(units))
    for units in (1, 2):
        scan(page, "STRAY-RUG")
        expect(stray).to_have_value(str(units))
    expect(ordered).to_have_value("2")

    scan(page, "4006381333931")
    expect(page.get_by_role("alert").filter(has_text="is not known")).to_contain_text("Nothing was counted.")
    expect(ordered).to_have_value("2")

    scan(page, "POPULAR-CURTAINS")
    expect(ordered).to_have_value("3")
    expect(page.get_by_role("alert").filter(has_text="is not known")).to_have_count(0)
