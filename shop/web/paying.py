"""How an order is paid, as its own page tells it: what is due until when and where to, what came, what goes back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from shop import holds, payments
from shop.gateways import BY_NAME, Gateway
from shop.gateways.transfer import Account, account
from shop.models import Order, Payment


@dataclass(frozen=True, slots=True)
class Paying:
    payment: Payment
    gateway: Gateway
    refund: Decimal
    # The time to pay has passed, and the sweep has not come by yet: money sent now would come too late.
    is_late: bool

    # Stands on the withdrawals that an unpaid order leaves.
    gave_back = holds.ACTOR

    @classmethod
    def of(cls, order: Order, at: datetime) -> Self:
        """One query, and two more when the order is paid."""
        payment = order.payment
        refund = payments.refund_due(payment)
        return cls(payment, BY_NAME[payment.gateway], refund, payment.is_overdue(at))

    @property
    def account(self) -> Account:
        return account()
