"""What once stood at an address of the catalog where nothing stands now: under which address it is, or that it is gone.

The history of products, categories and info pages keeps every slug that they had, so that whatever was renamed several
times is found under each of them. Asked only when nothing answers there: a slug that something else took since belongs
to that.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery

from shop.models import Category, InfoPage, Product


@dataclass(frozen=True, slots=True)
class Former:
    """`slug` is the address of today, empty where there is none; `category_id` the shelf that it stood on, or in."""

    name: str
    slug: str
    category_id: int | None
    is_deleted: bool


def of_product(slug: str) -> Former | None:
    """None when no product that was ever for sale had this address. One query."""
    today = Product.objects.filter(pk=OuterRef("id"))
    latest = (
        Product.history.filter(slug=slug, published=True)
        .annotate(today=Subquery(today.published().values("slug")), exists=Exists(today))
        .order_by("-history_date", "-history_id")
        .first()
    )
    return latest and Former(latest.title, latest.today or "", latest.category_id, not latest.exists)


def of_category(slug: str) -> Former | None:
    """None when no category ever had this address. One query."""
    latest = (
        Category.history.filter(slug=slug)
        .annotate(today=Subquery(Category.objects.filter(pk=OuterRef("id")).values("slug")))
        .order_by("-history_date", "-history_id")
        .first()
    )
    return latest and Former(latest.name, latest.today or "", latest.parent_id, not latest.today)


def of_info_page(slug: str) -> Former | None:
    """None when no page that can be read today ever had this address. One query."""
    today = InfoPage.objects.filter(pk=OuterRef("id"), published=True)
    latest = (
        InfoPage.history.filter(slug=slug)
        .annotate(today=Subquery(today.values("slug")))
        .order_by("-history_date", "-history_id")
        .first()
    )
    return Former(latest.title, latest.today, None, is_deleted=False) if latest and latest.today else None
