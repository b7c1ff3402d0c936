"""Letters that no change calls for, only time: an answer that is still missing, and that nothing has moved."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet

from backorders import consent
from backorders.models import Claim, Notice
from notifications.models import Letter
from shop import delay_letters, wakeups
from shop.transactions import use_case

# So many days before an answer is due she is asked once more.
DAYS_LEFT = (7, 2)
_DAY = timedelta(days=1)
# Who ships within so many days hears from us anyway.
_NEAR = timedelta(days=3)
_AT_ONCE = 1000


@use_case
def remind(*, at: datetime) -> int:
    """Remind of questions that are still open seven and two days before silence ends the order; returns how many."""
    reminded = 0
    for days in DAYS_LEFT:
        asked: dict[int, list[Notice]] = defaultdict(list)
        for notice in _unanswered(days, at)[:_AT_ONCE]:
            asked[notice.claim.order_line.order_id].append(notice)
        delay_letters.answer_reminders(asked, days, at=at)
        reminded += len(asked)
    wakeups.wake_mailer()
    return reminded


def _unanswered(days: int, at: datetime) -> QuerySet[Notice]:
    """Questions that have at most so many days left, had more when they were asked, and were not called to mind since.

    Another question of the same order can be reminded of its own days at the same time.
    """
    left = timedelta(days=days)
    reminders = Letter.objects.filter(
        key__startswith=f"reminder{days}:",
        thread=OuterRef("claim__reference"),
        written_at__gte=OuterRef("answer_by") - left,
    )
    return (
        consent.open_questions()
        .filter(answer_by__gt=at, answer_by__lte=at + left, told_at__lt=F("answer_by") - left - _DAY)
        .exclude(Exists(reminders))
        .select_related("claim__order_line")
        .order_by("claim__order_line__order_id", "id")
    )


@use_case
def say_that_nothing_moved(*, at: datetime) -> int:
    """Tell those who wait and have not heard from us for long that their day still holds; returns how many claims.

    Nobody is told so who waits for something of which the day has come near or was missed, or about which a question
    is open: another letter is on its way to her.
    """
    if not settings.STILL_ON_TIME_DAYS:
        return 0
    pause = timedelta(days=settings.STILL_ON_TIME_DAYS)
    heard = Letter.objects.filter(thread=OuterRef("reference"), written_at__gt=at - pause)
    waiting = Claim.objects.waiting()
    moves = waiting.filter(reference=OuterRef("reference")).exclude(due_at__gt=at + _NEAR, standing__in=consent.UNASKED)
    quiet = waiting.filter(placed_at__lte=at - pause).exclude(Exists(moves)).exclude(Exists(heard)).order_by("id")
    ids = list(quiet.values_list("pk", flat=True)[:_AT_ONCE])
    delay_letters.still_on_time(ids, at=at)
    wakeups.wake_mailer()
    return len(ids)
