"""Instead of waiting: something like it that is on the shelf, for the same price or less."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backorders import consent, queue
from backorders.availability import quotes_of
from backorders.consent import UnableToAnswer
from backorders.models import Consent
from backorders.plan import State
from shop import cancellations, messages, wakeups
from shop.models import Order, OrderLine, Variant
from shop.ranking import NOW, ranked
from shop.transactions import use_case

_OFFERED = 3
_LOOKED_AT = 24


@dataclass(frozen=True, slots=True)
class Alternative:
    """A variant of which all units that a line lacks are on the shelf. `saves` is what all of them cost less."""

    variant: Variant
    units: int
    saves: Decimal


def for_line(line: OrderLine, at: datetime) -> list[Alternative]:
    """Up to three of the same shelf, nearest in price first; none once nothing is waited for. Three queries at most."""
    units, shelf = line.claim.lacks, line.variant.product.category_id
    if not units or shelf is None:
        return []
    like = Variant.objects.filter(product__category=shelf, product__published=True, price__lte=line.unit_price)
    instead = list(
        ranked(like.exclude(stock_item=line.variant.stock_item_id), at)
        .filter(rank=NOW)
        .select_related("product", "stock_item__queue")
        .order_by("-price", "id")[:_LOOKED_AT]
    )
    found = [Alternative(variant, units, (line.unit_price - variant.price) * units) for variant in instead]
    answers = quotes_of([each.variant.stock_item for each in found], dict.fromkeys(_items(found), units), at)
    return [each for each in found if answers[each.variant.stock_item_id].state == State.IN_STOCK][:_OFFERED]


def _items(found: Iterable[Alternative]) -> list[int]:
    return [each.variant.stock_item_id for each in found]


@use_case
def take(order: Order, line_id: int, variant_id: int, *, seen_units: int, actor: str, at: datetime) -> OrderLine:
    """Take another variant for all units that a line still lacks, at its own, never higher, price.

    The line's place goes to the next in the queue, and what was paid beyond the new price is due back. `seen_units` are
    the units that she was shown. Raises UnableToAnswer when they are not waited for any more, or not on the shelf.
    """
    variant = Variant.objects.select_related("product").filter(pk=variant_id, product__published=True).first()
    queues, lines = cancellations.lock_all(order, *([variant.stock_item_id] if variant else []))
    line = next((line for line in lines if line.pk == line_id), None)
    if line is None or line.claim.lacks != seen_units or not seen_units:
        raise UnableToAnswer("The order changed since you looked: see below what it waits for now.")
    if variant is None or variant.price > line.unit_price:
        raise UnableToAnswer("This is not offered instead any more: choose something else, or keep waiting.")
    item = queues[variant.stock_item_id].item
    quote = quotes_of([item], {item.pk: seen_units}, at)[item.pk]
    if quote.state != State.IN_STOCK:
        raise UnableToAnswer("Somebody just took the last of it: choose something else, or keep waiting.")
    consent.note([line.claim], Consent.Answer.ALTERNATIVE, detail=variant.sku, actor=actor, at=at)
    want = queue.Want(item.pk, order.number, quote.portions, line.claim.customer, line.claim.country)
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
    messages.alternative_taken(order, line, taken, joined.portions, refund=refund, at=at)
    wakeups.wake_mailer()
    return taken
