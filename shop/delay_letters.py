"""Letters about a delay: that a day moved or passed, what she answered, and what came of it.

They are written as all letters are (shop.messages): into the outbox, under a key made of the fact.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import F

from backorders import consent
from backorders.deadlines import Kind, Silence, Standing
from backorders.facts import Moved, Withdrawn
from backorders.models import Claim, Notice, Promise
from backorders.plan import Portion, after
from backorders.queries import holding, portion_of
from backorders.telling import Asked
from notifications import outbox
from shop import letterhead, wording
from shop.formats import long_day, long_moment
from shop.letterhead import HowPaid
from shop.models import Order, OrderLine, Proposal
from shop.plain import PlainLine, PlainOrder, orders_of
from shop.sending import Told, is_together


@dataclass(frozen=True)
class News:
    """Days of one order that moved, all later or all earlier: what one letter tells.

    `days_of_all` are the old and the new day of an order that is sent together, and `what` then is all or the rest.
    """

    order: PlainOrder
    facts: tuple[tuple[PlainLine, Moved], ...]
    is_later: bool
    days_of_all: tuple[date, date] | None = None
    what: str = ""

    @cached_property
    def key(self) -> str:
        return (
            f"moved:{self.order.number}:{letterhead.digest([(fact.claim_id, fact.version) for _, fact in self.facts])}"
        )


def days_moved(news: Iterable[News], asks: Mapping[int, Asked], *, at: datetime) -> None:
    """Told days that changed; `asks` has what a move asks of its customer, by claim.

    A slip without one is left out: it came too late to be told, and its deadline is being dealt with.
    """
    told = [part for part in news if any(line.claim_id in asks for line, _ in part.facts)]
    # Thousands are told the same: it is put into words once.
    in_words = cache(_in_words)
    for some in letterhead.a_few(told, attrgetter("key")):
        outbox.write([_day_moved(part, asks, in_words) for part in some], at=at)


def _day_moved(part: News, asks: Mapping[int, Asked], in_words: Callable[..., Mapping[str, Any]]) -> outbox.Draft:
    facts = [(line, fact) for line, fact in part.facts if line.claim_id in asks]
    changes = tuple(wording.Change.of(line, fact, asks[line.claim_id]) for line, fact in facts)
    of_all = None
    if part.days_of_all:
        old, new = part.days_of_all
        of_all = _OfAll(
            part.what,
            wording.day_told(old, [portion for _, fact in part.facts for portion in fact.old]),
            wording.day_told(new, [portion for _, fact in part.facts for portion in fact.new]),
        )
    words = in_words(changes, HowPaid.of(part.order), of_all)
    template = "days_earlier" if not part.is_later else "answer_needed" if words["answer_by"] else "days_later"
    return letterhead.addressed(part.order, template, part.key, words, leads_to_answer=True)


class _OfAll(NamedTuple):
    """What of an order that is sent together moved, from which day to which."""

    what: str
    old_day: str
    new_day: str


def _in_words(changes: tuple[wording.Change, ...], paying: HowPaid, of_all: _OfAll | None) -> Mapping[str, Any]:
    context = {**wording.changes(changes, of_all is not None), **_choice()}
    if of_all:
        context |= {**of_all._asdict(), "together": True}
    return letterhead.words(context, paying)


def _choice() -> dict[str, Any]:
    """What the answer page lets her do besides keeping and cancelling."""
    return {"may_set_last_day": consent.rule().knows_last_days}


def answer_received(order: Order, lines: Sequence[OrderLine], told: Told, *, at: datetime) -> None:
    """The receipt of a yes: what she keeps, by when it ships now, and that she may still cancel."""
    key = letterhead.digest([line.claim.notice_id for line in lines])
    day = letterhead.ships_by(order, letterhead.lines_of(order), lines, told)
    agreed = [line.claim.due_at for line in lines if line.claim.standing == Standing.AGREED and line.claim.due_at]
    context = {
        "items": [wording.waiting(order, line, told) for line in lines],
        "answered_at": long_moment(at),
        "new_day": day,
        "ask_again_on": wording.due_day(max(agreed)) if agreed and not day else "",
    }
    outbox.write([letterhead.letter(order, "answer_received", f"kept:{order.number}:{key}", context)], at=at)


def last_day_set(order: Order, line: OrderLine, day: date, *, at: datetime) -> None:
    """The receipt of a last day: until when we may still ship, and what happens then."""
    context = {
        "items": [wording.item(line, line.claim.left)],
        "answered_at": long_moment(at),
        "last_day": long_day(day),
    }
    outbox.write(
        [letterhead.letter(order, "last_day_set", f"last_day:{order.number}:{line.claim.notice_id}", context)], at=at
    )


def alternative_taken(
    order: Order, old: OrderLine, new: OrderLine, portions: Sequence[Portion], *, refund: Decimal, at: datetime
) -> None:
    """The receipt of something taken instead: what it is, when it ships, and what the difference does."""
    saved = (old.unit_price - new.unit_price) * new.quantity
    context = {
        "items": [wording.item(new, new.quantity, wording.days(order, portions))],
        "old": wording.item(old, new.quantity),
        "answered_at": long_moment(at),
        "saved": letterhead.money_of(order, saved) if saved else "",
        **letterhead.refund_of(order, refund),
    }
    outbox.write([letterhead.letter(order, "alternative_taken", f"instead:{order.number}:{new.pk}", context)], at=at)


def proposal_key(proposal: Proposal) -> str:
    return f"proposed:{proposal.pk}"


def alternative_proposed(proposal: Proposal, line: OrderLine, *, saves: Decimal, at: datetime) -> None:
    """Something on our shelf instead of waiting: what it is and costs, and that nothing changes unless she wants it."""
    order, variant = line.order, proposal.variant
    told = holding([line.claim_id])
    what = {"what": f"{proposal.units} × {variant.product.title}", "choice": variant.choice, "notes": []}
    context = {
        "items": [what | {"price": letterhead.money_of(order, proposal.price * proposal.units)}],
        "old": wording.waiting(order, line, told),
        "saved": letterhead.money_of(order, saves) if saves else "",
    }
    outbox.write(
        [letterhead.letter(order, "alternative_proposed", proposal_key(proposal), context, leads_to_answer=True)], at=at
    )


def order_lapsed(
    order: Order, withdrawn: Sequence[Withdrawn], silence: Silence, *, refund: Decimal, at: datetime
) -> None:
    """A deadline passed, and we cancelled: why, what goes back, and what is still on its way."""
    lines, context = _given_up(order, withdrawn, refund, at)
    context |= {
        "our_fault": silence == Silence.WE_WERE_SILENT,
        "last_day": silence == Silence.LAST_DAY_PASSED,
        "day": _day_that_passed([line.claim for line in lines], silence),
    }
    key = letterhead.digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    outbox.write([letterhead.letter(order, "order_lapsed", f"lapsed:{order.number}:{key}", context)], at=at)


def _day_that_passed(claims: Sequence[Claim], silence: Silence) -> str:
    """The day that we told, or until which she was to answer or would wait."""
    if silence == Silence.SHE_WAS_SILENT:
        return wording.until(max(claim.notice.answer_by for claim in claims if claim.notice and claim.notice.answer_by))
    due_at = max(claim.due_at for claim in claims if claim.due_at)
    return wording.due_day(due_at) if silence == Silence.WE_WERE_SILENT else wording.until(due_at)


def never_coming(order: Order, withdrawn: Sequence[Withdrawn], reason: str, *, refund: Decimal, at: datetime) -> None:
    """It will never come, and we cancelled: why, what goes back, and what is still on its way."""
    _, context = _given_up(order, withdrawn, refund, at)
    context |= {"reasons": wording.reasons([reason])}
    key = letterhead.digest(sorted((fact.claim_id, fact.left) for fact in withdrawn))
    outbox.write([letterhead.letter(order, "never_coming", f"never:{order.number}:{key}", context)], at=at)


def _given_up(
    order: Order, withdrawn: Sequence[Withdrawn], refund: Decimal, at: datetime
) -> tuple[list[OrderLine], dict[str, Any]]:
    """What we cancelled, not she: those lines, and their letter, which says what each of them was told before."""
    lines = letterhead.lines_of(order)
    units = {fact.claim_id: fact.units for fact in withdrawn}
    cancelled = [line for line in lines if line.claim_id in units]
    before = _told_before(cancelled)
    together = is_together(order)
    items = [
        wording.item(line, units[line.claim_id], wording.was(before[line.claim_id], together=together))
        for line in cancelled
    ]
    context = {"items": items, "old_day": wording.latest(before.values())}
    return cancelled, letterhead.withdrawal(order, lines, withdrawn, refund, at) | context


def _told_before(lines: Iterable[OrderLine]) -> dict[int, list[Portion]]:
    """What was told last of units that were given up just now, which are the latest of their claims."""
    claims = {line.claim_id: line.claim for line in lines}
    versions: dict[int, dict[int, list[Portion]]] = {pk: defaultdict(list) for pk in claims}
    rows = Promise.objects.filter(claim__in=claims).order_by("-version", F("ships_on").asc(nulls_last=True))
    for row in rows:
        versions[row.claim_id][row.version].append(portion_of(row))
    return {pk: _beyond(claim.quantity, versions[pk].values()) for pk, claim in claims.items()}


def _beyond(units: int, told: Iterable[Sequence[Portion]]) -> list[Portion]:
    """What the first promise for more than so many units says of those beyond."""
    return next(beyond for beyond in (list(after(portions, units)) for portions in told) if beyond)


def day_passed_key(order: Order, lines: Sequence[OrderLine]) -> str:
    return f"passed:{order.number}:{letterhead.digest([(line.claim_id, line.claim.told) for line in lines])}"


def day_passed(order: Order, lines: Sequence[OrderLine], key: str, *, is_paid: bool = False, at: datetime) -> None:
    """A day passed and nothing shipped: an apology, or the question whether she still wants to wait.

    It `is_paid` when that question is put again because her payment came after the time to answer it.
    """
    notices = [line.claim.notice for line in lines if line.claim.notice]
    asked = wording.deadline([notice.answer_by for notice in notices if notice.answer_by])
    all_lines = letterhead.lines_of(order)
    promised = holding([line.claim_id for line in all_lines])
    still = [tuple(after(promised[line.claim_id][1], line.claim.shipped)) for line in lines]
    say, together = wording.now if asked["answer_by"] else wording.was, is_together(order)
    items = [
        wording.item(line, line.claim.left, say(portions, together=together))
        for line, portions in zip(lines, still, strict=True)
    ]
    context = {
        "items": items,
        "what": wording.named([(line, line.claim.left) for line in lines]),
        "old_day": wording.latest(still),
        "new_day": letterhead.ships_by(order, all_lines, lines, promised) if asked["answer_by"] else "",
        "reasons": wording.reasons(notice.reason for notice in notices),
        "paid": is_paid,
        "together": together,
        **asked,
        **_choice(),
    }
    outbox.write([letterhead.letter(order, "day_passed", key, context, leads_to_answer=True)], at=at)


def answer_reminders(asked: Mapping[int, Sequence[Notice]], days: int, *, at: datetime) -> None:
    """So many days are left to answer: notices by the id of their order. Once per notice and number of days."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=asked).select_related("order__payment", "claim").order_by("id"):
        lines[line.order_id].append(line)
    told = holding([line.claim_id for of_one in lines.values() for line in of_one])
    letters = []
    for order_id, notices in asked.items():
        by_claim = {notice.claim_id: notice for notice in notices}
        waiting = [line for line in lines[order_id] if line.claim_id in by_claim]
        order = waiting[0].order
        deadline = wording.deadline([notice.answer_by for notice in notices if notice.answer_by])
        items = [
            wording.reminder(order, line, told, by_claim[line.claim_id], differs=deadline["differs"])
            for line in waiting
        ]
        old_days = [notice.old_day for notice in notices if notice.old_day]
        context = {
            "items": items,
            "what": wording.named([(line, line.claim.lacks) for line in waiting]),
            "old_day": long_day(max(old_days)) if old_days else "",
            "new_day": letterhead.ships_by(order, lines[order_id], waiting, told),
            "again": any(notice.kind == Kind.RENEWED for notice in notices),
            "together": is_together(order),
            "reasons": wording.reasons(notice.reason for notice in notices),
            **deadline,
            **_choice(),
        }
        key = letterhead.digest([notice.pk for notice in notices])
        letters.append(
            letterhead.letter(
                order, "answer_reminder", f"reminder{days}:{order.number}:{key}", context, leads_to_answer=True
            )
        )
    outbox.write(letters, at=at)


def still_on_time(claim_ids: Collection[int], *, at: datetime) -> None:
    """Nothing has changed: the days that hold for what these claims wait for. One letter for each order."""
    orders = list(orders_of(claim_ids))
    told = letterhead.told_to_all(orders)
    letters = []
    for order, lines in orders:
        waiting = [line for line in lines if line.claim.lacks]
        context = {
            "items": [wording.waiting(order, line, told) for line in waiting],
            "new_day": letterhead.ships_by(order, lines, waiting, told),
            "together": letterhead.together(order, lines, told, is_released=False),
        }
        letters.append(letterhead.letter(order, "still_on_time", f"still:{order.number}:{at:%Y-%m-%d}", context))
    outbox.write(letters, at=at)
