"""What was she told, and when? Everything that was promised, written, answered and done about one order, in order.

All of it is read from rows that nobody changes afterwards; nothing here is kept for the purpose.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from backorders.models import Bounce, ClaimChange, Consent
from backorders.queries import portion_of
from notifications.models import Letter
from shop import holds, lapses, wording
from shop.cancellations import CUSTOMER
from shop.dossiers import Dossier
from shop.formats import long_day, long_moment, money
from shop.models import Order, OrderLine
from shop.models.orders import Address

_NOT_STAFF = {CUSTOMER, lapses.ACTOR, holds.ACTOR}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `proof` is what shows that it was so: ids and hashes, a name and a value each."""

    at: datetime
    what: str
    details: tuple[str, ...] = ()
    proof: tuple[tuple[str, str], ...] = ()


def record_of(dossier: Dossier, *, for_staff: bool = False) -> list[Entry]:
    """The whole story of an order, oldest first. As many queries for a long one as for a short one.

    What staff noted for themselves, and who of them it was, is for staff only.
    """
    lines = {line.claim_id: line for line in dossier.lines}
    parts = {change.claim_id: change for change in dossier.splits}
    happened = [
        *_placed(dossier.order),
        *_split(lines, parts, for_staff),
        *_promised(dossier, lines, parts),
        *_noticed(dossier, lines, parts),
        *_answered(dossier, lines, parts, for_staff),
        *_written(dossier),
        *_given_up(dossier, lines, for_staff),
        *_readdressed(dossier, for_staff),
        *_asked(dossier, for_staff),
        *_shipped(dossier),
        *_tracked(dossier, for_staff),
        *_announced(dossier, lines, for_staff),
        *_came_back(dossier, lines, for_staff),
        *_paid(dossier, for_staff),
    ]
    # What happened in one moment stays in the order above: a promise stands before the letter that tells it.
    return sorted(happened, key=lambda entry: entry.at)


def _who(actor: str, for_staff: bool) -> str:
    if actor == CUSTOMER:
        return "the customer"
    return actor if for_staff or actor in _NOT_STAFF else "us"


def _placed(order: Order) -> Iterator[Entry]:
    proof = (("SHA-256 of what the page showed", order.shown_hash),) if order.shown_hash else ()
    agreed = (f"Agreed: “{order.consent_text}”",) if order.consent_text else ()
    yield Entry(order.placed_at, f"Order {order} was placed by {order.name}, {order.email}", agreed, proof)


def _is_of_the_whole(parts: Mapping[int, ClaimChange], claim: int, at: datetime) -> bool:
    """Was it told of the whole, before this part of it was split off? There it is told once."""
    return claim in parts and at < parts[claim].at


def _split(lines: Mapping[int, OrderLine], parts: Mapping[int, ClaimChange], for_staff: bool) -> Iterator[Entry]:
    for claim, change in parts.items():
        reason = (f"Reason: {change.reason}",) if for_staff else ()
        details = ("No day moved by it", *reason, f"By {_who(change.actor, for_staff)}")
        yield Entry(change.at, f"{lines[claim].article}: split, {change.new} of it on a line of its own", details)


def _promised(dossier: Dossier, lines: Mapping[int, OrderLine], parts: Mapping[int, ClaimChange]) -> Iterator[Entry]:
    for (claim, version), same in groupby(dossier.promises, key=lambda row: (row.claim_id, row.version)):
        told = list(same)
        if _is_of_the_whole(parts, claim, told[0].told_at):
            continue
        what = f"{lines[claim].article}: {'promised' if version == 1 else 'promised anew'}"
        reason = (f"Reason: {told[0].reason}",) if told[0].reason else ()
        days = tuple(wording.days(dossier.order, map(portion_of, told)))
        yield Entry(told[0].told_at, what, (*days, *reason), (("promise", f"{claim}, version {version}"),))


def _noticed(dossier: Dossier, lines: Mapping[int, OrderLine], parts: Mapping[int, ClaimChange]) -> Iterator[Entry]:
    for notice in dossier.notices:
        if _is_of_the_whole(parts, notice.claim_id, notice.told_at):
            continue
        days = (
            *((f"The day had been {long_day(notice.old_day)}",) if notice.old_day else ()),
            f"The new day: {long_day(notice.new_day) if notice.new_day else 'none could be given'}",
        )
        answer = (
            f"Without a yes by {wording.until(notice.answer_by)} it would be cancelled"
            if notice.answer_by
            else "Without an answer it would be kept"
        )
        proof = (("letter", notice.letter), ("promise", f"{notice.claim_id}, version {notice.version}"))
        what = f"{lines[notice.claim_id].article}: notice of a delay ({notice.get_kind_display().lower()})"
        yield Entry(notice.told_at, what, (*days, answer), proof)
        if bounce := getattr(notice, "bounce", None):
            yield _bounced(bounce, lines[notice.claim_id])


def _bounced(bounce: Bounce, line: OrderLine) -> Entry:
    return Entry(bounce.at, f"{line.article}: the notice did not arrive", (bounce.answer,))


def _answered(
    dossier: Dossier, lines: Mapping[int, OrderLine], parts: Mapping[int, ClaimChange], for_staff: bool
) -> Iterator[Entry]:
    for notice in dossier.notices:
        consent: Consent | None = getattr(notice, "consent", None)
        if consent is None or _is_of_the_whole(parts, notice.claim_id, consent.at):
            continue
        what = f"{lines[notice.claim_id].article}: answered “{consent.get_answer_display()}”"
        detail = (consent.detail,) if consent.detail else ()
        by = f"Written down by {_who(consent.actor, for_staff)}"
        yield Entry(consent.at, what, (*detail, by), (("letter", notice.letter),))


