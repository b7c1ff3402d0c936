"""What shoppers look at: shelves, cards of a listing, the page of a product. Each in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone

from backorders.availability import quotes
from backorders.models import Policy
from backorders.plan import Quote, State, take
from inventory.models import PurchaseOrderLine
from shop.models import Category, Product, ProductImage, Variant

CARDS_OF_A_PAGE = 24
ALTERNATIVES = 4
# How the database ranks a variant, so that a page of a long shelf can be cut off there. It decides the order of cards
# and nothing else: what a card says is the quote's (law 6).
NOW, LATER, NEVER = 0, 1, 2
_STATES = {State.IN_STOCK: NOW, State.BACKORDER: LATER, State.OUT_OF_STOCK: NEVER}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category with the shelves inside it."""

    pk: int
    name: str
    slug: str
    children: tuple["Shelf", ...] = ()

    @property
    def url(self) -> str:
        return reverse("category", args=[self.slug])

    @property
    def pks(self) -> list[int]:
        """This shelf and all inside it."""
        return [self.pk, *(pk for child in self.children for pk in child.pks)]


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a listing: its best variant's state, its lowest price."""

    product: Product
    image: ProductImage | None
    price: Decimal
    compare_at_price: Decimal | None
    has_range: bool
    quote: Quote
    choices: int
    in_stock: int


@dataclass(frozen=True, slots=True)
class Listing:
    cards: tuple[Card, ...]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // CARDS_OF_A_PAGE))


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant as it can be chosen; `quote` answers for one unit."""

    variant: Variant
    quote: Quote


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product with its choices. `quote` is for the chosen variant and the wanted quantity; both are None when nothing
    is sold. `alternatives` are filled when the chosen variant cannot be had at all."""

    product: Product
    images: tuple[ProductImage, ...] = ()
    choices: tuple[Choice, ...] = ()
    chosen: Variant | None = None
    quote: Quote | None = None
    alternatives: tuple[Card, ...] = ()


def tree() -> tuple[Shelf, ...]:
    """All shelves, inside each other. One query."""
    inside: dict[int | None, list[Category]] = defaultdict(list)
    for category in Category.objects.order_by("position", "name", "id"):
        inside[category.parent_id].append(category)
    return tuple(_shelf(category, inside) for category in inside[None])


def trail(shelves: Sequence[Shelf], slug: str) -> tuple[Shelf, ...]:
    """The way from the top to a shelf, which comes last; empty when there is none of this name."""
    for shelf in shelves:
        if shelf.slug == slug:
            return (shelf,)
        if below := trail(shelf.children, slug):
            return (shelf, *below)
    return ()


def listing(shelf: Shelf, at: datetime, *, page: int = 1, only_available: bool = False) -> Listing:
    """A page of a shelf's cards: what is available now, then what can be backordered, then the rest. Four queries."""
    products = _ranked_products(timezone.localdate(at)).filter(category__in=shelf.pks)
    if only_available:
        products = products.filter(rank=NOW)
    return _listing(products.order_by("rank", "title", "id"), page, at)


def featured(at: datetime) -> tuple[Card, ...]:
    """The cards of the home page. Four queries."""
    products = _ranked_products(timezone.localdate(at)).filter(featured=True)
    return _listing(products.order_by("id"), 1, at).cards


def product_page(slug: str, at: datetime, *, variant_id: int | None = None, wanted: int = 1) -> ProductPage | None:
    """A product with the quote for the chosen variant and quantity; without a choice, the first that is to be had.

    None when there is no such product. Three queries, and one more when the chosen variant cannot be had.
    """
    today = timezone.localdate(at)
    variants = _ranked(
        Variant.objects.filter(product__slug=slug, product__published=True)
        .select_related("product__category", "stock_item")
        .annotate(pictures=ArraySubquery(_pictures("product"))),
        today,
    ).order_by("position", "id")
    if not variants:
        product = Product.objects.published().select_related("category").filter(slug=slug).first()
        return ProductPage(product) if product else None
    product = variants[0].product
    chosen = next((v for v in variants if v.pk == variant_id), None) or min(variants, key=lambda v: v.rank)
    instead = _instead_of(product, today) if chosen.rank == NEVER else []
    answers = quotes({v.stock_item_id: wanted for v in variants} | {v.stock_item_id: 1 for v in instead}, at)
    return ProductPage(
        product,
        tuple(ProductImage(**fields) for fields in variants[0].pictures),
        tuple(Choice(v, _of_one(answers[v.stock_item_id])) for v in variants),
        chosen,
        answers[chosen.stock_item_id],
        tuple(_card(v.product, [v], v.cover, answers) for v in instead),
    )


