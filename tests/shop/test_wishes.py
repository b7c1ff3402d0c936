"""What a filter finds is what the quotes say, whatever the rules, the shelf, the queue and the calendar are."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from backorders.availability import quotes
from backorders.models import Claim, Queue
from backorders.plan import Quote, State
from inventory.models import PurchaseOrderLine
from shop.models import Variant
from shop.ranking import FURTHEST
from shop.wishes import Fitting, Ships, Wishes
from tests.cast import ADA, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.shop.test_ranking import MOMENTS, draw, play

pytestmark = pytest.mark.django_db

SCENES, PUT_OFF, WAITING = 300, 75, 75


@pytest.mark.parametrize("weekdays", [[0, 1, 2, 3, 4], [1, 5]], ids=["five days", "two days"])
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_whatever_day_is_wished_the_filter_and_the_quote_agree(
    settings: Any, moment: tuple[int, int, int], weekdays: list[int]
):
    settings.SHIPPING_WEEKDAYS, settings.CUTOFF_HOUR, settings.HOLIDAYS_COUNTRY = weekdays, 14, "DE"
    settings.HANDLING_DAYS = moment[1] % 2
    at, dice = datetime(2026, *moment, tzinfo=UTC), Random(str(moment))
    play([draw(dice) for _ in range(SCENES)], at)
    put_some_off(dice)
    let_ada_wait(dice)
    for customer in ("", ADA["email"]):
        told = quotes(dict.fromkeys(Variant.objects.values_list("stock_item", flat=True), 1), at, customer=customer)
        for ships in (*Ships, *(timezone.localdate(at) + timedelta(days=ahead) for ahead in range(0, 17, 2))):
            compare(Wishes(ships), told, at, customer)


def put_some_off(dice: Random) -> None:
    """Claims that take nothing before goods of a purchase line have come, of items that have one."""
    lines = list(PurchaseOrderLine.objects.select_related("item__queue").filter(item__queue__isnull=False))
    for line in dice.sample(lines, PUT_OFF):
        units = dice.randint(1, 3)
        wait(line.item_id, units, put_off_to=line)
        Queue.objects.filter(item=line.item_id).update(
            put_off=F("put_off") + units, passed_over=F("passed_over") + units
        )


def let_ada_wait(dice: Random) -> None:
    for item in dice.sample(list(Queue.objects.values_list("item", flat=True)), WAITING):
        wait(item, dice.randint(1, 2), customer=ADA["email"])


def wait(item_id: int, units: int, **more: Any) -> None:
    Claim.objects.create(item_id=item_id, quantity=units, reference="BEFORE", placed_at=NOON, **more)
    Queue.objects.filter(item=item_id).update(waiting=F("waiting") + units)


def compare(wishes: Wishes, told: dict[int, Quote], at: datetime, customer: str) -> None:
    found = set(Fitting(wishes, at, customer).of(Variant.objects.all()).values_list("stock_item", flat=True))
    expected = {pk for pk, quote in told.items() if keeps(quote, wishes, timezone.localdate(at))}
    assert found == expected, f"{len(found ^ expected)} items differ for {wishes.ships}"


def keeps(quote: Quote, wishes: Wishes, today: date) -> bool:
    if wishes.ships is Ships.NOW:
        return quote.state is State.IN_STOCK
    by = wishes.ships_by(today)
    return quote.state is not State.OUT_OF_STOCK and bool(by and quote.complete_on and quote.complete_on <= by)


def fits(wishes: Wishes) -> list[str]:
    found = Fitting(wishes, NOON).of(Variant.objects.select_related("stock_item"))
    return [each.sku for each in found.order_by("id")]


def test_a_day_is_kept_by_what_ships_on_it_or_earlier():
    item = stock("LATER")
    inbound(item, 1)
    variant(item)
    variant(stock("NOW", on_hand=1))
    assert fits(Wishes(SOON - timedelta(days=1))) == ["NOW"]
    assert fits(Wishes(SOON)) == ["LATER", "NOW"]


def test_the_furthest_day_that_can_be_asked_for_is_within_the_calendar():
    item = stock()
    inbound(item, 1, TODAY + FURTHEST)
    variant(item)
    assert fits(Wishes(TODAY + FURTHEST)) == [item.sku]
    assert fits(Wishes(TODAY + FURTHEST - timedelta(days=1))) == []


def test_who_waits_for_it_leaves_it_to_nobody_behind_them():
    item = stock()
    inbound(item, 1)
    curtains = variant(item)
    assert fits(Wishes(SOON)) == [item.sku]
    buy((curtains, 1))
    assert fits(Wishes(SOON)) == []
