"""Cy counts the shelves on paper and brings the sheet in as a file, in a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import StockItem
from shop.models import User
from tests.cast import BO, buy, shipping, stock, variant
from tests.journeys.steps import PASSWORD, assert_fits

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = (1440, 390)


@pytest.fixture
def look(keep_picture: Callable[[Locator, str], None]) -> Callable[[Page, str], None]:
    """Neither page scrolls sideways, light or dark, on a desk or on a telephone in the aisle."""

    def looked(page: Page, name: str) -> None:
        for dark in (False, True):
            page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
            for width in SCREENS:
                page.set_viewport_size({"width": width, "height": 900})
                keep_picture(page.locator("html"), f"{name}-{width}-{'dark' if dark else 'light'}")
                assert_fits(page)
        page.evaluate("document.documentElement.classList.remove('dark')")
        page.set_viewport_size({"width": SCREENS[0], "height": 900})

    return looked


def test_a_count_goes_out_as_a_sheet_and_comes_back_as_a_correction(
    page: Page, live_server: LiveServer, desk: User, tmp_path: Path, look: Callable[[Page, str], None]
) -> None:
    shipping()
    curtains = stock("POPULAR-CURTAINS", on_hand=3)
    stock("RUG", on_hand=2)
    bought = buy((variant(curtains), 3), who=BO, at=timezone.now())

    page.goto(f"{live_server.url}/admin/inventory/stockitem/")
    page.locator("[name=login]").fill(desk.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    sheet = tmp_path / "count.csv"
    download.value.save_as(sheet)
    written = sheet.read_text("utf-8-sig")

    page.get_by_role("link", name="Import").click()
    expect(page.locator("[name=file]")).to_be_visible()
    look(page, "import")
    sheet.write_text(written.replace("curtains,3,,", "curtains,3,two,"), "utf-8")
    page.locator("[name=file]").set_input_files(sheet)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_role("alert")).to_contain_text("“two” is not a whole number. Write it like 12.")
    look(page, "import-refused")

    sheet.write_text(written.replace("curtains,3,,", "curtains,3,2,moths"), "utf-8")
    page.locator("[name=file]").set_input_files(sheet)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_role("row").filter(has_text="On hand")).to_contain_text("3 → 2 (moths)")
    expect(page.get_by_role("row").filter(has_text=bought.number)).to_contain_text("later")
    look(page, "import-preview")

    page.get_by_role("button", name="Import it").click()
    expect(page.get_by_text("“count.csv” was imported: 1 row: 0 new, 1 changed, 0 as before.")).to_be_visible()
    assert StockItem.objects.get(sku="POPULAR-CURTAINS").on_hand == 2
