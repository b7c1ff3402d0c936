"""The way to the pages in the house's own words, for every page of the shop and for the letter about an order."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import caches

from shop.models import InfoPage

_KEY, _LIFE = "shop.info", timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Link:
    """The way to a page; one that is `part_of_orders` is named before an order is placed, and then in its letter."""

    title: str
    url: str
    part_of_orders: bool


def links() -> tuple[Link, ...]:
    """To all pages that are published, in their order, as they were no longer than a minute ago.

    A page of the catalog that is kept itself may lead there as it did a minute before that.
    """
    kept: tuple[Link, ...] | None = caches["frame"].get(_KEY)
    if kept is None:
        pages = InfoPage.objects.filter(published=True).defer("text").order_by("position", "id")
        kept = tuple(Link(page.title, page.get_absolute_url(), page.part_of_orders) for page in pages)
        caches["frame"].set(_KEY, kept, _LIFE.total_seconds())
    return kept
