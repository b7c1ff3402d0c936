"""What people do that no form expects: the back button after an order, and the same cart in two tabs."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from shop.models import Order
from tests.cast import ADA, inbound, shipping, stock, variant
from tests.journeys.steps import choose, go_to_the_review

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def review(page: Page, live_server: LiveServer) -> Page:
    """Ada reads what she is about to order: three curtains, of which one is there."""
    item = stock(on_hand=1)
    inbound(item, 9, timezone.localdate() + timedelta(days=9))
    variant(item)
    shipping()
    choose(page, live_server.url, 3)
    go_to_the_review(page, ADA)
    page.get_by_role("radio", name="Each part as soon as it is ready").check()
    page.get_by_role("checkbox").check()
    return page


def test_the_way_back_after_an_order_orders_nothing_again(review: Page):
    review.get_by_role("button", name="Order and pay by invoice").click()
    expect(review.get_by_role("heading", level=1)).to_contain_text("Thank you")
    number = Order.objects.get().number

    review.go_back()

    expect(review.get_by_role("main")).to_contain_text("You ordered this already: here is your order")
    expect(review.get_by_role("main")).to_contain_text(number)
    assert Order.objects.count() == 1


def test_another_answer_in_another_tab_is_not_swallowed(review: Page):
    other = review.context.new_page()
    other.goto(review.url)
    other.get_by_role("radio", name="Everything together").check()
    other.get_by_role("checkbox").check()
    review.get_by_role("button", name="Order and pay by invoice").click()
    expect(review.get_by_role("heading", level=1)).to_contain_text("Thank you")
    expect(review.get_by_role("main")).not_to_contain_text("You ordered this already")

    other.get_by_role("button", name="Order and pay by invoice").click()

    expect(other.get_by_role("main")).to_contain_text("nothing was ordered a second time")
    assert Order.objects.get().sends == "as_ready"


def test_what_changed_in_another_tab_is_shown_before_it_is_ordered(review: Page, live_server: LiveServer):
    other = review.context.new_page()
    other.goto(f"{live_server.url}/cart/")
    other.locator("input.quantity").first.fill("5")
    other.get_by_role("button", name="Update").first.click()
    expect(other.locator("input.quantity").first).to_have_value("5")

    review.get_by_role("button", name="Order and pay by invoice").click()

    expect(review.get_by_role("main")).to_contain_text("Something changed while you looked")
    expect(review.get_by_role("main")).to_contain_text("5 × Popular curtains")
    assert not Order.objects.exists()


def test_the_way_back_leads_over_a_form_that_had_mistakes_in_it(review: Page, live_server: LiveServer):
    main = review.get_by_role("main")
    review.get_by_role("link", name="Change details").click()
    review.get_by_label("E-mail address").fill("nobody")
    review.get_by_role("button", name="Review your order").click()
    expect(main).to_contain_text("Enter an e-mail address such as ada@example.com.")
    review.get_by_label("E-mail address").fill(ADA["email"])
    review.get_by_role("button", name="Review your order").click()
    review.get_by_role("button", name="Order and pay by invoice").click()
    expect(main).to_contain_text("Choose how we are to send it")
    review.get_by_role("radio", name="Everything together").check()
    review.get_by_role("checkbox").check()
    review.get_by_role("button", name="Order and pay by invoice").click()
    expect(main).to_contain_text("Thank you")
    order = Order.objects.get()

    for _ in range(4):
        review.go_back()
        expect(main).to_contain_text("Thank you")

    review.goto(live_server.url + order.get_absolute_url())
    review.locator("summary", has_text="Ask us something").click()
    review.get_by_role("button", name="Send the question").click()
    expect(main).to_contain_text("Write your question first.")
    review.get_by_label("Your question").fill("Do they come with hooks?")
    review.get_by_role("button", name="Send the question").click()
    expect(main).to_contain_text("Your question is with us.")
    review.go_back()
    expect(review.get_by_role("heading", level=1)).to_contain_text(order.number)
