"""How the desk puts delays and deadlines into words."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from backorders.deadlines import Kind
from backorders.models import Notice
from inventory.models import ExpectedDay
from shop.formats import count, long_day, long_moment

_KINDS = {
    Kind.SHORT: "a short delay",
    Kind.LONG: "a long delay",
    Kind.RENEWED: "a further delay",
    Kind.MISSED: "a day that passed",
}


def kind_in_words(kind: Kind, new_day: date | None) -> str:
    return "a delay without a day" if kind == Kind.LONG and new_day is None else _KINDS[kind]


def day_in_words(day: ExpectedDay) -> str:
    """Such as "9 December 2026 (estimated)", or that none is known."""
    if day.on is None:
        return "no day known"
    return long_day(day.on) if day.confirmed else f"{long_day(day.on)} (estimated)"


def expected_in_words(day: ExpectedDay) -> str:
    return f"expected {day_in_words(day)}" if day.on else day_in_words(day)


def time_left(deadline: datetime, at: datetime) -> str:
    """Whole days until a deadline, such as "3 days left"; deadlines are the midnight after their last day."""
    days = (timezone.localdate(deadline) - timedelta(days=1) - timezone.localdate(at)).days
    if deadline < at:
        return f"overdue by {count(max(1, -days), 'day', 'days')}"
    return "due today" if days <= 0 else f"{count(days, 'day', 'days')} left"


def what_was_told(notice: Notice) -> str:
    """Such as "a short delay: 9 December 2026 → 4 January 2027"."""
    days = f": {long_day(notice.old_day)} → {long_day(notice.new_day)}" if notice.old_day else ""
    return f"{kind_in_words(Kind(notice.kind), notice.new_day)}{days}"


def what_became_of_it(notice: Notice) -> str:
    """Whether it arrived, and what was answered; both were read with it."""
    lost, answer = getattr(notice, "bounce", None), getattr(notice, "consent", None)
    parts = [
        f"did not arrive: {lost.answer}" if lost else "",
        f"{answer.get_answer_display()} {answer.detail}".strip() if answer else "",
        f"on {long_moment(answer.at)}, noted by {answer.actor}" if answer else "",
    ]
    return "; ".join(filter(None, parts)) or ("no answer yet" if notice.answer_by else "no answer, and none is needed")
