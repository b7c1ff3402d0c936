"""Where claims stand after what was told: answers, deadlines, silence, letters lost (rules: deadlines).

Every function takes claims of queues from `queue.lock`, inside the transaction that locked them: a notice, an answer, a
delivery and a deadline meet under the stock item's lock, and the first one wins.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from backorders.deadlines import Case, Kind, Law, Rule, Silence, Standing
from backorders.models import Bounce, Claim, Consent, Notice
from backorders.queries import among

_QUESTIONS = [standing for standing in Standing if standing.is_question]
UNASKED = [standing for standing in Standing if not standing.is_question]

_TOO_LATE = "The time to answer is over, and what was asked about is being cancelled."

_SCHEDULE = """
UPDATE backorders_claim AS claim SET standing = fresh.standing, due_at = fresh.due_at, notice_id = fresh.notice
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[]) AS fresh (id, standing, due_at, notice)
WHERE claim.id = fresh.id
"""


class UnableToAnswer(Exception):
    """The sentence says why there is nothing to answer any more, and what holds."""


def rule() -> Rule:
    """Whose law the house follows."""
    return Rule(settings.DELAY_RULE)


def law() -> Law:
    return Law(rule(), settings.TIME_ZONE)


def due_at(day: date | None, country: str) -> datetime | None:
    """The instant by which something is shipped that was told for a day."""
    return law().ours_end(day, country)


def case_of(claim: Claim) -> Case:
    """Where a claim stands; its notice should have been read with it."""
    answer_by = claim.notice.answer_by if claim.notice else None
    return Case(claim.country, Standing(claim.standing), claim.due_at, answer_by)


def _stand(claim: Claim, case: Case) -> None:
    claim.standing, claim.due_at = case.standing, case.due_at


def arrived(claim_ids: Collection[int]) -> None:
    """Whose units are all set aside now need not answer any more; they still leave by the day of the question."""
    if claim_ids:
        Claim.objects.filter(pk__in=among(claim_ids), standing__in=_QUESTIONS).update(standing=Standing.DELAYED)


def keep(claims: Sequence[Claim], *, next_days: Mapping[int, date | None], actor: str, at: datetime) -> list[Notice]:
    """She agrees to wait. `next_days` has the day by which the next unit of each claim ships, None if nobody can say.

    Returns the notices that were answered. Raises UnableToAnswer when one of them waits for no answer any more.
    """
    notices = [_open(claim, at) for claim in claims]
    Consent.objects.bulk_create(
        Consent(notice=notice, answer=Consent.Answer.KEEP, actor=actor, at=at) for notice in notices
    )
    for claim in claims:
        _stand(claim, case_of(claim).kept(next_days[claim.pk], timezone.localdate(at), law()))
    _write(claims)
    return notices


def _open(claim: Claim, at: datetime) -> Notice:
    notice = claim.notice
    if notice is None or not Standing(claim.standing).is_question:
        raise UnableToAnswer("Nothing of this order waits for your answer any more: see below what holds.")
    if ran_out(claim, at):
        raise UnableToAnswer(_TOO_LATE)
    _refuse_too_late(claim, at)
    return notice


def ran_out(claim: Claim, at: datetime) -> bool:
    """Is its customer asked, and the time to answer over?"""
    answer_by = case_of(claim).answer_by
    return Standing(claim.standing).is_question and answer_by is not None and at > answer_by


def _refuse_too_late(claim: Claim, at: datetime) -> None:
    if case_of(claim).is_too_late(at, law()):
        raise UnableToAnswer(_TOO_LATE)


def set_last_day(claim: Claim, day: date, *, actor: str, at: datetime) -> None:
    """She waits no longer than until a day of her own. Raises UnableToAnswer when she has answered, or is too late."""
    notice = claim.notice
    if notice is None or Consent.objects.filter(notice=notice).exists():
        raise UnableToAnswer("You have answered already: see below what holds, or cancel at any time.")
    _refuse_too_late(claim, at)
    answer = Consent.Answer.LAST_DAY
    Consent.objects.create(notice=notice, answer=answer, detail=day.isoformat(), actor=actor, at=at)
    _stand(claim, case_of(claim).ends_with(day, law()))
    _write([claim])


def note(claims: Iterable[Claim], answer: Consent.Answer, *, detail: str = "", actor: str, at: datetime) -> None:
    """Write down what she chose instead of waiting, for those claims that were told of a delay and not answered yet."""
    asked = [claim.notice_id for claim in claims if claim.notice_id]
    unanswered = Notice.objects.filter(pk__in=asked, consent=None)
    Consent.objects.bulk_create(
        Consent(notice=notice, answer=answer, detail=detail, actor=actor, at=at) for notice in unanswered
    )


def schedule(
    claims: Iterable[Claim], next_days: Mapping[int, date | None], *, at: datetime, shipped: Collection[int] = ()
) -> None:
    """Set anew by when the next unit of each claim ships.

    A deadline that has passed stays, for no later day undoes what was not told; but it is over for claims of which the
    units that were due have just `shipped`. The claims' notices must have been read.
    """
    claims = list(claims)
    changed, holds, lost = [], law(), _undelivered(claims)
    for claim in claims:
        case = case_of(claim)
        fresh = case.scheduled(next_days[claim.pk], at, holds)
        if claim.notice_id in lost:
            fresh = fresh.no_later_than(case.due_at)
        if fresh != case and (claim.pk in shipped or not case.is_too_late(at, holds)):
            _stand(claim, fresh)
            changed.append(claim)
    _write(changed)


def extend(claims: Iterable[Claim], due_at: datetime | None) -> None:
    """These are not due before others, with which they leave together; None: not before they are scheduled again."""
    claims = list(claims)
    for claim in claims:
        claim.due_at = due_at
    _write(claims)


def suspend(claims: Iterable[Claim]) -> None:
    """Nothing is due of these until they are scheduled again."""
    extend(claims, None)


def share(claim: Claim, part: Claim) -> None:
    """What its customer was told of delays, and what she answered, holds for a part of the claim as well."""
    for notice in claim.notices.order_by("id"):
        is_newest = notice.pk == claim.notice_id
        about_it: list[Consent | Bounce] = [
            *Consent.objects.filter(notice=notice),
            *Bounce.objects.filter(notice=notice),
        ]
        notice.pk, notice.claim = None, part
        notice.save(force_insert=True)
        for row in about_it:
            row.pk, row.notice = None, notice
            row.save(force_insert=True)
        if is_newest:
            part.notice = notice
    part.standing, part.due_at = claim.standing, claim.due_at


def due(at: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` claims whose deadline has passed unshipped, the longest due first."""
    passed = Claim.objects.filter(due_at__lt=at, shipped__lt=F("quantity"))
    return list(passed.order_by("due_at", "id").values_list("pk", flat=True)[:limit])


