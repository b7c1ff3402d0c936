"""Told days that moved become notices, deadlines and letters: one letter for each order, whatever moved in it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backorders import consent, promises, telling
from backorders.deadlines import Slip, Standing, slips
from backorders.facts import Filled, Moved
from backorders.models import Claim
from backorders.queries import holding
from backorders.telling import Asked, Move
from inventory.dispatch import ready_on, working_days
from inventory.pipelining import pipelined
from notifications.models import Letter
from shop import delay_letters, goodwill
from shop.delay_letters import News
from shop.models import Order, OrderLine
from shop.plain import PlainLine, PlainOrder, orders_of
from shop.sending import Told, is_together, move_of_all, next_days

# What is here leaves so many working days later at the latest.
PACKING_DAYS = 2
_HERE = "it is here"
_COMPLETE = "what it waited for is not waited for any more"


@dataclass(frozen=True, slots=True)
class Foretold:
    """What days that moved would ask of their customers.

    `asks` has what a move asks, by claim: whoever is not in it hears nothing, and those `too_late` because their day
    has passed already, which is being dealt with. `samples` are letters, one of each sort, as they would be sent.
    """

    asks: Mapping[int, Asked]
    too_late: frozenset[int]
    letters: int
    samples: tuple[Letter, ...]

    @classmethod
    def together(cls, parts: Sequence["Foretold"]) -> "Foretold":
        """The same of several facts; of letters that they have in common one is sample enough."""
        samples = {letter.template: letter for part in reversed(parts) for letter in part.samples}
        return cls(
            {claim_id: asked for part in parts for claim_id, asked in part.asks.items()},
            frozenset().union(*(part.too_late for part in parts)),
            sum(part.letters for part in parts),
            tuple(samples.values()),
        )


def tell(moved: Sequence[Moved], *, at: datetime) -> None:
    """Write what days that moved ask of their customers, and the letters that say so.

    Worse means that any unit ships later than it was told, even if the last one does not: what got worse and what got
    better are two letters. An order that is sent together has one day, and only that day is news. The number of
    queries does not depend on the number of orders.
    """
    with pipelined():
        news, asks = _ask(moved, at)
        delay_letters.days_moved(news, asks, at=at)
    goodwill.give([part for part in news if part.is_later], at=at)


def foresee(moved: Sequence[Moved], *, at: datetime) -> Foretold:
    """What `tell` will do, for a transaction that is rolled back: it writes all notices, and few of the letters."""
    news, asks = _ask(moved, at)
    told = [part for part in news if any(line.claim_id in asks for line, _ in part.facts)]
    samples = _one_of_each_sort(told, asks)
    delay_letters.days_moved(samples, asks, at=at)
    return Foretold(
        asks,
        frozenset(line.claim_id for part in news for line, _ in part.facts if line.claim_id not in asks),
        len(told),
        tuple(Letter.objects.filter(key__in=[part.key for part in samples]).order_by("template", "id")),
    )


def _one_of_each_sort(news: Iterable[News], asks: Mapping[int, Asked]) -> list[News]:
    """Letters read differently by whether days get later or earlier, and by what they ask."""
    samples: dict[object, News] = {}
    for part in news:
        answers = [asks[line.claim_id] for line, _ in part.facts if line.claim_id in asks]
        sort = part.is_later, frozenset((answer.kind, answer.answer_by is None) for answer in answers)
        samples.setdefault(sort, part)
    return list(samples.values())


def _ask(moved: Sequence[Moved], at: datetime) -> tuple[list[News], dict[int, Asked]]:
    """The news by order, and what each move asks; the notices are written."""
    if not moved:
        return [], {}
    by_claim = {fact.claim_id: fact for fact in moved}
    orders = list(orders_of(by_claim))
    together = [line.claim_id for order, lines in orders if is_together(order) for line in lines]
    told_to_all = holding(together) | {fact.claim_id: (fact.version, fact.holds) for fact in moved}
    news: list[News] = []
    moves: list[Move] = []
    for order, lines in orders:
        facts = [(line, by_claim[line.claim_id]) for line in lines if line.claim_id in by_claim]
        for part in _news(order, lines, facts, told_to_all):
            news.append(part)
            moves += _moves(part, lines, told_to_all)
    return news, telling.tell(moves, moved, at=at)


def _news(
    order: PlainOrder, lines: Sequence[PlainLine], facts: Sequence[tuple[PlainLine, Moved]], told: Told
) -> Iterator[News]:
    if is_together(order):
        if move := move_of_all(lines, told, {fact.claim_id: fact for _, fact in facts}):
            yield News(order, tuple(facts), move[1] > move[0], move, "the rest" if _has_left(lines) else "everything")
        return
    parts: dict[bool, list[tuple[PlainLine, Moved]]] = {True: [], False: []}
    for line, fact in facts:
        parts[fact.is_later].append((line, fact))
    for is_later, part in parts.items():
        if part:
            yield News(order, tuple(part), is_later)


def _has_left(lines: Sequence[PlainLine]) -> bool:
    return any(line.claim.shipped for line in lines)


def _moves(news: News, lines: Sequence[PlainLine], told: Told) -> Iterator[Move]:
    if news.days_of_all:
        yield from _moves_of_all(news, news.days_of_all, lines, told)
        return
    for _, fact in news.facts:
        late = slips(fact.new, fact.old) if news.is_later else ()
        yield Move(fact.claim_id, fact.version, late, fact.new, fact.next_day, fact.reason, news.key)


def _moves_of_all(news: News, days_of_all: tuple[date, date], lines: Sequence[PlainLine], told: Told) -> Iterator[Move]:
    """A later day is told for the lines that moved, and the others follow it; a better one holds for every line."""
    old, new = days_of_all
    days = next_days(news.order, lines, told)
    if news.is_later:
        late = (Slip.between(old, new),)
        for _, fact in news.facts:
            next_day, others = days[fact.claim_id], tuple(pk for pk in days if pk != fact.claim_id)
            yield Move(fact.claim_id, fact.version, late, fact.new, next_day, fact.reason, news.key, leaves_with=others)
    else:
        for line in lines:
            if line.claim_id in days:
                version, portions = told[line.claim_id]
                yield Move(line.claim_id, version, (), portions, days[line.claim_id], "", news.key, day_of_all=new)


def arrived(filled: Sequence[Filled], *, at: datetime) -> None:
    """Who got all that she waited for need not answer any more, and gets a day for units that had none.

    The deadline of a question stays: by then they have left.
    """
    day = _packed_by(at)
    dated = promises.date_what_is_here([fact.claim_id for fact in filled], day, reason=_HERE, at=at)
    consent.schedule(dated, dict.fromkeys((claim.pk for claim in dated), day), at=at)
    consent.arrived([fact.claim_id for fact in filled if fact.asked and not fact.lacks])


def reschedule(order: Order, *, at: datetime, shipped: Collection[int] = ()) -> None:
    """By when each line of an order has to ship, set anew after some of it has `shipped`, was cancelled or was paid.

    The queues of what has not shipped must be locked by the caller.
    """
    lines = [line for line in order.lines.select_related("claim__notice").order_by("id") if line.claim.left]
    told = holding([line.claim_id for line in lines])
    if promises.postpone(_held_up(order, lines, told, at), _packed_by(at), reason=_COMPLETE, at=at):
        told = holding([line.claim_id for line in lines])
    consent.schedule([line.claim for line in lines], next_days(order, lines, told), at=at, shipped=shipped)


def ask_again(
    order: Order, lines: Sequence[OrderLine], *, reason: str = "", at: datetime, is_paid: bool = False
) -> None:
    """Ask whether she still waits for these lines, for the reason that she was told before where none is given.

    Her silence ends the order of them. It `is_paid` when her payment came after the time to answer was over. The lines'
    queues must be locked by the caller.
    """
    reasons = {line.claim_id: reason or (line.claim.notice.reason if line.claim.notice else "") for line in lines}
    for line in lines:
        promises.tell_again([line.claim], reason=reasons[line.claim_id], at=at)
    everything = list(order.lines.select_related("claim"))
    days = next_days(order, everything, holding([line.claim_id for line in everything]))
    letter = delay_letters.day_passed_key(order, lines)
    for line in lines:
        why = reasons[line.claim_id]
        consent.ask_again(line.claim, day=days[line.claim_id], letter=letter, reason=why, at=at)
    delay_letters.day_passed(order, lines, letter, is_paid=is_paid, at=at)


def _held_up(order: Order, lines: Sequence[OrderLine], told: Told, at: datetime) -> list[Claim]:
    """What waited for another line of an order that is sent together, past its own day, until that line was gone."""
    if not is_together(order):
        return []
    days = next_days(order, lines, told)
    return [
        line.claim
        for line in lines
        if _is_over(days[line.claim_id], line.claim, at)
        and not (line.claim.due_at and line.claim.due_at < at)
        and line.claim.standing != Standing.LATE
    ]


def _is_over(day: date | None, claim: Claim, at: datetime) -> bool:
    end = consent.due_at(day, claim.country)
    return end is not None and end < at


def _packed_by(at: datetime) -> date:
    return working_days().after(ready_on(at), PACKING_DAYS)
