"""Where an order stands: what has shipped, what is set aside, what waits for which day, and how that came to be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Self

from django.utils import timezone

from backorders import queries
from backorders.models import Claim, Consent, Notice, Promise, Withdrawal
from backorders.plan import Portion, after, merge, take
from inventory.prepared import Given, Prepared
from shop.models import Announcement, Order, OrderLine, Release, Return, ShipmentLine
from shop.releases import open_release
from shop.sending import Told, day_of_all, is_together, ready_ships_by, waits_for_the_rest


@dataclass(frozen=True, slots=True)
class Moved:
    """A promise that was changed: what the day was, what it became, and the reason that was given. No day is None.

    `notice` is what was asked with it, and answered. One that told no other day stands here without days.
    """

    old: date | None
    new: date | None
    reason: str
    told_at: datetime
    notice: Notice | None = None

    @property
    def is_day(self) -> bool:
        return self.old != self.new

    @property
    def last_day(self) -> date | None:
        """The day that she set as the last one."""
        answer = getattr(self.notice, "consent", None)
        return date.fromisoformat(answer.detail) if answer and answer.answer == Consent.Answer.LAST_DAY else None


type Event = Moved | Withdrawal | ShipmentLine | Announcement | Return


@dataclass(frozen=True, slots=True)
class LineStanding:
    """`first` are the days that were told at first for the units that are still waited for. By `ready_ships_by` those
    ship that are set aside; None while nothing is, or no day was told."""

    line: OrderLine
    waiting: tuple[Portion, ...]
    ready_ships_by: date | None = None
    first: tuple[Portion, ...] = ()
    place: int | None = None
    moved: tuple[Moved, ...] = ()
    shipped: tuple[ShipmentLine, ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()
    announced: tuple[Announcement, ...] = ()
    returned: tuple[Return, ...] = ()

    @property
    def claim(self) -> Claim:
        return self.line.claim

    @property
    def happened(self) -> list[tuple[str, Event]]:
        """What was told, given up, shipped and sent back, oldest first, each with what it was."""
        events: list[tuple[datetime, str, Event]] = [
            *((moved.told_at, "moved", moved) for moved in self.moved),
            *((gone.at, "given up", gone) for gone in self.withdrawn),
            *((row.shipment.shipped_at, "shipped", row) for row in self.shipped),
            *((row.at, "announced", row) for row in self.announced),
            *((row.dropped_at, "kept", row) for row in self.announced if row.dropped_at),
            *((back.at, "came back", back) for back in self.returned),
        ]
        return [(what, event) for _, what, event in sorted(events, key=itemgetter(0))]

    @property
    def came_back(self) -> int:
        return sum(row.units for row in self.returned)

    @property
    def coming_back(self) -> int:
        """Units that she announced and that are not here yet."""
        return sum(row.coming for row in self.announced)

    @property
    def may_go_back(self) -> int:
        """Units that are with her, and that she did not announce yet."""
        return self.claim.shipped - self.came_back - self.coming_back

    @property
    def left(self) -> int:
        """Units that have not shipped: so many can still be cancelled."""
        return self.claim.left

    @property
    def total(self) -> Decimal:
        return self.line.unit_price * self.claim.quantity

    @property
    def ships_by(self) -> date | None:
        """The day of the last unit that is waited for; None while there is none for it."""
        return self.waiting[-1].ships_on if self.waiting else None

    @property
    def last_day(self) -> date | None:
        """The day that she set as the last one, if she did."""
        return next((moved.last_day for moved in reversed(self.moved) if moved.last_day), None)


@dataclass(frozen=True, slots=True)
class Together:
    """An order that is sent together: by which day (None while there is none), whether that is no estimate, and whether
    its ready part must wait.

    `may_release` when that part can be sent ahead.
    """

    by: date | None
    confirmed: bool
    waits: bool
    release: Release | None
    may_release: bool


@dataclass(frozen=True, slots=True)
class Standing:
    lines: tuple[LineStanding, ...]
    together: Together | None = None

    @classmethod
    def of(cls, order: Order) -> Self:
        """Six queries, two more once something has shipped; one each if it is sent together, if a delay was told."""
        lines, told = _lines_of(order)
        claims = [line.claim for line in lines]
        places = queries.places(claims)
        promises, notices = _promises(claims), _notices(claims)
        for claim in claims:
            claim.notice = notices[claim.pk][-1] if claim.notice_id else None
        shipped = _by_line(
            ShipmentLine.objects.filter(line__in=lines)
            .select_related("shipment")
            .order_by("shipment__shipped_at", "id")
        )
        withdrawn: dict[int, list[Withdrawal]] = defaultdict(list)
        for row in Withdrawal.objects.filter(claim__in=claims).order_by("id"):
            withdrawn[row.claim_id].append(row)
        left = [line for line in lines if line.claim.shipped]
        announced = _by_line(Announcement.objects.filter(line__in=left).order_by("id") if left else ())
        returned = _by_line(Return.objects.filter(line__in=left).order_by("id") if left else ())
        return cls(
            tuple(
                LineStanding(
                    line,
                    _waited_for(line.claim, told),
                    ready_ships_by(line.claim, told, timezone.localdate()),
                    _first_told(line.claim, promises[line.claim_id]),
                    places.get(line.claim_id),
                    tuple(_history(promises[line.claim_id], notices[line.claim_id])),
                    tuple(shipped[line.pk]),
                    tuple(withdrawn[line.claim_id]),
                    tuple(announced[line.pk]),
                    tuple(returned[line.pk]),
                )
                for line in lines
            ),
            _together(order, lines, told),
        )

    @classmethod
    def in_brief(cls, order: Order) -> Self:
        """How many units stand where, without places and history. Two queries, three if it is sent together."""
        lines, told = _lines_of(order)
        return cls(
            tuple(
                LineStanding(
                    line, _waited_for(line.claim, told), ready_ships_by(line.claim, told, timezone.localdate())
                )
                for line in lines
            ),
            _together(order, lines, told),
        )

    @property
    def shipped(self) -> int:
        return sum(line.claim.shipped for line in self.lines)

    @property
    def with_her(self) -> int:
        """Units that have left and did not come back."""
        return self.shipped - self.came_back

    @property
    def came_back(self) -> int:
        return sum(line.came_back for line in self.lines)

    @property
    def coming_back(self) -> int:
        return sum(line.coming_back for line in self.lines)

    @property
    def taken_off(self) -> Decimal:
        """What goods that were sent back take off the price."""
        return sum((back.amount for line in self.lines for back in line.returned), Decimal(0))

    @property
    def ready(self) -> int:
        return sum(line.claim.ready for line in self.lines)

    @property
    def waiting(self) -> tuple[Portion, ...]:
        """What all lines wait for, by day."""
        return merge(sorted((part for line in self.lines for part in line.waiting), key=lambda part: part.by))

    @property
    def ready_ships_by(self) -> date | None:
        """The day by which all that is set aside ships; None where one was not told."""
        days = [line.ready_ships_by for line in self.lines if line.claim.ready]
        return max((day for day in days if day), default=None) if all(days) else None

    @property
    def left(self) -> int:
        return sum(line.left for line in self.lines)

    @property
    def by(self) -> date | None:
        """The day of the last unit that is waited for; None while there is none for it, or nothing is waited for."""
        if self.together:
            return self.together.by if self.waiting else None
        return self.waiting[-1].ships_on if self.waiting else None

    @property
    def answer_by(self) -> datetime | None:
        """Until when an answer is awaited, the first one if there are several; None when no question is open."""
        claims = (line.claim for line in self.lines)
        asked = (claim.notice for claim in claims if claim.is_asked and claim.lacks)
        return min((notice.answer_by for notice in asked if notice and notice.answer_by), default=None)

    @property
    def goods_total(self) -> Decimal:
        """The price of what is still wanted."""
        return sum((line.total for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Units:
    """Where an order's units stand, in numbers: `shipped` are those that did not come back; `held` when what is ready
    waits for the rest, `asks` when she is asked about a delay. Of what is waited for, `late` units had a day that has
    passed, and `next_by` is the next day that is to come, if there is one, `next_is_sure` when it is no estimate."""

    waiting: int
    ready: int
    shipped: int
    came_back: int
    held: bool
    asks: bool
    late: int
    next_by: date | None
    next_is_sure: bool

    @classmethod
    def of(cls, order: Order, told: Told, today: date) -> Self:
        """No query when the order's releases and its lines, with their claims and returns, were fetched before."""
        lines = list(order.lines.all())
        claims = [line.claim for line in lines]
        waiting = [portion for claim in claims for portion in _waited_for(claim, told) if portion.ships_on]
        if is_together(order):
            day = day_of_all(lines, told)
            waiting = [replace(portion, ships_on=day) for portion in waiting if day < date.max]
        days = [(portion.ships_on, portion.quantity) for portion in waiting if portion.ships_on]
        came_back = sum(row.units for line in lines for row in line.returns.all())
        next_by = min((day for day, _ in days if day >= today), default=None)
        return cls(
            sum(claim.lacks for claim in claims),
            sum(claim.ready for claim in claims),
            sum(claim.shipped for claim in claims) - came_back,
            came_back,
            waits_for_the_rest(
                order, order.lines.all(), is_released=any(row.shipment_id is None for row in order.releases.all())
            ),
            any(claim.is_asked and claim.lacks for claim in claims),
            sum(units for day, units in days if day < today),
            next_by,
            all(portion.confirmed for portion in waiting if portion.ships_on == next_by),
        )

    @property
    def is_cancelled(self) -> bool:
        return not (self.waiting or self.ready or self.shipped or self.came_back)


