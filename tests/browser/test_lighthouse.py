"""What Lighthouse, seen from a phone, says of pages. How fast they are the bench measures, where nothing else runs."""

import pytest

from shop.bench.lighthouse import PAGES, PRIVATE
from tests.browser import tools
from tests.browser.conftest import Shop, buyer, nobody

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("checkers"),
]

FOR_ALL = ["accessibility", "best-practices"]


def test_nothing_is_left_to_wish_for(demo: Shop):
    cookies = {visitor: cookies_of(demo, visitor) for visitor in (nobody, buyer)}
    pages = {
        name: {
            "address": demo.url + path,
            # A cart and a checkout are nobody's business, and search engines are told so.
            "categories": FOR_ALL if name in PRIVATE else [*FOR_ALL, "seo"],
            "headers": cookies[buyer if name in PRIVATE else nobody],
        }
        for name, path in PAGES.items()
    }
    best = {
        name: {"address": page["address"], "scores": dict.fromkeys(page["categories"], 1)}
        for name, page in pages.items()
    }
    assert tools.lighthouse(pages) == best


def cookies_of(demo: Shop, visitor) -> dict[str, str]:
    page = demo.visit(visitor)
    cookies = page.context.cookies()
    page.context.close()
    return {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in cookies)} if cookies else {}
