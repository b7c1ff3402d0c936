"""The promised days of an order as a calendar file. Read again after a day moved, it moves the day in the calendar."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from icalendar import Calendar, vCalAddress
from icalendar import Event as Entry

from backorders import queries
from backorders.models import Claim, Promise
from shop.models import Order, OrderLine
from shop.sending import day_of_all, is_together
from shop.web import access


class Status(StrEnum):
    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Event:
    """Something on one day. A calendar that knows its `uid` takes it over when its `sequence` has grown."""

    uid: str
    sequence: int
    changed_at: datetime
    day: date
    title: str
    text: str
    address: str
    status: Status


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    text = calendar_of(events_of(order), at=timezone.now())
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = f'attachment; filename="order-{order.number}.ics"'
    return response


def calendar_of(events: Iterable[Event], *, at: datetime) -> bytes:
    """A whole file, as RFC 5545 and, for what is published, RFC 5546 want it."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SHOP_NAME}//Orders//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for event in events:
        calendar.add_component(_entry(event, at))
    content: bytes = calendar.to_ical()
    return content


def _entry(event: Event, at: datetime) -> Entry:
    entry, organizer = Entry(), vCalAddress(f"mailto:{settings.MAIL_REPLY_TO}")
    organizer.params["CN"] = settings.SHOP_NAME
    for name, value in (
        ("uid", event.uid),
        ("dtstamp", at),
        ("last-modified", event.changed_at),
        ("sequence", event.sequence),
        ("organizer", organizer),
        ("dtstart", event.day),
        ("summary", event.title),
        ("description", event.text),
        ("url", event.address),
        ("status", event.status.value),
        # It takes no time out of her day.
        ("transp", "TRANSPARENT"),
    ):
        entry.add(name, value)
    return entry


def events_of(order: Order) -> list[Event]:
    """One for each day on which something of a line ships, or one for all that is sent together.

    A day that was promised once and holds no more stays as a cancelled one, or calendars would keep it. Three queries,
    four for what is sent together.
    """
    promises = Prefetch(
        "claim__promises", Promise.objects.order_by("version", F("ships_on").asc(nulls_last=True), "id")
    )
    rows = order.lines.select_related("claim").prefetch_related(promises, "claim__withdrawals")
    lines = list(rows.order_by("id"))
    parts = [event for line in lines for event in _of_line(order, line)]
    return [_of_all(order, lines, parts)] if is_together(order) else parts


def _of_line(order: Order, line: OrderLine) -> Iterator[Event]:
    """The first day that was promised is one event, the second another, however often they move."""
    newest: dict[int, tuple[date, Promise]] = {}
    holding = 0
    for _, version in groupby(line.claim.promises.all(), key=lambda row: row.version):
        dated = [(row.ships_on, row) for row in version if row.ships_on]
        newest |= enumerate(dated)
        holding = len(dated) if line.claim.quantity else 0
    for place, (day, row) in newest.items():
        status = _status(order, is_confirmed=row.confirmed) if place < holding else Status.CANCELLED
        what = f"{row.quantity} × {line.title}{f', {line.choice}' if line.choice else ''}"
        yield _event(order, f"{line.claim_id}-{place + 1}", [line.claim], day, what, status)


def _of_all(order: Order, lines: Sequence[OrderLine], parts: Sequence[Event]) -> Event:
    claims = [line.claim for line in lines]
    day = day_of_all(lines, queries.holding([claim.pk for claim in claims]))
    # Once all has left, and where nobody knows a day, the latest that was told.
    on = max(part.day for part in parts) if day in {date.min, date.max} else day
    is_gone = day == date.max or not any(claim.quantity for claim in claims)
    is_confirmed = all(part.status != Status.TENTATIVE for part in parts)
    status = Status.CANCELLED if is_gone else _status(order, is_confirmed=is_confirmed)
    return _event(order, "all", claims, on, "everything in one parcel", status)


def _event(order: Order, name: str, claims: Sequence[Claim], day: date, what: str, status: Status) -> Event:
    why = "once it is paid" if order.payment.is_awaited else "estimated"
    open_yet = f" ({why})" if status == Status.TENTATIVE else ""
    address = f"{settings.SITE_URL}{order.get_absolute_url()}"
    return Event(
        uid=f"{order.number}-{name}@{urlsplit(settings.SITE_URL).hostname}",
        # Every promise raises it, and so does giving units up.
        sequence=sum(claim.told for claim in claims),
        changed_at=max(_changes(claims)),
        day=day,
        title=f"{settings.SHOP_NAME} ships {what} by this day{open_yet}",
        text=f"Order {order.number} at {settings.SHOP_NAME}. Where it stands, and what you can change: {address}",
        address=address,
        status=status,
    )


def _status(order: Order, *, is_confirmed: bool) -> Status:
    """Nothing ships before its payment is here, whatever its day."""
    return Status.CONFIRMED if is_confirmed and not order.payment.is_awaited else Status.TENTATIVE


def _changes(claims: Sequence[Claim]) -> Iterator[datetime]:
    for claim in claims:
        yield from (row.told_at for row in claim.promises.all())
        yield from (row.at for row in claim.withdrawals.all())
