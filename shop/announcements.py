"""Goods that a customer says she sends back: her withdrawal after they have left, on her order's page or through staff.

Units that have not left are cancelled instead (shop.cancellations). Nothing moves on the shelf and no money is due
until the goods are here (shop.returns).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from django.conf import settings
from django.db.models import F, Max, Sum
from django.utils import timezone

from backorders.models import Withdrawal
from shop import messages, payments, wakeups
from shop.formats import count, long_day
from shop.models import Announcement, Order, OrderLine
from shop.transactions import use_case

# Goods are sent within so many days of the announcement: directive 2011/83/EU art. 14(1).
SEND_WITHIN = timedelta(days=14)


class UnableToAnnounce(Exception):
    """The sentence says what can still be sent back, or until when it could be."""


@dataclass(frozen=True, slots=True)
class Returnable:
    """What of an order can be announced, by line, until which day, and what was announced and is still to come.

    There is no last day while a part of the order is still to ship: it counts from the last parcel, directive
    2011/83/EU art. 9(2)(b). `said` counts what was announced and taken back again, whatever became of it.
    """

    until: date | None
    is_over: bool
    units: Mapping[OrderLine, int]
    coming: tuple[Announcement, ...]
    said: int

    @classmethod
    def of(cls, order: Order, at: datetime) -> Self:
        """Four queries, six when all has shipped."""
        rows = list(Announcement.objects.filter(line__order=order).select_related("line").order_by("id"))
        awaited = tuple(row for row in rows if row.coming)
        away = order.lines.with_customer()
        for row in awaited:
            away[row.line_id] = away.get(row.line_id, 0) - row.coming
        lines = order.lines.filter(pk__in=away).select_related("claim").order_by("id")
        until = last_day(order)
        return cls(
            until,
            until is not None and timezone.localdate(at) > until,
            {line: away[line.pk] for line in lines if away[line.pk] > 0},
            awaited,
            len(rows) + sum(1 for row in rows if row.dropped),
        )


def last_day(order: Order) -> date | None:
    """The last day on which goods of an order can be announced; None while something is still to ship, or nothing has.

    RETURN_DAYS after the last parcel left, or after what was still to come was cancelled: when a parcel arrives, from
    which the law counts 14 days, is known to its carrier only.
    """
    if order.lines.filter(claim__shipped__lt=F("claim__quantity")).exists():
        return None
    last = order.shipments.aggregate(at=Max("shipped_at"))["at"]
    given_up = Withdrawal.objects.filter(claim__order_line__order=order).aggregate(at=Max("at"))["at"]
    return last and timezone.localdate(max(last, given_up or last)) + timedelta(days=settings.RETURN_DAYS)


@use_case
def announce(
    order: Order,
    units: Mapping[int, int],
    *,
    reason: str = "",
    actor: str,
    at: datetime,
    seen: int | None = None,
    in_time_only: bool = True,
) -> list[Announcement]:
    """Units by line will be sent back; the customer gets the acknowledgement. Raises UnableToAnnounce.

    With `seen`, what had been said (Returnable.said) when somebody chose them: a second click then announces nothing
    more. Staff may be obliging after the last day: not `in_time_only`.
    """
    order = payments.lock(order.pk).order
    can = Returnable.of(order, at)
    if seen not in {None, can.said}:
        raise UnableToAnnounce("What you send back changed since you looked: see what is noted, and add to it.")
    if in_time_only and can.is_over and can.until:
        raise UnableToAnnounce(f"Goods of it could be sent back until {long_day(can.until)}: please write to us.")
    lines = {line.pk: line for line in can.units}
    chosen = {pk: wanted for pk, wanted in units.items() if wanted}
    if not chosen:
        raise UnableToAnnounce("Choose how many of which goods are to go back.")
    for pk, wanted in chosen.items():
        most = can.units[lines[pk]] if pk in lines else 0
        if not 0 < wanted <= most:
            what = lines[pk].article if pk in lines else "this article"
            raise UnableToAnnounce(f"At most {count(most, 'unit')} of {what} can be sent back: change the number.")
    announced = [
        Announcement.objects.create(line=lines[pk], units=wanted, coming=wanted, reason=reason, actor=actor, at=at)
        for pk, wanted in sorted(chosen.items())
    ]
    messages.return_announced(order, announced, send_by=timezone.localdate(at) + SEND_WITHIN, at=at)
    wakeups.wake_mailer()
    return announced


@use_case
def drop(order: Order, *, actor: str, at: datetime, seen: int | None = None) -> list[Announcement]:
    """What was announced and is not here yet does not come after all: the customer keeps it, and hears that we know.

    `seen` as in `announce`. Raises UnableToAnnounce.
    """
    order = payments.lock(order.pk).order
    can = Returnable.of(order, at)
    if not can.coming or seen not in {None, can.said}:
        raise UnableToAnnounce("What is to come back changed since you looked: see what is noted now.")
    for row in can.coming:
        row.dropped, row.coming, row.dropped_by, row.dropped_at = row.coming, 0, actor, at
    Announcement.objects.bulk_update(can.coming, ["dropped", "coming", "dropped_by", "dropped_at"])
    messages.return_dropped(order, can.coming, at=at)
    wakeups.wake_mailer()
    return list(can.coming)


def note_return(line: OrderLine, units: int) -> None:
    """So many units of the line are here: what was announced first came first. In the caller's transaction, which holds
    the lock of the order's payment."""
    for row in Announcement.objects.awaited().filter(line=line).order_by("id"):
        came = min(units, row.coming)
        units -= came
        row.coming -= came
        row.save(update_fields=["coming"])
        if not units:
            return


def awaited_of(line: OrderLine) -> int:
    """The units of a line that were announced and are not here yet."""
    coming: int | None = Announcement.objects.awaited().filter(line=line).aggregate(units=Sum("coming"))["units"]
    return coming or 0
