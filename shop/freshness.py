"""When the pages of the catalog last changed, read from its history, by whomever.

Of a product that is words, prices, options and pictures; of a shelf, which goods stand there and what they are called.
The days on which goods ship are left out: they move by themselves, and a page is not another one for it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest

from shop.catalog import Shelf
from shop.models import Category, InfoPage, Product, ProductImage, Variant


def products() -> QuerySet[Any]:
    """Published products, each with `changed_at`."""
    return (
        Product.objects.published()
        .annotate(
            changed_at=Greatest(
                "created_at",
                _latest(Product.history.filter(id=OuterRef("pk"))),
                _latest(Variant.history.filter(product=OuterRef("pk"))),
                _latest(ProductImage.history.filter(product=OuterRef("pk"))),
            )
        )
        .order_by("id")
    )


def latest_of_products() -> datetime | None:
    """When any of the pages of products changed. Three queries."""
    moments = (model.history.aggregate(at=Max("history_date"))["at"] for model in (Product, Variant, ProductImage))
    return max(filter(None, moments), default=None)


def of_shelves(shelves: Iterable[Shelf]) -> dict[int, datetime]:
    """Category by category, with all inside it: its own change, or of a product that stands or stood there; nothing
    for one without a history. Two queries."""
    own = dict(Category.history.order_by().values_list("id").annotate(at=Max("history_date")))
    goods = dict(Product.history.order_by().values_list("category").annotate(at=Max("history_date")))
    moments = {
        shelf.pk: [at for pk in shelf.pks for at in (own.get(pk), goods.get(pk)) if at is not None] for shelf in shelves
    }
    return {pk: max(found) for pk, found in moments.items() if found}


def info_pages() -> QuerySet[Any]:
    """Published pages of the house, each with `changed_at`, which is None for one without a history."""
    pages = InfoPage.objects.filter(published=True).defer("text")
    return pages.annotate(changed_at=_latest(InfoPage.history.filter(id=OuterRef("pk")))).order_by("position", "id")


def _latest(history: QuerySet[Any]) -> Subquery:
    return Subquery(history.order_by("-history_date").values("history_date")[:1])
