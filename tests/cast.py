"""The fixed cast and their goods: Ada buys, Bo waits, Cy runs the desk. All is made by the shop's own functions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from backorders.models import Policy, Queue
from backorders.queries import holding
from inventory import ledger
from inventory.locking import lock_items
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from shop import carts, checkout
from shop.models import Cart, Category, Order, Product, Sends, ShippingMethod, Variant

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
TODAY = timezone.localdate(NOON)
SOON = TODAY + timedelta(days=18)
LATER = TODAY + timedelta(days=44)

ADA = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "",
    "line1": "12 Analytical Row",
    "line2": "",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
}
BO = ADA | {"email": "bo@example.com", "name": "Bo Nordin", "line1": "3 Harbour Street"}
CY = "cy@example.com"


def stock(
    sku: str = "POPULAR-CURTAINS",
    *,
    on_hand: int = 0,
    policy: Policy = Policy.INBOUND,
    lead_days: int = 28,
    cap: int | None = None,
) -> StockItem:
    """A stock item with its opening movement and its queue."""
    item = StockItem.objects.create(sku=sku, name=sku.replace("-", " ").capitalize())
    Queue.objects.create(item=item, policy=policy, lead_days=lead_days, cap=cap)
    if on_hand:
        with transaction.atomic():
            locked = lock_items([item.pk])[item.pk]
            ledger.opening([ledger.Entry(locked, on_hand, "opening stock")], actor=CY, at=NOON)
        item.refresh_from_db()
    return item


def inbound(item: StockItem, units: int, day: date | None = SOON, *, confirmed: bool = True) -> PurchaseOrderLine:
    """A placed purchase order of one line."""
    supplier, _ = Supplier.objects.get_or_create(name="Weavers of Ulm")
    number = f"PO-{PurchaseOrder.objects.count() + 1}"
    order = PurchaseOrder.objects.create(
        number=number, supplier=supplier, state=PurchaseOrder.State.SENT, ordered_on=TODAY
    )
    return PurchaseOrderLine.objects.create(
        order=order, item=item, quantity=units, expected_on=day, confirmed=confirmed
    )


def variant(item: StockItem, *, price: str = "49.00", product: Product | None = None) -> Variant:
    if product is None:
        category, _ = Category.objects.get_or_create(slug="home", defaults={"name": "Home"})
        product = Product.objects.create(title=item.name, slug=item.sku.lower(), category=category)
    return Variant.objects.create(product=product, stock_item=item, price=Decimal(price), options=[["SKU", item.sku]])


def shipping(price: str = "4.90") -> ShippingMethod:
    return ShippingMethod.objects.get_or_create(name="Parcel", defaults={"price": Decimal(price)})[0]


def cart_of(*wanted: tuple[Variant, int], who: dict[str, str] | None = None) -> Cart:
    cart = Cart.objects.create(details=(who or ADA) | {"shipping_method": shipping().pk})
    for item, units in wanted:
        carts.add(cart, item, units)
    return cart


def buy(
    *wanted: tuple[Variant, int],
    who: dict[str, str] | None = None,
    sends: Sends = Sends.AS_READY,
    at: datetime = NOON,
) -> Order:
    """Review a cart and order exactly what was shown, agreeing to wait."""
    return order_cart(cart_of(*wanted, who=who), sends=sends, at=at)


def order_cart(cart: Cart, at: datetime = NOON, sends: Sends = Sends.AS_READY) -> Order:
    shown = checkout.review(cart, at).shown
    return checkout.place_order(cart.pk, shown=shown, sends=sends, consented=True, user=None, at=at)


def days_told(order: Order) -> Sequence[tuple[int, date | None]]:
    """The promises that hold for an order's lines, as pairs of units and day."""
    claims = list(order.lines.order_by("id").values_list("claim_id", flat=True))
    told = holding(claims)
    return [(portion.quantity, portion.ships_on) for pk in claims for portion in told[pk][1]]
