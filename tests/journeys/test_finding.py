"""Finding things in a real browser: by keyboard, and without a script."""

import re

import pytest
from playwright.sync_api import Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import inbound, stock, variant

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(live_server: LiveServer) -> str:
    for sku in ("KETTLE", "KETTLE-OF-COPPER", "MUG"):
        variant(stock(sku, on_hand=1))
    inbound(variant(stock("PAN")).stock_item, 1)
    return live_server.url


def asked_of(page: Page) -> list[str]:
    """The addresses of all suggestions that the page asks for."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/suggestions/" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


def test_suggestions_are_chosen_by_keyboard(page: Page, shop: str):
    asked = asked_of(page)
    page.goto(shop)
    field = page.get_by_role("combobox", name="Search the shop")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("ket")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(options).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="2 suggestions")).to_have_count(1)
    assert len(asked) == 1, "it waits until nobody types, and asks nothing for one letter"
    expect(field).to_have_attribute("aria-expanded", "true")

    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(options.first).to_have_attribute("aria-selected", "false")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "")
    field.press("ArrowUp")
    chosen = str(options.nth(1).get_attribute("data-address"))
    field.press("Enter")
    page.wait_for_url(f"{shop}{chosen}")


def test_escape_closes_the_list_and_enter_searches_for_what_was_typed(page: Page, shop: str):
    page.goto(shop)
    field = page.get_by_role("combobox", name="Search the shop")
    field.press_sequentially("ketle")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    expect(field).to_have_value("ketle")
    field.press("Enter")
    page.wait_for_url(f"{shop}/search/?q=ketle")
    expect(page.get_by_role("main")).to_contain_text("This is spelled like it")
    expect(page.get_by_role("heading", name="Kettle", exact=True)).to_be_visible()


def test_a_suggestion_can_be_clicked(page: Page, shop: str):
    page.goto(shop)
    page.get_by_role("combobox", name="Search the shop").press_sequentially("mug")
    page.get_by_role("option", name="Mug").click()
    page.wait_for_url(f"{shop}/products/mug/")


def test_without_a_script_a_shelf_is_narrowed_down_and_the_way_back_leads_back(new_context, shop: str):
    page = new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{shop}/c/home/")
    expect(page.get_by_role("radio", name="Available now")).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    page.get_by_role("radio", name="Available now").check()
    page.get_by_role("button", name="Show articles").click()
    expect(page).to_have_url(f"{shop}/c/home/?ships=now")
    expect(page.get_by_role("main")).to_contain_text("3 articles")
    page.locator("summary", has_text="Sorted by").click()
    page.get_by_role("link", name="Name, A to Z").click()
    expect(page).to_have_url(f"{shop}/c/home/?ships=now&sort=name")
    page.get_by_role("link", name="Remove: Available now").click()
    expect(page).to_have_url(f"{shop}/c/home/?sort=name")
    expect(page.get_by_role("main")).to_contain_text("4 articles")
    page.go_back()
    expect(page).to_have_url(f"{shop}/c/home/?ships=now&sort=name")
    expect(page.get_by_role("main")).to_contain_text("3 articles")
    page.get_by_role("searchbox", name="Search the shop").fill("ketle")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(f"{shop}/search/?q=ketle")


def test_beside_the_articles_the_filters_stand_open(new_context, shop: str):
    page = new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{shop}/c/home/")
    expect(page.get_by_role("radio", name="Available now")).to_be_visible()
    expect(page.locator("summary", has_text="Filters")).to_be_hidden()


def test_what_was_looked_at_is_shown_below_the_next_article(page: Page, shop: str):
    page.goto(f"{shop}/products/mug/")
    page.wait_for_load_state("networkidle")
    page.goto(f"{shop}/products/pan/")
    lately = page.get_by_role("region", name="Looked at lately")
    expect(lately.get_by_role("link")).to_have_text([re.compile("Mug")])
