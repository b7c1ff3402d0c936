import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backorders.models import Claim, Promise
from inventory.models import Delivery, PurchaseOrder, StockItem, StockMovement
from inventory.queries import recount
from shop import fulfilment
from tests.cast import ADA, BO, CY, NOON, buy, days_told, inbound, stock, variant
from tests.importing.test_counted import workbook
from tests.staff.pages import SignIn, confirm, seal_of, words


def receive_address(order: PurchaseOrder) -> str:
    return reverse("admin:inventory_purchaseorder_receive", args=[order.pk])


def shelves() -> list[tuple[str, int]]:
    return list(StockItem.objects.order_by("sku").values_list("sku", "on_hand"))


def blanks_and_all(page: Any) -> dict[str, str]:
    """Every entry of the page's form, the empty ones too, as a browser would send it."""
    tags = re.findall(r"<input[^>]*>", page.content.decode())
    named = {name[1]: tag for tag in tags if (name := re.search(r' name="([^"]+)"', tag))}
    values = {name: re.search(r' value="([^"]*)"', tag) for name, tag in named.items()}
    values.pop("csrfmiddlewaretoken", None)
    return {name: found[1] if found else "" for name, found in values.items()}


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
    assert f"{ada.number} Ada Lovelace Popular curtains, POPULAR-CURTAINS 2 of 2 complete" in text
    assert f"{bo.number} Bo Nordin Popular curtains, POPULAR-CURTAINS 2 of 3 waits for 1 more" in text
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


def test_a_form_as_a_browser_sends_it_is_confirmed_at_once(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)
    empty = {f"{name}_{row}": "" for name in ("sku", "extra", "broken") for row in range(3)}
    data = empty | {"number": "D-1", f"units_{item.pk}": 5, f"damaged_{item.pk}": "", "damage": "", "counted": ""}

    preview = cy.post(address, data | {"preview": "1", "scan": "", "pasted": ""})
    cy.post(address, blanks_and_all(preview) | {"confirm": "1"})

    assert shelves() == [("POPULAR-CURTAINS", 5)]


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

    assert "check the number, undo that receipt, or correct the stock instead" in words(page)
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


def test_the_longest_number_there_is_is_kept_whole(cy: Client) -> None:
    line = inbound(stock(), 5)
    number = "N" * 100

    confirm(cy, receive_address(line.order), {"number": number, f"units_{line.item_id}": 5})

    assert Delivery.objects.get().number == number
    assert StockMovement.objects.get().cause == f"delivery {number}"


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


# Lists and the scanner


def read(client: Client, address: str, **entries: object) -> Any:
    """What a browser sends: the form as it stands, and what is to be read into it."""
    return client.post(address, {"preview": "1", **entries})


def entries_of(page: Any) -> dict[str, str]:
    """What stands in the form."""
    return {name: value for name, value in blanks_and_all(page).items() if value}


def test_a_pasted_list_replaces_what_is_owed(cy: Client) -> None:
    item, rug = stock(), stock("RUG")
    address = receive_address(inbound(item, 5).order)

    page = read(cy, address, number="D-1", **{f"units_{item.pk}": 5}, pasted="popular-curtains 3\nRUG;2\nRUG;1")

    assert "Read 6 units of 2 SKUs: check them below." in words(page)
    assert entries_of(page) == {
        "number": "D-1",
        "counted": "1",
        f"units_{item.pk}": "3",
        "sku_0": rug.sku,
        "extra_0": "3",
    }
    assert Delivery.objects.count() == 0


def test_a_further_list_is_added(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)

    page = read(cy, address, counted="1", **{f"units_{item.pk}": 3, "sku_0": "", "extra_0": ""}, pasted=f"{item.sku} 2")

    assert entries_of(page)[f"units_{item.pk}"] == "5"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_read_into_the_rows(cy: Client, kind: str) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)
    csv = b"Delivery,SKU,Quantity\nD-1,POPULAR-CURTAINS,4\n"
    content = csv if kind == "csv" else workbook(("SKU", "Quantity"), ("POPULAR-CURTAINS", 4))

    page = read(cy, address, file=SimpleUploadedFile(f"goods.{kind}", content))

    assert entries_of(page)[f"units_{item.pk}"] == "4"


def test_a_list_with_a_bad_row_is_not_counted_at_all_and_stays_to_be_mended(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)

    page = read(cy, address, **{f"units_{item.pk}": 5}, pasted="POPULAR-CURTAINS 3\nNO-SUCH 1")

    assert "Nothing of the list was counted: line 2, SKU: “NO-SUCH” is not known." in words(page)
    assert entries_of(page)[f"units_{item.pk}"] == "5"
    assert "NO-SUCH 1</textarea>" in page.content.decode()


def test_a_file_that_is_no_list_or_too_large_gets_a_sentence(cy: Client) -> None:
    address = receive_address(inbound(stock(), 5).order)

    photo = read(cy, address, file=SimpleUploadedFile("goods.xlsx", b"PK\x03\x04photo"))
    large = read(cy, address, file=SimpleUploadedFile("goods.csv", b"x" * 2_000_001))

    assert "no workbook that can be read" in words(photo)
    assert "larger than 2 MB" in words(large)


