"""Facts become letters: one per order and occasion, in the words of a shopkeeper.

Every function writes into the outbox, in the transaction of the fact and under a key made of the fact. The number of
queries does not depend on the number of orders. Days and amounts are put into words here, so that a letter says what
held when it was written, whenever it is sent.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F
from django.utils import timezone

from backorders import consent
from backorders.consent import Asked
from backorders.deadlines import Kind, Silence, Standing
from backorders.facts import Filled, Joined, Moved, Withdrawn
from backorders.models import Claim, Notice, Promise
from backorders.plan import Portion, after
from backorders.queries import holding, portion_of
from notifications import outbox
from notifications.outbox import Draft
from shop import wording
from shop.formats import long_day, long_moment, money
from shop.gateways import BY_NAME, transfer
from shop.models import Order, OrderLine, Payment, Proposal, Refund, Release, Shipment
from shop.plain import AnyLine, AnyOrder, PlainLine, PlainOrder, orders_of
from shop.sending import Told, day_of_all, is_together, released, waits_for_the_rest

LINK_SALT = "shop.order-link.view"
# A letter stays under 100 KB, which is where some mail programs cut it off; the order page shows every line.
LINES_IN_A_LETTER = 60


def order_placed(order: Order, joined: Sequence[tuple[OrderLine, Joined]], *, at: datetime) -> None:
    """The confirmation: a day for every portion, what it costs, where it goes, how to pay and how to cancel."""
    promised = [fact.portions for _, fact in joined]
    context = {
        "items": [
            wording.item(
                line,
                line.quantity,
                wording.days(order, fact.portions),
                _money(order, line.unit_price * line.quantity),
            )
            for line, fact in joined
        ],
        "days": len({portion.ships_on for told in promised for portion in told}),
        "together": is_together(order),
        "complete_by": wording.complete_by(promised),
        "some_now": any(portion.now for told in promised for portion in told),
        "leaves_on": _leaves_later(order, promised),
        "estimated": any(not portion.confirmed for told in promised for portion in told),
        "placed_on": long_day(timezone.localdate(order.placed_at)),
        "goods": _money(order, order.goods_total),
        "shipping_name": order.shipping_name,
        "shipping": _money(order, order.shipping_price),
        "total": _money(order, order.total),
        "address": order.address_lines,
        "consent": order.consent_text,
        "consented_at": order.consented_at and long_moment(order.consented_at),
    }
    outbox.write([_letter(order, "order_placed", f"placed:{order.number}", context)], at=at)


def _leaves_later(order: Order, promised: Iterable[Sequence[Portion]]) -> str:
    """The day on which what is on the shelf leaves, when that is not the day of the order."""
    days = {portion.ships_on for told in promised for portion in told if portion.now and portion.ships_on}
    return long_day(max(days)) if days and max(days) > timezone.localdate(order.placed_at) else ""


def units_arrived(filled: Sequence[Filled], *, at: datetime) -> None:
    """What was waited for is set aside now: one letter per order, whichever of its lines were filled."""
    if not filled:
        return
    units: Counter[int] = Counter()
    for fact in filled:
        units[fact.claim_id] += fact.units
    orders = list(orders_of(units))
    told = _told_to_all(orders)
    free_to_go = released(order for order, _ in orders)
    letters = []
    for order, lines in orders:
        arrived = [line for line in lines if line.claim_id in units]
        # A correction can take units away that the next delivery brings again: the moment tells the two apart.
        key = _digest(at.timestamp(), [(line.claim_id, line.claim.allocated) for line in arrived])
        context = {
            "items": [
                wording.item(line, units[line.claim_id], wording.set_aside(line, units[line.claim_id]))
                for line in arrived
            ],
            "units": sum(units[line.claim_id] for line in arrived),
            "to_come": [wording.waiting(order, line, told) for line in lines if line.claim.lacks],
            "together": _together(order, lines, told, is_released=order.pk in free_to_go),
        }
        letters.append(_letter(order, "units_arrived", f"arrived:{order.number}:{key}", context))
    outbox.write(letters, at=at)


def parcel_shipped(shipment: Shipment, *, at: datetime) -> None:
    """The parcel has left: what is in it, how to follow it, and what is still to come by which day."""
    order = shipment.order
    rows = list(shipment.lines.select_related("line").order_by("id"))
    open_lines = [line for line in _lines_of(order) if line.claim.shipped < line.claim.quantity]
    told = holding([line.claim_id for line in open_lines])
    context = {
        "items": [wording.item(row.line, row.quantity) for row in rows],
        "amount": _money(order, sum((row.line.unit_price * row.quantity for row in rows), Decimal(0))),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "to_come": wording.to_come(order, open_lines, told),
        "together": _together(order, open_lines, told, is_released=False),
        "ahead": _ahead(shipment),
    }
    outbox.write([_letter(order, "parcel_shipped", f"shipped:{shipment.pk}", context)], at=at)


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
        return f"moved:{self.order.number}:{_digest([(fact.claim_id, fact.version) for _, fact in self.facts])}"


def days_moved(news: Iterable[News], asks: Mapping[int, Asked], *, at: datetime) -> None:
    """Told days that changed; `asks` has what a move asks of its customer, by claim.

    A slip without one is left out: it came too late to be told, and its deadline is being dealt with.
    """
    letters, choice = [], _choice()
    for part in news:
        facts = [(line, fact) for line, fact in part.facts if line.claim_id in asks]
        if not facts:
            continue
        context = wording.change(part.order, facts, asks) | choice
        if part.days_of_all:
            old, new = part.days_of_all
            context |= {"old_day": wording.day_or_none(old), "new_day": wording.day_or_none(new)}
            context |= {"what": part.what, "together": True}
        template = "days_earlier" if not part.is_later else "answer_needed" if context["answer_by"] else "days_later"
        letters.append(_letter(part.order, template, part.key, context))
    outbox.write(letters, at=at)


def _choice() -> dict[str, Any]:
    """What the answer page lets her do besides keeping and cancelling."""
    return {"may_set_last_day": consent.rule().knows_last_days}


def units_withdrawn(order: Order, withdrawn: Sequence[Withdrawn], *, refund: Decimal, at: datetime) -> None:
    """The acknowledgement of a cancellation: what, when, what it takes off the bill, and what is still on its way."""
    key = _digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    lines = _lines_of(order)
    context = _withdrawal(order, lines, withdrawn, refund, at)
    outbox.write([_letter(order, "units_withdrawn", f"withdrawn:{order.number}:{key}", context)], at=at)


def _withdrawal(
    order: Order, lines: Sequence[OrderLine], withdrawn: Sequence[Withdrawn], refund: Decimal, at: datetime
) -> dict[str, Any]:
    units = {fact.claim_id: fact.units for fact in withdrawn}
    cancelled = [line for line in lines if line.claim_id in units]
    open_lines = [line for line in lines if line.claim.left]
    told = holding([line.claim_id for line in open_lines])
    return {
        "items": [wording.item(line, units[line.claim_id]) for line in cancelled],
        "cancelled_at": long_moment(at),
        "amount": _money(order, sum((line.unit_price * units[line.claim_id] for line in cancelled), Decimal(0))),
        "nothing_left": not any(line.claim.quantity for line in lines),
        **_refund(order, refund),
        "to_come": wording.to_come(order, open_lines, told),
        "together": _together(order, open_lines, told, is_released=order.pk in released([order])),
    }


def _given_up(
    order: Order, withdrawn: Sequence[Withdrawn], refund: Decimal, at: datetime
) -> tuple[list[OrderLine], dict[str, Any]]:
    """What we cancelled, not she: those lines, and their letter, which says what each of them was told before."""
    lines = _lines_of(order)
    units = {fact.claim_id: fact.units for fact in withdrawn}
    cancelled = [line for line in lines if line.claim_id in units]
    before = _told_before(cancelled)
    items = [wording.item(line, units[line.claim_id], wording.was(order, before[line.claim_id])) for line in cancelled]
    context = {"items": items, "old_day": wording.latest(before.values())}
    return cancelled, _withdrawal(order, lines, withdrawn, refund, at) | context


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


def _refund(order: Order, amount: Decimal) -> dict[str, str]:
    """How much goes back and by when at the latest; nothing of it while nothing was paid."""
    if not amount:
        return {"refund": "", "refund_by": ""}
    due_by = Refund.objects.filter(order=order).latest("id").due_by
    return {"refund": _money(order, amount), "refund_by": wording.due_day(due_by)}


def payment_received(order: Order, payment: Payment, *, at: datetime) -> None:
    """The money is here: how much, and what now happens with the goods."""
    lines = _lines_of(order)
    open_lines = [line for line in lines if line.claim.shipped < line.claim.quantity]
    context = {
        "amount": _money(order, payment.amount),
        "received_at": long_moment(at),
        "some_ready": any(line.claim.ready for line in lines)
        and not waits_for_the_rest(order, lines, is_released=order.pk in released([order])),
        "to_come": wording.to_come(order, open_lines, holding([line.claim_id for line in open_lines])),
    }
    outbox.write([_letter(order, "payment_received", f"paid:{order.number}", context)], at=at)


def payment_missed(
    order: Order, withdrawn: Sequence[Withdrawn], asked: Decimal, due_by: datetime, *, at: datetime
) -> None:
    """The order was not paid in time: what was given back, that nothing is owed, and how to order again."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    context = {
        "items": [wording.item(line, units[line.claim_id]) for line in _lines_of(order) if line.claim_id in units],
        "asked": _money(order, asked),
        "until": long_moment(due_by),
    }
    outbox.write([_letter(order, "payment_missed", f"unpaid:{order.number}", context)], at=at)


