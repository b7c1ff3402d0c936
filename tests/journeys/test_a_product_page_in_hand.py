"""The product page while it renews what it says: whoever is about to press something still presses it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import inbound, stock, variant

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def product(page: Page, live_server: LiveServer) -> Page:
    """The page of an article of which 1 ships today and 2 later."""
    item = stock(on_hand=1)
    inbound(item, 2, timezone.localdate() + timedelta(days=9))
    variant(item)
    page.goto(f"{live_server.url}/products/popular-curtains/")
    return page


def test_a_click_during_which_the_day_is_renewed_counts(product: Page):
    with _renewed(product, 3):
        _hold(product)
    product.mouse.up()
    product.wait_for_url("**/cart/")
    expect(product.get_by_label("Quantity").first).to_have_value("3")


def test_what_came_while_the_button_was_held_is_shown_once_it_is_let_go_elsewhere(product: Page):
    with _renewed(product, 3):
        _hold(product)
    expect(product.locator("#offer")).not_to_contain_text("2 ship")
    product.mouse.move(1, 1)
    product.mouse.up()
    expect(product.locator("#offer")).to_contain_text("2 ship")


def test_the_button_that_was_reached_with_tab_keeps_the_focus(product: Page):
    with _renewed(product, 3):
        product.get_by_role("button", name="Add to cart").focus()
    button = product.get_by_role("button", name="Backorder")
    expect(button).to_be_focused()
    button.press("Enter")
    product.wait_for_url("**/cart/")


def test_the_button_goes_when_nobody_can_promise_that_many_and_comes_back(product: Page):
    button = product.locator("#choose [formaction]")
    expect(button).to_be_visible()
    product.get_by_label("Quantity").fill("4")
    expect(button).to_be_hidden()
    product.get_by_label("Quantity").fill("2")
    expect(button).to_be_visible()


@contextmanager
def _renewed(page: Page, units: int) -> Iterator[None]:
    """Type how many, and do something before the answer is there, however long it takes."""
    held: list[Route] = []
    pattern = re.compile(rf"quantity={units}\b")
    page.route(pattern, lambda route: held.append(route), times=1)
    with page.expect_response(pattern):
        with page.expect_request(pattern):
            page.get_by_label("Quantity").fill(str(units))
        yield
        for request in held:
            request.continue_()
    # What answers has run its course when the page has drawn twice.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _hold(page: Page) -> None:
    page.get_by_role("button", name="Add to cart").hover()
    page.mouse.down()
