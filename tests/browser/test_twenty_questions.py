"""Things that a stranger wants to know, twenty and more: where she stands, what she presses, what she reads then."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tests.browser.conftest import Shop, asked, buyer, customer, nobody, shipped, waiting

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

type Press = tuple[str, str]
MOST = 2
A_DAY = r"\d{1,2} \w+ 20\d\d"


@dataclass(frozen=True)
class Question:
    """`presses` are roles and names of what she presses, a number in a field counting as one."""

    words: str
    start: str
    presses: tuple[Press, ...]
    answer: str
    who: Callable[[Shop, Page], None] = nobody


def questions() -> list[Question]:
    order, question, gone = (f"/orders/{one().number}/" for one in (waiting, asked, shipped))
    kettle, stool = "/products/enamel-kettle/", "/products/oak-stool/"
    return [
        Question(
            "When do I get three of the blue ones?",
            kettle,
            (("radio", "Blue"), ("fill", "3")),
            rf"3 ship (by {A_DAY}|today|tomorrow|on)",
        ),
        Question("How many can I have by when?", stool, (), rf"How many, by when.*by {A_DAY}"),
        Question(
            "What is there now?",
            "/c/kitchen/",
            (("radio", "Available now"), ("button", "Show articles")),
            r"Available now.*In stock",
        ),
        Question("Where is the kettle?", "/", (("search", "ketle"),), "Enamel Kettle"),
        Question("Is there something like it at once?", "/products/desk-lamp/", (), "In stock instead"),
        Question("Who gets it before me?", stool, (), "Those who ordered before you wait for"),
        Question("When do I pay?", kettle, (), "You pay"),
        Question("How do I get out of it?", kettle, (), "Cancel for free any time before it ships"),
        Question(
            "What does it cost to send?",
            "/cart/",
            (("link", "Check out"),),
            r"parcel\s+€\d",
            buyer,
        ),
        Question("In one parcel or as it comes?", "/checkout/review/", (), "How are we to send it", buyer),
        Question("Where is my order?", order, (), rf"ordered on {A_DAY}.*waiting", customer),
        Question("What is my place in the queue?", order, (), r"Number \d+ in the queue", customer),
        Question(
            "How do I cancel one?",
            order,
            (("link", "Cancel (it|some)"),),
            "Cancelling is free.*Cancel (it|these units)",
            customer,
        ),
        Question(
            "How do I cancel everything?", order, (("link", "Cancel everything"),), "free and needs no reason", customer
        ),
        Question("What was I told first?", order, (("link", "What we told you"),), rf"{A_DAY}.*ship", customer),
        Question("What happens if I say nothing?", question, (("link", "Answer"),), "without your yes", customer),
        Question(
            "Can it go to another address?",
            order,
            (("link", "Change the address"),),
            "elsewhere until its first parcel",
            customer,
        ),
        Question("Whom do I ask?", order, (("summary", "Ask us something"),), "Your question", customer),
        Question("Can I put the day into my calendar?", order, (), "into your calendar", customer),
        Question(
            "How do I send it back?",
            gone,
            (("link", "Send something back"),),
            rf"withdraw from what has left us until the end of {A_DAY}.*Confirm the withdrawal",
            customer,
        ),
        Question("Where is the parcel?", gone, (), "tracking number", customer),
        Question("Do they keep their promises?", "/", (("link", "How we keep our promises"),), "promises"),
    ]


def test_each_is_answered_within_two_presses(demo: Shop):
    visitors: list[Callable[[Shop, Page], None]] = [nobody, buyer, customer]
    pages = {who: demo.visit(who) for who in visitors}
    unanswered = {}
    for question in questions():
        assert len(question.presses) <= MOST
        try:
            read = _read(pages[question.who], demo.url, question)
        except PlaywrightError as problem:
            read = str(problem)
        if not re.search(question.answer, read, re.DOTALL):
            unanswered[question.words] = read
    assert unanswered == {}


def _read(page: Page, shop: str, question: Question) -> str:
    """What she reads at the end of her way."""
    page.set_default_timeout(5_000)
    page.goto(shop + question.start)
    for press in question.presses:
        _press(page, *press)
    page.wait_for_load_state("networkidle")
    return page.get_by_role("main").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def _press(page: Page, role: str, name: str) -> None:
    words = re.compile(name)
    if role == "fill":
        page.get_by_label("Quantity").fill(name)
    elif role == "search":
        page.get_by_role("combobox").fill(name)
        page.get_by_role("combobox").press("Enter")
    elif role == "summary":
        page.locator("summary").filter(has_text=words).click()
    elif role == "radio":
        page.get_by_role("radio", name=words).check()
    else:
        page.get_by_role("button" if role == "button" else "link", name=words).first.click()
