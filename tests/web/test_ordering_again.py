"""What was ordered once goes into the cart again with one press: at the prices and days of today."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.models import Policy
from shop import cancellations, fulfilment, holds
from shop.models import CartLine, Order, Product, Variant
from tests.cast import CY, NOON, buy, stock, variant
from tests.web.reading import link, words

pytestmark = pytest.mark.django_db


def again(client: Client, order: Order) -> str:
    client.get(link(order))
    return words(client.post(f"/orders/{order.number}/again/", follow=True))


def in_the_cart() -> list[tuple[str, int]]:
    return list(CartLine.objects.order_by("id").values_list("variant__stock_item__sku", "quantity"))


@pytest.fixture
def gone() -> Order:
    """Two mugs and a rug, all of which have shipped."""
    order = buy((variant(stock("MUG", on_hand=5)), 2), (variant(stock("RUG", on_hand=5)), 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    return order


def test_all_of_it_is_in_the_cart_at_the_price_of_today(client: Client, gone: Order):
    Variant.objects.filter(stock_item__sku="MUG").update(price="12.00")
    said = again(client, gone)
    assert "2 × Mug, MUG; 1 × Rug, RUG added to your cart." in said
    assert "2 × €12.00" in said
    assert in_the_cart() == [("MUG", 2), ("RUG", 1)]


def test_what_is_not_sold_any_more_is_said(client: Client, gone: Order):
    Product.objects.filter(slug="mug").update(published=False)
    client.get(link(gone))
    offered = words(client.get(f"/orders/{gone.number}/again/"))
    assert "2 × Mug, MUG: not sold any more 1 × Rug, RUG" in offered
    assert "Put it into my cart" in offered
    again(client, gone)
    assert in_the_cart() == [("RUG", 1)]
    Product.objects.update(published=False)
    assert "Put it into my cart" not in words(client.get(f"/orders/{gone.number}/again/"))
    again(client, gone)
    assert in_the_cart() == [("RUG", 1)]


def test_what_she_gave_up_is_not_ordered_again_unless_she_gave_up_all(client: Client, gone: Order):
    item = stock("BOWL", on_hand=3)
    order = buy((variant(item), 3), (variant(stock("CUP", on_hand=2)), 2))
    for line in order.lines.order_by("id"):
        cancellations.cancel_line(line, 2, actor="customer", at=NOON)
    again(client, order)
    assert in_the_cart() == [("BOWL", 1)]
    CartLine.objects.all().delete()
    cancellations.cancel_order(order, actor="customer", at=NOON)
    again(client, order)
    assert in_the_cart() == [("BOWL", 3), ("CUP", 2)]


def test_more_than_a_cart_takes_is_said(client: Client):
    order = buy((variant(stock("NAIL", on_hand=9999)), 9999), (variant(stock("RUG", on_hand=5)), 1))
    again(client, order)
    said = again(client, order)
    assert "Nail, NAIL was not added: it would be more than a cart takes." in said
    assert in_the_cart() == [("NAIL", 9999), ("RUG", 2)]


def test_the_page_offers_it_once_nothing_of_it_is_under_way(client: Client):
    order = buy((variant(stock("MUG", policy=Policy.LEAD_TIME, lead_days=9)), 1))
    client.get(link(order))
    assert "Order it again" not in words(client.get(order.get_absolute_url()))
    cancellations.cancel_order(order, actor="customer", at=NOON)
    assert "Order it again" in words(client.get(order.get_absolute_url()))


def test_an_order_that_was_not_paid_in_time_leads_there(client: Client, settings: Any):
    settings.PAYMENT_METHODS = ["transfer"]
    order = buy((variant(stock("MUG", on_hand=1)), 1))
    holds.expire(order.pk, at=NOON + timedelta(days=60))
    client.get(link(order))
    page = client.get(order.get_absolute_url()).content.decode()
    assert page.count(f'href="/orders/{order.number}/again/"') == 2
    assert "Put it into my cart" in words(client.get(f"/orders/{order.number}/again/"))


def test_it_costs_a_fixed_number_of_queries(client: Client):
    def queries_of(lines: int) -> int:
        order = buy(*((variant(stock(f"SKU-{lines}-{n}", on_hand=1)), 1) for n in range(lines)))
        client.get(link(order))
        with CaptureQueriesContext(connection) as captured:
            client.post(f"/orders/{order.number}/again/")
        return len(captured)

    # Her first one opens the cart.
    queries_of(2)
    assert queries_of(1) == queries_of(6)


def test_it_is_for_whoever_may_see_the_order_and_for_a_press_alone(client: Client, gone: Order):
    assert client.get(f"/orders/{gone.number}/again/").status_code == 403
    assert client.post(f"/orders/{gone.number}/again/").status_code == 403
    client.get(link(gone))
    assert client.get(f"/orders/{gone.number}/again/").status_code == 200
    assert not in_the_cart()
