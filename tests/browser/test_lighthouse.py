"""What Lighthouse, seen from a phone, says of pages. How fast they are the bench measures, where nothing else runs."""

from pathlib import Path

import pytest

from tests.browser import tools
from tests.browser.conftest import Shop, buyer, nobody

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("checkers"),
]

PAGES = {
    "home": "/",
    "shelf": "/c/kitchen/",
    "in stock": "/products/stoneware-mug/",
    "on backorder": "/products/oak-stool/?quantity=3",
    "out of stock": "/products/desk-lamp/",
    "cart": "/cart/",
    "checkout": "/checkout/",
}
# A cart and a checkout are nobody's business, and search engines are told so.
PRIVATE = {"cart", "checkout"}
FOR_ALL = ["accessibility", "best-practices"]


def test_nothing_is_left_to_wish_for(demo: Shop, tmp_path: Path):
    cookies = {visitor: cookies_of(demo, visitor) for visitor in (nobody, buyer)}
    scores = {}
    for name, path in PAGES.items():
        categories = FOR_ALL if name in PRIVATE else [*FOR_ALL, "seo"]
        headers = cookies[buyer if name in PRIVATE else nobody]
        report = tools.lighthouse(demo.url + path, categories, headers, tmp_path)
        assert report["finalUrl"] == demo.url + path
        scores[name] = {key: report["categories"][key]["score"] for key in categories}
    assert scores == {name: dict.fromkeys(found, 1) for name, found in scores.items()}


def cookies_of(demo: Shop, visitor) -> dict[str, str]:
    page = demo.visit(visitor)
    cookies = page.context.cookies()
    page.context.close()
    return {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in cookies)} if cookies else {}