def answer_received(order: Order, lines: Sequence[OrderLine], told: Told, *, at: datetime) -> None:
    """The receipt of a yes: what she keeps, by when it ships now, and that she may still cancel."""
    key = _digest([line.claim.notice_id for line in lines])
    day = _ships_by(order, _lines_of(order), lines, told)
    agreed = [line.claim.due_at for line in lines if line.claim.standing == Standing.AGREED and line.claim.due_at]
    context = {
        "items": [wording.waiting(order, line, told) for line in lines],
        "answered_at": long_moment(at),
        "new_day": day,
        "ask_again_on": wording.due_day(max(agreed)) if agreed and not day else "",
    }
    outbox.write([_letter(order, "answer_received", f"kept:{order.number}:{key}", context)], at=at)


def last_day_set(order: Order, line: OrderLine, day: date, *, at: datetime) -> None:
    """The receipt of a last day: until when we may still ship, and what happens then."""
    context = {
        "items": [wording.item(line, line.claim.left)],
        "answered_at": long_moment(at),
        "last_day": long_day(day),
    }
    outbox.write([_letter(order, "last_day_set", f"last_day:{order.number}:{line.claim.notice_id}", context)], at=at)


def alternative_taken(
    order: Order, old: OrderLine, new: OrderLine, portions: Sequence[Portion], *, refund: Decimal, at: datetime
) -> None:
    """The receipt of something taken instead: what it is, when it ships, and what the difference does."""
    saved = (old.unit_price - new.unit_price) * new.quantity
    context = {
        "items": [wording.item(new, new.quantity, wording.days(order, portions))],
        "old": wording.item(old, new.quantity),
        "answered_at": long_moment(at),
        "saved": _money(order, saved) if saved else "",
        **_refund(order, refund),
    }
    outbox.write([_letter(order, "alternative_taken", f"instead:{order.number}:{new.pk}", context)], at=at)


