"""What shoppers look at: shelves, cards of a listing, the page of a product. Each in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Abs, JSONObject

from backorders.availability import quotes_of
from backorders.plan import Quote, State
from inventory.prepared import Given, IsOneOf, Prepared
from shop import search
from shop.facets import Facet, counted, facets
from shop.models import Category, Product, ProductImage, Variant
from shop.models.carts import MOST_UNITS_OF_A_LINE
from shop.paths import path_to
from shop.ranking import LATER, NEVER, NOW, instant, ranked
from shop.wishes import Fitting, Sort, Wishes

CARDS_OF_A_PAGE = 24
ALTERNATIVES = 4
EVERYTHING = Wishes()
RANKS = {State.IN_STOCK: NOW, State.BACKORDER: LATER, State.OUT_OF_STOCK: NEVER}

# The pk, name and slug of the shelves inside each.
type _Inside = dict[int | None, list[tuple[int, str, str]]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category with the shelves inside it."""

    pk: int
    name: str
    slug: str
    children: tuple["Shelf", ...] = ()

    @property
    def url(self) -> str:
        return path_to("category", self.slug)

    @property
    def pks(self) -> list[int]:
        """This shelf and all inside it."""
        return [shelf.pk for shelf in every([self])]


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a listing: the best state and the lowest price of the variants that fit what is looked for.
    `variant` is the soonest of them, where there are others."""

    product: Product
    image: ProductImage | None
    price: Decimal
    compare_at_price: Decimal | None
    has_range: bool
    quote: Quote
    choices: int
    in_stock: int
    variant: Variant | None = None

    @property
    def url(self) -> str:
        address = self.product.get_absolute_url()
        return f"{address}?variant={self.variant.pk}" if self.variant else address


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of cards, of `total` in all. A page beyond the last has none and knows of no total."""

    cards: tuple[Card, ...]
    total: int
    number: int
    facets: tuple[Facet, ...] = ()

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
    """A product with its choices. `answer` is all that can be promised of the chosen variant, `quote` its part for the
    wanted quantity; all three are None when nothing is sold. `alternatives` are filled when not all of it is on the
    shelf."""

    product: Product
    images: tuple[ProductImage, ...] = ()
    choices: tuple[Choice, ...] = ()
    chosen: Variant | None = None
    quote: Quote | None = None
    answer: Quote | None = None
    alternatives: tuple[Card, ...] = ()


def tree() -> tuple[Shelf, ...]:
    """All shelves, inside each other. One query."""
    inside: _Inside = defaultdict(list)
    for pk, name, slug, parent in _categories():
        inside[parent].append((pk, name, slug))
    return _shelves(inside, None)


def every(shelves: Iterable[Shelf]) -> Iterator[Shelf]:
    """These shelves and all that are inside them."""
    for shelf in shelves:
        yield shelf
        yield from every(shelf.children)


def trail(shelves: Sequence[Shelf], slug: str) -> tuple[Shelf, ...]:
    """The way from the top to a shelf, which comes last; empty when there is none of this name."""
    for shelf in shelves:
        if shelf.slug == slug:
            return (shelf,)
        if below := trail(shelf.children, slug):
            return (shelf, *below)
    return ()


def listing(shelf: Shelf, at: datetime, *, wishes: Wishes = EVERYTHING, page: int = 1, customer: str = "") -> Listing:
    """A page of a shelf's cards that fit the wishes: what is available now, then what can be backordered, then the
    rest, unless another order is wished. Four queries; one more, and its quotes, when they are to ship by a day."""
    return _listing(_ON_SHELVES, shelf.pks, wishes, page, at, customer)


def found(
    ids: Sequence[int],
    at: datetime,
    *,
    text: str = "",
    wishes: Wishes = EVERYTHING,
    page: int = 1,
    customer: str = "",
) -> Listing:
    """The same for products that were searched for by this text: in the order of their ids, unless another is wished.
    A card is of the variants that the text names, if it names some."""
    return _listing(_SEARCHED, ids, wishes, page, at, customer, text)


