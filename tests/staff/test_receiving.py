from django.test import Client
from django.urls import reverse

from backorders.models import Claim
from inventory.models import Delivery, PurchaseOrder, StockItem, StockMovement
from shop import fulfilment
from tests.cast import ADA, BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words


def receive_address(order: PurchaseOrder) -> str:
    return reverse("admin:inventory_purchaseorder_receive", args=[order.pk])


def shelves() -> list[tuple[str, int]]:
    return list(StockItem.objects.order_by("sku").values_list("sku", "on_hand"))


def test_the_form_is_filled_with_what_is_owed(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    line.received = 2
    line.save()

    page = cy.get(receive_address(line.order))

    assert f'name="units_{item.pk}" value="3"' in page.content.decode()


def test_the_preview_shows_row_by_row_who_gets_what_and_changes_nothing(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 3), who=BO)

    page = cy.post(receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 4, "preview": "1"})

    text = words(page)
    assert f"{ada.number} Ada Lovelace Popular curtains POPULAR-CURTAINS 2 of 2 complete" in text
    assert f"{bo.number} Bo Nordin Popular curtains POPULAR-CURTAINS 2 of 3 waits for 1 more" in text
    assert "2 orders get 4 units; 1 of them then waits for nothing more." in text
    assert "1 short" in text
    assert (Delivery.objects.count(), shelves()) == (0, [("POPULAR-CURTAINS", 0)])


def test_what_is_confirmed_is_on_the_shelf_and_names_the_orders(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    ada = buy((variant(item), 2))

    page = confirm(cy, receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 5})

    text = words(page)
    assert "Delivery D-1 is on the shelf: 5 units." in text
    assert f"2 units are being set aside for {ada.number} " in text
    assert reverse("admin:shop_order_change", args=[ada.pk]) in page.content.decode()
    line.refresh_from_db()
    assert (line.received, line.order.state, shelves()) == (5, "closed", [("POPULAR-CURTAINS", 5)])


def test_a_short_delivery_leaves_the_rest_owed(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)

    confirm(cy, receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 2})

    line.refresh_from_db()
    assert (line.outstanding, PurchaseOrder.objects.get().state) == (3, "partly")


def test_more_than_owed_and_goods_that_were_not_ordered_come_onto_the_shelf(cy: Client) -> None:
    item, other = stock(), stock("STRAY-RUG")
    line = inbound(item, 5)
    data = {"number": "D-1", f"units_{item.pk}": 7, "sku_0": "stray-rug", "extra_0": 2}

    preview = words(cy.post(receive_address(line.order), data | {"preview": "1"}))
    confirm(cy, receive_address(line.order), data)

    assert "2 more than owed" in preview
    assert shelves() == [("POPULAR-CURTAINS", 7), ("STRAY-RUG", 2)]
    assert other.delivery_lines.get().purchase_line is None


def test_the_same_number_twice_is_on_the_shelf_once(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    data = {"number": "D-1", f"units_{item.pk}": 2}
    preview = cy.post(receive_address(line.order), data | {"preview": "1"})
    sealed = data | {"confirm": "1", "seal": seal_of(preview)}

    cy.post(receive_address(line.order), sealed)
    again = cy.post(receive_address(line.order), sealed, follow=True)

    assert "with exactly these goods: nothing was added" in words(again)
    assert (Delivery.objects.count(), shelves()) == (1, [("POPULAR-CURTAINS", 2)])


def test_the_same_number_with_other_goods_is_refused_with_a_sentence(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    confirm(cy, receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 2})

    page = cy.post(receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 3, "preview": "1"})

    assert "check the number, or correct the stock instead" in words(page)
    assert shelves() == [("POPULAR-CURTAINS", 2)]


def test_a_world_that_changed_is_shown_again_before_anything_happens(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    buy((curtains, 2))
    data = {"number": "D-1", f"units_{item.pk}": 3}
    preview = cy.post(receive_address(line.order), data | {"preview": "1"})
    bo = buy((curtains, 2), who=BO)

    page = cy.post(receive_address(line.order), data | {"confirm": "1", "seal": seal_of(preview)})

    assert "Something changed since you looked" in words(page)
    assert f"{bo.number} Bo Nordin" in words(page)
    assert Delivery.objects.count() == 0
    cy.post(receive_address(line.order), data | {"confirm": "1", "seal": seal_of(page)})
    assert Delivery.objects.count() == 1


def test_entries_can_be_changed_after_the_preview(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)

    page = cy.post(receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 4, "edit": "1"})

    assert f'name="units_{item.pk}" value="4"' in page.content.decode()


def test_bad_entries_get_a_sentence(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)

    empty = cy.post(address, {"number": "D-1", f"units_{item.pk}": 0, "preview": "1"})
    unknown = cy.post(address, {"number": "D-1", "sku_0": "NO-SUCH", "extra_0": 1, "preview": "1"})
    half = cy.post(address, {"number": "D-1", f"units_{item.pk}": 1, "sku_0": item.sku, "preview": "1"})
    nameless = cy.post(address, {"number": " ", f"units_{item.pk}": 1, "preview": "1"})
    negative = cy.post(address, {"number": "D-1", f"units_{item.pk}": -1, "preview": "1"})

    assert "The delivery is empty" in words(empty)
    assert "There is no stock item “NO-SUCH”" in words(unknown)
    assert "Give both: the SKU and how many units" in words(half)
    assert "This field is required" in words(nameless)
    assert "greater than or equal to 0" in words(negative)
    assert Delivery.objects.count() == 0


def test_goods_without_a_purchase_order(cy: Client) -> None:
    item = stock()

    confirm(
        cy, reverse("admin:inventory_delivery_receive_unordered"), {"number": "D-9", "sku_0": item.sku, "extra_0": 4}
    )

    assert (Delivery.objects.get().order, shelves()) == (None, [("POPULAR-CURTAINS", 4)])
    assert StockMovement.objects.get().actor == CY


def test_the_preview_tells_what_the_worker_then_does(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 2), who=ADA), buy((curtains, 3), who=BO)

    confirm(cy, receive_address(line.order), {"number": "D-1", f"units_{item.pk}": 4})
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)

    assert dict(Claim.objects.values_list("reference", "allocated")) == {ada.number: 2, bo.number: 2}


def test_receiving_needs_the_right_to_add_deliveries(clerk: SignIn) -> None:
    line = inbound(stock(), 5)

    refused = clerk("inventory.view_purchaseorder", "inventory.change_purchaseorder")

    assert refused.get(receive_address(line.order)).status_code == 403
    assert refused.post(receive_address(line.order), {"number": "D-1"}).status_code == 403
    assert refused.get(reverse("admin:inventory_delivery_receive_unordered")).status_code == 403