def proposal_key(proposal: Proposal) -> str:
    return f"proposed:{proposal.pk}"


def alternative_proposed(proposal: Proposal, line: OrderLine, *, saves: Decimal, at: datetime) -> None:
    """Something on our shelf instead of waiting: what it is and costs, and that nothing changes unless she wants it."""
    order, variant = line.order, proposal.variant
    told = holding([line.claim_id])
    what = {"what": f"{proposal.units} × {variant.product.title}", "choice": variant.choice, "notes": []}
    context = {
        "items": [what | {"price": _money(order, proposal.price * proposal.units)}],
        "old": wording.waiting(order, line, told),
        "saved": _money(order, saves) if saves else "",
    }
    outbox.write([_letter(order, "alternative_proposed", proposal_key(proposal), context)], at=at)


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
    key = _digest(at.timestamp(), sorted((fact.claim_id, fact.left) for fact in withdrawn))
    outbox.write([_letter(order, "order_lapsed", f"lapsed:{order.number}:{key}", context)], at=at)


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
    key = _digest(sorted((fact.claim_id, fact.left) for fact in withdrawn))
    outbox.write([_letter(order, "never_coming", f"never:{order.number}:{key}", context)], at=at)


def day_passed_key(order: Order, lines: Sequence[OrderLine]) -> str:
    return f"passed:{order.number}:{_digest([(line.claim_id, line.claim.told) for line in lines])}"


