"""Placing an order: what the shopper saw is checked again under the lock before anything is promised (law 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from backorders import consent, queue
from backorders.availability import quotes_of
from backorders.models import Claim
from backorders.plan import Portion, is_worse
from inventory.pipelining import insert
from inventory.prepared import Prepared
from shop import carts, info, messages, payments, wakeups
from shop.carts import Contents, LineQuote
from shop.gateways import Gateway
from shop.info import Link
from shop.models import Cart, Order, OrderLine, Sends, ShippingMethod, User
from shop.models.orders import draw_number
from shop.review import DETAILS, Option, Review, Shown, UnableToPlaceOrder
from shop.sending import shipping_price
from shop.transactions import pipelined_until_committed, use_case

_EMPTY = "Your cart is empty: put something into it first."
# In the shop's currency; far above every real order, far below what the columns hold.
MOST_OF_AN_ORDER = Decimal(10_000_000)


class AnswersMissing(UnableToPlaceOrder):
    """The review asks something that was not answered: `asks` has a sentence for each field, `sends` or `consent`."""

    def __init__(self, asks: Mapping[str, str]):
        super().__init__(" ".join(asks.values()))
        self.asks = asks


@dataclass(frozen=True, slots=True)
class Change:
    """A line that is not what the review showed. `old` is None for a line that was not shown at all."""

    line: LineQuote
    old: tuple[Portion, ...] | None
    old_price: Decimal | None

    @property
    def is_later(self) -> bool:
        return self.old is None or bool(self.line.missing) or is_worse(self.line.portions, self.old)


@dataclass(frozen=True, slots=True)
class ShippingChange:
    """A way of sending that got dearer, or goes by another method. `old_price` is None if no such price was shown."""

    option: Option
    old_price: Decimal | None


class PromiseMoved(Exception):
    """What could be ordered is worse or dearer than what was shown. Show what changed and `contents`, and ask again."""

    def __init__(self, contents: Contents, changes: Sequence[Change], shipping: Sequence[ShippingChange]):
        super().__init__("Something changed since you looked. Please check it and order again.")
        self.contents, self.changes, self.shipping = contents, tuple(changes), tuple(shipping)


shipping_methods = Prepared(lambda: ShippingMethod.objects.filter(offered=True).order_by("position", "id"))


def review(cart: Cart, at: datetime) -> Review:
    """The cart as it would be ordered now. Raises UnableToPlaceOrder when it is empty or details are missing."""
    return review_of(carts.contents(cart.pk, at))


def review_of(contents: Contents) -> Review:
    """The same for contents that were quoted already."""
    return _review_of(contents, shipping_methods(), tuple(link for link in info.links() if link.part_of_orders))


def _review_of(contents: Contents, offered: Sequence[ShippingMethod], parts: tuple[Link, ...] = ()) -> Review:
    if not contents.lines:
        raise UnableToPlaceOrder(_EMPTY)
    if contents.goods_total > MOST_OF_AN_ORDER:
        raise UnableToPlaceOrder("That is more than one order can hold: lower a quantity, or write to us.")
    details = contents.cart.details
    if not details.get("email") or not details.get("line1"):
        raise UnableToPlaceOrder("Fill in your contact and address first.")
    shipping = next((way for way in offered if way.pk == details.get("shipping_method")), None)
    if shipping is None:
        raise UnableToPlaceOrder("Choose how your order is to be shipped.")
    return Review(contents, shipping, _options(contents, shipping), _payment_of(contents.cart), parts)


def foreseen(contents: Contents) -> tuple[ShippingMethod, tuple[Option, ...]] | None:
    """What the ways of sending would cost, before it is asked: by the way of shipping that she chose, or that is
    offered first. None while none is offered."""
    offered = shipping_methods()
    chosen = contents.cart.details.get("shipping_method")
    shipping = next((way for way in offered if way.pk == chosen), offered[0] if offered else None)
    return (shipping, _options(contents, shipping)) if shipping else None


def _options(contents: Contents, shipping: ShippingMethod) -> tuple[Option, ...]:
    goods = contents.goods_total
    return tuple(Option(way, goods, shipping_price(shipping, len(way.parcels) or 1)) for way in contents.ways)


@use_case
def place_order(
    cart_id: UUID, *, shown: Shown, sends: Sends | None = None, consented: bool, user: User | None, at: datetime
) -> Order:
    """Place what the cart holds, if it is no worse than what was shown. Once per cart: a repetition returns the order.

    `sends` is her answer to how it is to be sent; it is asked only when not everything ships on one day.

    Raises PromiseMoved when a day got later, a quantity smaller, a price different or shipping dearer,
    UnableToPlaceOrder (or its AnswersMissing) with a sentence, StockBusy when too many want the same at once. Then
    nothing was placed.
    """
    lines = carts.locked_lines(cart_id)
    if not lines:
        # Ordered already, a moment ago in another tab or just now by the same double click: or never filled.
        if earlier := Order.objects.filter(cart_key=cart_id).first():
            return earlier
        raise UnableToPlaceOrder(_EMPTY)
    cart = lines[0].cart
    customer = carts.customer_of(cart)
    # Others wait for these goods from here on: what nobody has to read is not waited for.
    pipelined_until_committed()
    offered = shipping_methods.sent()
    queues, (claim_ids, (order_id,)) = queue.lock_for(
        (line.variant.stock_item_id for line in lines), {Claim: len(lines), Order: 1}
    )
    answers = quotes_of([line.item for line in queues.values()], carts.wanted_by(lines), at, customer=customer)
    contents = carts.quoted(lines, answers)
    agreed = _review_of(contents, offered())
    check(agreed, shown, sends, consented=consented)
    # An answer is kept also when all of it can meanwhile ship on one day: a day may still move apart.
    kept = sends if sends and shown.asked_how else agreed.option(sends).sends
    number = draw_number()
    wants = _wants(cart, number, agreed, kept, customer, at)
    joined = queue.join(queues, wants, actor="checkout", at=at, ids=claim_ids)
    order = _order_of(cart, order_id, number, agreed, kept, shown, user, at)
    ordered = [_order_line(order, line, fact.claim_id) for line, fact in zip(contents.lines, joined, strict=True)]
    insert([order, *ordered, payments.payment_of(order, agreed.payment, at=at)])
    messages.order_placed(order, list(zip(ordered, joined, strict=True)), parts=shown.parts, at=at)
    carts.discard(cart)
    payments.forget(order)
    wakeups.wake_mailer()
    return order


def check(agreed: Review, shown: Shown, sends: Sends | None, *, consented: bool) -> None:
    """Could this be ordered by who saw that and answered so? Raises what `place_order` raises if not."""
    _compare(agreed, shown)
    _check_answers(agreed, sends, consented)


def _payment_of(cart: Cart) -> Gateway:
    try:
        return payments.choose(cart.details.get("payment"))
    except payments.UnableToChoosePayment as error:
        raise UnableToPlaceOrder(str(error)) from error


def _check_answers(agreed: Review, sends: Sends | None, consented: bool) -> None:
    asks = {}
    if agreed.asks_how and sends is None:
        asks["sends"] = "Choose how we are to send it: each part as soon as it is ready, or everything together."
    if agreed.needs_consent and not consented:
        asks["consent"] = "Tick the box that says that you agree to wait for what is not on the shelf."
    if asks:
        raise AnswersMissing(asks)


def _compare(agreed: Review, shown: Shown) -> None:
    """Law 7: a better day is taken as it is; a later day, fewer units or another price is shown and asked."""
    if shown.payment != agreed.payment.name:
        raise UnableToPlaceOrder("How you pay changed since you looked: look through your order once more.")
    if shown.going_to != agreed.going_to:
        raise UnableToPlaceOrder("Where it goes changed since you looked: look through your order once more.")
    seen = {line.variant_id: line for line in shown.lines}
    changes = []
    for line in agreed.contents.lines:
        old = seen.pop(line.variant.pk, None)
        if old is None or old.quantity != line.quantity:
            changes.append(Change(line, None, None))
        elif (
            line.missing
            or is_worse(line.portions, old.portions)
            or _is_less_certain(line.portions, old.portions)
            or Decimal(old.unit_price) != line.unit_price
        ):
            changes.append(Change(line, old.portions, Decimal(old.unit_price)))
    shipping = _shipping_changes(agreed, shown)
    if changes or seen or shipping:
        raise PromiseMoved(agreed.contents, changes, shipping)


def _is_less_certain(fresh: Sequence[Portion], shown: Sequence[Portion]) -> bool:
    """Were all days confirmed, and is one of them an estimate now?"""
    return all(portion.confirmed for portion in shown) and not all(portion.confirmed for portion in fresh)


def _shipping_changes(agreed: Review, shown: Shown) -> list[ShippingChange]:
    """A way that was not shown, because all was to ship on one day, is measured by the one that was."""
    if shown.shipping_method_id != agreed.shipping.pk:
        return [ShippingChange(option, None) for option in agreed.options]
    prices = {sends: Decimal(price) for sends, price in shown.shipping_prices.items()}
    was = {option.sends: prices.get(option.sends, prices[Sends.AS_READY]) for option in agreed.options}
    return [
        ShippingChange(option, was[option.sends])
        for option in agreed.options
        if option.shipping_price > was[option.sends]
    ]


def _wants(cart: Cart, number: str, agreed: Review, sends: Sends, customer: str, at: datetime) -> list[queue.Want]:
    """Each line is due by its own first day, or all by the last of all. What is paid in advance is not due before."""
    lines, country = agreed.contents.lines, str(cart.details.get("country", ""))
    last = max(line.portions[-1].by for line in lines)
    is_held = agreed.option(sends).total > 0 and agreed.payment.due_by(at) is not None
    wants = []
    for line in lines:
        day = line.portions[0].ships_on
        if sends == Sends.TOGETHER and last > date.min:
            day = last
        due_at = None if is_held else consent.due_at(day, country)
        item_id, price = line.variant.stock_item_id, line.unit_price
        wants.append(queue.Want(item_id, number, line.portions, customer, country, due_at, price))
    return wants


def _order_of(
    cart: Cart, pk: int, number: str, agreed: Review, sends: Sends, shown: Shown, user: User | None, at: datetime
) -> Order:
    option = agreed.option(sends)
    details = {name: cart.details.get(name, "") for name in DETAILS}
    return Order(
        pk=pk,
        **details,
        number=number,
        cart_key=cart.pk,
        user=user,
        placed_at=at,
        shipping_name=agreed.shipping.name,
        sends=sends,
        shipping_price=option.shipping_price,
        goods_total=agreed.contents.goods_total,
        currency=settings.CURRENCY,
        consent_text=option.consent_text,
        consented_at=at if option.consent_text else None,
        shown_hash=shown.digest,
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
