"""How an order leaves: in one parcel for each day on which something gets ready, or all of it in one parcel.

Units are claimed, filled and set aside line by line in either case; to be sent together is a rule of dispatch alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from backorders.facts import Moved
from backorders.models import Claim
from backorders.plan import Portion, after, take
from backorders.promises import WORTH_TELLING
from backorders.queries import holding
from backorders.units import PlainClaim
from shop.models import Order, Release, Sends, ShippingMethod
from shop.plain import AnyLine, AnyOrder

type Told = Mapping[int, tuple[int, tuple[Portion, ...]]]


def shipping_price(method: ShippingMethod, parcels: int) -> Decimal:
    """What so many parcels cost in all, in the shop's currency."""
    return method.price + method.further_parcel_price * (parcels - 1)


def method_of(order: Order) -> ShippingMethod | None:
    """An order remembers its method by name: the one of that name whose further parcels are cheapest counts."""
    return ShippingMethod.objects.filter(name=order.shipping_name).order_by("further_parcel_price", "id").first()


def is_together(order: AnyOrder) -> bool:
    return order.sends == Sends.TOGETHER


def last_day(told: Iterable[Sequence[Portion]]) -> date:
    """The day of the last unit of all: `date.min` when everything ships now, `date.max` while no day can be given."""
    return max((portions[-1].by for portions in told if portions), default=date.min)


def day_of_all(lines: Iterable[AnyLine], told: Told) -> date:
    """The day on which an order that is sent together leaves: the latest that was promised for a line of it.

    Lines that have left already, or were cancelled, count no more.
    """
    still = [line.claim for line in lines if line.claim.shipped < line.claim.quantity]
    return last_day(told[claim.pk][1] for claim in still if claim.pk in told)


def next_days(order: AnyOrder, lines: Iterable[AnyLine], told: Told) -> dict[int, date | None]:
    """By which day the next unit of each line leaves, by claim, for what has not left; None if nobody can say."""
    still = [line.claim for line in lines if line.claim.left and line.claim_id in told]
    if is_together(order):
        day = last_day(told[claim.pk][1] for claim in still)
        return dict.fromkeys((claim.pk for claim in still), None if day == date.max else day)
    return {claim.pk: next(after(told[claim.pk][1], claim.shipped)).ships_on for claim in still}


def ready_ships_by(claim: Claim | PlainClaim, told: Told, today: date) -> date | None:
    """The day by which the units that are set aside ship, the first of theirs: they lie here together.

    None while none are, no day was told for them, or it has passed.
    """
    if not claim.ready or claim.pk not in told:
        return None
    first = next(take(after(told[claim.pk][1], claim.shipped), claim.ready), None)
    return first.ships_on if first and first.ships_on and first.ships_on >= today else None


def move_of_all(lines: Sequence[AnyLine], told: Told, moved: Mapping[int, Moved]) -> tuple[date, date] | None:
    """The old and the new day of an order that is sent together, when promises of its lines moved.

    None when that is no news: a line may move as long as the day of all stays, or gets hardly better (law 10).
    """
    still = [line.claim for line in lines if line.claim.shipped < line.claim.quantity]
    facts = [moved.get(claim.pk) for claim in still]
    holding = [told[claim.pk][1] if claim.pk in told else () for claim in still]
    old = last_day(fact.old if fact else portions for fact, portions in zip(facts, holding, strict=True))
    new = last_day(fact.new if fact else portions for fact, portions in zip(facts, holding, strict=True))
    return (old, new) if new > old or old - new > WORTH_TELLING else None


def released(orders: Iterable[AnyOrder]) -> set[int]:
    """Ids of those of the orders whose ready part may leave before the rest. No query unless one is sent together."""
    together = [order.pk for order in orders if is_together(order)]
    if not together:
        return set()
    return set(Release.objects.filter(order__in=together, shipment=None).values_list("order_id", flat=True))


def waits_for_the_rest(order: AnyOrder, lines: Iterable[AnyLine], *, is_released: bool) -> bool:
    """Must what is set aside wait, because the order is sent together and something of it is still to come?"""
    return is_together(order) and not is_released and any(line.claim.lacks for line in lines)


def drop_parcels_that_never_leave(order: Order) -> None:
    """After a cancellation: an order that is sent as it gets ready pays for the parcels that have left, and for one on
    each day on which something of it still leaves. What was agreed is never exceeded.

    A price that is not offered any more stays as it was agreed. The order's payment must be locked by the caller.
    """
    method = method_of(order)
    lines = list(order.lines.select_related("claim"))
    if is_together(order) or method is None or not any(line.claim.quantity for line in lines):
        return
    told = holding([line.claim_id for line in lines])
    days = {
        portion.ships_on
        for line in lines
        if line.claim.lacks and line.claim_id in told
        for portion in after(told[line.claim_id][1], line.claim.allocated)
    }
    # What is set aside goes along with what comes for the same day.
    ready_on = {ready_ships_by(line.claim, told, date.min) for line in lines if line.claim.ready}
    alone = bool(ready_on) and not days & ready_on - {None}
    price = shipping_price(method, max(1, order.shipments.count() + alone + len(days)))
    if price < order.shipping_price:
        Order.objects.filter(pk=order.pk).update(shipping_price=price)
