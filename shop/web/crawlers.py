"""What search engines ask for first: where they may look, and which pages there are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.core.cache import caches
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from shop import catalog, freshness
from shop.catalog import Shelf
from shop.models import Product
from shop.web.forms import id_of
from shop.web.middleware import UNLISTED

_LIFE = timedelta(minutes=10)


class _OfThisShop(Sitemap):
    """Pages under the shop's own address, whichever one the file was asked by; at most so many in one file."""

    limit = 10_000

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class _Pages(_OfThisShop):
    """Without the time of a change: nothing keeps it for them."""

    def items(self) -> list[str]:
        return ["home", "figures"] if settings.PUBLIC_FIGURES else ["home"]

    def location(self, item: str) -> str:
        return reverse(item)


class _Shelves(_OfThisShop):
    def __init__(self) -> None:
        self._shelves = list(catalog.every(catalog.tree()))
        self._changed_at = freshness.of_shelves(self._shelves)

    def items(self) -> list[Shelf]:
        return self._shelves

    def location(self, item: Shelf) -> str:
        return item.url

    def lastmod(self, item: Shelf) -> datetime | None:
        return self._changed_at.get(item.pk)


class _Products(_OfThisShop):
    def items(self) -> QuerySet[Any]:
        return freshness.products().only("slug")

    def lastmod(self, item: Any) -> datetime:
        changed_at: datetime = item.changed_at
        return changed_at

    def get_latest_lastmod(self) -> datetime | None:
        return freshness.latest_of_products()


class _InfoPages(_OfThisShop):
    def items(self) -> QuerySet[Any]:
        return freshness.info_pages()

    def lastmod(self, item: Any) -> datetime | None:
        changed_at: datetime | None = item.changed_at
        return changed_at


SECTIONS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": _Pages,
    "info": _InfoPages,
    "shelves": _Shelves,
    "products": _Products,
}


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """One file, or the list of files when they are too many for one."""
    return _kept(request, lambda: _all_or_list(request))


@require_safe
def section(request: HttpRequest, section: str) -> HttpResponse:
    return _kept(request, lambda: views.sitemap(request, SECTIONS, section=section))


def _all_or_list(request: HttpRequest) -> TemplateResponse:
    if Product.objects.published().count() <= _Products.limit:
        return views.sitemap(request, SECTIONS)
    return views.index(request, SECTIONS, sitemap_url_name="sitemap_section")


def _kept(request: HttpRequest, make: Callable[[], TemplateResponse]) -> HttpResponse:
    """Of thousands of products a file takes seconds: whoever asks again and again gets what was made a while ago,
    also by an address with something added, under which Django's own cache would not find it."""
    pages, key = caches["pages"], f"shop.web.crawlers:{request.path}:{id_of(request.GET.get('p', '1'))}"
    kept = pages.get(key)
    if kept is None:
        made = make().render()
        kept = made.content, dict(made.headers)
        pages.set(key, kept, _LIFE.total_seconds())
    content, headers = kept
    return HttpResponse(content, headers=headers)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The same in the demo, which answers on its own machine only and is measured as what it shows."""
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in UNLISTED)]
    lines = [*rules, "", f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
