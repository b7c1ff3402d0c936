"""Pay by bank transfer before the goods ship: a person sees the money on the account and says so at the desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from shop.formats import span
from shop.gateways.base import Gateway


class Transfer(Gateway):
    name = "transfer"
    noun = "bank transfer"
    how = "by bank transfer before they ship"
    on_dispatch = "you have paid for them by bank transfer"
    in_advance = True

    @property
    def promise(self) -> str:
        return (
            "You pay by bank transfer before your goods ship: the days hold if your payment is here by then. Until it"
            f" is, we hold your units and your place in the queue, for {span(_hold())} at most; after that they go to"
            " the next in line."
        )

    @property
    def hint(self) -> str:
        return f"You get our account details with your order. We hold everything for you for {span(_hold())}."

    def due_by(self, at: datetime) -> datetime:
        return at + _hold()


@dataclass(frozen=True, slots=True)
class Account:
    """Where a transfer goes. The IBAN is written in groups of four, as people read and type it."""

    holder: str
    iban: str
    bic: str


def account() -> Account:
    iban = settings.BANK_IBAN
    groups = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    return Account(settings.BANK_ACCOUNT_HOLDER, groups, settings.BANK_BIC)


def _hold() -> timedelta:
    return timedelta(hours=settings.PAYMENT_HOLD_HOURS)
