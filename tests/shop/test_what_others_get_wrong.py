"""What other shops were found to get wrong about goods that are not on the shelf; each of it is right here.

That two buyers never get the last unit, whatever was read before the lock, is tested with real threads in tests/races.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders.availability import quotes
from backorders.models import Claim, Policy
from backorders.plan import State
from inventory.receiving import Arrived
from shop import checkout, fulfilment
from shop.checkout import PromiseMoved
from tests.cast import BO, CY, NOON, SOON, TODAY, buy, cart_of, days_told, inbound, stock, variant

pytestmark = pytest.mark.django_db


def arrive(number, item, units, order=None):
    fulfilment.receive(number, [Arrived(item.pk, units)], order=order, actor=CY, at=NOON)


@pytest.mark.parametrize("waiting", [2, 30])
def test_a_fill_is_not_done_unit_by_unit(waiting, django_assert_max_num_queries):
    """Solidus fills unit by unit inside the stock lock and recalculates a whole order for each."""
    item = stock()
    line = inbound(item, waiting)
    curtains = variant(item)
    for _ in range(waiting):
        buy((curtains, 1))
    arrive("D-1", item, waiting, line.order)

    with django_assert_max_num_queries(14):
        assert fulfilment.fill_waiting([item.pk], actor="worker", at=NOON) == waiting


def test_a_backorder_is_not_shown_as_in_stock(client: Client):
    """Vendure shows a backorder as in stock."""
    item = stock()
    inbound(item, 5)
    page = client.get(variant(item).product.get_absolute_url()).content.decode()

    assert "Backorder" in page
    assert "In stock" not in page
    assert "https://schema.org/BackOrder" in page


def test_one_short_unit_does_not_delay_a_line():
    """Shopware delays a whole line for one unit that is short."""
    item = stock(on_hand=2)
    inbound(item, 1)
    order = buy((variant(item), 3))

    assert days_told(order) == [(2, TODAY), (1, SOON)]
    assert fulfilment.ship_ready(order, actor=CY, at=NOON).lines.get().quantity == 2


def test_a_unit_on_order_is_promised_to_one_buyer_only():
    """WooCommerce does not reserve what may be backordered, so two buyers are promised the same unit."""
    item = stock()
    inbound(item, 1)
    curtains = variant(item)
    cart = cart_of((curtains, 1), who=BO)
    shown = checkout.review(cart, NOON).shown
    buy((curtains, 1))

    assert quotes({item.pk: 1}, NOON)[item.pk].state is State.OUT_OF_STOCK
    with pytest.raises(PromiseMoved):
        checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)
    assert Claim.objects.count() == 1


def test_two_lines_of_one_item_are_summed_before_they_are_checked():
    """Medusa checks two lines of one item each against the same number."""
    item = stock(on_hand=1, policy=Policy.CLOSED)
    blue = variant(item)
    blue_as_a_gift = variant(stock("GIFT"), product=blue.product)
    blue_as_a_gift.stock_item = item
    blue_as_a_gift.save()
    contents = checkout.review(cart_of((blue, 1)), NOON).contents
    both = checkout.review(cart_of((blue, 1), (blue_as_a_gift, 1)), NOON).contents

    assert contents.can_be_ordered
    assert not both.can_be_ordered
    assert [line.missing for line in both.lines] == [0, 1]


def test_the_page_speaks_of_what_can_be_sold_not_of_what_lies_on_the_shelf(client: Client):
    """Magento computes its message from stock, not from what is sellable."""
    item = stock(on_hand=3, policy=Policy.CLOSED)
    curtains = variant(item)
    buy((curtains, 3))
    item.refresh_from_db()
    page = client.get(curtains.product.get_absolute_url()).content.decode()

    assert item.on_hand == 3
    assert "Out of stock" in page
    assert "In stock" not in page


def test_a_date_that_passes_stops_no_sale_of_goods_that_came_and_no_promise_that_was_made():
    """Grit's app stops selling when a date passes, whether the goods came or not."""
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    order = buy((curtains, 1))
    afterwards = NOON + timedelta(days=30)

    assert quotes({item.pk: 1}, afterwards)[item.pk].state is State.OUT_OF_STOCK
    assert days_told(order) == [(1, SOON)]
    arrive("D-1", item, 5, line.order)
    assert quotes({item.pk: 4}, afterwards)[item.pk].state is State.IN_STOCK
    assert quotes({item.pk: 5}, afterwards)[item.pk].state is State.OUT_OF_STOCK


def test_the_queue_waits_for_its_goods_and_nobody_overtakes_it(client: Client):
    """Between the delivery and the worker, what has arrived belongs to those who wait."""
    item = stock()
    line = inbound(item, 2)
    curtains = variant(item)
    buy((curtains, 2))
    arrive("D-1", item, 2, line.order)

    page = client.get(reverse("product", args=[curtains.product.slug])).content.decode()
    assert "In stock" not in page


def test_reading_a_page_of_quotes_does_not_depend_on_the_length_of_the_queue():
    item = stock()
    inbound(item, 60)
    curtains = variant(item)
    counts = []
    for _ in range(2):
        for _ in range(10):
            buy((curtains, 1))
        with CaptureQueriesContext(connection) as asked:
            quotes({item.pk: 1}, NOON)
        counts.append(len(asked))
    assert counts == [2, 2]
