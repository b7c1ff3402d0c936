"""What days that moved ask of those who wait: their notices, and where their claims stand from then on.

The rules are pure (backorders.deadlines). The claims are of queues from `queue.lock`, as everywhere.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import batched
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from backorders import promises
from backorders.consent import law
from backorders.deadlines import Case, Kind, Slip, Standing
from backorders.facts import Moved
from backorders.models import Claim, Notice, Promise
from backorders.plan import Portion, after, is_worse, take
from backorders.queries import among, portion_of
from inventory.prepared import Given, Prepared

# Where claims stand, and their notices where there is something to tell. The limit takes nothing away: it says how many
# there are, where the planner would guess so many that it reads every claim of the shop for them.
_TELL = """
WITH fresh AS MATERIALIZED (
    SELECT alike.*, one.claim, one.letter
    FROM (
        SELECT * FROM jsonb_to_recordset(%s::jsonb) AS alike (
            standing text, due_at timestamptz, version int, kind text, before text, old_day date, new_day date,
            reason text, answer_by timestamptz, claims bigint[], letters text[]
        ) LIMIT %s
    ) AS alike, unnest(alike.claims, alike.letters) AS one (claim, letter)
), notice AS (
    INSERT INTO backorders_notice
        (claim_id, version, kind, before, old_day, new_day, reason, answer_by, letter, told_at)
    SELECT claim, version, kind, before, old_day, new_day, reason, answer_by, letter, %s
    FROM fresh WHERE kind IS NOT NULL
    RETURNING id, claim_id
)
UPDATE backorders_claim AS claim
SET standing = fresh.standing, due_at = fresh.due_at, told = fresh.version,
    notice_id = coalesce(notice.id, claim.notice_id)
FROM fresh LEFT JOIN notice ON notice.claim_id = fresh.claim
WHERE claim.id = fresh.claim
"""
# So many rows in one statement: none comes near the limit of time.
_BATCH = 5000


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


def tell(moves: Sequence[Move], moved: Iterable[Moved], *, at: datetime) -> dict[int, Asked]:
    """Write the notices of moves, and where their claims stand from now on: what each asks, by claim.

    The versions of all promises that `moved` hold from now on, also where there is nothing to tell of them.

    A move that is found when the deadline of the claim has passed already is left out: a notice after the day is no
    notice, and silence is being dealt with. The number of queries does not depend on the number of moves.
    """
    claims, holds = _cases(moves), law()
    cases = {pk: case for pk, (case, _) in claims.items()}
    in_time = [move for move in moves if cases[move.claim_id].can_be_told(at, holds, is_later=bool(move.slips))]
    better = [move for move in in_time if not move.slips and cases[move.claim_id].standing.has_slipped]
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
        rows.append((_row(move, before, case, kind), move.claim_id, move.letter))
    with connection.cursor() as cursor:
        for some in batched(rows, _BATCH):
            alike = _alike(some)
            cursor.execute(_TELL, [json.dumps(alike, default=str), len(alike), at])
    promises.hold([fact for fact in moved if fact.claim_id not in told])
    return told


def _cases(moves: Iterable[Move]) -> dict[int, tuple[Case, int]]:
    """Where claims stand, and the units they want, read as plain values: a query for thousands, and one more where
    orders are sent together."""
    moved = [move.claim_id for move in moves]
    # Lines of one order can be of stock items that the caller has not locked.
    others = {pk for move in moves for pk in move.leaves_with}.difference(moved)
    rows = [*_case_rows(claims=moved), *(_locked_case_rows(claims=list(others)) if others else [])]
    return {
        pk: (Case(country, Standing(standing), due_at, answer_by), quantity)
        for pk, country, standing, due_at, answer_by, quantity in rows
    }


def _cases_of(claims: QuerySet[Claim]) -> QuerySet[Claim, tuple[Any, ...]]:
    return (
        claims.filter(pk__in=among(Given("claims")))
        .order_by("pk")
        .values_list("pk", "country", "standing", "due_at", "notice__answer_by", "quantity")
    )


_case_rows = Prepared(lambda: _cases_of(Claim.objects.all()))
_locked_case_rows = Prepared(lambda: _cases_of(Claim.objects.select_for_update(of=("self",))))


class _Row(NamedTuple):
    """Where a claim stands now and, with a kind, its notice."""

    standing: Standing
    due_at: datetime | None
    version: int
    kind: Kind | None
    before: Standing
    old_day: date | None
    new_day: date | None
    reason: str
    answer_by: datetime | None


def _row(move: Move, before: Case, case: Case, kind: Kind | None) -> _Row:
    return _Row(
        case.standing,
        case.due_at,
        move.version,
        kind,
        before.standing,
        min((slip.old for slip in move.slips), default=None),
        _last(slip.new for slip in move.slips),
        move.reason,
        _asked_until(case),
    )


def _alike(rows: Iterable[tuple[_Row, int, str]]) -> list[dict[str, object]]:
    """Thousands are told the same: the database reads it once, with the claims and letters of all of them."""
    alike: dict[_Row, list[tuple[int, str]]] = defaultdict(list)
    for row, claim_id, letter in rows:
        alike[row].append((claim_id, letter))
    return [
        row._asdict() | {"claims": [pk for pk, _ in some], "letters": [letter for _, letter in some]}
        for row, some in alike.items()
    ]


def _asked_until(case: Case) -> datetime | None:
    return case.answer_by if case.standing.is_question else None


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


def _last(days: Iterable[date | None]) -> date | None:
    """The last of the days; an unknown one is after all others. None of none."""
    listed = list(days)
    return None if None in listed else max((day for day in listed if day), default=None)


def _units(portions: Iterable[Portion]) -> int:
    return sum(portion.quantity for portion in portions)
