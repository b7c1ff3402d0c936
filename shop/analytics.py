"""How well promises were kept: one function, for staff and, where the house wants it, for everybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from backorders.deadlines import Kind, Silence
from backorders.models import ClaimChange, Consent, Notice, Withdrawal
from shop import lapses, reports
from shop.models import Refund
from shop.reports import Period

_AT_ONCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of promises in a stretch of time. A share is None while there is nothing that it could be of.

    `kept` of `shipped` lines left by the day that was first promised for the last unit of them. `warned` of `delayed`
    lines were told before the day that they had been promised was over, `days_of_warning` before it in the middle.
    `answers` counts what customers chose, `broken` the orders of lines that we cancelled because we had let their day
    pass in silence. `refunded` of `refunds` were sent within a day, but for those that can still be.
    """

    since: datetime
    shipped: int
    kept: int
    delayed: int
    warned: int
    days_of_warning: float | None
    answers: tuple[tuple[str, int], ...]
    broken: int
    refunds: int
    refunded: int

    @property
    def kept_share(self) -> float | None:
        return _share(self.kept, self.shipped)

    @property
    def warned_share(self) -> float | None:
        return _share(self.warned, self.delayed)

    @property
    def refunded_share(self) -> float | None:
        return _share(self.refunded, self.refunds)


def figures(since: datetime) -> Figures:
    """The figures from a moment until now; of lines that left, from the beginning of that day. Six queries."""
    gone = reports.kept_by_week(Period(timezone.localdate(since), timezone.localdate()))
    own = Notice.objects.exclude(_told_of_the_whole("claim", "told_at"))
    delays = own.filter(told_at__gte=since, old_day__isnull=False, bounce=None)
    days = delays.values_list("old_day", "told_at")
    warnings = [(old_day - timezone.localdate(told_at)).days for old_day, told_at in days if old_day]
    missed = own.filter(told_at__gte=since, kind=Kind.MISSED).count()
    silent = Withdrawal.objects.filter(
        at__gte=since, actor=lapses.ACTOR, reason=lapses.REASONS[Silence.WE_WERE_SILENT]
    ).count()
    answers = Consent.objects.filter(at__gte=since).exclude(_told_of_the_whole("notice__claim", "at"))
    chosen = answers.values_list("answer").annotate(times=Count("pk")).order_by("answer")
    # Of those that wait, a day that is not over says nothing yet.
    over = Q(sent_at__isnull=False) | Q(due_since__lt=timezone.now() - _AT_ONCE)
    back = Refund.objects.filter(over, due_since__gte=since).aggregate(
        refunds=Count("pk"), refunded=Count("pk", filter=Q(sent_at__lte=F("due_since") + _AT_ONCE))
    )
    return Figures(
        since,
        shipped=sum(shipped for _, shipped, _ in gone),
        kept=sum(kept for _, _, kept in gone),
        delayed=len(warnings) + missed + silent,
        warned=sum(days >= 0 for days in warnings),
        days_of_warning=median(warnings) if warnings else None,
        answers=tuple((Consent.Answer(answer).label, times) for answer, times in chosen),
        broken=silent,
        **back,
    )


def _told_of_the_whole(claim: str, moment: str) -> Q:
    """Of rows of a claim that was split off another one: those that it took over, which count with the other's."""
    split = ClaimChange.objects.filter(claim=OuterRef(claim), kind=ClaimChange.Kind.SPLIT).order_by("id")
    began = Subquery(split.values("at")[:1])
    return Q(**{f"{claim}__part_of__isnull": False}) & Q(**{f"{moment}__lt": began})


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
