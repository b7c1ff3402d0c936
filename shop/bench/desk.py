"""The pages of the staff desk, with a year of trade behind them."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import reverse

from backorders.models import Claim, Notice, Queue
from inventory.models import Delivery, PurchaseOrder, StockItem
from notifications.models import Letter
from shop.bench import scene
from shop.bench.goods import ACTOR
from shop.bench.scene import Scene
from shop.bench.table import Figure, Outcome, Target
from shop.bench.timing import Times, clock, counting
from shop.demo import large
from shop.models import Order, Product, Refund, ShippingMethod, User
from shop.reports import REPORTS

ORDERS, WAITING, REPETITIONS = 1_000_000, 100_000, 5
MOST_MS, MOST_QUERIES = 300, 20


# No files are collected to measure pages.
_PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def desk(here: Scene) -> Outcome:
    """The server's time for a page, without the network: the median of a few, after one that warms up."""
    with override_settings(STORAGES=settings.STORAGES | _PLAIN, STAFF_TWO_FACTOR=False):
        return _desk(here)


def _desk(here: Scene) -> Outcome:
    ShippingMethod.objects.create(name="Parcel", price=5)
    large.grow(here.of(ORDERS, least=400), here.of(WAITING, least=100), here.at, lambda count: None)
    scene.settle()
    staff = Client(headers={"host": urlsplit(settings.SITE_URL).netloc})
    staff.force_login(User.objects.create_superuser(f"{ACTOR}@example.com"))
    figures, asked, faults, repetitions = [], {}, [], here.of(REPETITIONS, least=1)
    for name, page in _pages():
        with counting() as statements:
            answer = staff.get(page)
        if answer.status_code != 200:
            faults.append(f"{page} answers with {answer.status_code}.")
        times = Times([clock(partial(staff.get, page)) for _ in range(repetitions)])
        figures.append(Figure(name, times.median, "ms", None, Target(MOST_MS)))
        asked[name] = len(statements)
    most = max(asked, key=lambda name: asked[name])
    figures.append(Figure(f"most queries of a page: {most}", asked[most], "", None, Target(MOST_QUERIES)))
    counted = f"{Order.objects.count():,} orders, {Claim.objects.waiting().count():,} wait; median of {repetitions}"
    return Outcome(figures, [counted], [*faults, *scene.differences()])


def _pages() -> Iterator[tuple[str, str]]:
    yield "today", reverse("admin:index")
    for state in ("late", "due", "ready", "waiting", "unpaid", "shipped", "cancelled"):
        yield f"orders, {state}", f"{_list(Order)}?state={state}"
    yield "orders, found by a name", f"{_list(Order)}?q=customer+77"
    for model in (Order, Queue, Claim, Notice, Letter, Refund, PurchaseOrder, Delivery, StockItem, Product):
        yield str(model._meta.verbose_name_plural), _list(model)
    for model in (Order, Queue, Claim, PurchaseOrder, StockItem):
        yield f"one {model._meta.verbose_name}", _page(model)
    for slug, (name, _) in REPORTS.items():
        yield f"report: {name.lower()}", reverse("admin:report_page", args=[slug])


def _list(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _page(model: type[Model]) -> str:
    newest = model._default_manager.order_by("-pk").values_list("pk", flat=True)[0]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[newest])
