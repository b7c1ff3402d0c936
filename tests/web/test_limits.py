"""The whole answer, the limits of a queue and law 11, as they read on the page and on the shelf."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from backorders.models import Policy, Queue
from backorders.plan import Limit
from inventory.models import StockItem
from shop import cancellations, delays
from shop.models import User, Variant
from tests.cast import ADA, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.web.reading import button, linked_data, put_into_cart, words
from tests.web.test_product_page import CURTAINS

pytestmark = pytest.mark.django_db

SHELF = "How many, by when"


def three_steps(**limits: int) -> Variant:
    """Three on the shelf, five in a while, twelve later."""
    item = stock(on_hand=3)
    inbound(item, 5, SOON)
    inbound(item, 12, LATER)
    limit(item, **limits)
    return variant(item)


def limit(item: StockItem, **limits: Any) -> None:
    Queue.objects.filter(item=item).update(**limits)


def out_of_stock(client: Client, reason: Limit) -> bool:
    """Page, shelf, machines and button agree, and the page says why."""
    page, card = client.get(CURTAINS), words(client.get("/c/home/"))
    data, _ = linked_data(page)
    offer = data["offers"]
    signs = {
        "Out of stock" in words(page),
        "Out of stock" in card,
        offer["availability"].endswith("OutOfStock"),
        not button(page),
        f"There is none left on our shelf. {reason.value}" in words(page),
    }
    assert len(signs) == 1, "page, shelf and machines contradict each other"
    return signs.pop()


def test_the_page_says_the_whole_answer(client: Client):
    three_steps()
    assert (
        "How many, by when 3 today 1 for you 5 by 9 December 2026 12 by 4 January 2027 more cannot be promised yet"
        " Nobody can give us a day for more of it, and without a day we do not sell it."
    ) in words(client.get(CURTAINS))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (4, "3 today 3 for you 5 by 9 December 2026 1 for you 12 by 4 January 2027 more"),
        (20, "3 today 3 for you 5 by 9 December 2026 5 for you 12 by 4 January 2027 12 for you more"),
    ],
)
def test_it_says_which_units_would_be_hers(client: Client, wanted: int, says: str):
    three_steps()
    assert f"{SHELF} {says}" in words(client.get(CURTAINS, {"quantity": wanted}))


def test_why_nobody_can_have_more_is_not_said_twice(client: Client):
    three_steps()
    assert words(client.get(CURTAINS, {"quantity": 21})).count(Limit.UNSUPPLIED.value) == 1


def test_it_says_who_comes_first(client: Client):
    curtains = three_steps()
    assert "ordered before you" not in words(client.get(CURTAINS))
    buy((curtains, 5))
    assert (
        f"{SHELF} 3 by 9 December 2026 1 for you 12 by 4 January 2027 more cannot be promised yet"
        f" {Limit.UNSUPPLIED.value}"
        " Those who ordered before you wait for 2: theirs come first and are not counted here."
    ) in words(client.get(CURTAINS))


def test_it_is_part_of_what_htmx_asks_for_and_costs_no_query(client: Client, django_assert_num_queries: Any):
    three_steps()
    with django_assert_num_queries(2):
        answer = client.get(CURTAINS, {"quantity": "2"}, headers={"HX-Request": "true"})
    assert "2 ship today" in words(answer)
    assert f"{SHELF} 3 today 2 for you 5 by 9 December 2026 12 by" in words(answer)


def test_a_lead_time_answers_for_any_number(client: Client):
    variant(stock(on_hand=2, policy=Policy.LEAD_TIME))
    page = words(client.get(CURTAINS))
    assert f"{SHELF} 2 today 1 for you any number by 19 December 2026 (estimated) You pay" in page


@pytest.mark.parametrize(
    ("limits", "wanted", "says"),
    [
        ({"cap": 4}, 8, f"1 cannot be promised {Limit.FULL.value} Take 7 instead"),
        ({"per_order": 2}, 8, f"3 cannot be promised {Limit.PER_ORDER.value} Take 5 instead"),
        ({"per_customer": 1}, 8, f"4 cannot be promised {Limit.PER_CUSTOMER.value} Take 4 instead"),
        ({"longest_wait": 30}, 9, f"1 cannot be promised {Limit.TOO_LONG.value} Take 8 instead"),
        ({"policy": Policy.CLOSED}, 4, f"1 cannot be promised {Limit.CLOSED.value} Take 3 instead"),
        ({}, 21, f"1 cannot be promised {Limit.UNSUPPLIED.value} Take 20 instead"),
    ],
)
def test_at_a_limit_the_page_says_why_and_what_can_still_be_had(
    client: Client, limits: dict[str, Any], wanted: int, says: str
):
    three_steps(**limits)
    page = client.get(CURTAINS, {"quantity": wanted})
    assert says in words(page)
    assert "Out of stock" in words(page)
    assert not button(page)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"per_order": 0}, Limit.PER_ORDER),
        ({"per_customer": 0}, Limit.PER_CUSTOMER),
        ({"longest_wait": 17}, Limit.TOO_LONG),
        ({"cap": 0}, Limit.FULL),
        ({"policy": Policy.CLOSED}, Limit.CLOSED),
    ],
)
def test_a_limit_turns_the_article_out_of_stock_everywhere_and_lifting_it_back(
    client: Client, limits: dict[str, Any], reason: Limit
):
    item = stock()
    inbound(item, 5, SOON)
    variant(item)
    limit(item, **limits)
    assert out_of_stock(client, reason)
    limit(item, cap=None, per_order=None, per_customer=None, longest_wait=None, policy=Policy.INBOUND)
    assert not out_of_stock(client, reason)


def test_a_full_queue_closes_by_itself_and_opens_when_somebody_leaves(client: Client):
    item = stock(cap=2)
    inbound(item, 5, SOON)
    curtains = variant(item)
    assert not out_of_stock(client, Limit.FULL)
    order = buy((curtains, 2))
    assert out_of_stock(client, Limit.FULL)
    cancellations.cancel_order(order, reason="Changed her mind.", actor=order.email, at=NOON)
    assert not out_of_stock(client, Limit.FULL)


def test_a_passing_day_turns_it_out_of_stock_until_a_person_confirms_another(client: Client):
    item = stock()
    line = inbound(item, 5, TODAY)
    variant(item)
    assert not out_of_stock(client, Limit.UNSUPPLIED)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert out_of_stock(client, Limit.UNSUPPLIED)
        delays.move_expected_day(
            line, SOON, confirmed=True, reason="The loom was mended", actor=CY, at=NOON + timedelta(days=1)
        )
        assert "1 ships by 9 December 2026" in words(client.get(CURTAINS))
        assert not out_of_stock(client, Limit.UNSUPPLIED)


def test_goods_of_a_saturday_are_not_overdue_on_sunday(client: Client, settings: Any):
    settings.SHIPPING_WEEKDAYS = [0, 1, 2, 3, 4]
    item = stock()
    inbound(item, 5, TODAY)
    variant(item)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert not out_of_stock(client, Limit.UNSUPPLIED)
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        assert out_of_stock(client, Limit.UNSUPPLIED)


def test_a_signed_in_customer_reads_her_own_limit(client: Client):
    item = stock()
    inbound(item, 9, SOON)
    limit(item, per_customer=2)
    curtains = variant(item)
    buy((curtains, 2))
    item.claims.update(customer=ADA["email"])
    assert not out_of_stock(client, Limit.PER_CUSTOMER)
    client.force_login(User.objects.create_user(ADA["email"].title()))
    assert out_of_stock(client, Limit.PER_CUSTOMER)


def test_a_choice_of_many_says_the_state_of_each(client: Client):
    first = three_steps(per_order=0)
    for number in range(12):
        variant(stock(f"KIND-{number:02}"), product=first.product)
    body = client.get(CURTAINS, {"variant": first.pk}).content.decode()
    assert "POPULAR-CURTAINS, In stock</option>" in body
    assert body.count(", Out of stock</option>") == 12


def test_what_is_in_stock_instead_comes_and_goes_with_the_choice(client: Client):
    gone = variant(stock("GONE"))
    there = variant(stock("THERE", on_hand=1), product=gone.product)
    variant(stock("CUSHION", on_hand=1))
    address, htmx = gone.product.get_absolute_url(), {"HX-Request": "true"}
    assert "In stock instead" in words(client.get(address, {"variant": gone.pk}, headers=htmx))
    assert "In stock instead" not in words(client.get(address, {"variant": there.pk}, headers=htmx))


def test_the_cart_names_the_true_reason(client: Client):
    put_into_cart(client, three_steps(per_order=2), 8)
    assert f"Only 5 of 8 can be promised. {Limit.PER_ORDER.value} Take 5, or remove it." in words(client.get("/cart/"))
