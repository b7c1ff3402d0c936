import pytest
from django.test import Client
from django.urls import reverse

from backorders.queue import UnableToShip
from inventory.models import StockItem
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import fulfilment
from shop.models import Carrier, Order, Shipment
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, seal_of, words


def ship_address(order: Order) -> str:
    return reverse("admin:shop_order_ship", args=[order.pk])


PARCEL = {"carrier": "DHL", "tracking_number": "JD014"}


def test_the_page_shows_what_goes_into_the_parcel_and_what_does_not(cy: Client) -> None:
    item = stock(on_hand=1)
    inbound(item, 5)
    order = buy((variant(item), 3))

    text = words(cy.get(ship_address(order)))

    assert "POPULAR-CURTAINS Popular curtains, POPULAR-CURTAINS 1 1 of 3 shipped" in text
    assert "Not in it, because it is still to come: 2 × Popular curtains" in text


def test_what_is_ready_leaves_with_its_tracking_number(cy: Client) -> None:
    order = buy((variant(stock(on_hand=2)), 2))
    seal = seal_of(cy.get(ship_address(order)))

    page = cy.post(ship_address(order), PARCEL | {"seal": seal}, follow=True)

    assert f"Shipped 2 units of order {order.number}. The customer gets a letter." in words(page)
    shipment = Shipment.objects.get()
    assert (shipment.carrier, shipment.tracking_number, shipment.actor) == ("DHL", "JD014", CY)
    assert Letter.objects.filter(template="parcel_shipped").count() == 1


def test_a_known_carriers_parcel_is_followed_by_a_link(cy: Client) -> None:
    Carrier.objects.create(name="dhl", tracking_address="https://follow.example/?parcel={number}&lang=en")
    order = buy((variant(stock(on_hand=2)), 2))
    page = cy.get(ship_address(order))
    assert '<option value="dhl">' in page.content.decode()

    cy.post(ship_address(order), PARCEL | {"tracking_number": "JD 01/4", "seal": seal_of(page)})

    link = "https://follow.example/?parcel=JD01%2F4&lang=en"
    assert Shipment.objects.get().tracking_link == link
    letter = rendering.preview(Letter.objects.get(template="parcel_shipped"))
    assert link in letter.text
    assert link.replace("&", "&amp;") in letter.html
    at_the_desk = cy.get(reverse("admin:shop_order_change", args=[order.pk])).content.decode()
    assert f'<a href="{link.replace("&", "&amp;")}" rel="noreferrer">JD 01/4</a>' in at_the_desk


@pytest.mark.parametrize("number", ["", "JD014"])
def test_without_a_number_or_a_carrier_that_is_known_there_is_no_link(cy: Client, number: str) -> None:
    Carrier.objects.create(name="DPD", tracking_address="https://follow.example/{number}")
    order = buy((variant(stock(on_hand=2)), 2))
    carrier = "DHL" if number else "DPD"
    fulfilment.ship_ready(order, carrier=carrier, tracking_number=number, actor=CY, at=NOON)
    assert Shipment.objects.get().tracking_link == ""
    assert "Follow it here" not in rendering.preview(Letter.objects.get(template="parcel_shipped")).text


@pytest.mark.parametrize(
    "address",
    [
        *("http://follow.example/{number}", "javascript:{number}", "https://follow.example/", "https://{number}/"),
        *("https://follow.example/{number}/{number}", "https://a@x.example/{number}", "https://x.example/ {number}"),
    ],
)
def test_a_carriers_address_is_refused_that_leads_to_no_parcel(cy: Client, address: str) -> None:
    page = cy.post(reverse("admin:shop_carrier_add"), {"name": "DHL", "tracking_address": address})
    assert "with {number} once, where the tracking number stands in it" in words(page)
    assert not Carrier.objects.exists()


