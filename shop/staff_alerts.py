"""Mail to the people who run the shop: promises that we let pass, and each morning those that are in danger."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from backorders import consent
from backorders.deadlines import Silence
from backorders.models import Notice, Withdrawal
from inventory.dispatch import overdue_before
from inventory.models import PurchaseOrder, PurchaseOrderLine
from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from shop import lapses, wakeups
from shop.formats import count, long_day, long_moment, money
from shop.models import Order, OrderLine, Refund
from shop.transactions import use_case

_DAY = timedelta(days=1)
# Who is cancelled in silence is told at once, and staff at most once in so long.
_PAUSE = timedelta(hours=1)
# The day's letter is written at this hour of the house, or as soon after it as the shop runs.
_MORNING = 6
# A supplier is asked so many days before customers were promised what is still to come.
_ASK_SUPPLIER = timedelta(days=10)
_ROWS_OF_A_SECTION = 40
_SILENCE, _MORNINGS = "staff: broken promises", "staff: mornings"

type Section = Mapping[str, Any]


@use_case
def we_were_silent(*, at: datetime) -> int:
    """Tell staff which lines were cancelled since they last heard of it because we let their day pass in silence.

    Returns how many. At most one letter an hour.
    """
    last = Letter.objects.filter(thread=_SILENCE).order_by("-written_at").first()
    if last and last.written_at > at - _PAUSE:
        return 0
    reason = lapses.REASONS[Silence.WE_WERE_SILENT]
    broken = Withdrawal.objects.filter(actor=lapses.ACTOR, reason=reason, at__gt=at - _DAY)
    if last:
        broken = broken.filter(pk__gt=last.context["newest"])
    rows = list(broken.select_related("claim__order_line__order").order_by("id"))
    if not rows:
        return 0
    lines = [
        f"{row.claim.order_line.order.number}: {row.units} × {row.claim.order_line.title}, {long_moment(row.at)}"
        for row in rows
    ]
    says = "Their day passed, nothing shipped, and nobody had told them: each was cancelled, with an apology."
    section = _section("Cancelled because we were silent", says, Order, "", lines, len(lines))
    subject = f"{count(len(rows), 'line')} cancelled: we let the promised day pass in silence"
    _write(f"alert:silence:{rows[-1].pk}", _SILENCE, subject, [section], {"newest": rows[-1].pk}, at)
    return len(rows)


@use_case
def this_morning(*, at: datetime) -> bool:
    """Once a day: what is cancelled by tomorrow unless somebody acts, and what may break next. False if nothing is."""
    today = timezone.localdate(at)
    key = f"alert:day:{today}"
    if timezone.localtime(at).hour < _MORNING or Letter.objects.filter(key=key).exists():
        return False
    sections = list(_in_danger(at))
    if sections:
        _write(key, _MORNINGS, f"{long_day(today)}: {sections[0]['heading'].lower()}", sections, {}, at)
    return bool(sections)


def _in_danger(at: datetime) -> Iterator[Section]:
    due = OrderLine.objects.due(at + _DAY).select_related("claim", "order").order_by("claim__due_at", "id")
    yield from _section_of(
        "Promised until tomorrow, and not shipped",
        "Ship it, or move its day with a reason, before then: once the day is over it is too late to tell.",
        Order,
        "?state=due",
        due.filter(claim__standing__in=consent.UNASKED),
        _until,
    )
    yield from _section_of(
        "An answer is missing until tomorrow",
        "Without a yes it is cancelled: a telephone call may keep it.",
        Notice,
        "?state=open",
        due.exclude(claim__standing__in=consent.UNASKED),
        _until,
    )
    yield from _section_of(
        "Not told: a letter about a delay did not arrive",
        "A notice that did not arrive is no notice: telephone, and record the answer.",
        Notice,
        "?state=untold",
        consent.untold().select_related("claim__order_line__order").order_by("id"),
        lambda notice: f"{notice.claim.order_line.order.number}: {notice.claim.order_line.title}",
    )
    yield from _section_of(
        "Money due back by tomorrow",
        "Send it, and mark it as sent.",
        Refund,
        "?state=open",
        Refund.objects.filter(sent_at=None, due_by__lte=at + _DAY).select_related("order").order_by("due_by", "id"),
        lambda refund: (
            f"{refund.order.number}: {money(refund.amount, refund.order.currency)}, by {long_moment(refund.due_by)}"
        ),
    )
    yield from _section_of(
        "Ask the supplier: customers wait for this, and its day is near and not sure",
        "Ask whether the day holds, and confirm or move it before the promise breaks.",
        PurchaseOrder,
        "?expected=arriving",
        _unsure(at),
        lambda line: f"{line.order.number}, {line.order.supplier}: {line.item.sku}, by {long_day(line.expected_on)}",
    )


def _until(line: OrderLine) -> str:
    until = f", until {long_moment(line.claim.due_at)}" if line.claim.due_at else ""
    return f"{line.order.number}: {line.claim.left} × {line.title}{until}"


def _unsure(at: datetime) -> QuerySet[PurchaseOrderLine]:
    """Lines that people wait for, expected within days, which the supplier has not confirmed or is late with."""
    today = timezone.localdate(at)
    near = PurchaseOrderLine.objects.inbound().filter(
        expected_on__lte=today + _ASK_SUPPLIER, item__queue__waiting__gt=0
    )
    late = near.filter(expected_on__lt=overdue_before(at))
    unsure = near.filter(confirmed=False) | late
    return unsure.select_related("order__supplier", "item").order_by("expected_on", "id")


def _section_of[M: Model](
    heading: str, says: str, model: type[Model], query: str, rows: QuerySet[M], words: Callable[[M], str]
) -> Iterator[Section]:
    """The section of these rows; none where there are none."""
    if number := rows.count():
        listed = [words(row) for row in rows[:_ROWS_OF_A_SECTION]]
        yield _section(f"{heading} ({number})", says, model, query, listed, number)


def _section(heading: str, says: str, model: type[Model], query: str, rows: Sequence[str], number: int) -> Section:
    """The first of so many rows, and where all of them are."""
    meta = model._meta
    path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist") + query
    shown = rows[:_ROWS_OF_A_SECTION]
    return {"heading": heading, "says": says, "path": path, "rows": shown, "left_out": number - len(shown)}


def _write(
    key: str, thread: str, subject: str, sections: Iterable[Section], known: Mapping[str, Any], at: datetime
) -> None:
    context = {
        "what": subject,
        "sections": list(sections),
        "links": {"desk": {"path": reverse("admin:index")}},
        **known,
    }
    outbox.write([Draft(key, "staff_alert", settings.STAFF_MAIL, thread, context)], at=at)
    wakeups.wake_mailer()
