"""What all letters about an order have in common: whom they go to, what opens its pages, how it is paid, its lines."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import batched
from typing import Any, NamedTuple

from backorders.facts import Withdrawn
from backorders.queries import holding
from notifications.outbox import Draft
from shop import wording
from shop.formats import long_moment, money
from shop.gateways import BY_NAME, transfer
from shop.models import Order, OrderLine, Payment, Refund
from shop.plain import AnyLine, AnyOrder, PlainLine, PlainOrder
from shop.sending import Told, day_of_all, is_together, released, waits_for_the_rest

LINK_SALT = "shop.order-link.view"
# A letter stays under 100 KB, which is where some mail programs cut it off; the order page shows every line.
LINES_IN_A_LETTER = 60
_A_FEW = 50


def withdrawal(
    order: Order, lines: Sequence[OrderLine], withdrawn: Sequence[Withdrawn], refund: Decimal, at: datetime
) -> dict[str, Any]:
    """What was given up and when, what is owed now, and what of the order is still on its way."""
    units = {fact.claim_id: fact.units for fact in withdrawn}
    cancelled = [line for line in lines if line.claim_id in units]
    open_lines = [line for line in lines if line.claim.left]
    told = holding([line.claim_id for line in open_lines])
    return {
        "items": [wording.item(line, units[line.claim_id]) for line in cancelled],
        "cancelled_at": long_moment(at),
        "owed": money_of(order, order.payment.amount) if order.payment.state == Payment.State.DUE else "",
        "nothing_left": not any(line.claim.quantity for line in lines),
        **refund_of(order, refund),
        "to_come": wording.to_come(order, open_lines, told, at),
        "together": together(order, open_lines, told, is_released=order.pk in released([order])),
    }


def refund_of(order: Order, amount: Decimal) -> dict[str, str]:
    """How much goes back and by when at the latest; nothing of it while nothing was paid."""
    if not amount:
        return {"refund": "", "refund_by": ""}
    due_by = Refund.objects.filter(order=order).latest("id").due_by
    return {"refund": money_of(order, amount), "refund_by": wording.due_day(due_by)}


class HowPaid(NamedTuple):
    """How an order is paid; while its payment is awaited, also how much and until when."""

    gateway: str
    amount: str = ""
    until: str = ""

    @classmethod
    def of(cls, order: AnyOrder) -> "HowPaid":
        payment = order.payment
        if payment.is_awaited and payment.due_by:
            return cls(payment.gateway, money_of(order, payment.amount), long_moment(payment.due_by))
        return cls(payment.gateway)


def letter(
    order: AnyOrder, template: str, key: str, context: Mapping[str, Any], *, leads_to_answer: bool = False
) -> Draft:
    """A letter about an order. One that offers a choice leads to the page where it is made as well."""
    return addressed(order, template, key, words(context, HowPaid.of(order)), leads_to_answer=leads_to_answer)


def words(context: Mapping[str, Any], paying: HowPaid) -> Mapping[str, Any]:
    """What a letter says, whoever gets it."""
    lists = {name: context[name] for name in ("items", "to_come") if name in context}
    gateway = BY_NAME[paying.gateway]
    due = asdict(transfer.account()) | {"amount": paying.amount, "until": paying.until} if paying.amount else None
    return {
        **context,
        "paying": {"promise": gateway.promise, "on_dispatch": gateway.on_dispatch, "due": due},
        **{name: items[:LINES_IN_A_LETTER] for name, items in lists.items()},
        "left_out": sum(len(items[LINES_IN_A_LETTER:]) for items in lists.values()),
    }


def addressed(
    order: AnyOrder, template: str, key: str, said: Mapping[str, Any], *, leads_to_answer: bool = False
) -> Draft:
    """The links' tokens are made when the letter is rendered: what is stored here opens no order."""
    number = order.number
    link = {
        "path": f"/orders/{number}/open/{{token}}/",
        "salt": LINK_SALT,
        "payload": {"order": number, "v": order.link_version},
    }
    links = {"order": link}
    if leads_to_answer:
        links["answer"] = link | {"path": f"/orders/{number}/answer/{{token}}/"}
    return Draft(
        key, template, order.email, number, {"number": number, "name": order.name, "links": links}, shared=said
    )


def a_few[Of](news: Iterable[Of], key: Callable[[Of], str]) -> Iterator[tuple[Of, ...]]:
    """What letters are about by the `key` of each, a few at a time: these are written while others become words."""
    return batched(sorted(news, key=key), _A_FEW)


def lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("claim__notice").order_by("id"))


def ships_by(order: AnyOrder, lines: Sequence[AnyLine], some: Sequence[AnyLine], told: Told) -> str:
    """The day by which the last of some lines of an order ships; empty when no day can be given."""
    return _day_of(lines if is_together(order) else some, told)


def together(order: AnyOrder, lines: Sequence[AnyLine], told: Told, *, is_released: bool) -> dict[str, Any] | None:
    """For an order that is sent together: by when, and whether what is set aside has to wait for the rest."""
    if not is_together(order):
        return None
    waits = waits_for_the_rest(order, lines, is_released=is_released)
    is_complete = not any(line.claim.lacks for line in lines)
    return {"by": _day_of(lines, told), "waits": waits, "complete": is_complete}


def _day_of(lines: Sequence[AnyLine], told: Told) -> str:
    """The day of all these lines, an estimate if it is one."""
    portions = [portion for line in lines if line.claim_id in told for portion in told[line.claim_id][1]]
    return wording.day_told(day_of_all(lines, told), portions)


def told_to_all(orders: Iterable[tuple[PlainOrder, Sequence[PlainLine]]]) -> Told:
    """The promises that hold for what still waits; where all is sent together, for every line."""
    return holding(
        [line.claim_id for order, lines in orders for line in lines if line.claim.lacks or is_together(order)]
    )


def money_of(order: AnyOrder, amount: Decimal) -> str:
    return money(amount, order.currency)


def digest(*facts: object) -> str:
    """A key for any number of claims; it always fits."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
