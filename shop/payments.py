"""What an order owes. The gateway is chosen here and nowhere else."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from shop.gateways import invoice
from shop.models import Order, Payment


def open_payment(order: Order, *, at: datetime) -> Payment:
    """The payment of an order that was just placed, in the transaction that places it."""
    return Payment.objects.create(order=order, gateway=invoice.NAME, amount=order.total, created_at=at)


def reduce_to_what_is_wanted(order: Order) -> Payment:
    """After a cancellation: owe only what is still wanted. Shipping is owed unless nothing was or will be sent."""
    # Locked before anything is read: two lines of one order may be cancelled at once, under different stock locks.
    payment = Payment.objects.select_for_update().get(order=order)
    goods = order.lines.aggregate(
        total=Coalesce(Sum(F("unit_price") * F("claim__quantity")), Decimal(0), output_field=Payment.amount.field)
    )["total"]
    payment.amount = goods + order.shipping_price if order.lines.filter(claim__quantity__gt=0).exists() else Decimal(0)
    if not payment.amount and payment.state == Payment.State.DUE:
        payment.state = Payment.State.VOID
    payment.save(update_fields=["amount", "state"])
    return payment
