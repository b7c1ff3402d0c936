"""What customers are told of delays, and what they answer: notices, questions, deadlines (the rules: deadlines).

Every function takes claims of queues from `queue.lock`, inside the transaction that locked them: a notice, an answer, a
delivery and a deadline meet under the stock item's lock, and the first one wins.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import batched, takewhile
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from backorders.deadlines import Case, Kind, Law, Rule, Silence, Slip, Standing
from backorders.models import Bounce, Claim, Consent, Notice, Promise
from backorders.plan import Portion, after, is_worse, take
from backorders.queries import among, portion_of
from inventory.prepared import Given, Prepared

_QUESTIONS = [standing for standing in Standing if standing.is_question]
UNASKED = [standing for standing in Standing if not standing.is_question]
_UNANSWERED = [*_QUESTIONS, Standing.DELAYED]
_DELAYED = [*_QUESTIONS, Standing.DELAYED, Standing.AGREED]

_TOO_LATE = "The time to answer is over, and what was asked about is being cancelled."

_SCHEDULE = """
UPDATE backorders_claim AS claim SET standing = fresh.standing, due_at = fresh.due_at, notice_id = fresh.notice
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[]) AS fresh (id, standing, due_at, notice)
WHERE claim.id = fresh.id
"""


# Where claims stand, and their notices where there is something to tell.
_TELL = """
WITH fresh AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS fresh (
        claim bigint, standing text, due_at timestamptz, version int, kind text, before text, old_day date,
        new_day date, reason text, answer_by timestamptz, letter text
    )
), notice AS (
    INSERT INTO backorders_notice
        (claim_id, version, kind, before, old_day, new_day, reason, answer_by, letter, told_at)
    SELECT claim, version, kind, before, old_day, new_day, reason, answer_by, letter, %s
    FROM fresh WHERE kind IS NOT NULL
    RETURNING id, claim_id
)
UPDATE backorders_claim AS claim
SET standing = fresh.standing, due_at = fresh.due_at, notice_id = coalesce(notice.id, claim.notice_id)
FROM fresh LEFT JOIN notice ON notice.claim_id = fresh.claim
WHERE claim.id = fresh.claim
"""
# So many rows in one statement: none comes near the limit of time.
_BATCH = 5000


class UnableToAnswer(Exception):
    """The sentence says why there is nothing to answer any more, and what holds."""


@dataclass(frozen=True, slots=True)
class Move:
    """A told day that moved, as the customer sees it.

    `slips` are the days that got later, none when it got better; `expects` what she can expect for the units that are
    still to come; `due_on` the day by which the next of them ships, None if nobody can say. `letter` is the key of the
    letter that tells it. `day_of_all` is the new day of an order that is sent together, and `leaves_with` the claims of
    its other lines.
    """

    claim_id: int
    version: int
    slips: tuple[Slip, ...]
    expects: tuple[Portion, ...]
    due_on: date | None
    reason: str
    letter: str
    day_of_all: date | None = None
    leaves_with: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a move asks of its customer. With `answer_by` her yes must be here until then.

    `withdrawn` is a question that was open and that the better day answers; `last_day` the end of one that she set.
    """

    kind: Kind | None
    standing: Standing
    answer_by: datetime | None = None
    withdrawn: bool = False
    last_day: datetime | None = None


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