def cards_of(ids: Sequence[int], at: datetime, *, customer: str = "") -> tuple[Card, ...]:
    """The cards of these products, in this order; what is not sold any more is left out. At most three queries."""
    if not ids:
        return ()
    products = sorted(_products(products=list(ids)), key=lambda product: ids.index(product.pk))
    return _cards(products, _variants_of_all(products=list(ids)), at, customer)


def featured(at: datetime, *, customer: str = "") -> tuple[Card, ...]:
    """The cards of the home page. Three queries."""
    products = _featured(**instant(at))
    return _cards(products, _variants_of_all(products=[product.pk for product in products]), at, customer)


def product_page(
    slug: str, at: datetime, *, variant_id: int | None = None, wanted: int = 1, customer: str = ""
) -> ProductPage | None:
    """A product with the quote for the chosen variant and quantity; without a choice, the first that is to be had.

    None when there is no such product. Two queries, and one more when not all of it is on the shelf; put-off claims and
    a limit for this customer cost one each.
    """
    variants: list[Any] = _variants_of(slug=slug)
    if not variants:
        product = Product.objects.published().select_related("category").filter(slug=slug).first()
        return ProductPage(product) if product else None
    answers = _answers(variants, MOST_UNITS_OF_A_LINE, at, customer=customer)
    choices = tuple(Choice(variant, answers[variant.stock_item_id].first(1)) for variant in variants)
    asked = (choice for choice in choices if choice.variant.pk == variant_id)
    chosen = next(asked, None) or min(choices, key=lambda choice: RANKS[choice.quote.state])
    answer = answers[chosen.variant.stock_item_id]
    return ProductPage(
        variants[0].product,
        tuple(ProductImage(**fields) for fields in variants[0].pictures),
        choices,
        chosen.variant,
        answer.first(wanted),
        answer,
        _alternatives(chosen.variant, at) if answer.first(wanted).state is not State.IN_STOCK else (),
    )


def covers(product_ids: Iterable[int]) -> dict[int, ProductImage]:
    """The first picture of each product that has one. One query."""
    products = list(set(product_ids))
    return {image.product_id: image for image in _covers(products=products)} if products else {}


def _shelves(inside: _Inside, parent: int | None) -> tuple[Shelf, ...]:
    return tuple(Shelf(pk, name, slug, _shelves(inside, pk)) for pk, name, slug in inside.get(parent, ()))


