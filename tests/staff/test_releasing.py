"""Orders that are sent together, as the desk sees them: not ready before they are complete, and released by a click."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from shop import delays, fulfilment
from shop.models import Order, Release, Sends, Shipment
from shop.staff.effects import effects
from shop.staff.progress import in_state, late_lines, ready_lines
from tests.cast import CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.staff.pages import SignIn, seal_of, words


@pytest.fixture
def coming(db: None) -> PurchaseOrderLine:
    return inbound(stock("STOOL"), 2, SOON)


@pytest.fixture
def together(coming: PurchaseOrderLine) -> Order:
    """A lamp that is here, a stool that comes soon and a throw that comes later."""
    lamp, throw = stock("LAMP", on_hand=1), stock("THROW")
    inbound(throw, 1, LATER)
    return buy((variant(lamp), 1), (variant(coming.item), 1), (variant(throw), 1), sends=Sends.TOGETHER)


def page_of(order: Order, what: str = "change") -> str:
    return reverse(f"admin:shop_order_{what}", args=[order.pk])


def states(today_in: int = 0) -> dict[str, int]:
    at = NOON + timedelta(days=today_in)
    return {state: in_state(Order.objects.all(), state, at).count() for state in ("late", "ready", "waiting")}


def test_it_is_not_ready_before_it_is_complete_or_released(cy: Client, together: Order) -> None:
    assert (states(), ready_lines().count()) == ({"late": 0, "ready": 0, "waiting": 1}, 0)
    listed = words(cy.get(reverse("admin:shop_order_changelist")))
    assert "Waiting 1 set aside, 2 waiting" in listed
    assert "together" in listed

    Release.objects.create(order=together, price=0, actor=CY, at=NOON)

    assert (states(), ready_lines().count()) == ({"late": 0, "ready": 1, "waiting": 1}, 1)
    assert "Ready to ship 1 ready, 2 waiting" in words(cy.get(reverse("admin:shop_order_changelist")))


def test_it_is_late_only_after_its_last_day(together: Order) -> None:
    after_the_stool, after_all = (SOON - TODAY).days + 1, (LATER - TODAY).days + 1
    assert (states(after_the_stool)["late"], states(after_all)["late"]) == (0, 1)
    assert late_lines(LATER + timedelta(days=1)).count() == 3


def test_sent_as_ready_it_is_late_line_by_line(coming: PurchaseOrderLine) -> None:
    throw = stock("THROW")
    inbound(throw, 1, LATER)
    buy((variant(coming.item), 1), (variant(throw), 1))
    assert late_lines(SOON + timedelta(days=1)).get().sku == "STOOL"


def test_a_day_that_is_not_known_is_not_late(cy: Client, together: Order) -> None:
    late = PurchaseOrderLine.objects.get(expected_on=LATER)
    delays.move_expected_day(late, None, confirmed=False, reason="no word", actor=CY, at=NOON)
    assert states((LATER - TODAY).days + 9)["late"] == 0


def test_shipping_is_refused_with_the_way_out(cy: Client, together: Order) -> None:
    page = cy.get(page_of(together, "ship"), follow=True)
    text = words(page)
    assert "2 units are still missing (promised by 4 January 2027)" in text
    assert "1 set aside, waiting for the rest" in text
    assert f'href="{page_of(together, "release")}"' in page.content.decode()
    assert not Shipment.objects.exists()


def test_the_ready_part_is_released_and_then_ships(cy: Client, together: Order) -> None:
    preview = cy.get(page_of(together, "release"))
    assert "1 until 9 December 2026" in words(preview)
    assert "The further parcel costs the customer nothing." in words(preview)

    done = cy.post(page_of(together, "release"), {"seal": seal_of(preview)}, follow=True)
    assert f"Released the ready part of order {together}." in words(done)
    assert (Release.objects.get().price, Release.objects.get().actor) == (0, CY)

    seal = seal_of(cy.get(page_of(together, "ship")))
    shipped = cy.post(page_of(together, "ship"), {"seal": seal}, follow=True)
    assert f"Shipped 1 unit of order {together}." in words(shipped)
    assert Release.objects.get().shipment == Shipment.objects.get()
    assert "released already" not in words(cy.get(page_of(together, "ship"), follow=True))


def test_a_part_that_changed_meanwhile_is_shown_again(cy: Client, together: Order, coming: PurchaseOrderLine) -> None:
    seal = seal_of(cy.get(page_of(together, "release")))
    fulfilment.receive("D-1", [Arrived(coming.item_id, 2)], order=coming.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([coming.item_id], actor="worker", at=NOON)

    again = cy.post(page_of(together, "release"), {"seal": seal})

    assert "Something changed since you looked" in words(again)
    assert not Release.objects.exists()


def test_what_cannot_be_released_is_said(cy: Client, coming: PurchaseOrderLine) -> None:
    order = buy((variant(coming.item), 1))
    page = cy.get(page_of(order, "release"), follow=True)
    assert "This order is sent as it gets ready" in words(page)


def test_releasing_needs_the_right_to_change_orders(clerk: SignIn, together: Order) -> None:
    packer = clerk("shop.view_order", "shop.add_shipment")
    assert packer.post(page_of(together, "release")).status_code == 403
    assert page_of(together, "release") not in packer.get(page_of(together)).content.decode()


def test_who_may_release_may_release(clerk: SignIn, together: Order) -> None:
    keeper = clerk("shop.view_order", "shop.change_order")
    seal = seal_of(keeper.get(page_of(together, "release")))
    assert keeper.post(page_of(together, "release"), {"seal": seal}, follow=True).status_code == 200
    assert Release.objects.count() == 1


def test_a_preview_counts_no_letter_where_the_day_of_all_stays(together: Order, coming: PurchaseOrderLine) -> None:
    within = delays.preview_move(
        coming, SOON + timedelta(days=5), confirmed=True, reason="the loom broke", actor=CY, at=NOON
    )
    beyond = delays.preview_move(
        coming, LATER + timedelta(days=5), confirmed=True, reason="the loom broke", actor=CY, at=NOON
    )
    assert [(found.broken, found.letters) for found in (effects(within), effects(beyond))] == [(1, 0), (1, 1)]
