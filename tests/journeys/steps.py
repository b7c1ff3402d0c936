"""What people do in a browser, step by step, and what they read there."""

from collections.abc import Mapping

from playwright.sync_api import FrameLocator, Page, expect

from inventory.models import PurchaseOrder
from shop.mailbox import Mail, MailServer
from shop.models import Order
from tests.journeys.hands import Hand, Pointer
from tests.processes import Worker, wait_for

POINTER = Pointer()
PASSWORD = "cy keeps the desk tidy"
# For what lies in or beside a frame: after scrolling, Chromium without a screen may send a click to where things were.
ENTER = "Enter"


def choose(page: Page, shop: str, units: int, *told: str, hand: Hand = POINTER) -> None:
    """Put curtains into the cart, of which the page says when they ship."""
    page.goto(f"{shop}/products/popular-curtains/")
    hand.write(page.get_by_label("Quantity"), str(units))
    ask = page.get_by_role("button", name="Show the day")
    is_scripted = ask.is_hidden()
    if not is_scripted:
        hand.press(ask)
    for words in told:
        expect(page.locator("#offer")).to_contain_text(words)
        if is_scripted:
            expect(page.locator("#said")).to_contain_text(words)
    assert_fits(page)
    hand.press(page.get_by_role("button", name="Backorder"))
    page.wait_for_url("**/cart/")
    assert_fits(page)


def go_to_the_review(page: Page, who: Mapping[str, str], hand: Hand = POINTER) -> None:
    """From the cart."""
    hand.press(page.get_by_role("link", name="Check out"))
    for name in ("email", "name", "line1", "postcode", "city"):
        hand.write(page.locator(f"[name={name}]"), who[name])
    hand.pick(page.locator("[name=country]"), "Germany")
    hand.tick(page.get_by_role("radio", name="Parcel"))
    assert_fits(page)
    hand.press(page.get_by_role("button", name="Review your order"))


def agree_and_order(page: Page, day: str, hand: Hand = POINTER) -> str:
    """Agree to wait until the day that is shown, and order; the number of the order."""
    order = page.get_by_role("button", name="Order and pay by invoice")
    expect(page.get_by_role("main")).to_contain_text(f"Ships by {day}")
    consent = page.get_by_role("checkbox")
    expect(consent).not_to_be_checked()
    hand.tick(consent)
    assert_fits(page)
    hand.press(order)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert_fits(page)
    return Order.objects.latest("id").number


def assert_fits(page: Page) -> None:
    """Nothing has to be read by moving the page sideways."""
    widths = page.locator("html").evaluate("html => [html.scrollWidth, html.clientWidth]")
    assert widths[0] <= widths[1], f"{page.url} is {widths[0]} pixels wide on a screen of {widths[1]}"


def open_purchase_order(page: Page, shop: str, purchase: PurchaseOrder) -> None:
    """Sign in to the admin on the way to a purchase order."""
    page.goto(f"{shop}/admin/inventory/purchaseorder/{purchase.pk}/change/")
    page.locator("[name=login]").fill("cy@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")


def receive(page: Page, delivery: str, *, goes_to: str, given: str, units: int) -> None:
    """Receive all that is owed on the purchase order that is open, after a look at who gets it."""
    page.get_by_role("link", name="Receive goods").first.click()
    page.get_by_label("Delivery number").fill(delivery)
    page.get_by_role("button", name="See who gets what").click()
    expect(page.get_by_role("row").filter(has_text=goes_to)).to_contain_text(given)
    page.get_by_role("button", name="Put it on the shelf").click()
    expect(page.get_by_text(f"Delivery {delivery} is on the shelf: {units} units.")).to_be_visible()


def wait_for_mail(server: MailServer, worker: Worker, recipient: str, said: str) -> Mail:
    """The mail to somebody whose subject says this, once it is here."""

    def found() -> list[Mail]:
        return [mail for mail in server.messages() if mail.recipients == [recipient] and said in mail.subject]

    wait_for(found, what=f"a mail to {recipient} with “{said}”\n{worker.output()}")
    [mail] = found()
    return mail


def open_mail(page: Page, shop: str, mail: Mail) -> FrameLocator:
    """Open a mail in the mailbox, and look at its HTML."""
    page.goto(f"{shop}/mailbox/")
    page.get_by_role("link", name=mail.subject).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(mail.subject)
    return page.frame_locator(".letter-frame")