def tell(moves: Sequence[Move], *, at: datetime) -> dict[int, Asked]:
    """Write the notices of moves, and where their claims stand from now on: what each asks, by claim.

    A move that is found when the deadline of the claim has passed already is left out: a notice after the day is no
    notice, and silence is being dealt with. The number of queries does not depend on the number of moves.
    """
    claims, holds = _cases({pk for move in moves for pk in (move.claim_id, *move.leaves_with)}), law()
    cases = {pk: case for pk, (case, _) in claims.items()}
    in_time = [move for move in moves if cases[move.claim_id].can_be_told(at, holds, is_later=bool(move.slips))]
    better = [move for move in in_time if not move.slips and cases[move.claim_id].standing in _DELAYED]
    undone = _undone(better, {pk: quantity for pk, (_, quantity) in claims.items()})
    # Thousands stand where others stand and slip as they do: each case is worked out once.
    slipped = cache(lambda case, late, day: case.slipped(late, day, at, holds))
    told, rows = {}, []
    for move in in_time:
        before, kind = cases[move.claim_id], None
        if move.slips:
            shared = before.leaving_with(cases[pk] for pk in move.leaves_with)
            case, kind = slipped(shared, move.slips, move.due_on)
        else:
            case = before.improved(move.due_on, at, holds, undone=move.claim_id in undone)
        withdrawn = before.standing.is_question and not case.standing.is_question
        last_day = case.due_at if case.standing == Standing.LAST_DAY else None
        told[move.claim_id] = Asked(kind, case.standing, _asked_until(case), withdrawn, last_day)
        rows.append(_row(move, before, case, kind))
    with connection.cursor() as cursor:
        for some in batched(rows, _BATCH):
            cursor.execute(_TELL, [json.dumps(some, default=str), at])
    return told


def _cases(claim_ids: Collection[int]) -> dict[int, tuple[Case, int]]:
    """Where claims stand, and the units they want, read as plain values: one query for thousands."""
    return {
        pk: (Case(country, Standing(standing), due_at, answer_by), quantity)
        for pk, country, standing, due_at, answer_by, quantity in _case_rows(claims=list(claim_ids))
    }


_case_rows = Prepared(
    lambda: (
        Claim.objects.filter(pk__in=among(Given("claims")))
        .order_by("pk")
        # Lines of one order can be of stock items that the caller has not locked.
        .select_for_update(of=("self",))
        .values_list("pk", "country", "standing", "due_at", "notice__answer_by", "quantity")
    )
)


def _row(move: Move, before: Case, case: Case, kind: Kind | None) -> dict[str, object]:
    """Where the claim stands now and, with a kind, its notice."""
    return {
        "claim": move.claim_id,
        "standing": case.standing,
        "due_at": case.due_at,
        "version": move.version,
        "kind": kind,
        "before": before.standing,
        "old_day": min((slip.old for slip in move.slips), default=None),
        "new_day": _last(slip.new for slip in move.slips),
        "reason": move.reason,
        "answer_by": _asked_until(case),
        "letter": move.letter,
    }


def _asked_until(case: Case) -> datetime | None:
    return case.answer_by if case.standing.is_question else None


def _stand(claim: Claim, case: Case) -> None:
    claim.standing, claim.due_at = case.standing, case.due_at


def _undone(moves: Iterable[Move], quantities: Mapping[int, int]) -> set[int]:
    """Claims whose better day is no later than the one that held before they were told of a delay at all.

    A day that passed in the meantime is not undone. Two queries, and none when there are no moves.
    """
    better = {move.claim_id: move for move in moves}
    if not better:
        return set()
    first = Notice.objects.filter(claim__in=among(better), before=Standing.AS_TOLD).exclude(kind=Kind.MISSED)
    held = {notice.claim_id: notice for notice in first.order_by("version")}
    portions: dict[int, list[Portion]] = {pk: [] for pk in held}
    for row in Promise.objects.filter(claim__in=among(held)).order_by("claim_id", F("ships_on").asc(nulls_last=True)):
        if row.version == held[row.claim_id].version - 1:
            portions[row.claim_id].append(portion_of(row))
    return {pk for pk, notice in held.items() if _is_undone(better[pk], notice, portions[pk], quantities[pk])}


def _is_undone(move: Move, notice: Notice, held: Sequence[Portion], quantity: int) -> bool:
    if move.day_of_all and notice.old_day:
        return move.day_of_all <= notice.old_day
    # Who gave up units kept the earliest part; those that are still to come are the last of it.
    kept = take(held, quantity)
    return not is_worse(move.expects, after(kept, quantity - _units(move.expects)))


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


def _last(days: Iterable[date | None]) -> date | None:
    """The last of the days; an unknown one is after all others. None of none."""
    listed = list(days)
    return None if None in listed else max((day for day in listed if day), default=None)


def _units(portions: Iterable[Portion]) -> int:
    return sum(portion.quantity for portion in portions)
