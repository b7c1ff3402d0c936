"""How an order is paid, as its own page tells it: what is due until when and where to, what came, what goes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from backorders.facts import Withdrawn
from shop import holds
from shop.gateways import BY_NAME, Gateway
from shop.gateways.transfer import Account, account
from shop.models import Order, Payment, Refund


@dataclass(frozen=True, slots=True)
class Paying:
    payment: Payment
    gateway: Gateway
    refunds: tuple[Refund, ...]
    # The time to pay has passed, and the sweep has not come by yet: money sent now would come too late.
    is_late: bool

    # Stands on the withdrawals that an unpaid order leaves.
    gave_back = holds.ACTOR

    @classmethod
    def of(cls, order: Order, at: datetime) -> Self:
        """One query, and one more when the order is paid."""
        payment = order.payment
        refunds = order.refunds.order_by("id") if payment.state == Payment.State.PAID else ()
        return cls(payment, BY_NAME[payment.gateway], tuple(refunds), payment.is_overdue(at))

    @property
    def account(self) -> Account:
        return account()


def cancelled(order: Order, gone: Iterable[Withdrawn]) -> str:
    """What is said when something of the order was cancelled."""
    units = {fact.claim_id: fact.units for fact in gone}
    lines = order.lines.filter(claim__in=units).order_by("id")
    what = "; ".join(f"{units[line.claim_id]} × {line.article}" for line in lines)
    if order.payment.state == Payment.State.PAID:
        return f"Cancelled: {what}. What you paid for it goes back to you in full, and a mail confirms it."
    return f"Cancelled: {what}. You owe nothing for it, and a mail confirms it."
