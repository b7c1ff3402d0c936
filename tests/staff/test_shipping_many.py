"""Many parcels leave at once, each by a use case of its own."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop import addresses, cancellations, fulfilment
from shop.models import Order, Sends, Shipment, Variant
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, words

SHIP = reverse("admin:shop_order_ship_many")


@pytest.fixture
def lamp(db: None) -> Variant:
    return variant(stock("LAMP", on_hand=9))


def page_of(*orders: Order) -> str:
    return f"{SHIP}?ids={','.join(str(order.pk) for order in orders)}"


def filled_in(*orders: Order, **more: str) -> dict[str, str]:
    rows = {f"leaves-{order.pk}": "on" for order in orders}
    return {"carrier": "DHL", "pasted": ""} | rows | {f"number-{o.pk}": f"JD{o.pk}" for o in orders} | more


def seals(page: Any) -> dict[str, str]:
    return dict(re.findall(r'name="(seal-\d+)" value="([0-9a-f]+)"', page.content.decode()))


def look(cy: Client, data: dict[str, str], *orders: Order) -> dict[str, str]:
    """Look at the preview; returns what its button posts."""
    return data | seals(cy.post(page_of(*orders), data | {"preview": "1"})) | {"confirm": "1"}


def test_without_a_choice_it_is_about_all_that_are_ready(cy: Client, lamp: Variant) -> None:
    ada, bo = buy((lamp, 1)), buy((lamp, 2), who=BO)
    item = stock()
    inbound(item, 1)
    buy((variant(item), 1))

    page = cy.get(SHIP)

    assert page.headers["Location"] == page_of(ada, bo)
    text = words(cy.get(page.headers["Location"]))
    of_ada, of_bo = "Ada Lovelace, Berlin 1 × Lamp, LAMP", "Bo Nordin, Berlin 2 × Lamp, LAMP"
    assert re.search(f"{ada.number} {of_ada} .* {bo.number} {of_bo}", text)


def test_all_of_them_leave_with_their_numbers(cy: Client, lamp: Variant) -> None:
    ada, bo = buy((lamp, 1)), buy((lamp, 2), who=BO)
    data = filled_in(ada, bo, **{f"carrier-{bo.pk}": "GLS"})

    preview = words(cy.post(page_of(ada, bo), data | {"preview": "1"}))
    assert "2 parcels" in preview
    assert Shipment.objects.count() == 0
    shown = words(cy.post(page_of(ada, bo), look(cy, data, ada, bo), follow=True))

    assert re.search(rf"Shipped 2 orders: {ada.number} ?, {bo.number} ?. Each customer gets a letter.", shown)
    parcels = Shipment.objects.order_by("order_id").values_list("carrier", "tracking_number", "actor")
    assert list(parcels) == [("DHL", f"JD{ada.pk}", CY), ("GLS", f"JD{bo.pk}", CY)]


def test_a_second_click_ships_nothing_twice_and_says_why(cy: Client, lamp: Variant) -> None:
    item = stock(on_hand=2)
    inbound(item, 2)
    ada = buy((lamp, 1), (variant(item), 4))
    data = look(cy, filled_in(ada), ada)
    cy.post(page_of(ada), data)

    again = words(cy.post(page_of(ada), data, follow=True))
    assert f"Order {ada.number}: Nothing of order {ada.number} is ready to ship: it was shipped already" in again

    fulfilment.correct_stock(item.pk, 2, reason="found two more", actor=CY, at=NOON)
    later = words(cy.post(page_of(ada), data, follow=True))
    assert f"Order {ada.number}: it changed since you looked, and stays here" in later
    assert Shipment.objects.count() == 1


def test_one_that_fails_does_not_stop_the_others(cy: Client, lamp: Variant) -> None:
    ada, bo, cancelled = buy((lamp, 1)), buy((lamp, 1), who=BO), buy((lamp, 1))
    orders = (ada, bo, cancelled)
    data = look(cy, filled_in(*orders), *orders)
    cancellations.cancel_order(cancelled, actor="customer", at=NOON)
    addresses.change(bo, addresses.address_of(bo) | {"line1": "4 Harbour Street"}, seen=0, actor=CY, at=NOON)

    shown = words(cy.post(page_of(*orders), data, follow=True))

    assert f"Shipped 1 order: {ada.number}" in shown
    assert f"Order {cancelled.number}: Nothing of order {cancelled.number} is ready to ship" in shown
    assert f"Order {bo.number}: it changed since you looked, and stays here" in shown
    assert [parcel.order_id for parcel in Shipment.objects.all()] == [ada.pk]


def test_what_waits_for_the_rest_is_said_in_the_preview(cy: Client, lamp: Variant) -> None:
    item = stock()
    inbound(item, 1)
    held = buy((lamp, 1), (variant(item), 1), sends=Sends.TOGETHER)

    text = words(cy.post(page_of(held), filled_in(held) | {"preview": "1"}))

    assert f"Order {held.number} is sent together, and 1 unit is still missing" in text
    assert "They have left: ship them" not in text


def test_pasted_numbers_choose_their_orders(cy: Client, lamp: Variant) -> None:
    ada, bo = buy((lamp, 1)), buy((lamp, 1), who=BO)
    data = filled_in(ada, bo) | {"pasted": f"\n {bo.number.lower()} ; JD 99\n\n", f"number-{bo.pk}": ""}

    cy.post(page_of(ada, bo), look(cy, data, ada, bo))

    assert list(Shipment.objects.values_list("order_id", "tracking_number")) == [(bo.pk, "JD 99")]


@pytest.mark.parametrize(
    ("pasted", "sentence"),
    [
        ("NOSUCH, 1", "Line 1: order NOSUCH is not among those on this page."),
        ("{number}", "Line 1: write the tracking number after the order's number and a comma."),
        ("{number}, 1\n{number}, 2", "has another tracking number further up."),
    ],
)
def test_a_pasted_line_that_makes_no_sense_is_named(cy: Client, lamp: Variant, pasted: str, sentence: str) -> None:
    order = buy((lamp, 1))
    data = filled_in(order) | {"pasted": pasted.format(number=order.number), "preview": "1"}

    assert sentence in words(cy.post(page_of(order), data))


def test_a_number_needs_a_carrier_and_a_page_needs_a_choice(cy: Client, lamp: Variant) -> None:
    order = buy((lamp, 1))

    assert "Say whose tracking number it is: fill in the carrier." in words(
        cy.post(page_of(order), filled_in(order) | {"carrier": "", "preview": "1"})
    )
    assert "No order was chosen" in words(cy.post(page_of(order), {"carrier": "", "pasted": "", "preview": "1"}))


def test_the_entries_can_be_changed_once_more(cy: Client, lamp: Variant) -> None:
    order = buy((lamp, 1))

    page = cy.post(page_of(order), filled_in(order) | {"edit": "1"})

    assert f'value="JD{order.pk}"' in page.content.decode()


def test_orders_are_chosen_on_the_list_by_who_may_ship(clerk: SignIn, lamp: Variant) -> None:
    order = buy((lamp, 1))
    chosen = {"action": "ship_chosen", "_selected_action": [order.pk]}
    packer = clerk("shop.view_order", "shop.add_shipment")

    assert packer.post(reverse("admin:shop_order_changelist"), chosen).headers["Location"] == page_of(order)


def test_who_may_not_ship_cannot_ship_many(clerk: SignIn, lamp: Variant) -> None:
    order = buy((lamp, 1))
    chosen = {"action": "ship_chosen", "_selected_action": [order.pk]}
    reader = clerk("shop.view_order")

    listed = reader.post(reverse("admin:shop_order_changelist"), chosen, follow=True)

    assert "Ship many" not in words(listed)
    assert "What leaves" not in words(listed)
    assert reader.post(page_of(order), filled_in(order)).status_code == 403