def _lines_of(order: Order) -> tuple[list[OrderLine], Told]:
    """An order's lines with their claims, and what was promised of them."""
    lines = _claimed_lines(order=order.pk)
    return lines, queries.holding([line.claim_id for line in lines])


_claimed_lines = Prepared(lambda: OrderLine.objects.filter(order=Given("order")).select_related("claim").order_by("id"))


def _together(order: Order, lines: Sequence[OrderLine], told: Told) -> Together | None:
    if not is_together(order):
        return None
    day, release = day_of_all(lines, told), open_release(order)
    waits = waits_for_the_rest(order, lines, is_released=release is not None)
    may_release = waits and any(line.claim.ready for line in lines) and not order.payment.is_awaited
    confirmed = all(part.confirmed for line in lines for part in _waited_for(line.claim, told) if part.by == day)
    return Together(None if day == date.max else day, confirmed, waits, release, may_release)


def _waited_for(claim: Claim, told: Told) -> tuple[Portion, ...]:
    return tuple(after(told[claim.pk][1], claim.allocated)) if claim.lacks and claim.pk in told else ()


def _first_told(claim: Claim, promises: Iterable[Promise]) -> tuple[Portion, ...]:
    """What was promised at first for the units that are still waited for."""
    first = sorted((queries.portion_of(row) for row in promises if row.version == 1), key=lambda portion: portion.by)
    return tuple(after(take(first, claim.quantity), claim.allocated))


