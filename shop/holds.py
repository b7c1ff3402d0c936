"""Orders that are paid in advance: held until the money is here, given back when it is not here in time."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from backorders import consent, promises, queue
from inventory.dispatch import ready_on
from shop import cancellations, messages, payments, wakeups
from shop.formats import long_day, long_moment, money
from shop.gateways import BY_NAME
from shop.models import Order, OrderLine, Payment
from shop.notices import ask_again, reschedule
from shop.transactions import use_case

# Who gave the units back, on the withdrawals that an unpaid order leaves.
ACTOR = "payment hold"


class UnableToReceivePayment(Exception):
    """The sentence says what to do with the money."""


def overdue(at: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` orders whose time to pay has passed, the longest due first."""
    due = Payment.objects.awaited().filter(due_by__lte=at)
    return list(due.order_by("due_by", "id").values_list("order_id", flat=True)[:limit])


@use_case
def expire(order_id: int, *, at: datetime) -> bool:
    """Give back the units and the places of an order that was not paid in time. False when there is nothing to do.

    Stock items are locked first and the payment after them, so it races neither the queue nor the money: a payment
    that was received before stays received.
    """
    queues = queue.lock(OrderLine.objects.filter(order=order_id).values_list("claim__item_id", flat=True))
    payment = payments.lock(order_id)
    if payment.due_by is None or not payment.is_overdue(at):
        return False
    order, asked = payment.order, payment.amount
    reason = f"not paid by {long_moment(payment.due_by)}"
    withdrawn = cancellations.pass_on(queues, cancellations.left_of(order), reason=reason, actor=ACTOR, at=at)
    payment.state, payment.amount = Payment.State.EXPIRED, Decimal(0)
    payment.save(update_fields=["state", "amount"])
    messages.payment_missed(order, withdrawn, asked, payment.due_by, at=at)
    wakeups.wake_mailer()
    return True


@use_case
def receive_payment(order: Order, amount: Decimal, *, actor: str, at: datetime) -> Payment:
    """The money of an order is here, in full: from now on it may ship. What is too much is due back to the customer.

    Raises UnableToReceivePayment when more is due, or nothing any more.
    """
    _, lines = cancellations.lock_all(order)
    payment = payments.lock(order.pk)
    refuse_unless_due(payment, amount)
    payment.state, payment.amount = Payment.State.PAID, amount
    payment.settled_at, payment.settled_by = at, actor
    payment.save(update_fields=["state", "amount", "settled_at", "settled_by"])
    too_much = payments.owe_back(payment, reason="more was paid than was due", at=at)
    # The days were told for a payment in time: from here on they count.
    waiting = [line.claim for line in lines if line.claim.left]
    promises.postpone(waiting, ready_on(at), reason=f"your payment came on {long_day(timezone.localdate(at))}", at=at)
    _ask_whose_time_ran_out(payment.order, at)
    reschedule(payment.order, at=at)
    messages.payment_received(payment.order, payment, too_much=too_much, at=at)
    wakeups.wake_mailer()
    return payment


def _ask_whose_time_ran_out(order: Order, at: datetime) -> None:
    """Her money says that she wants it, though her yes to the new day is missing: silence must not end it at once."""
    lines = [line for line in order.lines.select_related("claim__notice").order_by("id") if line.claim.lacks]
    if unanswered := [line for line in lines if consent.ran_out(line.claim, at)]:
        ask_again(order, unanswered, at=at, is_paid=True)


def refuse_unless_due(payment: Payment, amount: Decimal) -> None:
    """Raises UnableToReceivePayment unless this amount pays for the order."""
    order, due = payment.order, money(payment.amount, payment.order.currency)
    match payment.state:
        case Payment.State.PAID:
            when = f" on {long_moment(payment.settled_at)}" if payment.settled_at else ""
            raise UnableToReceivePayment(
                f"Order {order} was paid{when}: if money came a second time, transfer it back to the customer."
            )
        case Payment.State.EXPIRED:
            raise UnableToReceivePayment(
                f"Order {order} was not paid in time, and its units went to the next in the queue: transfer the money"
                " back, or place the order anew for the customer."
            )
        case Payment.State.VOID:
            raise UnableToReceivePayment(
                f"Order {order} was cancelled or came back, and owes nothing: transfer the money back to the customer."
            )
    if amount < payment.amount:
        raise UnableToReceivePayment(
            f"Order {order} owes {due}, not {money(amount, order.currency)}: wait until all of it is here, or settle"
            " the difference with the customer first."
        )


def refuse_to_ship_unpaid(order: Order) -> None:
    """Raises UnableToShip while the order waits for its payment."""
    payment = Payment.objects.awaited().filter(order=order).first()
    if payment and payment.due_by:
        amount, way = money(payment.amount, order.currency), BY_NAME[payment.gateway].noun
        raise queue.UnableToShip(
            f"Order {order} is not paid yet: {amount} by {way} is due until {long_moment(payment.due_by)}. It ships"
            " once the payment is here."
        )
