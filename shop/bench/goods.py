"""Goods and carts to measure with. Stock goes through the ledger, as in the shop."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backorders.models import Policy, Queue
from inventory import ledger
from inventory.dispatch import working_days
from inventory.locking import lock_items
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from shop import delays
from shop.demo.people import ADA
from shop.gateways.invoice import Invoice
from shop.models import Cart, CartLine, Category, Product, ShippingMethod, Variant

ACTOR = "bench"
PAYMENT = Invoice.name
DETAILS = ADA.details


def item_of(sku: str, at: datetime, *, on_hand: int = 0) -> StockItem:
    """A stock item whose queue is open against what is on order."""
    item = StockItem.objects.create(sku=sku, name=sku.capitalize())
    Queue.objects.create(item=item, policy=Policy.INBOUND)
    if on_hand:
        with transaction.atomic():
            entry = ledger.Entry(lock_items([item.pk])[item.pk], on_hand, "opening stock")
            ledger.opening([entry], actor=ACTOR, at=at)
    return item


def on_order(
    item: StockItem, units: int, at: datetime, *, lines: int = 1, number: str = "first", after: int = 0
) -> list[PurchaseOrderLine]:
    """Placed purchase order lines of one item that come a week apart, earliest first, with about equal units.

    The first comes when `after` such lines have come.
    """
    supplier, _ = Supplier.objects.get_or_create(name="Weavers of Ulm")
    order = PurchaseOrder.objects.create(
        number=f"PO-{item.sku}-{number}",
        supplier=supplier,
    )
    shares = [units // lines + (place < units % lines) for place in range(lines)]
    ordered = PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(order=order, item=item, quantity=share, expected_on=day_of(after + place, at), confirmed=True)
        for place, share in enumerate(shares)
        if share
    )
    delays.send_purchase_order(order, at=at)
    return ordered


def day_of(place: int, at: datetime) -> date:
    return working_days().first_from(timezone.localdate(at) + timedelta(days=14 + 7 * place))


def variant_of(item: StockItem) -> Variant:
    category, _ = Category.objects.get_or_create(slug="home", defaults={"name": "Home"})
    product = Product.objects.create(title=item.name, slug=item.sku.lower(), category=category)
    return Variant.objects.create(product=product, stock_item=item, price=Decimal("49.00"), options=[["SKU", item.sku]])


def carts_of(count: int, *choices: Sequence[Variant]) -> list[UUID]:
    """Carts that can be ordered, one unit per line; the choices are taken in turn."""
    shipping, _ = ShippingMethod.objects.get_or_create(name="Parcel", defaults={"price": Decimal("4.90")})
    details = DETAILS | {"shipping_method": shipping.pk, "payment": PAYMENT}
    carts = [Cart(id=uuid.uuid4(), details=details) for _ in range(count)]
    Cart.objects.bulk_create(carts, batch_size=2000)
    CartLine.objects.bulk_create(
        (
            CartLine(cart=cart, variant=variant, quantity=1)
            for place, cart in enumerate(carts)
            for variant in choices[place % len(choices)]
        ),
        batch_size=2000,
    )
    return [cart.pk for cart in carts]
