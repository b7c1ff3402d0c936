"""The cart: what a shopper means to buy, quoted anew each time it is looked at. It reserves nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Sum

from backorders.availability import quotes_of
from backorders.plan import Limit, Portion, Quote, State, split
from inventory.locking import require_transaction
from inventory.prepared import Given, Prepared, planned_once
from shop.models import Cart, CartLine, Sends, User, Variant
from shop.models.carts import MOST_UNITS_OF_A_LINE
from shop.models.orders import customer_key
from shop.transactions import use_case

_RANGE = f"Choose a quantity from 1 to {MOST_UNITS_OF_A_LINE}."
# Columns that no page of the cart or the checkout shows.
_NOT_SHOWN = (
    *("cart__created_at", "cart__seen_on", "variant__compare_at_price", "variant__weight_grams", "variant__barcode"),
    *("variant__position", "variant__product__description", "variant__product__vendor", "variant__product__tags"),
    *("variant__product__category", "variant__product__featured", "variant__product__created_at"),
)


# A cart has a name and an address in it: it waits thirty days for its owner to come by. One more, because it learns of
# her once in twenty-four hours.
KEPT = timedelta(days=30 + 1)


class UnableToChangeCart(Exception):
    """The sentence says what to do."""


class CartIsGone(Exception):
    """It was ordered meanwhile, or joined with another one."""


@dataclass(frozen=True, slots=True)
class LineQuote:
    """A cart line with its part of the quote. `missing` units cannot be promised, and `limit` says why; `possible` can
    be had instead. Without a limit the article is not sold any more."""

    line: CartLine
    portions: tuple[Portion, ...]
    limit: Limit | None = None

    @property
    def variant(self) -> Variant:
        return self.line.variant

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def waited_for(self) -> tuple[Portion, ...]:
        """What of it is not on the shelf."""
        return tuple(portion for portion in self.portions if not portion.now)

    @property
    def possible(self) -> int:
        return sum(portion.quantity for portion in self.portions)

    @property
    def missing(self) -> int:
        return self.quantity - self.possible

    @property
    def state(self) -> State:
        if self.missing:
            return State.OUT_OF_STOCK
        return State.IN_STOCK if all(portion.now for portion in self.portions) else State.BACKORDER

    @property
    def unit_price(self) -> Decimal:
        return self.variant.price

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Parcel:
    """What ships on one day: pairs of line and units. `now` or a day; an estimate unless every part is confirmed."""

    now: bool
    ships_on: date | None
    confirmed: bool
    parts: tuple[tuple[LineQuote, int], ...]

    @property
    def units(self) -> int:
        return sum(units for _, units in self.parts)

    @property
    def total(self) -> Decimal:
        return sum((line.unit_price * units for line, units in self.parts), Decimal(0))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to send a cart, with the parcels in which it then leaves, soonest first."""

    sends: Sends
    parcels: tuple[Parcel, ...]

    @property
    def first(self) -> Parcel:
        return self.parcels[0]

    @property
    def last(self) -> Parcel:
        return self.parcels[-1]


@dataclass(frozen=True, slots=True)
class Contents:
    """A cart as it could be ordered at this moment."""

    lines: tuple[LineQuote, ...]

    @property
    def cart(self) -> Cart:
        """The cart that holds the lines; only a cart with lines is known here."""
        return self.lines[0].line.cart

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def goods_total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.lines) and not any(line.missing for line in self.lines)

    @property
    def is_backordered(self) -> bool:
        return any(line.state is State.BACKORDER for line in self.lines)

    @property
    def parcels(self) -> tuple[Parcel, ...]:
        """The cart grouped by the day on which things ship, soonest first."""
        days: dict[date, list[tuple[LineQuote, Portion]]] = {}
        for line in self.lines:
            for portion in line.portions:
                days.setdefault(portion.ships_on or date.max, []).append((line, portion))
        return tuple(_parcel(day, parts) for day, parts in sorted(days.items()))

    @property
    def ways(self) -> tuple[Way, ...]:
        """How it can be sent: as it gets ready; and together, if it would else be more than one parcel."""
        parcels = self.parcels
        as_ready = Way(Sends.AS_READY, parcels)
        if len(parcels) < 2:
            return (as_ready,)
        whole = Parcel(
            False,
            parcels[-1].ships_on,
            all(parcel.confirmed for parcel in parcels),
            tuple(part for parcel in parcels for part in parcel.parts),
        )
        return as_ready, Way(Sends.TOGETHER, (whole,))


def _parcel(day: date, parts: Sequence[tuple[LineQuote, Portion]]) -> Parcel:
    """What is on the shelf goes along with what arrives in time for the same day."""
    units: Counter[int] = Counter()
    for line, portion in parts:
        units[line.line.pk] += portion.quantity
    lines = {line.line.pk: line for line, _ in parts}
    return Parcel(
        all(portion.now for _, portion in parts),
        day,
        all(portion.confirmed for _, portion in parts),
        tuple((lines[pk], number) for pk, number in units.items()),
    )


def contents(cart_id: UUID, at: datetime) -> Contents:
    """The cart's lines with their quotes: one query, and one for what is on order, however many lines there are."""
    lines = _quoted_lines(cart=cart_id)
    if not lines:
        return Contents(())
    items = {line.variant.stock_item_id: line.variant.stock_item for line in lines}
    return quoted(lines, quotes_of(items.values(), wanted_by(lines), at, customer=customer_of(lines[0].cart)))


def locked_lines(cart_id: UUID) -> list[CartLine]:
    """The lines of a cart that is about to be ordered, with the cart locked: empty once it has been."""
    require_transaction()
    return _locked_lines(cart=cart_id)


