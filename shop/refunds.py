"""Money that is due back: a person sends it, and the customer hears of it."""

from datetime import datetime

from shop import messages, wakeups
from shop.models import Refund
from shop.transactions import use_case


class UnableToRefund(Exception):
    """The sentence says why there is nothing to send."""


@use_case
def mark_sent(refund_id: int, *, actor: str, at: datetime) -> Refund:
    """The money is on its way, the way it came. Raises UnableToRefund when it was sent before."""
    refund = Refund.objects.select_for_update(of=("self",)).select_related("order__payment").get(pk=refund_id)
    refuse_if_sent(refund)
    refund.sent_at, refund.sent_by = at, actor
    refund.save(update_fields=["sent_at", "sent_by"])
    messages.refund_sent(refund, at=at)
    wakeups.wake_mailer()
    return refund


def refuse_if_sent(refund: Refund) -> None:
    if refund.sent_at:
        raise UnableToRefund(f"{refund} was sent already, by {refund.sent_by}.")