def day_passed(order: Order, lines: Sequence[OrderLine], key: str, *, is_paid: bool = False, at: datetime) -> None:
    """A day passed and nothing shipped: an apology, or the question whether she still wants to wait.

    It `is_paid` when that question is put again because her payment came after the time to answer it.
    """
    notices = [line.claim.notice for line in lines if line.claim.notice]
    asked = wording.deadline([notice.answer_by for notice in notices if notice.answer_by])
    all_lines = _lines_of(order)
    promised = holding([line.claim_id for line in all_lines])
    still = [tuple(after(promised[line.claim_id][1], line.claim.shipped)) for line in lines]
    say = wording.now if asked["answer_by"] else wording.was
    items = [
        wording.item(line, line.claim.left, say(order, portions)) for line, portions in zip(lines, still, strict=True)
    ]
    context = {
        "items": items,
        "what": wording.named(items),
        "old_day": wording.latest(still),
        "new_day": _ships_by(order, all_lines, lines, promised) if asked["answer_by"] else "",
        "reasons": wording.reasons(notice.reason for notice in notices),
        "paid": is_paid,
        "together": is_together(order),
        **asked,
        **_choice(),
    }
    outbox.write([_letter(order, "day_passed", key, context)], at=at)


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
            "what": wording.named(items),
            "old_day": long_day(max(old_days)) if old_days else "",
            "new_day": _ships_by(order, lines[order_id], waiting, told),
            "again": any(notice.kind == Kind.RENEWED for notice in notices),
            "together": is_together(order),
            "reasons": wording.reasons(notice.reason for notice in notices),
            **deadline,
            **_choice(),
        }
        key = _digest([notice.pk for notice in notices])
        letters.append(_letter(order, "answer_reminder", f"reminder{days}:{order.number}:{key}", context))
    outbox.write(letters, at=at)


def still_on_time(claim_ids: Collection[int], *, at: datetime) -> None:
    """Nothing has changed: the days that hold for what these claims wait for. One letter for each order."""
    orders = list(orders_of(claim_ids))
    told = _told_to_all(orders)
    letters = []
    for order, lines in orders:
        waiting = [line for line in lines if line.claim.lacks]
        context = {
            "items": [wording.waiting(order, line, told) for line in waiting],
            "new_day": _ships_by(order, lines, waiting, told),
            "together": _together(order, lines, told, is_released=False),
        }
        letters.append(_letter(order, "still_on_time", f"still:{order.number}:{at:%Y-%m-%d}", context))
    outbox.write(letters, at=at)


