"""The words in which the demo's range is written down."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category. `parent` is the slug of the category that it stands in."""

    slug: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant: price in euro including tax, weight in grams, options in the product's order.

    Without a drawing of its own it looks like the product's.
    """

    sku: str
    price: Decimal
    grams: int
    compare_at: Decimal | None = None
    options: tuple[tuple[str, str], ...] = ()
    drawing: str = ""


@dataclass(frozen=True, slots=True)
class Goods:
    """One product. Its drawing bears the name of its slug; `alt` says what the drawing shows."""

    slug: str
    title: str
    shelf: str
    vendor: str
    alt: str
    description: str
    choices: tuple[Choice, ...]
    tags: tuple[str, ...] = ()
    featured: bool = False


def choice(sku: str, price: str, grams: int, was: str | None = None, drawing: str = "", **options: str) -> Choice:
    return Choice(sku, Decimal(price), grams, Decimal(was) if was else None, tuple(options.items()), drawing)
