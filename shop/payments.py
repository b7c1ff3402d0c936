"""What an order owes, and how it is paid. The gateway is chosen here and nowhere else."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from backorders import consent
from backorders.deadlines import ours_ends, refund_by
from inventory.dispatch import working_days
from shop.gateways import BY_NAME, Gateway
from shop.models import Order, Payment, Refund, Return


class UnableToChoosePayment(Exception):
    """The sentence says what to choose."""


def offered() -> list[Gateway]:
    return [BY_NAME[name] for name in settings.PAYMENT_METHODS]


def terms() -> str:
    """When a shopper pays who has not chosen yet how: true for everything that is offered."""
    gateways = offered()
    if len(gateways) == 1:
        return gateways[0].promise
    return f"You pay {', or '.join(gateway.how for gateway in gateways)}: you choose at the checkout."


def choose(name: str | None) -> Gateway:
    """The gateway that was asked for; the only one there is when none was. Raises UnableToChoosePayment.

    One that is not offered any more is never replaced in silence: it stands for what she agreed to.
    """
    gateways = offered()
    if not name and len(gateways) == 1:
        return gateways[0]
    for gateway in gateways:
        if gateway.name == name:
            return gateway
    if name in BY_NAME:
        raise UnableToChoosePayment(
            f"“{BY_NAME[name].label}” is not offered any more: check your details, and how you pay, once more."
        )
    raise UnableToChoosePayment("Choose how you want to pay.")


def payment_of(order: Order, gateway: Gateway, *, at: datetime) -> Payment:
    """The payment of an order that is being placed, to be inserted with it."""
    # An order that costs nothing waits for no money.
    due_by = gateway.due_by(at) if order.total else None
    return Payment(order=order, gateway=gateway.name, amount=order.total, created_at=at, due_by=due_by)


def forget(order: Order) -> None:
    """Whoever asks for the payment of an order that was just placed reads it, and can write it: it has its id then."""
    Order._meta.get_field("payment").delete_cached_value(order)


def lock(order_id: int) -> Payment:
    """An order's payment, read fresh under its lock. Stock items are locked before it, letters written after it."""
    return Payment.objects.select_for_update(of=("self",)).select_related("order").get(order=order_id)


def owed(order: Order) -> Decimal:
    """The price of what is still wanted, less what was taken off it for goods that came back.

    Shipping is owed unless nothing was or will be sent.
    """
    sent = order.shipping_price if order.lines.filter(claim__quantity__gt=0).exists() else Decimal(0)
    return max(Decimal(0), _price(order, "claim__quantity") + sent - _came_back(order))


def owed_for_what_left(order: Order) -> Decimal:
    """The price of what has shipped, and shipping, less what was taken off it: no more can be taken off."""
    return max(Decimal(0), _price(order, "claim__shipped") + order.shipping_price - _came_back(order))


def _price(order: Order, units: str) -> Decimal:
    price: Decimal = order.lines.aggregate(
        total=Coalesce(Sum(F("unit_price") * F(units)), Decimal(0), output_field=Payment.amount.field)
    )["total"]
    return price


def _came_back(order: Order) -> Decimal:
    off: Decimal = Return.objects.filter(line__order=order).aggregate(
        total=Coalesce(Sum("amount"), Decimal(0), output_field=Payment.amount.field)
    )["total"]
    return off


def reduce_to_what_is_wanted(order: Order) -> Payment:
    """After a cancellation: owe only what is still wanted. What was paid already stays written down as it was paid."""
    # Locked before anything is read: two lines of one order may be cancelled at once, under different stock locks.
    payment = lock(order.pk)
    if payment.state == Payment.State.DUE:
        payment.amount = owed(payment.order)
        if not payment.amount:
            payment.state = Payment.State.VOID
        payment.save(update_fields=["amount", "state"])
    return payment


def refund_due(payment: Payment) -> Decimal:
    """What was paid beyond what is wanted, whether it has been sent back or not."""
    if payment.state != Payment.State.PAID:
        return Decimal(0)
    return max(Decimal(0), payment.amount - owed(payment.order))


def owe_back(payment: Payment, *, reason: str, at: datetime) -> Decimal:
    """Write down what is due back to the customer and is not written down yet; returns how much that is.

    The payment must be locked by the caller.
    """
    order = payment.order
    written = order.refunds.aggregate(total=Coalesce(Sum("amount"), Decimal(0), output_field=Payment.amount.field))
    amount = refund_due(payment) - written["total"]
    if amount <= 0:
        return Decimal(0)
    Refund.objects.create(order=order, amount=amount, reason=reason, due_since=at, due_by=_refund_by(order, at))
    return amount


def _refund_by(order: Order, at: datetime) -> datetime:
    day = refund_by(timezone.localdate(at), working_days(), consent.rule())
    return ours_ends(day, str(order.country), settings.TIME_ZONE)
