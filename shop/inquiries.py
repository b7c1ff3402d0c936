"""A customer's questions about her order: asked on its page, replied to by the desk, by mail and on the same page."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch

from notifications.models import Letter
from shop import messages, wakeups
from shop.models import Inquiry, Order, Reply
from shop.transactions import use_case

_MOST_IN_AN_HOUR = 5
_HOUR = timedelta(hours=1)


class UnableToAsk(Exception):
    """The sentence is for the customer."""


class UnableToReply(Exception):
    """The sentence is for staff."""


@use_case
def ask(order: Order, text: str, *, at: datetime) -> Inquiry:
    """Put a question before the desk. The same one, while nobody has replied to it, is asked once: a second click.

    Raises UnableToAsk when there were many within the hour.
    """
    order = _lock(order)
    asked = Inquiry.objects.filter(order=order)
    if same := asked.unanswered().filter(text=text).first():
        return same
    if asked.filter(at__gt=at - _HOUR).count() >= _MOST_IN_AN_HOUR:
        raise UnableToAsk(
            f"We have {_MOST_IN_AN_HOUR} questions of yours from the last hour, and read them all. Please give us a "
            "little time, and ask this one later."
        )
    return Inquiry.objects.create(order=order, text=text, at=at)


@use_case
def reply(order: Order, text: str, *, seen: int, actor: str, at: datetime) -> Reply:
    """Reply to what was asked, by mail and on the order's page.

    `seen` is how much of the conversation there was when somebody wrote: nobody replies to what she has not read, and a
    second click replies nothing more. Raises UnableToReply.
    """
    made = _reply(order, text, seen, actor, at)
    wakeups.wake_mailer()
    return made


def preview_reply(order: Order, text: str, *, seen: int, actor: str, at: datetime) -> Letter:
    """The letter that would be written, by the code that writes it, in a transaction that is rolled back."""
    with transaction.atomic():
        made = _reply(order, text, seen, actor, at)
        letter = Letter.objects.get(key=messages.reply_key(made))
        transaction.set_rollback(True)
    return letter


def of_order(order: Order) -> list[Inquiry]:
    """What was asked, oldest first, each with its replies. Two queries; one where nothing was asked."""
    replies = Prefetch("replies", Reply.objects.order_by("id"))
    return list(Inquiry.objects.filter(order=order).order_by("id").prefetch_related(replies))


def length(conversation: Sequence[Inquiry]) -> int:
    """How much was said in all, by both."""
    return sum(1 + len(inquiry.replies.all()) for inquiry in conversation)


def is_unanswered(conversation: Sequence[Inquiry]) -> bool:
    return bool(conversation) and not conversation[-1].replies.all()


def _reply(order: Order, text: str, seen: int, actor: str, at: datetime) -> Reply:
    order = _lock(order)
    conversation = of_order(order)
    if not conversation:
        raise UnableToReply(f"Nobody asked anything about order {order} on its page: write a mail to the customer.")
    if length(conversation) != seen:
        raise UnableToReply("Something was said since you looked: read it, and reply to that.")
    made = Reply.objects.create(inquiry=conversation[-1], text=text, actor=actor, at=at)
    messages.inquiry_replied(order, made, at=at)
    return made


def _lock(order: Order) -> Order:
    return Order.objects.select_for_update(of=("self",)).select_related("payment").get(pk=order.pk)
