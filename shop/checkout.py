"""Placing an order: what the shopper saw is checked again under the lock before anything is promised (law 7)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet

from backorders import queue
from backorders.availability import quotes_of
from backorders.plan import Portion, is_worse
from shop import carts, messages, payments, wakeups
from shop.carts import Contents, LineQuote
from shop.formats import long_day
from shop.models import Cart, Order, OrderLine, ShippingMethod, User
from shop.models.orders import draw_number
from shop.transactions import use_case

_SEAL = "shop.checkout.shown:v1"
_EMPTY = "Your cart is empty: put something into it first."
# In the shop's currency; far above every real order, far below what the columns hold.
MOST_OF_AN_ORDER = Decimal(10_000_000)
# What the cart's details hold and the order takes over, beside the shipping method.
DETAILS = ("email", "name", "phone", "line1", "line2", "postcode", "city", "country")


class UnableToPlaceOrder(Exception):
    """The sentence says what to do; nothing was placed and nothing in the cart was lost."""


class ConsentMissing(UnableToPlaceOrder):
    """Something is backordered and the box that says so was not ticked."""


@dataclass(frozen=True, slots=True)
class Change:
    """A line that is not what the review showed. `old` is None for a line that was not shown at all."""

    line: LineQuote
    old: tuple[Portion, ...] | None
    old_price: Decimal | None

    @property
    def is_later(self) -> bool:
        return self.old is None or bool(self.line.missing) or is_worse(self.line.portions, self.old)


class PromiseMoved(Exception):
    """What could be ordered is worse or dearer than what was shown. Show `changes` and `contents`, and ask again."""

    def __init__(self, contents: Contents, changes: Sequence[Change], shipping_changed: bool):
        super().__init__("Something changed since you looked. Please check it and order again.")
        self.contents, self.changes, self.shipping_changed = contents, tuple(changes), shipping_changed


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the review as it was shown: money as text, days as ISO text, None for "now"."""

    variant_id: int
    quantity: int
    unit_price: str
    days: tuple[tuple[int, str | None], ...]

    @property
    def portions(self) -> tuple[Portion, ...]:
        return tuple(
            Portion(units, date.fromisoformat(day) if day else None, now=day is None) for units, day in self.days
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What the review page showed: lines, days and prices. It travels through the form, sealed."""

    lines: tuple[ShownLine, ...]
    shipping_method_id: int
    shipping_price: str


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a shopper agrees to when she orders."""

    contents: Contents
    shipping: ShippingMethod

    @property
    def total(self) -> Decimal:
        return self.contents.goods_total + self.shipping.price

    @property
    def consent_text(self) -> str:
        """The sentence beside the consent box, with its days; empty when everything ships now."""
        later = [
            f"{units} × {line.variant} by {long_day(parcel.ships_on)}{'' if parcel.confirmed else ' (estimated)'}"
            for parcel in self.contents.parcels
            if not parcel.now
            for line, units in parcel.parts
        ]
        return f"I agree to wait for what is not on the shelf: {'; '.join(later)}." if later else ""

    @property
    def shown(self) -> Shown:
        return Shown(
            tuple(
                ShownLine(
                    line.variant.pk,
                    line.quantity,
                    str(line.unit_price),
                    tuple((p.quantity, None if p.now else p.by.isoformat()) for p in line.portions),
                )
                for line in self.contents.lines
            ),
            self.shipping.pk,
            str(self.shipping.price),
        )


def shipping_methods() -> QuerySet[ShippingMethod]:
    return ShippingMethod.objects.filter(offered=True).order_by("position", "id")


def review(cart: Cart, at: datetime) -> Review:
    """The cart as it would be ordered now. Raises UnableToPlaceOrder when it is empty or details are missing."""
    return _review(cart, carts.contents(cart, at))


def seal(shown: Shown) -> str:
    return signing.dumps(asdict(shown), salt=_SEAL, compress=True)


def unseal(text: str) -> Shown:
    """What was shown. Raises UnableToPlaceOrder for anything that this shop did not seal."""
    try:
        data = signing.loads(text, salt=_SEAL)
    except signing.BadSignature as error:
        raise UnableToPlaceOrder("The page was too old or incomplete: look through your order once more.") from error
    lines = (
        ShownLine(line["variant_id"], line["quantity"], line["unit_price"], tuple((u, d) for u, d in line["days"]))
        for line in data["lines"]
    )
    return Shown(tuple(lines), data["shipping_method_id"], data["shipping_price"])


@use_case
def place_order(cart_id: UUID, *, shown: Shown, consented: bool, user: User | None, at: datetime) -> Order:
    """Place what the cart holds, if it is no worse than what was shown. Once per cart: a repetition returns the order.

    Raises PromiseMoved when a day got later, a quantity smaller or a price different, UnableToPlaceOrder (or its
    ConsentMissing) with a sentence, StockBusy when too many want the same at once. Then nothing was placed.
    """
    lines = carts.lines_of(cart_id)
    queues = queue.lock(line.variant.stock_item_id for line in lines)
    if earlier := Order.objects.filter(cart_key=cart_id).first():
        return earlier
    if not lines:
        raise UnableToPlaceOrder(_EMPTY)
    cart = lines[0].cart
    answers = quotes_of([line.item for line in queues.values()], carts.wanted_by(lines), at)
    contents = carts.quoted(lines, answers)
    agreed = _review(cart, contents)
    _compare(agreed, shown)
    if agreed.consent_text and not consented:
        raise ConsentMissing("Tick the box that says that you agree to wait for what is not on the shelf.")
    number = draw_number()
    wants = [queue.Want(line.variant.stock_item_id, number, line.portions) for line in contents.lines]
    joined = queue.join(queues, wants, actor="checkout", at=at)
    order = _write_order(cart, number, agreed, user, at)
    OrderLine.objects.bulk_create(
        _order_line(order, line, fact.claim_id) for line, fact in zip(contents.lines, joined, strict=True)
    )
    payments.open_payment(order, at=at)
    messages.order_placed(order, {fact.claim_id: fact for fact in joined}, at=at)
    cart.delete()
    wakeups.wake_mailer()
    return order


def _review(cart: Cart, contents: Contents) -> Review:
    if not contents.lines:
        raise UnableToPlaceOrder(_EMPTY)
    if contents.goods_total > MOST_OF_AN_ORDER:
        raise UnableToPlaceOrder("That is more than one order can hold: lower a quantity, or write to us.")
    if not cart.details.get("email") or not cart.details.get("line1"):
        raise UnableToPlaceOrder("Fill in your contact and address first.")
    shipping = shipping_methods().filter(pk=cart.details.get("shipping_method")).first()
    if shipping is None:
        raise UnableToPlaceOrder("Choose how your order is to be shipped.")
    return Review(contents, shipping)


def _compare(agreed: Review, shown: Shown) -> None:
    """Law 7: a better day is taken as it is; a later day, fewer units or another price is shown and asked."""
    seen = {line.variant_id: line for line in shown.lines}
    changes = []
    for line in agreed.contents.lines:
        old = seen.pop(line.variant.pk, None)
        if old is None or old.quantity != line.quantity:
            changes.append(Change(line, None, None))
        elif line.missing or is_worse(line.portions, old.portions) or Decimal(old.unit_price) != line.unit_price:
            changes.append(Change(line, old.portions, Decimal(old.unit_price)))
    shipping = (shown.shipping_method_id, Decimal(shown.shipping_price))
    shipping_changed = shipping != (agreed.shipping.pk, agreed.shipping.price)
    if changes or seen or shipping_changed:
        raise PromiseMoved(agreed.contents, changes, shipping_changed)


def _write_order(cart: Cart, number: str, agreed: Review, user: User | None, at: datetime) -> Order:
    details = {name: cart.details.get(name, "") for name in DETAILS}
    return Order.objects.create(
        **details,
        number=number,
        cart_key=cart.pk,
        user=user,
        placed_at=at,
        shipping_name=agreed.shipping.name,
        shipping_price=agreed.shipping.price,
        goods_total=agreed.contents.goods_total,
        currency=settings.CURRENCY,
        consent_text=agreed.consent_text,
        consented_at=at if agreed.consent_text else None,
    )


def _order_line(order: Order, line: LineQuote, claim_id: int) -> OrderLine:
    variant = line.variant
    return OrderLine(
        order=order,
        variant=variant,
        claim_id=claim_id,
        sku=variant.sku,
        title=variant.product.title,
        choice=variant.choice,
        unit_price=variant.price,
        quantity=line.quantity,
    )
