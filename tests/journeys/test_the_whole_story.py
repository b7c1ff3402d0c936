"""From the product page to the mails: a browser, the real pages, a real worker and a real mail server.

Ada wants 3 and 1 is on the shelf; Cy receives the other 2; the worker gives them to her; she reads it all.
"""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import PurchaseOrder
from notifications.models import Letter
from shop import mailbox
from shop.formats import long_day
from shop.models import Order, User
from tests.cast import ADA, inbound, shipping, stock, variant
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "cy keeps the desk tidy"


@pytest.fixture
def desk() -> User:
    cy = User.objects.create_superuser("cy@example.com", PASSWORD)
    EmailAddress.objects.create(user=cy, email=cy.email, verified=True, primary=True)
    return cy


def choose_three(page: Page, shop: str, told: str) -> None:
    page.goto(f"{shop}/products/popular-curtains/")
    expect(page.locator("#offer")).to_contain_text("1 ships today")
    page.get_by_label("Quantity").fill("3")
    expect(page.locator("#offer")).to_contain_text(told)
    expect(page.get_by_role("status")).to_contain_text(told)
    page.get_by_role("button", name="Backorder").click()
    page.wait_for_url("**/cart/")
    expect(page.get_by_role("main")).to_contain_text("Ships now")


def order_and_agree(page: Page, shop: str, day: str) -> str:
    page.goto(f"{shop}/checkout/")
    for name in ("email", "name", "line1", "postcode", "city"):
        page.locator(f"[name={name}]").fill(ADA[name])
    page.locator("[name=country]").select_option(ADA["country"])
    page.get_by_role("radio", name="Parcel").check()
    page.get_by_role("button", name="Review your order").click()

    order = page.get_by_role("button", name="Order and pay by invoice")
    expect(page.get_by_role("main")).to_contain_text(f"Ships by {day}")
    consent = page.get_by_role("checkbox")
    expect(consent).not_to_be_checked()
    page.get_by_role("radio", name="Each part as soon as it is ready").check()
    consent.check()
    order.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    return Order.objects.get().number


def receive_two(page: Page, shop: str, purchase: PurchaseOrder) -> None:
    page.goto(f"{shop}/admin/inventory/purchaseorder/{purchase.pk}/change/")
    page.locator("[name=login]").fill("cy@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.get_by_role("link", name="Receive goods").first.click()
    page.get_by_label("Delivery number").fill("WU-77")
    page.get_by_role("button", name="See who gets what").click()
    expect(page.get_by_role("row").filter(has_text="Ada Lovelace")).to_contain_text("2 of 2")
    page.get_by_role("button", name="Put it on the shelf").click()
    expect(page.get_by_text("Delivery WU-77 is on the shelf: 2 units.")).to_be_visible()


def test_ada_buys_what_is_not_all_there_and_gets_it(
    page: Page, browser: Browser, live_server: LiveServer, celery_worker, smtp_server, settings, desk: User
):
    settings.SITE_URL = live_server.url
    item = stock(on_hand=1)
    day = timezone.localdate() + timedelta(days=9)
    line = inbound(item, 2, day)
    variant(item)
    shipping()
    worker = celery_worker(SITE_URL=live_server.url)

    choose_three(page, live_server.url, f"2 ship by {long_day(day)}")
    number = order_and_agree(page, live_server.url, long_day(day))

    page.goto(f"{live_server.url}/orders/{number}/")
    story = page.get_by_role("list").filter(has_text="ordered on").first
    expect(story).to_contain_text("1 set aside for you, being packed")
    expect(story).to_contain_text(f"2 waiting, ship by {long_day(day)}")

    desk_page = browser.new_context().new_page()
    receive_two(desk_page, live_server.url, line.order)

    sent = Letter.objects.filter(thread=number, state=Letter.State.SENT)
    wait_for(lambda: sent.count() == 2, what=f"both letters\n{worker.output()}")
    page.reload()
    expect(story).to_contain_text("3 set aside for you, being packed")
    expect(story).not_to_contain_text("waiting")

    arrived, confirmation = mailbox.messages(smtp_server.folder)
    assert confirmation.recipients == arrived.recipients == [ADA["email"]]
    assert "1 ships now" in confirmation.text
    assert f"2 ship by {long_day(day)}" in confirmation.text
    assert "2 × Popular curtains" in arrived.text

    page.goto(f"{live_server.url}/mailbox/")
    page.get_by_role("link", name=arrived.subject).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(arrived.subject)
    with page.expect_navigation():
        page.locator(f".letter a[href*='/orders/{number}/open/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