def test_a_carrier_is_entered_once(cy: Client) -> None:
    for name in ("DHL", "dhl"):
        page = cy.post(reverse("admin:shop_carrier_add"), {"name": name, "tracking_address": ""})
    assert "There is a carrier of this name." in words(page)
    assert Carrier.objects.count() == 1


def test_a_form_that_is_sent_twice_ships_once(cy: Client) -> None:
    order = buy((variant(stock(on_hand=2)), 2))
    sealed = PARCEL | {"seal": seal_of(cy.get(ship_address(order)))}

    cy.post(ship_address(order), sealed)
    again = cy.post(ship_address(order), sealed, follow=True)

    assert "is ready to ship: it was shipped already, or it waits" in words(again)
    assert Shipment.objects.count() == 1


def test_a_form_that_is_sent_twice_leaves_what_became_ready_in_between(cy: Client) -> None:
    item = stock(on_hand=2)
    inbound(item, 2)
    order = buy((variant(item), 4))
    sealed = PARCEL | {"seal": seal_of(cy.get(ship_address(order)))}
    cy.post(ship_address(order), sealed)
    arrive(item, 2)

    again = cy.post(ship_address(order), sealed)

    assert "Something changed since you looked" in words(again)
    assert order.lines.get().claim.shipped == 2


def test_units_that_became_ready_while_packing_are_not_shipped_unseen(cy: Client) -> None:
    item = stock(on_hand=1)
    inbound(item, 2)
    order = buy((variant(item), 3))
    seal = seal_of(cy.get(ship_address(order)))
    arrive(item, 2)

    page = cy.post(ship_address(order), PARCEL | {"seal": seal})

    assert "Something changed since you looked" in words(page)
    assert "3 3 of 3 shipped" in words(page)
    assert Shipment.objects.count() == 0


def test_the_parcel_is_compared_again_under_the_lock(db: None) -> None:
    order = buy((variant(stock(on_hand=3)), 3))
    claim = order.lines.get().claim_id

    with pytest.raises(UnableToShip, match="What is ready changed since you looked"):
        fulfilment.ship_ready(order, packed={claim: 2}, actor=CY, at=NOON)

    assert fulfilment.ship_ready(order, packed={claim: 3}, actor=CY, at=NOON).lines.get().quantity == 3


def test_a_tracking_number_needs_a_carrier(cy: Client) -> None:
    order = buy((variant(stock(on_hand=1)), 1))
    seal = seal_of(cy.get(ship_address(order)))

    page = cy.post(ship_address(order), {"tracking_number": "JD014", "seal": seal})

    assert "fill in the carrier" in words(page)
    assert Shipment.objects.count() == 0


def test_an_order_that_waits_has_nothing_to_ship(cy: Client) -> None:
    item = stock()
    inbound(item, 1)
    order = buy((variant(item), 1), who=BO)

    page = cy.get(ship_address(order), follow=True)

    assert f"Nothing of order {order.number} is ready to ship" in words(page)


def test_shipping_needs_the_right_to_add_shipments(clerk: SignIn) -> None:
    order = buy((variant(stock(on_hand=1)), 1))

    refused = clerk("shop.view_order", "shop.change_order")

    assert refused.get(ship_address(order)).status_code == 403
    assert refused.post(ship_address(order), PARCEL).status_code == 403
    assert "Ship what is ready" not in words(refused.get(reverse("admin:shop_order_change", args=[order.pk])))


def test_who_may_ship_may_ship(clerk: SignIn) -> None:
    order = buy((variant(stock(on_hand=1)), 1))
    packer = clerk("shop.add_shipment")

    page = packer.post(ship_address(order), PARCEL | {"seal": seal_of(packer.get(ship_address(order)))}, follow=True)

    assert (page.status_code, Shipment.objects.count()) == (200, 1)


def arrive(item: StockItem, units: int) -> None:
    fulfilment.receive(f"D-{units}", [Arrived(item.pk, units)], actor=CY, at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
