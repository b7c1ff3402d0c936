"""Instead of waiting: something like it that is on the shelf, for the same price or less."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Value

from backorders import consent, queue
from backorders.availability import quotes_of
from backorders.consent import UnableToAnswer
from backorders.models import Consent
from backorders.plan import State
from notifications.models import Letter
from shop import cancellations, delay_letters, wakeups
from shop.models import Order, OrderLine, Product, Proposal, Variant
from shop.ranking import ranked
from shop.transactions import use_case

_OFFERED = 3
# So many are there to choose from for staff, who know their shelves.
_TO_PROPOSE = 50


class UnableToPropose(Exception):
    """The sentence says why it cannot be offered."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A variant of which all units that a line lacks are on the shelf. `saves` is what all of them cost less."""

    variant: Variant
    units: int
    saves: Decimal


def for_lines(lines: Iterable[OrderLine], at: datetime) -> dict[int, list[Alternative]]:
    """Up to three of the same shelf for each line that lacks units, as below."""
    return _found(lines, at, _OFFERED)


def that_fit(lines: Iterable[OrderLine], at: datetime) -> dict[int, list[Alternative]]:
    """All that staff may propose instead of what each line lacks, as below."""
    return _found(lines, at, _TO_PROPOSE)


def _found(lines: Iterable[OrderLine], at: datetime, most: int) -> dict[int, list[Alternative]]:
    """Nearest in price first, by line; nothing for a line that lacks nothing.

    One query, however many lines. Units that only the quote finds free, because others in the queue were put off to a
    later delivery, are left out.
    """
    waiting = {line.pk: line for line in lines if line.claim.lacks}
    found: dict[int, list[Alternative]] = defaultdict(list)
    searches = [_like(line, at)[:most] for line in waiting.values()]
    for variant in searches[0].union(*searches[1:], all=True) if searches else ():
        line = waiting[variant.instead_of]
        units = line.claim.lacks
        found[line.pk].append(Alternative(variant, units, (line.unit_price - variant.price) * units))
    for offered in found.values():
        offered.sort(key=lambda each: (each.saves, each.variant.pk))
    return found


def _like(line: OrderLine, at: datetime) -> QuerySet[Any]:
    shelf = Product.objects.filter(variants=line.variant_id).values("category")
    like = Variant.objects.filter(
        product__category__in=shelf, product__published=True, price__lte=line.unit_price
    ).exclude(stock_item=line.claim.item_id)
    free = ranked(like, at).filter(ahead__lte=-line.claim.lacks)
    return free.annotate(instead_of=Value(line.pk)).select_related("product").order_by("-price", "id")


def proposed(lines: Iterable[OrderLine], at: datetime) -> dict[int, list[Alternative]]:
    """What staff proposed for lines that still lack units, by line, where it fits and costs no more than she read."""
    waiting = {line.pk: line for line in lines if line.claim.lacks}
    prices: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for row in Proposal.objects.filter(line__in=waiting).order_by("id"):
        prices[row.line_id][row.variant_id] = row.price
    found, fits = {}, that_fit([waiting[pk] for pk in prices], at)
    for pk, told in prices.items():
        if offered := [each for each in fits[pk] if each.variant.price <= told.get(each.variant.pk, -1)]:
            found[pk] = offered
    return found


@use_case
def propose(line: OrderLine, variant_id: int, *, actor: str, at: datetime) -> Proposal:
    """Offer a customer another variant for what her line lacks: a letter asks her, and nothing changes before she says
    yes. Raises UnableToPropose when it does not fit, or when the same was offered already.
    """
    made = _propose(line, variant_id, actor, at)
    wakeups.wake_mailer()
    return made


def preview_proposal(line: OrderLine, variant_id: int, *, actor: str, at: datetime) -> Letter:
    """The letter that would be written, by the code that writes it, in a transaction that is rolled back."""
    with transaction.atomic():
        made = _propose(line, variant_id, actor, at)
        letter = Letter.objects.get(key=delay_letters.proposal_key(made))
        transaction.set_rollback(True)
    return letter


def _propose(line: OrderLine, variant_id: int, actor: str, at: datetime) -> Proposal:
    _, lines = cancellations.lock_all(line.order)
    line = next(each for each in lines if each.pk == line.pk)
    fits = next((each for each in that_fit([line], at)[line.pk] if each.variant.pk == variant_id), None)
    if fits is None:
        raise UnableToPropose(
            "It does not fit any more: all units that the line lacks must be on the shelf, at no higher price."
        )
    same = {"variant": fits.variant, "units": fits.units, "price": fits.variant.price}
    if line.proposals.filter(**same).exists():
        raise UnableToPropose("The same was offered to her already, and is still hers to take.")
    made = Proposal.objects.create(line=line, actor=actor, at=at, **same)
    delay_letters.alternative_proposed(made, line, saves=fits.saves, at=at)
    return made


@use_case
def take(
    order: Order, line_id: int, variant_id: int, *, seen_units: int, seen_price: Decimal, actor: str, at: datetime
) -> OrderLine:
    """Take another variant for all units that a line still lacks, at its own, never higher, price.

    The line's place goes to the next in the queue, and what was paid beyond the new price is due back. She was shown
    `seen_units` at `seen_price` each: raises UnableToAnswer when they are not waited for any more, when they are not on
    the shelf any more, or got dearer.
    """
    variant = Variant.objects.select_related("product").filter(pk=variant_id, product__published=True).first()
    queues, lines = cancellations.lock_all(order, *([variant.stock_item_id] if variant else []))
    line = next((line for line in lines if line.pk == line_id), None)
    if line is None or line.claim.lacks != seen_units or not seen_units:
        raise UnableToAnswer("The order changed since you looked: see below what it waits for now.")
    if variant is None or variant.price > line.unit_price or variant.stock_item_id == line.claim.item_id:
        raise UnableToAnswer("This is not offered instead any more: choose something else, or keep waiting.")
    if variant.price > seen_price:
        raise UnableToAnswer("Its price rose since you looked: see below what it costs now.")
    item = queues[variant.stock_item_id].item
    quote = quotes_of([item], {item.pk: seen_units}, at)[item.pk]
    if quote.state != State.IN_STOCK:
        raise UnableToAnswer("Somebody just took the last of it: choose something else, or keep waiting.")
    consent.note([line.claim], Consent.Answer.ALTERNATIVE, detail=variant.sku, actor=actor, at=at)
    want = queue.Want(
        item.pk, order.number, quote.portions, line.claim.customer, line.claim.country, unit_price=variant.price
    )
    (joined,) = queue.join(queues, [want], actor=actor, at=at)
    # The new line stands before the old one is given up: what is owed never falls to nothing in between.
    taken = OrderLine.objects.create(
        order=order,
        variant=variant,
        claim_id=joined.claim_id,
        sku=variant.sku,
        title=variant.product.title,
        choice=variant.choice,
        unit_price=variant.price,
        quantity=seen_units,
    )
    order, _, refund = cancellations.withdraw(
        order, queues, {line.claim_id: seen_units}, reason=f"{taken.title} instead", actor=actor, at=at
    )
    delay_letters.alternative_taken(order, line, taken, joined.portions, refund=refund, at=at)
    wakeups.wake_mailer()
    return taken
