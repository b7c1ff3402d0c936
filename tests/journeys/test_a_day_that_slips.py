"""A day slips by weeks, and three customers are asked: Ada keeps it, Bo cancels it, Dee says nothing.

A worker's clock cannot be moved while it runs, so the shop's clock is put back instead: the delay happened some weeks
ago. Once both clocks agree again the time to answer is over, and the worker's own sweep ends what nobody kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import pytest
import time_machine
from celery import current_app
from django.utils import timezone
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from backorders.deadlines import GRACE
from inventory.models import PurchaseOrder
from shop import holds
from shop.formats import long_day
from shop.mailbox import Mail, MailServer
from shop.models import Order, User
from tests.cast import ADA, BO, CY, buy, inbound, shipping, stock, variant
from tests.journeys.steps import (
    ENTER,
    agree_and_order,
    choose,
    go_to_the_review,
    open_mail,
    open_purchase_order,
    receive,
    wait_for_mail,
)
from tests.processes import Worker

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEE = ADA | {"email": "dee@example.com", "name": "Dee Osei", "line1": "8 Mill Lane"}
REASON = "Held at customs in Ulm"
KEEP, CANCEL, CANCEL_NOW = "Keep it and wait", "Cancel with a full refund", "Cancel it, with a full refund"
FIRST_DAY, LATE = timedelta(days=9), timedelta(days=45)
# So long ago that the time to answer is over by now, and the new day is not.
AGO = FIRST_DAY + GRACE + timedelta(days=2)
# What a finger can hit, in pixels.
BUTTON_HEIGHT = 44
SCREENS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")]


@dataclass(frozen=True)
class Shop:
    """The running shop: its address, its mail server, its worker, and what opens a browser that it has never seen."""

    url: str
    mails: MailServer
    worker: Worker
    browser: Callable[..., BrowserContext]

    def mail(self, to: dict[str, str], said: str) -> Mail:
        return wait_for_mail(self.mails, self.worker, to["email"], said)

    def follow(self, mail: Mail, button: str) -> Page:
        """The page that a button of a letter opens, for somebody who is not signed in."""
        page = self.browser().new_page()
        with page.expect_popup() as opened:
            open_mail(page, self.url, mail).get_by_role("link", name=button).press(ENTER)
        new_page: Page = opened.value
        return new_page


@pytest.fixture
def shop(live_server: LiveServer, celery_worker, smtp_server: MailServer, new_context, settings: Any) -> Shop:
    settings.SITE_URL = live_server.url
    shipping()
    return Shop(live_server.url, smtp_server, celery_worker(SITE_URL=live_server.url), new_context)


def test_one_keeps_it_one_cancels_it_and_one_says_nothing(
    page: Page, shop: Shop, desk: User, settings: Any, keep_picture: Callable[[Locator, str], None]
):
    with time_machine.travel(timezone.localtime().replace(hour=12) - AGO):
        today = timezone.localdate()
        first_day, new_day, answer_by = today + FIRST_DAY, today + FIRST_DAY + LATE, today + FIRST_DAY + GRACE
        item = stock()
        line = inbound(item, 4, first_day)
        curtains = variant(item)
        ada_buys_two(page, shop, first_day)
        buy((curtains, 1), who=DEE, at=timezone.now())
        settings.PAYMENT_METHODS = ["transfer"]
        bo = buy((curtains, 1), who=BO, at=timezone.now())
        holds.receive_payment(bo, bo.payment.amount, actor=CY, at=timezone.now())

        desk_page = shop.browser().new_page()
        move_the_day(desk_page, shop, line.order, new_day)
        asked = shop.mail(ADA, f"please answer by {long_day(answer_by)}")
        receipt = ada_keeps_it(shop, asked, new_day, answer_by)
        acknowledged = bo_cancels_it(shop)
        read_of_the_refund(desk_page, shop, bo)

    current_app.send_task("shop.tasks.sweep")
    lapsed = dee_reads_that_it_is_cancelled(shop, answer_by)

    desk_page = shop.browser().new_page()
    open_purchase_order(desk_page, shop.url, line.order)
    receive(desk_page, "WU-77", goes_to="Ada Lovelace", given="2 of 2", units=4)
    arrived = shop.mail(ADA, "in stock and being packed")
    expect(main(shop.follow(arrived, "See your order"))).to_contain_text("2 are set aside for you and being packed")

    mails = {"asked": asked, "receipt": receipt, "acknowledged": acknowledged, "lapsed": lapsed, "arrived": arrived}
    screen = shop.browser().new_page()
    for name, mail in mails.items():
        letter = open_mail(screen, shop.url, mail)
        for width, scheme in SCREENS:
            screen.set_viewport_size({"width": width, "height": 900})
            screen.emulate_media(color_scheme=scheme)
            keep_picture(screen.locator(".letter-frame"), f"{name}-{width}-{scheme}")
            nothing_is_cut_off(screen.locator("html"))
            nothing_is_cut_off(letter.locator("html"))
            if mail == asked:
                all_of_the_question_can_be_seen(letter, first_day, new_day)


def ada_buys_two(page: Page, shop: Shop, day: date) -> None:
    choose(page, shop.url, 2, f"2 ship by {long_day(day)}")
    go_to_the_review(page, ADA)
    agree_and_order(page, long_day(day))


def move_the_day(page: Page, shop: Shop, purchase: PurchaseOrder, day: date) -> None:
    """Cy looks at whom it touches, and at a letter, and then moves the day."""
    open_purchase_order(page, shop.url, purchase)
    page.get_by_role("link", name="Move the day").click()
    page.get_by_label("Expected to arrive on").fill(day.isoformat())
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("3 promises break, 3 need an answer, 3 letters")).to_be_visible()
    for who in (ADA, BO, DEE):
        expect(page.get_by_role("row").filter(has_text=who["name"])).to_contain_text(f"by {long_day(day)}")
    look_at_the_letter(page, day)
    page.get_by_role("button", name="Move the day").press(ENTER)
    expect(page.get_by_text("The promised day changed for")).to_be_visible()


def look_at_the_letter(page: Page, day: date) -> None:
    """The preview has the letter as its customer will see it, but none of its links opens anything."""
    page.locator("summary").filter(has_text="The letter to").first.click()
    letter = page.frame_locator("iframe[srcdoc]").first
    expect(letter.locator("body")).to_contain_text(f"that day has moved to {long_day(day)}")
    expect(letter.locator("body")).to_contain_text(REASON)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        nothing_is_cut_off(page.locator("html"))
        nothing_is_cut_off(letter.locator("html"))
    for link in letter.get_by_role("link").all():
        link.press(ENTER)
    expect(letter.get_by_role("heading", name="Do you still want to wait?")).to_be_visible()
    assert page.context.pages == [page]


def ada_keeps_it(shop: Shop, asked: Mail, new_day: date, answer_by: date) -> Mail:
    """She answers by one click, and finds what she chose when she opens the link again."""
    page = shop.follow(asked, KEEP)
    expect(main(page)).to_contain_text(f"Please answer by {long_day(answer_by)}")
    expect(main(page)).to_contain_text(REASON)
    page.get_by_role("button", name=KEEP).click()
    expect(main(page)).to_contain_text("Thank you for waiting. You keep it, and a mail confirms it.")

    receipt = shop.mail(ADA, f"kept, now by {long_day(new_day)}")
    assert "you chose to keep this and wait" in words(receipt)
    again = main(shop.follow(asked, KEEP))
    expect(again).to_contain_text("Nothing waits for your answer")
    expect(again).to_contain_text(f"You said on {long_day(timezone.localdate())} that you wait.")
    expect(again).to_contain_text(f"It ships by {long_day(new_day)}")
    return receipt


def bo_cancels_it(shop: Shop) -> Mail:
    """He has paid, so money goes back: that needs his postcode."""
    page = shop.follow(shop.mail(BO, "please answer by"), CANCEL)
    page.get_by_role("button", name=CANCEL_NOW).click()
    expect(main(page)).to_contain_text("Type the postcode that this order goes to: nothing was changed yet.")
    page.get_by_label("Postcode of this order").first.fill(BO["postcode"])
    page.get_by_role("button", name=CANCEL_NOW).click()
    expect(main(page)).to_contain_text("What you paid for it goes back to you in full, and a mail confirms it.")

    acknowledged = shop.mail(BO, ": cancelled")
    assert "You have paid already: we transfer €53.90 back to you." in words(acknowledged)
    return acknowledged


def read_of_the_refund(page: Page, shop: Shop, order: Order) -> None:
    """Cy finds on the order what was given up, and what is to be sent back."""
    page.goto(f"{shop.url}/admin/shop/order/{order.pk}/change/")
    expect(page.get_by_role("row").filter(has_text="1 cancelled on")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="€53.90").filter(has_text="to be sent")).to_be_visible()


def dee_reads_that_it_is_cancelled(shop: Shop, answer_by: date) -> Mail:
    lapsed = shop.mail(DEE, "cancelled, no answer has reached us")
    assert f"needed your yes by {long_day(answer_by)}. No answer has reached us, so, as we wrote, we" in words(lapsed)
    page = shop.follow(shop.mail(DEE, "please answer by"), KEEP)
    expect(main(page)).to_contain_text("because your answer did not come in time. You owe nothing for it.")
    return lapsed


def nothing_is_cut_off(page: Locator) -> None:
    assert page.evaluate("page => page.scrollWidth <= page.clientWidth"), "it has to be scrolled sideways"


def all_of_the_question_can_be_seen(letter: FrameLocator, first_day: date, new_day: date) -> None:
    """Both days and the reason, and two answers that are as easy to give."""
    for said in (f"would ship by {long_day(first_day)}", f"has moved to {long_day(new_day)}", REASON):
        expect(letter.get_by_text(said)).to_be_visible()
    keep, cancel = (letter.get_by_role("link", name=name).bounding_box() for name in (KEEP, CANCEL))
    assert keep
    assert cancel
    assert keep["height"] >= BUTTON_HEIGHT
    assert (keep["width"], keep["height"]) == (cancel["width"], cancel["height"])


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def words(mail: Mail) -> str:
    return " ".join(mail.text.split())