def _lines() -> QuerySet[CartLine]:
    """A cart's lines with all that a page shows of them; what it never shows, descriptions above all, is not read."""
    lines = CartLine.objects.filter(cart=Given("cart")).select_related("cart", "variant__product")
    return lines.defer(*_NOT_SHOWN).order_by("id")


_quoted_lines = Prepared(lambda: _lines().select_related("variant__stock_item__queue"))
_locked_lines = Prepared(lambda: _lines().select_related("variant__stock_item").select_for_update(of=("cart",)))


def discard(cart: Cart) -> None:
    """The cart and its lines are gone, in one statement."""
    with planned_once() as cursor:
        cursor.execute(
            """
            WITH lines AS (DELETE FROM shop_cartline WHERE cart_id = %(cart)s)
            DELETE FROM shop_cart WHERE id = %(cart)s
            """,
            {"cart": cart.pk},
        )


def seen(key: UUID, today: date) -> None:
    """Its owner came by."""
    Cart.objects.filter(pk=key).update(seen_on=today)


def customer_of(cart: Cart) -> str:
    """Whose limits count for what is in the cart; nobody's until its details are known."""
    return customer_key(cart.details.get("email", ""))


def wanted_by(lines: Iterable[CartLine]) -> Counter[int]:
    """Units wanted by stock item id: lines of one item are summed before they are quoted (law 7)."""
    wanted: Counter[int] = Counter()
    for line in lines:
        wanted[line.variant.stock_item_id] += line.quantity
    return wanted


def quoted(lines: Sequence[CartLine], answers: Mapping[int, Quote]) -> Contents:
    """The portions of each item's sum, divided among the lines that want it.

    An article that was taken down since it was put into the cart cannot be promised.
    """
    parts: dict[int, tuple[Portion, ...]] = {}
    limits: dict[int, Limit | None] = {}
    for item_id, answer in answers.items():
        same = [line for line in lines if line.variant.stock_item_id == item_id]
        for line, portions in zip(same, split(answer.portions, [line.quantity for line in same]), strict=True):
            is_sold = line.variant.product.published
            parts[line.pk], limits[line.pk] = (portions, answer.limit) if is_sold else ((), None)
    return Contents(tuple(LineQuote(line, parts[line.pk], limits[line.pk]) for line in lines))


def add(cart: Cart, variant: Variant, units: int) -> None:
    """Put units of a variant into the cart, on top of those that are in it.

    Waits while the cart is being ordered, and raises CartIsGone when it was. Raises UnableToChangeCart.
    """
    if variant.pk not in add_all(cart, {variant.pk: units}):
        raise UnableToChangeCart(_RANGE)


def add_all(cart: Cart, wanted: Mapping[int, int]) -> set[int]:
    """The same for several variants by their ids, in one statement: those of which so many could be added."""
    for units in wanted.values():
        _check(units)
    with planned_once() as cursor:
        cursor.execute(
            """
            INSERT INTO shop_cartline AS line (cart_id, variant_id, quantity)
            SELECT cart.id, wanted.variant, wanted.units
            FROM shop_cart AS cart, unnest(%s::bigint[], %s::int[]) AS wanted (variant, units) WHERE cart.id = %s
            ORDER BY wanted.variant FOR KEY SHARE OF cart
            ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = line.quantity + excluded.quantity
            WHERE line.quantity + excluded.quantity <= %s
            RETURNING variant_id
            """,
            [list(wanted), list(wanted.values()), cart.pk, MOST_UNITS_OF_A_LINE],
        )
        added = {pk for (pk,) in cursor.fetchall()}
    if not added and not Cart.objects.filter(pk=cart.pk).exists():
        raise CartIsGone
    return added


def units_in(key: UUID) -> int:
    """All that somebody means to buy, whether it can be promised or not."""
    units: int | None = CartLine.objects.filter(cart=key).aggregate(units=Sum("quantity"))["units"]
    return units or 0


@transaction.atomic
def join(cart: Cart | None, user: User) -> Cart | None:
    """The one cart of somebody who signed in with this one, if she has any.

    Where she left one before, on whatever machine, that is hers still, with all that is in this one: of an article that
    is in both, as many as in this one, which she saw last.
    """
    left = user.carts.exclude(pk__in=[cart.pk] if cart else []).select_for_update().order_by("-created_at").first()
    if cart is None or cart.user_id == user.pk:
        return cart or left
    if left is None:
        cart.user = user
        cart.save(update_fields=["user"])
        return cart
    for line in cart.lines.order_by("id"):
        CartLine.objects.update_or_create(cart=left, variant=line.variant_id, defaults={"quantity": line.quantity})
    left.details |= cart.details
    left.save(update_fields=["details"])
    discard(cart)
    return left


@use_case
def set_quantity(cart: Cart, line_id: int, units: int) -> CartLine | None:
    """Change a line; 0 removes it. Returns the line as it was, or None: one that is gone stays gone.

    Waits while the cart is being ordered. Raises UnableToChangeCart, and StockBusy when that takes long.
    """
    if units:
        _check(units)
    Cart.objects.select_for_update(no_key=True).filter(pk=cart.pk).first()
    lines = CartLine.objects.filter(cart=cart, pk=line_id)
    line = lines.select_related("variant__product").first()
    if units:
        lines.update(quantity=units)
    else:
        lines.delete()
    return line


def _check(units: int) -> None:
    if not 1 <= units <= MOST_UNITS_OF_A_LINE:
        raise UnableToChangeCart(_RANGE)