def test_each_scan_counts_one_up_from_zero_without_any_script(cy: Client) -> None:
    item, rug = stock(), stock("RUG")
    address = receive_address(inbound(item, 5).order)

    page = read(cy, address, number="D-1", **{f"units_{item.pk}": 5}, scan="popular-curtains")
    said = [words(page)]
    for sku in ("POPULAR-CURTAINS", "RUG", "RUG"):
        page = read(cy, address, **entries_of(page), scan=sku)
        said.append(words(page))

    assert "Last scanned: POPULAR-CURTAINS, now 1" in said[0]
    assert "Last scanned: POPULAR-CURTAINS, now 2" in said[1]
    assert "Last scanned: RUG, which was not ordered, now 2" in said[3]
    assert entries_of(page) == {
        "number": "D-1",
        "counted": "1",
        f"units_{item.pk}": "2",
        "sku_0": rug.sku,
        "extra_0": "2",
    }
    assert "autofocus" in page.content.decode()


def test_a_wrong_sku_is_refused_in_a_sentence_and_nothing_is_counted(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)

    page = read(cy, address, counted="1", **{f"units_{item.pk}": 2}, scan="4006381333931")

    assert "“4006381333931” is not known. Check the SKU, or enter the goods first. Nothing was counted." in words(page)
    assert entries_of(page)[f"units_{item.pk}"] == "2"


def test_what_was_counted_goes_onto_the_shelf(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)
    page = read(cy, address, number="D-1", pasted="POPULAR-CURTAINS 3\nPOPULAR-CURTAINS 1")

    confirm(cy, address, entries_of(page))

    assert shelves() == [("POPULAR-CURTAINS", 4)]


def test_a_long_list_of_goods_that_were_not_ordered_finds_its_rows(cy: Client) -> None:
    for number in range(8):
        stock(f"RUG-{number}")
    address = reverse("admin:inventory_delivery_receive_unordered")
    page = read(cy, address, number="D-1", pasted="\n".join(f"RUG-{number} {number + 1}" for number in range(8)))

    confirm(cy, address, entries_of(page))

    assert shelves() == [(f"RUG-{number}", number + 1) for number in range(8)]


def test_goods_that_were_not_ordered_are_said_to_be_so(cy: Client) -> None:
    item = stock()
    stock("STRAY-RUG")
    data = {"number": "D-1", f"units_{item.pk}": 5, "sku_0": "stray-rug", "extra_0": 2}

    preview = cy.post(receive_address(inbound(item, 5).order), data | {"preview": "1"})

    assert "STRAY-RUG 2 0 not ordered" in words(preview)


# Damaged


def test_what_is_damaged_counts_as_received_and_is_not_on_the_shelf(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    data = {"number": "D-1", f"units_{item.pk}": 5, f"damaged_{item.pk}": 2, "damage": "crushed in the van"}

    preview = cy.post(receive_address(line.order), data | {"preview": "1"})
    page = confirm(cy, receive_address(line.order), data)

    assert "2 damaged, not put on the shelf" in words(preview)
    assert "Delivery D-1 is on the shelf: 5 units, 2 of them damaged and left out." in words(page)
    assert "crushed in the van" in words(page)
    line.refresh_from_db()
    assert (line.received, line.order.state, shelves()) == (5, "closed", [("POPULAR-CURTAINS", 3)])
    moves = StockMovement.objects.order_by("id").values_list("kind", "on_hand_change", "reason", "cause")
    assert list(moves) == [
        ("receive", 5, "", "delivery D-1"),
        ("damage", -2, "crushed in the van", "delivery D-1"),
    ]
    assert list(recount()) == []


def test_who_waits_in_vain_for_what_is_damaged_is_foreseen_and_told(cy: Client) -> None:
    item = stock()
    line = inbound(item, 3)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 1), who=BO)
    data = {"number": "D-1", f"units_{item.pk}": 3, f"damaged_{item.pk}": 3, "damage": "moths"}

    preview = cy.post(receive_address(line.order), data | {"preview": "1"})
    confirm(cy, receive_address(line.order), data)

    assert "later" in words(preview)
    assert (days_told(ada), days_told(bo)) == ([(2, None)], [(1, None)])
    assert "some of the goods that arrived are damaged" in Promise.objects.latest("id").reason


def test_damage_needs_a_reason_and_cannot_be_more_than_came(cy: Client) -> None:
    item = stock()
    address = receive_address(inbound(item, 5).order)
    data = {"number": "D-1", f"units_{item.pk}": 2, "preview": "1"}

    silent = cy.post(address, data | {f"damaged_{item.pk}": 1})
    more = cy.post(address, data | {f"damaged_{item.pk}": 3, "damage": "moths"})

    assert "Say what is wrong with them" in words(silent)
    assert "Only 2 came: count the damaged ones among them." in words(more)
    assert Delivery.objects.count() == 0
