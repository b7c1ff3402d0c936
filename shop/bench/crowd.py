"""Queues of any length, written by a few set-based statements, so that a million can wait within a minute."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from backorders.availability import quotes
from backorders.models import Claim, Promise, Queue
from inventory.models import PurchaseOrderLine, StockItem
from shop.bench.goods import DETAILS, PAYMENT
from shop.demo.repeat import repeat
from shop.models import Order, OrderLine, Payment, Variant

_NUMBER = "lpad(({before} + i)::text, 10, '0')"
_EMAIL = "'buyer' || i || '@example.com'"
_PRICE, _SHIPPING = Decimal("49.00"), Decimal("4.90")


def wait_for(lines: Iterable[PurchaseOrderLine], variant: Variant, at: datetime) -> None:
    """One order of one unit for every unit of these purchase lines, promised for the line's day, in that order.

    Everything that placing writes is there but the confirmations: orders, lines, claims, promises, payments.
    """
    for line in lines:
        _join(line, variant, at)


def _join(supply: PurchaseOrderLine, variant: Variant, at: datetime) -> None:
    count, item = supply.quantity, supply.item
    # All of the line goes to those who join now, so all of them are told the same.
    (told,) = quotes({item.pk: 1}, at)[item.pk].portions
    orders = _orders(count, at)
    claim = Claim(item=item, quantity=1, unit_price=_PRICE, told=1, placed_at=at)
    claims = repeat(claim, count, reference=_NUMBER.format(before=orders.start - 1), customer=_EMAIL)
    promise = Promise(
        version=1, quantity=1, ships_on=told.ships_on, confirmed=told.confirmed, basis=told.basis, told_at=at
    )
    repeat(promise, count, claim_id=_counted(claims))
    line = OrderLine(variant=variant, sku=variant.sku, title=str(variant), unit_price=_PRICE, quantity=1)
    repeat(line, count, order_id=_counted(orders), claim_id=_counted(claims))
    payment = Payment(gateway=PAYMENT, amount=_PRICE + _SHIPPING, created_at=at)
    repeat(payment, count, order_id=_counted(orders))
    _lengthen(item, count)


def _orders(count: int, at: datetime) -> range:
    order = Order(
        **DETAILS,
        placed_at=at,
        shipping_name="Parcel",
        shipping_price=_SHIPPING,
        goods_total=_PRICE,
        currency="EUR",
        consent_text="I agree to wait for what is not on the shelf.",
        consented_at=at,
    )
    number = _NUMBER.format(before=f"(SELECT count(*) FROM {Order._meta.db_table})")
    return repeat(order, count, number=number, cart_key="gen_random_uuid()", email=_EMAIL)


def _lengthen(item: StockItem, units: int) -> None:
    Queue.objects.filter(item=item).update(waiting=F("waiting") + units)


def _counted(ids: range) -> str:
    return f"{ids.start - 1} + i"
