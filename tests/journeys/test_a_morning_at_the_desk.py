"""Cy's morning: two deliveries, one of them short, a day that moves, three answers by telephone, ten parcels."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from backorders.models import Claim, Consent
from inventory.models import PurchaseOrderLine
from shop import delays
from shop.formats import long_day
from shop.models import Order, Shipment, User
from tests.cast import ADA, CY, buy, inbound, shipping, stock, variant
from tests.journeys.steps import assert_fits, open_purchase_order, receive
from tests.processes import Worker, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REASON = "The loom stood still"
SCREENS = (1440, 390)


def customers(name: str, item: Any, count: int) -> list[Order]:
    """So many people who buy one each."""
    article = variant(item, price="20.00")
    who = (ADA | {"email": f"{name}{n}@example.com", "name": f"Buyer {n} of {name}s"} for n in range(count))
    return [buy((article, 1), who=each, at=timezone.now()) for each in who]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def coming(today: date) -> dict[str, PurchaseOrderLine]:
    """What is on order by the SKU, and who waits for it: six, five, three and three people."""
    shipping()
    lines = {
        "CURTAIN": inbound(stock("CURTAIN"), 6, today + timedelta(days=2)),
        "THROW": inbound(stock("THROW"), 5, today + timedelta(days=2)),
        "LAMP": inbound(stock("LAMP"), 3, today + timedelta(days=7)),
        "STOOL": inbound(stock("STOOL"), 3, today + timedelta(days=7)),
    }
    for sku, line in lines.items():
        customers(sku.lower(), line.item, line.quantity)
    # The stools slipped yesterday, by so much that each customer has to say yes.
    stools = lines["STOOL"]
    late = today + timedelta(days=60)
    delays.move_expected_day(stools, late, confirmed=True, reason=REASON, actor=CY, at=timezone.now())
    return lines


@pytest.fixture
def look(keep_picture: Callable[[Locator, str], None]) -> Callable[[Page, str], None]:
    """No page of the morning scrolls sideways, on a desk or on a telephone in the aisle."""

    def looked(page: Page, name: str) -> None:
        for width in SCREENS:
            page.set_viewport_size({"width": width, "height": 900})
            keep_picture(page.locator("html"), f"{name}-{width}")
            assert_fits(page)
        page.set_viewport_size({"width": SCREENS[0], "height": 900})

    return looked


def test_a_morning_at_the_desk(
    page: Page,
    live_server: LiveServer,
    desk: User,
    coming: dict[str, PurchaseOrderLine],
    today: date,
    look: Callable[[Page, str], None],
    celery_worker: Callable[..., Worker],
):
    shop = live_server.url
    worker = celery_worker(SITE_URL=shop)

    open_purchase_order(page, shop, coming["CURTAIN"].order)
    receive(page, "D-1", goes_to="Buyer 0 of curtains", given="1 of 1", units=6)
    look(page, "received")

    page.goto(f"{shop}/admin/inventory/purchaseorder/{coming['THROW'].order_id}/change/")
    receive_fewer(page, "D-2", 4, look)

    page.goto(f"{shop}/admin/inventory/purchaseorder/{coming['LAMP'].order_id}/change/")
    move_by_two_weeks(page, today + timedelta(days=21), look)

    for order, answer in zip(asked(), ("Keep it and wait", "Keep it and wait", "Cancel it"), strict=True):
        page.goto(f"{shop}/admin/shop/order/{order.pk}/answer/")
        record(page, answer)

    wait_for(lambda: Claim.objects.holding().count() == 10, what=f"ten units set aside\n{worker.output()}")
    page.goto(f"{shop}/admin/")
    look(page, "desk")
    page.get_by_role("link", name="Ready to ship 10").click()
    ship_all(page, look)

    assert Shipment.objects.count() == 10
    assert sorted(Consent.objects.values_list("answer", flat=True)) == ["cancel", "keep", "keep"]
    page.goto(f"{shop}/admin/")
    expect(page.get_by_role("link", name="Ready to ship 0")).to_be_visible()
    expect(page.get_by_role("link", name="Needs an answer 0")).to_be_visible()


def receive_fewer(page: Page, delivery: str, units: int, look: Callable[[Page, str], None]) -> None:
    """One is missing: whoever stands last in the queue is shown to wait on."""
    page.get_by_role("link", name="Receive goods").first.click()
    page.get_by_label("Delivery number").fill(delivery)
    page.locator("input[name^=units_]").first.fill(str(units))
    page.get_by_role("button", name="See who gets what").click()
    expect(page.get_by_role("row").filter(has_text="Buyer 3 of throws")).to_contain_text("1 of 1")
    expect(page.get_by_role("row").filter(has_text="Buyer 4 of throws")).to_have_count(0)
    look(page, "short")
    page.get_by_role("button", name="Put it on the shelf").click()
    expect(page.get_by_text(f"Delivery {delivery} is on the shelf: {units} units.")).to_be_visible()


def move_by_two_weeks(page: Page, day: date, look: Callable[[Page, str], None]) -> None:
    page.get_by_role("link", name="Move the day").click()
    page.get_by_label("Expected to arrive on").fill(day.isoformat())
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("3 promises break, 0 need an answer, 3 letters")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Buyer 2 of lamps")).to_contain_text(f"by {long_day(day)}")
    look(page, "moved")
    page.get_by_role("button", name="Move the day").press("Enter")
    expect(page.get_by_text("The promised day changed for")).to_be_visible()


def asked() -> Iterator[Order]:
    yield from Order.objects.filter(lines__sku="STOOL").order_by("id")


def record(page: Page, answer: str) -> None:
    page.get_by_label(answer).check()
    page.get_by_role("button", name="See what it does").click()
    page.get_by_role("button", name="Record it").click()
    page.wait_for_url("**/change/")


def ship_all(page: Page, look: Callable[[Page, str], None]) -> None:
    page.get_by_role("link", name="Ship many").first.click()
    page.get_by_label("Carrier of all parcels").fill("DHL")
    page.locator("input[name^=number-]").first.fill("00340434161094015902")
    page.get_by_role("button", name="See what leaves").click()
    expect(page.get_by_role("heading", name="10 parcels")).to_be_visible()
    look(page, "parcels")
    page.get_by_role("button", name="They have left: ship them").click()
    expect(page.get_by_text("Shipped 10 orders")).to_be_visible()
