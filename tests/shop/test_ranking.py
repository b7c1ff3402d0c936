"""The database ranks a variant as the quote for one unit does, whatever the rules, the shelf and the calendar are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from backorders.availability import quotes
from backorders.models import Claim, Policy, Queue
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from shop.catalog import RANKS
from shop.models import Product, Variant
from shop.ranking import NOW, ranked
from tests.cast import NOON, inbound, stock, variant

pytestmark = pytest.mark.django_db

SCENES = 1500
# Saturday noon, Sunday noon, a Friday before and after two o'clock, and the evening before Christmas Eve.
MOMENTS = [(11, 21, 11), (11, 22, 11), (11, 20, 12), (11, 20, 14), (12, 23, 17)]


@dataclass(frozen=True)
class Scene:
    on_hand: int
    allocated: int
    # None for an item without rules.
    rules: dict[str, Any] | None
    # Units, days from today until they are expected or None, and the supplier's handling days.
    arrivals: Sequence[tuple[int, int | None, int]]


def draw(dice: Random) -> Scene:
    """Anything that a shop may come to; most limits are absent, so that each decides in some scenes."""

    def limit(most: int) -> int | None:
        return dice.choice([None, None, dice.randint(0, most)])

    rules = {
        "policy": dice.choice([Policy.INBOUND, Policy.INBOUND, Policy.LEAD_TIME, Policy.CLOSED]),
        "lead_days": dice.randint(0, 12),
        "cap": limit(4),
        "per_order": limit(2),
        "per_customer": limit(2),
        "longest_wait": dice.choice([None, dice.randint(0, 9)]),
        "waiting": dice.randint(0, 3),
    }
    on_hand = dice.choice([0, 0, 1, 2])
    arrivals = [
        (dice.randint(1, 4), dice.choice([None, dice.randint(-4, 9), dice.randint(-2, 3)]), dice.randint(0, 2))
        for _ in range(dice.randint(0, 3))
    ]
    return Scene(on_hand, dice.randint(0, on_hand), dice.choice([None, *[rules] * 9]), arrivals)


@pytest.mark.parametrize("weekdays", [[0, 1, 2, 3, 4], [1, 5]], ids=["five days", "two days"])
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_rank_and_quote_say_the_same(settings: Any, moment: tuple[int, int, int], weekdays: list[int]):
    settings.SHIPPING_WEEKDAYS, settings.CUTOFF_HOUR, settings.HOLIDAYS_COUNTRY = weekdays, 14, "DE"
    settings.HANDLING_DAYS = moment[1] % 2
    at, dice = datetime(2026, *moment, tzinfo=UTC), Random(str(moment))
    play([draw(dice) for _ in range(SCENES)], at)
    compare(at)


def play(played: list[Scene], at: datetime) -> None:
    product = Product.objects.create(title="All kinds", slug="all-kinds")
    shelf = [
        StockItem(sku=str(place), name="Kind", on_hand=scene.on_hand, allocated=scene.allocated)
        for place, scene in enumerate(played)
    ]
    items = StockItem.objects.bulk_create(shelf)
    Queue.objects.bulk_create(
        Queue(item=item, **scene.rules) for item, scene in zip(items, played, strict=True) if scene.rules
    )
    Variant.objects.bulk_create(
        Variant(product=product, stock_item=item, price=1, options=[["Kind", item.sku]]) for item in items
    )
    orders = [order_from(f"Supplier of {days}", days) for days in range(3)]
    PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(
            order=orders[handling],
            item=item,
            quantity=units,
            expected_on=None if days is None else timezone.localdate(at) + timedelta(days=days),
        )
        for item, scene in zip(items, played, strict=True)
        for units, days, handling in scene.arrivals
    )


def order_from(name: str, handling_days: int) -> PurchaseOrder:
    supplier = Supplier.objects.create(name=name, handling_days=handling_days)
    return PurchaseOrder.objects.create(number=name, supplier=supplier, state=PurchaseOrder.State.SENT)


def compare(at: datetime) -> None:
    variants = list(ranked(Variant.objects.select_related("stock_item__queue"), at).order_by("id"))
    answers = quotes({each.stock_item_id: 1 for each in variants}, at)
    states = [RANKS[answers[each.stock_item_id].state] for each in variants]
    assert [(each.sku, each.rank) for each in variants] == [
        (each.sku, state) for each, state in zip(variants, states, strict=True)
    ]


def test_who_was_put_off_to_a_later_delivery_leaves_the_shelf_to_others():
    item = stock(on_hand=1)
    line = inbound(item, 5)
    variant(item)
    Claim.objects.create(item=item, quantity=1, put_off_to=line, reference="LATER", placed_at=NOON)
    Queue.objects.filter(item=item).update(waiting=1, passed_over=1, put_off=1)
    assert ranked(Variant.objects.all(), NOON).get().rank == NOW
    compare(NOON)
