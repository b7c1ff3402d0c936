"""On paper: a slip for each parcel, and a list to pick many orders by."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop import fulfilment
from shop.models import Order, Sends, Variant
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, words

SLIPS, LIST = reverse("admin:shop_order_packing_slips"), reverse("admin:shop_order_picking_list")


@pytest.fixture
def lamp(db: None) -> Variant:
    return variant(stock("LAMP", on_hand=5), price="17.00")


@pytest.fixture
def curtains(db: None) -> Variant:
    item = stock(on_hand=1)
    inbound(item, 9)
    return variant(item)


def slip_of(order: Order) -> str:
    return f"{SLIPS}?ids={order.pk}"


def test_a_slip_says_what_is_in_the_parcel_for_whom_and_what_follows(cy: Client, lamp: Variant, curtains: Variant):
    order = buy((lamp, 2), (curtains, 3))

    text = words(cy.get(slip_of(order)))

    assert f"Packing slip {order.number}" in text
    assert "Ada Lovelace 12 Analytical Row 10115 Berlin Germany" in text
    assert "2 LAMP Lamp LAMP" in text
    assert "3 units in this parcel" in text
    assert "Follows later Popular curtains, POPULAR-CURTAINS: 2 by 9 December 2026" in text


def test_a_slip_has_no_prices(cy: Client, lamp: Variant):
    text = words(cy.get(slip_of(buy((lamp, 2)))))

    assert "With this parcel the order is complete." in text
    assert not {"17.00", "34.00", "4.90", "£", "€"} & set(text.replace("€", " € ").split())


def test_each_parcel_is_a_page_of_its_own(cy: Client, lamp: Variant):
    first, second = buy((lamp, 1)), buy((lamp, 1), who=BO)

    source = cy.get(SLIPS).content.decode()

    assert source.count('class="slip"') == 2
    assert source.index(first.number) < source.index(second.number)


def test_what_may_not_leave_yet_is_on_no_slip(cy: Client, lamp: Variant, curtains: Variant):
    together = buy((lamp, 2), (curtains, 3), sends=Sends.TOGETHER)
    shipped = buy((lamp, 1), who=BO)
    fulfilment.ship_ready(shipped, actor=CY, at=NOON)

    for address in (SLIPS, LIST, f"{SLIPS}?ids={together.pk},{shipped.pk}"):
        assert "Nothing is ready to be packed." in words(cy.get(address))


def test_a_picking_list_adds_up_by_sku_and_names_the_orders(cy: Client, lamp: Variant, curtains: Variant):
    ada, bo = buy((lamp, 2), (curtains, 1)), buy((lamp, 3), who=BO)

    text = words(cy.get(LIST))

    assert "2 orders, as of" in text
    assert f"LAMP Lamp, LAMP 5 2 × {ada.number} 3 × {bo.number}" in text
    assert text.index("LAMP Lamp") < text.index("POPULAR-CURTAINS Popular curtains")
    assert f"{ada.number} Ada Lovelace, Berlin 2 × LAMP 1 × POPULAR-CURTAINS" in text


def test_a_list_costs_the_same_for_one_and_for_many(cy: Client, lamp: Variant, django_assert_max_num_queries: Any):
    buy((lamp, 1))
    # The first page of a minute at the desk writes the session.
    cy.get(LIST)
    # Session, user and which orders are ready among them; then lines, which of them are ready, and what was told.
    with django_assert_max_num_queries(8) as one:
        cy.get(LIST)
    for _ in range(3):
        buy((lamp, 1))
    with django_assert_max_num_queries(len(one)):
        cy.get(LIST)


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "999999", "1;drop", "٣"])
def test_ids_that_name_nothing_print_nothing(cy: Client, lamp: Variant, ids: str):
    assert cy.get(SLIPS, {"ids": ids}).status_code == 200


def test_chosen_orders_are_printed_from_the_list(cy: Client, lamp: Variant):
    first, _, third = (buy((lamp, 1)) for _ in range(3))
    chosen = {"_selected_action": [first.pk, third.pk]}

    for act, address in (("print_slips", SLIPS), ("print_list", LIST)):
        page = cy.post(reverse("admin:shop_order_changelist"), chosen | {"action": act})
        assert page.headers["Location"].startswith(address)
        shown = words(cy.get(page.headers["Location"]))
        assert first.number in shown
        assert third.number in shown


def test_the_order_offers_its_slip_to_who_packs_it(clerk: SignIn, lamp: Variant):
    order = buy((lamp, 1))
    page = reverse("admin:shop_order_change", args=[order.pk])
    assert "Print the packing slip" in words(clerk("shop.view_order", "shop.add_shipment").get(page))