def _written(dossier: Dossier) -> Iterator[Entry]:
    for letter in dossier.letters:
        name = letter.subject or letter.template.replace("_", " ")
        if letter.state == Letter.State.SENT and letter.sent_at:
            proof = (("letter", letter.key), ("Message-ID", letter.message_id), ("SHA-256", letter.body_hash))
            to = f"To {letter.recipient}; the mail server answered: {letter.server_answer}"
            yield Entry(letter.sent_at, f"Mail “{name}” was sent", (to,), tuple(row for row in proof if row[1]))
        else:
            state = "was given up" if letter.state == Letter.State.DEAD else "is being sent"
            answer = (letter.server_answer,) if letter.server_answer else ()
            yield Entry(letter.written_at, f"Mail “{name}” {state}", answer, (("letter", letter.key),))


def _given_up(dossier: Dossier, lines: Mapping[int, OrderLine], for_staff: bool) -> Iterator[Entry]:
    for row in dossier.withdrawals:
        is_told = for_staff or row.actor in _NOT_STAFF
        reason = (f"Reason: {row.reason}",) if row.reason and is_told else ()
        details = (*reason, f"By {_who(row.actor, for_staff)}")
        yield Entry(row.at, f"{lines[row.claim_id].article}: {row.units} cancelled", details)


def _readdressed(dossier: Dossier, for_staff: bool) -> Iterator[Entry]:
    changes = dossier.address_changes
    then: list[Address] = [*changes[1:], dossier.order]
    for change, after in zip(changes, then, strict=False):
        went, goes = ", ".join(change.address_lines), ", ".join(after.address_lines)
        by = f"By {_who(change.actor, for_staff)}"
        yield Entry(change.at, "The address was changed", (f"It went to: {went}", f"It goes to: {goes}", by))


def _asked(dossier: Dossier, for_staff: bool) -> Iterator[Entry]:
    for inquiry in dossier.conversation:
        yield Entry(inquiry.at, "A question was asked", (f"“{inquiry.text}”",))
        for reply in inquiry.replies.all():
            details = (f"“{reply.text}”", f"By {_who(reply.actor, for_staff)}")
            yield Entry(reply.at, "The question was answered", details)


def _shipped(dossier: Dossier) -> Iterator[Entry]:
    for row in dossier.shipped:
        parcel = row.shipment
        carrier = (parcel.followed,) if parcel.carrier else ()
        yield Entry(parcel.shipped_at, f"{row.line.article}: {row.quantity} shipped", carrier)


def _tracked(dossier: Dossier, for_staff: bool) -> Iterator[Entry]:
    """What was wrong is for staff to read only: it may be the number of somebody else's parcel."""
    right: dict[int, str] = {}
    for change in reversed(dossier.tracking_changes):
        is_now = right.get(change.shipment_id, change.shipment.followed)
        was = right[change.shipment_id] = f"{change.carrier} {change.tracking_number}".strip()
        details = (*((f"It was: {was or 'nothing'}",) if for_staff else ()), f"It is: {is_now or 'nothing'}")
        yield Entry(
            change.at, "How the parcel is followed was corrected", (*details, f"By {_who(change.actor, for_staff)}")
        )


def _announced(dossier: Dossier, lines: Mapping[int, OrderLine], for_staff: bool) -> Iterator[Entry]:
    article = {line.pk: line.article for line in lines.values()}
    for row in dossier.announcements:
        said = (f"“{row.reason}”",) if row.reason and (for_staff or row.actor == CUSTOMER) else ()
        details = (*said, f"Announced by {_who(row.actor, for_staff)}")
        yield Entry(row.at, f"{article[row.line_id]}: {row.units} to come back", details)
        if row.dropped_at:
            by = f"Written down by {_who(row.dropped_by, for_staff)}"
            yield Entry(row.dropped_at, f"{article[row.line_id]}: {row.dropped} kept after all", (by,))


def _came_back(dossier: Dossier, lines: Mapping[int, OrderLine], for_staff: bool) -> Iterator[Entry]:
    article = {line.pk: line.article for line in lines.values()}
    for row in dossier.returns:
        off = (f"{money(row.amount, dossier.order.currency)} came off the price",) if row.amount else ()
        for_us = (*((f"{row.damaged} of them damaged",) if row.damaged else ()), f"Reason: {row.reason}")
        by = f"Written down by {_who(row.actor, for_staff)}"
        said = (f"“{row.told}”",) if row.told else ()
        details = (*off, *said, *(for_us if for_staff else ()), by)
        yield Entry(row.at, f"{article[row.line_id]}: {row.units} came back", details)


def _paid(dossier: Dossier, for_staff: bool) -> Iterator[Entry]:
    order = dossier.order
    payment = order.payment
    if payment.settled_at:
        yield Entry(payment.settled_at, f"{money(payment.amount, order.currency)} was received")
    for refund in dossier.refunds:
        amount = money(refund.amount, order.currency)
        reason = (f"Reason: {refund.reason}",) if for_staff else ()
        by = f"To be sent by {long_moment(refund.due_by)}"
        yield Entry(refund.due_since, f"{amount} became due back", (*reason, by))
        if refund.sent_at:
            yield Entry(refund.sent_at, f"{amount} was sent back")
    if goodwill := dossier.goodwill:
        late = (
            f"for {goodwill.days_late} days of delay" if goodwill.days_late else "for a delay without an end in sight"
        )
        yield Entry(goodwill.at, f"{goodwill.get_kind_display()} earned {late}")