def address_changed(order: Order, change_id: int, *, at: datetime) -> None:
    """Where the order goes from now on. The address before is not repeated: somebody else may live there."""
    context = {"address": order.address_lines, "changed_at": long_moment(at)}
    outbox.write([_letter(order, "address_changed", f"address:{change_id}", context)], at=at)


def refund_sent(refund: Refund, *, at: datetime) -> None:
    """Money is on its way back: how much, and when to expect it. The reason was noted for staff, not for her."""
    context = {"amount": _money(refund.order, refund.amount), "sent_on": long_day(timezone.localdate(at))}
    outbox.write([_letter(refund.order, "refund_sent", f"refunded:{refund.pk}", context)], at=at)


def _letter(order: AnyOrder, template: str, key: str, context: Mapping[str, Any]) -> Draft:
    """The link's token is made when the letter is rendered: what is stored here opens no order."""
    lists = {name: context[name] for name in ("items", "to_come") if name in context}
    link = {
        "path": f"/orders/{order.number}/open/{{token}}/",
        "salt": LINK_SALT,
        "payload": {"order": order.number, "v": order.link_version},
    }
    return Draft(
        key,
        template,
        recipient=order.email,
        thread=order.number,
        context={
            **context,
            "paying": _paying(order),
            **{name: items[:LINES_IN_A_LETTER] for name, items in lists.items()},
            "left_out": sum(len(items[LINES_IN_A_LETTER:]) for items in lists.values()),
            "number": order.number,
            "name": order.name,
            "links": {"order": link, "answer": link | {"path": f"/orders/{order.number}/answer/{{token}}/"}},
        },
    )


def _paying(order: AnyOrder) -> dict[str, Any]:
    """How the order is paid. While its payment is awaited, `due` says how much, where to and until when."""
    payment = order.payment
    gateway = BY_NAME[payment.gateway]
    due = None
    if payment.is_awaited and payment.due_by:
        due = asdict(transfer.account()) | {
            "amount": _money(order, payment.amount),
            "until": long_moment(payment.due_by),
        }
    return {"promise": gateway.promise, "on_dispatch": gateway.on_dispatch, "due": due}


def _lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("claim__notice").order_by("id"))


def _ships_by(order: AnyOrder, lines: Sequence[AnyLine], some: Sequence[AnyLine], told: Told) -> str:
    """The day by which the last of some lines of an order ships; empty when no day can be given."""
    return wording.day_or_none(day_of_all(lines if is_together(order) else some, told))


def _together(order: AnyOrder, lines: Sequence[AnyLine], told: Told, *, is_released: bool) -> dict[str, Any] | None:
    """For an order that is sent together: by when, and whether what is set aside has to wait for the rest."""
    if not is_together(order):
        return None
    waits = waits_for_the_rest(order, lines, is_released=is_released)
    is_complete = not any(line.claim.lacks for line in lines)
    return {"by": wording.day_or_none(day_of_all(lines, told)), "waits": waits, "complete": is_complete}


def _ahead(shipment: Shipment) -> dict[str, str] | None:
    """The release by which a part leaves before the rest, with what that costs."""
    if not is_together(shipment.order):
        return None
    release = Release.objects.filter(shipment=shipment).first()
    return {"price": _money(shipment.order, release.price) if release.price else ""} if release else None


def _told_to_all(orders: Iterable[tuple[PlainOrder, Sequence[PlainLine]]]) -> Told:
    """The promises that hold for what still waits; where all is sent together, for every line."""
    return holding(
        [line.claim_id for order, lines in orders for line in lines if line.claim.lacks or is_together(order)]
    )


def _money(order: AnyOrder, amount: Decimal) -> str:
    return money(amount, order.currency)


def _digest(*facts: object) -> str:
    """A key for any number of claims; it always fits."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
