"""Every page of the demo, as people and machines meet it, wide and narrow, light and dark.

`python3 manage.py test tests/browser --screenshot on --output pictures` looks at all four and keeps a picture of each.
"""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser import tools
from tests.browser.conftest import Shop, sights, staff

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("checkers"),
]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# The narrowest that a page must fit without being moved sideways (WCAG 1.4.10).
NARROWEST = {"width": 320, "height": 640}
TESTED: dict[str, dict[str, Any]] = {
    "wide light": {"viewport": WIDE, "color_scheme": "light"},
    "narrowest dark": {"viewport": NARROWEST, "color_scheme": "dark"},
}
KEPT: dict[str, dict[str, Any]] = {
    "wide light": TESTED["wide light"],
    "wide dark": {"viewport": WIDE, "color_scheme": "dark"},
    "narrow light": {"viewport": NARROW, "color_scheme": "light"},
    "narrow dark": {"viewport": NARROW, "color_scheme": "dark"},
}
# How wide a page is with the widest order number that can be drawn.
WIDTH = """() => {
    for (const number of document.querySelectorAll(".number")) number.textContent = "MWMWMWMWMW";
    return document.documentElement.scrollWidth;
}"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    screens = KEPT if metafunc.config.getoption("--screenshot") == "on" else TESTED
    metafunc.parametrize("screen", screens.values(), ids=screens)


def test_nothing_keeps_anybody_from_using_a_page(
    demo: Shop, screen: dict[str, Any], request: pytest.FixtureRequest, output_path: str, tmp_path: Path
):
    pages, faults = [], {}
    for name, of_staff, page, errors in seen(demo, screen):
        found = [*errors, *tools.faults_for_people(page)]
        # The desk's tables are moved sideways on a phone.
        if not of_staff:
            width = page.evaluate(WIDTH)
            found += [f"{width} pixels wide"] if width > screen["viewport"]["width"] else []
            if screen is KEPT["wide light"]:
                # What the server sends is the same for every screen.
                pages.append(tmp_path / f"{name}.html")
                pages[-1].write_text(page.request.get(page.url).text())
        if found:
            faults[name] = found
        if request.config.getoption("--screenshot") == "on":
            page.screenshot(path=Path(output_path) / f"{name}.png", full_page=True)
    assert faults == {}
    assert not pages or tools.faults_of_html(pages) == []


def seen(demo: Shop, screen: dict[str, Any]) -> Iterator[tuple[str, bool, Page, list[str]]]:
    """Each page, open: its name, whether it is the staff's, and what the browser complained about."""
    for visitor, of_one in groupby(sights(), key=itemgetter(2)):
        page = demo.visit(visitor, **screen)
        errors: list[str] = []
        page.on("console", partial(_note, errors))
        for name, path, _ in of_one:
            errors.clear()
            page.goto(demo.url + path)
            # What the page asks for once it is there.
            expect(page.locator('[data-hx-trigger="load"]')).to_have_count(0)
            yield name.replace(" ", "-"), visitor is staff, page, [each for each in errors if "404" not in each]
        page.context.close()


def _note(errors: list[str], said: ConsoleMessage) -> None:
    if said.type == "error":
        errors.append(said.text)