def _listing(
    source: "_Source", ids: Sequence[int], wishes: Wishes, page: int, at: datetime, customer: str, text: str = ""
) -> Listing:
    fitting = Fitting(wishes, at, customer)
    if wishes.ships:
        # Its conditions name single articles, other ones each time.
        among = Value(list(ids), output_field=_IDS)
        rows = list(_page(source, among, fitting, page))
        products = Value([row.pk for row in rows], output_field=_IDS)
        variants, options = list(_fitting(source, products, fitting)), list(_options(source, among, fitting))
    else:
        given, asked = {"ids": list(ids), **wishes.given}, _asked(source, wishes.shape, page)
        rows, options = asked.page(**given, **instant(at)), asked.options(**given)
        variants = asked.variants(products=[row.pk for row in rows], **given)
    cards = _cards(rows, variants, at, customer, are_part=wishes.are_any, text=text)
    return Listing(cards, rows[0].total if rows else 0, page, facets(options, fitting))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the products of a listing come from: those of which a column has one of some ids, in their best order."""

    column: str
    best_first: Callable[[Any], Sequence[Any]]

    def among(self, ids: Any) -> Q:
        return Q(IsOneOf(self.column, ids))


def _page(source: _Source, ids: Any, fitting: Fitting, page: int) -> QuerySet[Any]:
    """One page and the number of all, in one query: a window counts before the page is cut off."""
    start = (page - 1) * CARDS_OF_A_PAGE
    every = _ordered(source.among(ids), fitting, source.best_first(ids)).annotate(total=Window(Count("pk")))
    return every[start : start + CARDS_OF_A_PAGE]


def _options(source: _Source, ids: Any, fitting: Fitting) -> QuerySet[Any, Any]:
    products = Product.objects.published().filter(source.among(ids))
    return counted(Variant.objects.filter(product__in=products), fitting)


def _fitting(source: _Source, products: Any, fitting: Fitting) -> QuerySet[Any]:
    variants = _with_stock(fitting.of(Variant.objects.filter(IsOneOf("product_id", products))))
    return variants.annotate(own=_own_picture()) if fitting.wishes.are_any or source is _SEARCHED else variants


class _Asked(NamedTuple):
    """What is asked for a page of a listing; prepared for all wishes of one shape."""

    page: Prepared[Any, Any]
    options: Prepared[Any, Any]
    variants: Prepared[Any, Any]


@lru_cache(maxsize=128)
def _asked(source: _Source, shape: Wishes, page: int) -> _Asked:
    fitting, ids = Fitting(shape, None), ExpressionWrapper(Given("ids"), output_field=_IDS)
    products = ExpressionWrapper(Given("products"), output_field=_IDS)
    return _Asked(
        Prepared(lambda: _page(source, ids, fitting, page)),
        Prepared(lambda: _options(source, ids, fitting)),
        Prepared(lambda: _fitting(source, products, fitting)),
    )


def _ordered(among: Q, fitting: Fitting, best_first: Sequence[Any]) -> QuerySet[Any]:
    """Published products of which a variant fits, in the order that is wished. The database decides what comes first,
    so that a page of a long shelf can be cut off there."""
    variants = Variant.objects.filter(product=OuterRef("pk"))
    products = Product.objects.published().filter(among).annotate(cover=_cover("pk"))
    match fitting.wishes.sort:
        case Sort.BEST:
            ranks = fitting.ranked(variants).order_by("rank").values("rank")[:1]
            return products.filter(Exists(fitting.of(variants))).annotate(rank=Subquery(ranks)).order_by(*best_first)
        case Sort.CHEAPEST | Sort.DEAREST as order:
            prices = fitting.of(variants).order_by("price").values("price")[:1]
            cheapest = products.annotate(price=Subquery(prices)).filter(price__isnull=False)
            return cheapest.order_by(order, "title", "id")
        case Sort.NEWEST:
            return products.filter(Exists(fitting.of(variants))).order_by("-created_at", "-id")
        case Sort.NAME:
            return products.filter(Exists(fitting.of(variants))).order_by("title", "id")


def _cards(
    products: Sequence[Any],
    fit: Sequence[Variant],
    at: datetime,
    customer: str,
    *,
    are_part: bool = False,
    text: str = "",
) -> tuple[Card, ...]:
    """Of products that were read with their cover, in their order, and those of their variants that fit. One query."""
    variants: dict[int, list[Variant]] = defaultdict(list)
    for variant in fit:
        variants[variant.product_id].append(variant)
    answers = _answers(fit, 1, at, customer=customer)
    cards = []
    for product in products:
        # Somebody may have bought the last one that fits since the page was cut off.
        if every := variants[product.pk]:
            some = search.meant(every, text) if text else every
            is_part = are_part or len(some) < len(every)
            cards.append(_card(product, some, product.cover, answers, is_part=is_part))
    return tuple(cards)


def _with_stock(variants: QuerySet[Any]) -> QuerySet[Any]:
    return variants.select_related("stock_item__queue").order_by("position", "id")


def _card(
    product: Product,
    variants: Sequence[Variant],
    cover: Mapping[str, Any] | None,
    answers: Mapping[int, Quote],
    *,
    is_part: bool = False,
) -> Card:
    """A card of these variants, which are only a part of the product's if some do not fit what is looked for."""
    cheapest = min(variants, key=lambda variant: variant.price)
    each = {variant.pk: answers[variant.stock_item_id].first(1) for variant in variants}
    soonest: Any = min(variants, key=lambda variant: _soonest_first(each[variant.pk]))
    # Who looks for the green one is shown the green one.
    shown = (soonest.own if is_part else None) or cover
    return Card(
        product,
        ProductImage(**shown) if shown else None,
        cheapest.price,
        cheapest.compare_at_price if cheapest.saving else None,
        any(variant.price != cheapest.price for variant in variants),
        each[soonest.pk],
        len(each),
        sum(quote.state is State.IN_STOCK for quote in each.values()),
        soonest if is_part else None,
    )


