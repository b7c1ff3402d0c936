"""Sending one letter once more, because its recipient lost it or never saw it; and the way to an order anew."""

from datetime import datetime, timedelta

from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from shop import messages, wakeups
from shop.models import Order, SentAgain
from shop.transactions import use_case

_TEN_MINUTES = timedelta(minutes=10)


class UnableToSendAgain(Exception):
    """The sentence says why there is nothing to send."""


@use_case
def send_again(letter_id: int, *, seen: int, actor: str, at: datetime) -> SentAgain:
    """A letter that was given up goes out itself; of one that was sent a copy does, under a key of its own.

    `seen` is how often it had been sent again when somebody decided: a second click then sends nothing more. Raises
    UnableToSendAgain.
    """
    letter = Letter.objects.select_for_update().get(pk=letter_id)
    refuse(letter)
    if letter.sent_again.count() != seen:
        raise UnableToSendAgain("Somebody sent this letter again just now.")
    copy = letter if outbox.requeue([letter], at) else _copy(letter, seen + 1, at)
    wakeups.wake_mailer()
    return SentAgain.objects.create(letter=letter, copy=copy, actor=actor, at=at)


@use_case
def send_link(number: str, email: str, *, at: datetime) -> None:
    """The link of an order, to the address that it was ordered with; to no other one, and nobody learns which that is.

    Once in ten minutes, however often it is asked for.
    """
    order = Order.objects.select_related("payment").filter(number=number.upper(), email__iexact=email).first()
    if order:
        messages.order_link(order, int(at.timestamp() // _TEN_MINUTES.total_seconds()), at=at)
        wakeups.wake_mailer()


def may_send(letter: Letter) -> bool:
    return letter.state in {Letter.State.SENT, Letter.State.DEAD}


def refuse(letter: Letter) -> None:
    if not may_send(letter):
        raise UnableToSendAgain("This letter is on its way already: it is sent within a minute, or tried again.")


def _copy(letter: Letter, number: int, at: datetime) -> Letter:
    key = f"again:{letter.pk}:{number}"
    outbox.write([Draft(key, letter.template, letter.recipient, letter.thread, letter.context)], at=at)
    return Letter.objects.get(key=key)
