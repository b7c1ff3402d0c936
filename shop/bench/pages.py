"""Whole checkouts over HTTP: from the product page to the page that says thank you, on the demo's own range."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction

from backorders.models import Policy, Queue
from inventory import ledger
from inventory.locking import lock_items
from inventory.models import StockItem
from shop.bench import goods, scene
from shop.bench.browser import Browser, UnexpectedPage
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.bench.timing import Times
from shop.bench.web_server import FOR_BUYERS, serving
from shop.demo.furnish import furnish
from shop.models import Order, Variant

BUYERS, ORDERS, WARM_UP = 16, 480, 32
BARE_REQUESTS = 3_000
LEAST_ORDERS = 45
ENOUGH = 100_000

type Visit = Callable[[Browser, int], object]


def http(here: Scene) -> Outcome:
    addresses, orders = _furnish(here), here.of(ORDERS, least=BUYERS)
    with serving("shop.wsgi:application", "/livez", size=FOR_BUYERS) as port:
        _load(port, here.of(WARM_UP), lambda browser, n: _buy(browser, addresses[n % len(addresses)]))
        seconds, times, requests = _load(port, orders, lambda browser, n: _buy(browser, addresses[n % len(addresses)]))
    placed = Order.objects.count() - here.of(WARM_UP)
    bare_rate, bare_times = _bare(here)
    rate, per_order = orders / seconds, requests / orders
    return Outcome(
        [
            Figure("orders a second", rate, "/s", None, Target(LEAST_ORDERS, at_most=False)),
            Figure("requests a second", rate * per_order, "/s", Beside("bare Django page", bare_rate)),
            Figure("requests per order", per_order),
        ],
        [
            f"{orders:,} orders by {BUYERS} buyers of {len(addresses)} SKUs, half of them backordered",
            f"gunicorn {FOR_BUYERS}",
            f"a whole checkout: {times}",
            f"a bare page: {bare_times}",
            "measured elsewhere, on a 2-core machine: django-oscar 8.5 orders/s (11 requests), Vendure 7.9;"
            " a bare Django page 241 /s",
        ],
        [*([] if placed == orders else [f"{orders} were placed, the shop knows {placed}."]), *scene.differences()],
    )


def _furnish(here: Scene) -> list[str]:
    """The demo's shelves, with enough of everything for everybody; the addresses of all variants."""
    furnish(actor=goods.ACTOR, at=here.at)
    items = list(StockItem.objects.order_by("id"))
    Queue.objects.bulk_create((Queue(item=item) for item in items), ignore_conflicts=True)
    Queue.objects.update(policy=Policy.INBOUND, cap=None, per_order=None, per_customer=None, longest_wait=None)
    with transaction.atomic():
        locked = lock_items(item.pk for item in items[::2])
        more = [ledger.Entry(item, ENOUGH, "bench", "enough for everybody") for item in locked.values()]
        ledger.adjust(more, actor=goods.ACTOR, at=here.at)
    for item in items[1::2]:
        goods.on_order(item, ENOUGH, here.at)
    scene.settle()
    variants = Variant.objects.select_related("product").order_by("id")
    return [f"{variant.product.get_absolute_url()}?variant={variant.pk}" for variant in variants]


def _buy(browser: Browser, address: str) -> None:
    browser.forget()
    browser.get(address)
    browser.submit("/cart/add/", variant=address.rpartition("=")[2])
    browser.get("/checkout/")
    browser.submit("/checkout/", **goods.DETAILS)
    browser.submit("/checkout/review/", consent="as_ready")
    if not browser.path.endswith("/placed/"):
        raise UnexpectedPage(f"The order of {address} ended at {browser.path}.")


def _bare(here: Scene) -> tuple[float, Times]:
    item, requests = StockItem.objects.order_by("id").first(), here.of(BARE_REQUESTS, least=BUYERS)
    address = f"/?item={item.pk if item else 0}"
    with serving("shop.bench.bare_page:application", address, size=FOR_BUYERS) as port:
        _load(port, here.of(WARM_UP), lambda browser, _: browser.get(address))
        seconds, times, _ = _load(port, requests, lambda browser, _: browser.get(address))
    return requests / seconds, times


def _load(port: int, visits: int, visit: Visit) -> tuple[float, Times, int]:
    """So many visits by all buyers at once: seconds in all, the duration of each visit, requests in all."""

    def shop(numbers: Sequence[int]) -> tuple[list[float], int]:
        browser, seconds = Browser(port), []
        for number in numbers:
            began = time.monotonic()
            visit(browser, number)
            seconds.append(time.monotonic() - began)
        return seconds, browser.requests

    began = time.monotonic()
    with ThreadPoolExecutor(BUYERS) as buyers:
        done = list(buyers.map(shop, [range(buyer, visits, BUYERS) for buyer in range(BUYERS)]))
    took = time.monotonic() - began
    return took, Times([second for seconds, _ in done for second in seconds]), sum(requests for _, requests in done)