def _promises(claims: Iterable[Claim]) -> dict[int, list[Promise]]:
    rows: dict[int, list[Promise]] = defaultdict(list)
    for row in Promise.objects.filter(claim__in=claims).order_by("claim_id", "version", "id"):
        rows[row.claim_id].append(row)
    return rows


def _notices(claims: Iterable[Claim]) -> dict[int, list[Notice]]:
    """What was told of delays, oldest first, with what was answered. No query where nothing was."""
    rows: dict[int, list[Notice]] = defaultdict(list)
    told = [claim.pk for claim in claims if claim.notice_id]
    for row in Notice.objects.filter(claim__in=told).select_related("consent").order_by("id"):
        rows[row.claim_id].append(row)
    return rows


def _history(promises: Iterable[Promise], notices: Iterable[Notice]) -> list[Moved]:
    """Days that changed, with what was answered, and what was told without another day; oldest first."""
    of_a_day = {notice.version: notice for notice in notices if notice.old_day}
    others = [Moved(None, None, notice.reason, notice.told_at, notice) for notice in notices if not notice.old_day]
    return sorted([*_changes(promises, of_a_day), *others], key=lambda moved: moved.told_at)


def _changes(rows: Iterable[Promise], notices: Mapping[int, Notice]) -> Iterator[Moved]:
    """Where a version told a unit another day than the one before it: the last such unit speaks for the change."""
    before: list[date | None] = []
    for number, group in groupby(rows, key=lambda row: row.version):
        version = sorted(group, key=lambda row: row.ships_on or date.max)
        days = [row.ships_on for row in version for _ in range(row.quantity)]
        if differing := [(old, new) for old, new in zip(before, days, strict=False) if old != new]:
            yield Moved(*differing[-1], version[-1].reason, version[-1].told_at, notices.get(number))
        before = days


def _by_line[Row: ShipmentLine | Announcement | Return](rows: Iterable[Row]) -> dict[int, list[Row]]:
    result: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        result[row.line_id].append(row)
    return result