def _soonest_first(quote: Quote) -> tuple[int, date]:
    return RANKS[quote.state], quote.complete_on or date.max


def _answers(variants: Iterable[Variant], wanted: int, at: datetime, *, customer: str = "") -> dict[int, Quote]:
    """The quote for so many units of each variant's stock item, which was read with its queue."""
    items = {variant.stock_item_id: variant.stock_item for variant in variants}
    return quotes_of(items.values(), dict.fromkeys(items, wanted), at, customer=customer)


def _alternatives(chosen: Variant, at: datetime) -> tuple[Card, ...]:
    """Variants of other products that are available now, one of each: those that staff chose for this one, then of the
    same shelf what is nearest in price. One query: what the shelf can answer for needs no look at what is on order."""
    product = chosen.product
    shelves = [product.category_id] if product.category_id else []
    instead = _instead(product=product.pk, shelves=shelves, price=chosen.price, **instant(at))
    answers = _answers(instead, 1, at)
    return tuple(_card(variant.product, [variant], variant.cover, answers, is_part=True) for variant in instead)


def _nearest_first() -> QuerySet[Any]:
    far = Abs(F("price") - ExpressionWrapper(Given("price"), output_field=DecimalField()))
    chosen = Product.alternatives.through.objects.filter(from_product=Given("product"), to_product=OuterRef("product"))
    one_of_each = (
        ranked(Variant.objects.filter(product__published=True).exclude(product=Given("product")), None)
        .filter(Exists(chosen) | Q(IsOneOf("product__category_id", Given("shelves"))), rank=NOW)
        .annotate(far=far)
        .order_by("product_id", "far", "position", "id")
        .distinct("product_id")
    )
    return (
        Variant.objects.filter(pk__in=one_of_each.values("pk"))
        .select_related("product", "stock_item__queue")
        .annotate(cover=_cover("product"), own=_own_picture(), far=far, by_staff=Exists(chosen))
        .order_by("-by_staff", "far", "id")[:ALTERNATIVES]
    )


def _pictures(**of: OuterRef) -> QuerySet[ProductImage, Any]:
    fields = ("id", "product_id", "variant_id", "file", "drawing", "alt")
    pictures = ProductImage.objects.filter(**of).order_by("position", "id")
    return pictures.values(fields=JSONObject(**{name: name for name in fields}))


def _cover(product: str) -> Subquery:
    return Subquery(_pictures(product=OuterRef(product))[:1])


def _own_picture() -> Subquery:
    """The first picture of the variant itself, if it has one."""
    return Subquery(_pictures(variant=OuterRef("pk"))[:1])


_IDS = ArrayField(BigIntegerField())
_ON_SHELVES = _Source("category_id", lambda ids: ("rank", "title", "id"))
_SEARCHED = _Source("id", lambda ids: (Func(ids, F("id"), function="array_position"),))

_instead = Prepared(_nearest_first)
_products = Prepared(
    lambda: (
        Product.objects.published()
        .filter(IsOneOf("id", Given("products")), Exists(Variant.objects.filter(product=OuterRef("pk"))))
        .annotate(cover=_cover("pk"))
    )
)
_featured = Prepared(lambda: _ordered(Q(featured=True), Fitting(EVERYTHING, None), ["id"])[:CARDS_OF_A_PAGE])
_categories = Prepared(
    lambda: Category.objects.order_by("position", "name", "id").values_list("pk", "name", "slug", "parent_id")
)
_variants_of_all = Prepared(lambda: _with_stock(Variant.objects.filter(IsOneOf("product_id", Given("products")))))
_variants_of = Prepared(
    lambda: (
        Variant.objects.filter(product__slug=Given("slug"), product__published=True)
        .select_related("product__category", "stock_item__queue")
        .annotate(pictures=ArraySubquery(_pictures(product=OuterRef("product"))))
        .order_by("position", "id")
    )
)
_covers = Prepared(
    lambda: (
        ProductImage.objects.filter(IsOneOf("product_id", Given("products")))
        .order_by("product_id", "position", "id")
        .distinct("product_id")
    )
)