def covers(product_ids: Iterable[int]) -> dict[int, ProductImage]:
    """The first picture of each product that has one. One query."""
    images = ProductImage.objects.filter(product__in=set(product_ids)).order_by("product_id", "position", "id")
    return {image.product_id: image for image in images.distinct("product_id")}


def _shelf(category: Category, inside: Mapping[int | None, Sequence[Category]]) -> Shelf:
    children = tuple(_shelf(child, inside) for child in inside.get(category.pk, ()))
    return Shelf(category.pk, category.name, category.slug, children)


def _listing(products: QuerySet[Any], page: int, at: datetime) -> Listing:
    """One page and the number of all, in one query: a window counts before the page is cut off."""
    start = (page - 1) * CARDS_OF_A_PAGE
    rows = list(products.annotate(cover=_cover("pk"), total=Window(Count("pk")))[start : start + CARDS_OF_A_PAGE])
    variants: dict[int, list[Variant]] = defaultdict(list)
    for variant in Variant.objects.filter(product__in=rows).order_by("position", "id"):
        variants[variant.product_id].append(variant)
    answers = quotes({v.stock_item_id: 1 for same in variants.values() for v in same}, at)
    cards = (_card(row, variants[row.pk], row.cover, answers) for row in rows)
    return Listing(tuple(cards), rows[0].total if rows else 0, page)


def _card(
    product: Product, variants: Sequence[Variant], cover: Mapping[str, Any] | None, answers: Mapping[int, Quote]
) -> Card:
    cheapest = min(variants, key=lambda variant: variant.price)
    each = [_of_one(answers[variant.stock_item_id]) for variant in variants]
    return Card(
        product,
        ProductImage(**cover) if cover else None,
        cheapest.price,
        cheapest.compare_at_price if cheapest.saving else None,
        any(variant.price != cheapest.price for variant in variants),
        min(each, key=_soonest_first),
        len(each),
        sum(quote.state is State.IN_STOCK for quote in each),
    )


def _of_one(quote: Quote) -> Quote:
    """The quote for one unit, from that for more: who wants more gets the same first unit."""
    return Quote(1, tuple(take(quote.portions, 1)))


def _soonest_first(quote: Quote) -> tuple[int, date]:
    return _STATES[quote.state], quote.complete_on or date.max


def _ranked_products(today: date) -> QuerySet[Any]:
    """Published products that have anything to choose, with the rank of their best variant."""
    best = _ranked(Variant.objects.filter(product=OuterRef("pk")), today).order_by("rank").values("rank")[:1]
    return Product.objects.published().annotate(rank=Subquery(best)).filter(rank__isnull=False)


def _ranked(variants: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Annotates `rank`: NOW when a unit is free, LATER when the queue is open and something is expected, else NEVER."""
    arriving = (
        PurchaseOrderLine.objects.inbound()
        .with_outstanding()
        .filter(item=OuterRef("stock_item"), expected_on__gte=today)
        .order_by()
        .values("item")
        .annotate(units=Sum("still_owed"))
    )
    waiting = Coalesce(F("stock_item__queue__waiting"), 0)
    queue = "stock_item__queue"
    is_open = Q(**{f"{queue}__cap__isnull": True}) | Q(**{f"{queue}__cap__gt": F(f"{queue}__waiting")})
    expects_more = Q(**{f"{queue}__policy": Policy.LEAD_TIME}) | Q(
        **{f"{queue}__policy": Policy.INBOUND}, arriving__gt=F("ahead")
    )
    return variants.annotate(
        ahead=waiting + F("stock_item__allocated") - F("stock_item__on_hand"),
        arriving=Coalesce(Subquery(arriving.values("units")), 0),
        rank=Case(When(ahead__lt=0, then=NOW), When(is_open & expects_more, then=LATER), default=Value(NEVER)),
    )


def _instead_of(product: Product, today: date) -> list[Any]:
    """Variants of other products on the same shelf that are available now, one of each. One query."""
    return list(
        _ranked(Variant.objects.filter(product__category=product.category_id, product__published=True), today)
        .filter(rank=NOW)
        .exclude(product=product)
        .select_related("product")
        .annotate(cover=_cover("product"))
        .order_by("product_id", "position", "id")
        .distinct("product_id")[:ALTERNATIVES]
    )


def _pictures(product: str) -> QuerySet[ProductImage, Any]:
    fields = ("id", "product_id", "variant_id", "file", "drawing", "alt")
    return (
        ProductImage.objects.filter(product=OuterRef(product))
        .order_by("position", "id")
        .values(fields=JSONObject(**{name: name for name in fields}))
    )


def _cover(product: str) -> Subquery:
    return Subquery(_pictures(product)[:1])
