"""The database ranks a variant as the quote for one unit does, whatever the rules, the shelf and the calendar are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from backorders.availability import quotes
from backorders.models import Claim, Policy, Queue
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from shop.catalog import RANKS
from shop.models import Product, Variant
from shop.ranking import NOW, ranked
from tests.cast import NOON, inbound, stock, variant

pytestmark = pytest.mark.django_db

# A Saturday noon; a Friday before and after two o'clock; the evening before Christmas Eve.
MOMENTS = [datetime(2026, *when, tzinfo=UTC) for when in ((11, 21, 11), (11, 20, 12), (11, 20, 14), (12, 23, 17))]
few = st.none() | st.integers(0, 3)


@dataclass(frozen=True)
class Scene:
    on_hand: int
    allocated: int
    # None for an item without rules.
    rules: dict[str, Any] | None
    # Units, days from today until they are expected or None, and the supplier's handling days.
    arrivals: Sequence[tuple[int, int | None, int]]


rules = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(list(Policy)),
        "lead_days": st.integers(0, 12),
        "cap": few,
        "per_order": few,
        "per_customer": few,
        "longest_wait": st.none() | st.integers(0, 14),
        "waiting": st.integers(0, 4),
    }
)
arrivals = st.tuples(st.integers(1, 4), st.none() | st.integers(-4, 14), st.integers(0, 2))
scenes = st.builds(Scene, st.integers(2, 4), st.integers(0, 2), st.none() | rules, st.lists(arrivals, max_size=3))


@given(
    st.lists(scenes, min_size=20, max_size=40),
    st.sampled_from(MOMENTS),
    st.integers(0, 2),
    st.sampled_from([[0, 1, 2, 3, 4], [1, 5], [0, 1, 2, 3, 4, 5, 6]]),
)
@of_hypothesis(max_examples=25, deadline=None)
def test_rank_and_quote_say_the_same(played: list[Scene], at: datetime, handling: int, weekdays: list[int]):
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        house = {"SHIPPING_WEEKDAYS": weekdays, "HANDLING_DAYS": handling, "CUTOFF_HOUR": 14, "HOLIDAYS_COUNTRY": "DE"}
        for name, value in house.items():
            patch.setattr(f"django.conf.settings.{name}", value)
        play(played, at)
        compare(at)
        transaction.set_rollback(True)


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
    return PurchaseOrder.objects.create(number=name, supplier=supplier, state=PurchaseOrder.State.PLACED)


def compare(at: datetime) -> None:
    variants = list(ranked(Variant.objects.select_related("stock_item__queue"), at).order_by("id"))
    answers = quotes({each.stock_item_id: 1 for each in variants}, at)
    assert [each.rank for each in variants] == [RANKS[answers[each.stock_item_id].state] for each in variants]


def test_who_was_put_off_to_a_later_delivery_leaves_the_shelf_to_others():
    item = stock(on_hand=1)
    line = inbound(item, 5)
    variant(item)
    Claim.objects.create(item=item, quantity=1, put_off_to=line, reference="LATER", placed_at=NOON)
    Queue.objects.filter(item=item).update(waiting=1, passed_over=1, put_off=1)
    assert ranked(Variant.objects.all(), NOON).get().rank == NOW
    compare(NOON)