def asking() -> QuerySet[Claim]:
    """Claims of which the customer's answer is awaited."""
    return Claim.objects.filter(standing__in=_QUESTIONS, shipped__lt=F("quantity")).exclude(notice=None)


def open_questions() -> QuerySet[Notice]:
    """Notices that wait for an answer."""
    return Notice.objects.filter(pk__in=asking().values("notice"))


def untold() -> QuerySet[Notice]:
    """The newest notices of claims that still wait which did not arrive, until somebody reached their customer."""
    waiting = Claim.objects.filter(shipped__lt=F("quantity")).exclude(notice=None)
    return Notice.objects.filter(pk__in=waiting.values("notice"), bounce__isnull=False, consent=None)


def what_silence_means(claim: Claim, next_day: date | None, at: datetime) -> Silence:
    """What is to be done now that the claim's deadline has passed."""
    lost = claim.notice_id in _undelivered([claim])
    return case_of(claim).silence(next_day, at, law(), undelivered=lost)


def apologise(claim: Claim, *, letter: str, at: datetime) -> Notice:
    """She is told that the day has passed."""
    return _remind(claim, Kind.MISSED, case_of(claim).apologised(), letter, "", at)


def ask_again(claim: Claim, *, day: date | None, letter: str, reason: str, at: datetime) -> Notice:
    """She is asked once more whether she waits for a day, or without one. The promise must have been told anew."""
    case = case_of(claim).asked_again(timezone.localdate(at), law())
    return _remind(claim, Kind.RENEWED, case, letter, reason, at, day)


def _remind(
    claim: Claim, kind: Kind, case: Case, letter: str, reason: str, at: datetime, new_day: date | None = None
) -> Notice:
    notice = Notice.objects.create(
        claim=claim,
        version=claim.told,
        kind=kind,
        before=claim.standing,
        new_day=new_day,
        reason=reason,
        answer_by=case.answer_by if case.standing.is_question else None,
        letter=letter,
        told_at=at,
    )
    claim.notice = notice
    _stand(claim, case)
    _write([claim])
    return notice


def undelivered(letters: QuerySet[Any]) -> QuerySet[Notice]:
    """Notices whose letter is among these, by its key, unanswered, of which nobody noted that they did not arrive."""
    return Notice.objects.filter(letter__in=letters, bounce=None, consent=None)


def bounced(claim: Claim, notice: Notice, answer: str, *, at: datetime) -> None:
    """A notice that did not arrive is no notice: the day that held before it counts again.

    Where those before it did not arrive either, that is the day that held before all of them.
    """
    Bounce.objects.create(notice=notice, answer=answer, at=at)
    if claim.notice_id != notice.pk:
        return
    newest_first = claim.notices.select_related("bounce", "consent").order_by("-id")
    lost = takewhile(lambda each: hasattr(each, "bounce") and not hasattr(each, "consent"), newest_first)
    if held := [notice.old_day for notice in lost if notice.old_day]:
        _stand(claim, case_of(claim).untold(min(held), law()))
        _write([claim])


def _undelivered(claims: Iterable[Claim]) -> set[int | None]:
    """Those of the claims' newest notices that did not arrive. No query where there are none.

    What she answered she has read, if not in the letter.
    """
    newest = [claim.notice_id for claim in claims if claim.notice_id]
    lost = Bounce.objects.filter(notice__in=newest, notice__consent=None)
    return set(lost.values_list("notice_id", flat=True)) if newest else set()


def _write(claims: Iterable[Claim]) -> None:
    rows = [(claim.pk, str(claim.standing), claim.due_at, claim.notice_id) for claim in claims]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_SCHEDULE, [list(column) for column in zip(*rows, strict=True)])
