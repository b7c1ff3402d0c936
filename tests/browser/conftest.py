"""The demo's shop, and a browser that has already done in it what its pages are about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import signing
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from backorders.consent import open_questions
from backorders.deadlines import Standing
from backorders.models import Claim
from inventory.models import PurchaseOrder
from notifications.models import Letter
from shop import stock_alerts
from shop.demo.people import EMMA
from shop.management.commands.seed_demo import STAFF
from shop.models import Order, StockAlert, User, Variant
from tests.browser import tools
from tests.web.reading import link


@dataclass(frozen=True)
class Shop:
    """The demo, running: its address, and what somebody must have opened before a page is hers to see."""

    url: str
    browser: Callable[..., BrowserContext]

    def visit(self, visitor: Callable[["Shop", Page], None], **screen: Any) -> Page:
        page = self.browser(**screen).new_page()
        visitor(self, page)
        return page


@pytest.fixture
def checkers() -> None:
    """Skips a test whose judges are not installed."""
    tools.require()


@pytest.fixture
def demo(live_server: LiveServer, new_context: Any, settings: Any, tmp_path: Any) -> Shop:
    settings.SITE_URL, settings.MAILBOX_DIR = live_server.url, str(tmp_path / "mailbox")
    settings.PUBLIC_FIGURES = True
    call_command("seed_demo", verbosity=0)
    return Shop(live_server.url, new_context)


def nobody(shop: Shop, page: Page) -> None:
    """Somebody who has never been here."""


def buyer(shop: Shop, page: Page) -> None:
    """She has put something of each state into her cart, and reads all of it before she orders."""
    for path, units in (("oak-stool", 3), ("wool-throw", 1)):
        page.goto(f"{shop.url}/products/{path}/?quantity={units}")
        page.locator("#choose [formaction]").click()
        page.wait_for_url("**/cart/")
    page.goto(f"{shop.url}/checkout/")
    for name in ("email", "name", "line1", "postcode", "city"):
        page.locator(f"[name={name}]").fill(EMMA.details[name])
    page.locator("[name=country]").select_option(EMMA.country)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Review your order").click()
    page.wait_for_url("**/checkout/review/")


def customer(shop: Shop, page: Page) -> None:
    """She has opened the links of our letters: of an order that waits, one with a question, one that has left."""
    for order in (waiting(), asked(), shipped()):
        page.goto(shop.url + link(order))


def staff(shop: Shop, page: Page) -> None:
    client = Client()
    client.force_login(User.objects.get(email=STAFF))
    for name, cookie in client.cookies.items():
        page.context.add_cookies([{"name": name, "value": cookie.value, "url": shop.url}])


def waiting() -> Order:
    to_come = Claim.objects.waiting().filter(standing=Standing.AS_TOLD)
    return Order.objects.filter(lines__claim__in=to_come).exclude(pk=asked().pk).latest("id")


def asked() -> Order:
    return Order.objects.filter(lines__claim__in=open_questions().values("claim")).earliest("id")


def shipped() -> Order:
    to_come = Claim.objects.filter(shipped__lt=F("quantity"))
    return Order.objects.exclude(lines__claim__in=to_come).earliest("id")


type Sight = tuple[str, str, Callable[[Shop, Page], None]]


def sights() -> list[Sight]:
    """Every page of the demo: its name, its address, and who sees it."""
    stool = Variant.objects.get(stock_item__sku="STOOL-OAK-NATURAL").stock_item
    purchase = PurchaseOrder.objects.get(number="EW-118")
    lamp = Variant.objects.filter(product__slug="desk-lamp").earliest("id")
    alert = StockAlert.objects.create(variant=lamp, email=EMMA.details["email"], asked_at=timezone.now())
    order, question, gone = waiting().number, asked().number, shipped().number
    letter = Letter.objects.filter(template="answer_needed").earliest("id")
    return [
        ("home", "/", nobody),
        ("shelf", "/c/kitchen/", nobody),
        ("shelf narrowed down", "/c/textiles/?option.Colour=Sage&ships=now&sort=price", nobody),
        ("shelf without a fit", "/c/table/?price_from=900&ships=week", nobody),
        ("page of the house", "/about/delivery/", nobody),
        ("order found", "/orders/find/", nobody),
        ("search", "/search/?q=stonware", nobody),
        ("search in vain", "/search/?q=blue+elephant", nobody),
        ("product in stock", "/products/stoneware-mug/", nobody),
        ("product on backorder", "/products/oak-stool/?quantity=3", nobody),
        ("product out of stock", "/products/desk-lamp/", nobody),
        ("asking for an alert", f"/alerts/for/{lamp.pk}/", nobody),
        ("alert", f"/alerts/{signing.dumps({'alert': alert.pk}, salt=stock_alerts.SALT)}/", nobody),
        ("empty cart", "/cart/", nobody),
        ("sign in", reverse("account_login"), nobody),
        ("figures", "/promises/", nobody),
        ("nothing here", "/nothing-here/", nobody),
        ("cart", "/cart/", buyer),
        ("details", "/checkout/", buyer),
        ("review", "/checkout/review/", buyer),
        ("order that waits", f"/orders/{order}/", customer),
        ("cancelling it", f"/orders/{order}/cancel/", customer),
        ("another address", f"/orders/{order}/address/", customer),
        ("order with a question", f"/orders/{question}/", customer),
        ("the question", f"/orders/{question}/answer/", customer),
        ("order that left", f"/orders/{gone}/", customer),
        ("sending back", f"/orders/{gone}/send-back/", customer),
        ("record", f"/orders/{question}/record/", customer),
        ("pieces", "/pieces/", staff),
        ("desk", "/admin/", staff),
        ("desk orders", "/admin/shop/order/", staff),
        ("desk order", f"/admin/shop/order/{asked().pk}/change/", staff),
        ("desk queue", f"/admin/backorders/queue/?q={stool.sku}", staff),
        ("desk purchase order", f"/admin/inventory/purchaseorder/{purchase.pk}/change/", staff),
        ("desk import", reverse("admin:inventory_purchaseorder_import_file"), staff),
        ("desk letter", f"/admin/notifications/letter/{letter.pk}/change/", staff),
    ]
