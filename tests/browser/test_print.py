"""What people print of the shop: A4, black on white from a dark screen too, and nothing on it that one would press."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Shop, asked, customer, staff, waiting

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BLACK, NONE, WHITE = "rgb(0, 0, 0)", "rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"
A4 = re.compile(rb"/MediaBox \[0 0 594\.9\d* 841\.9\d*\]")
TO_PRESS = "button, .button, input, select, nav a, footer a"


def printed(page: Page) -> bytes:
    """The page as a PDF, when it holds what every printed page must."""
    page.emulate_media(media="print", color_scheme="dark")
    look = "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    colour, ground = page.evaluate(look)
    assert colour == BLACK
    assert ground in {NONE, WHITE}
    assert page.locator("body").is_visible()
    assert [each.inner_text() for each in page.locator(TO_PRESS).all() if each.is_visible()] == []
    pdf = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type /Page\b", pdf))
    assert sheets == len(A4.findall(pdf)) > 0
    return pdf


def test_an_order_its_record_and_its_confirmation_can_be_printed(demo: Shop):
    order, question = waiting().number, asked().number
    page = demo.visit(customer)
    for path in (f"{order}/", f"{order}/placed/", f"{question}/", f"{question}/record/"):
        page.goto(f"{demo.url}/orders/{path}")
        printed(page)
        assert page.locator("h1").is_visible()


def test_a_product_is_printed_with_its_price_and_its_day(demo: Shop):
    page = demo.visit(customer)
    page.goto(f"{demo.url}/products/oak-stool/?quantity=3")
    printed(page)
    for part in (".price", ".ticket", ".terms"):
        assert page.locator(part).first.is_visible()


def test_each_parcel_has_a_slip_on_a_sheet_of_its_own(demo: Shop):
    page = demo.visit(staff)
    page.goto(f"{demo.url}/admin/shop/order/packing-slips/")
    slips = page.locator(".slip").count()
    assert len(re.findall(rb"/Type /Page\b", printed(page))) == slips > 1
    page.goto(f"{demo.url}/admin/shop/order/picking-list/")
    printed(page)
