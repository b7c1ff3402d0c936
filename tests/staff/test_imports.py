"""Files that come in: shown row by row, written as they were shown, or refused as a whole with a sentence."""

import json
import re
from base64 import b64decode
from datetime import timedelta
from io import BytesIO
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import redis
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from backorders.models import Policy
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, StockMovement, Supplier
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import delays, fulfilment, tasks
from shop.importing.suppliers import import_suppliers
from shop.importing.table import parse_upload
from shop.importing.whole import UnableToImport
from shop.models import Product, ProductImage, Variant
from shop.staff.files import ImportProducts
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.importing.files import goods, text
from tests.importing.test_counted import workbook
from tests.processes import wait_for_wake_ups
from tests.staff.pages import SignIn, seal_of, words

PRODUCTS, SUPPLIERS = "shop_product", "inventory_supplier"
ORDERS, COUNTS = "inventory_purchaseorder", "inventory_stockitem"


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


def look(desk: Client, sort: str, content: str | bytes, **entries: str) -> Any:
    """Choose a file and see what it does."""
    content = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("list.csv", content)
    return desk.post(reverse(f"admin:{sort}_import_file"), {"file": file, "preview": "1"} | entries)


def go_on(desk: Client, sort: str, preview: Any, **entries: str) -> Any:
    """Confirm what was shown, as the browser does: the file travels in the page."""
    kept = re.findall(r'name="kept" value="([^"]*)"', preview.content.decode())[0]
    data = {"kept": kept, "seal": seal_of(preview), "confirm": "1"} | entries
    return desk.post(reverse(f"admin:{sort}_import_file"), data, follow=True)


def bring(desk: Client, sort: str, content: str | bytes, **entries: str) -> Any:
    return go_on(desk, sort, look(desk, sort, content, **entries), **entries)


def exported(desk: Client, sort: str, form: str = "csv") -> bytes:
    content: bytes = desk.get(reverse(f"admin:{sort}_export_{form}")).content
    return content


# Suppliers


def test_suppliers_are_shown_row_by_row_and_then_written(cy: Client) -> None:
    Supplier.objects.create(name="Weavers of Ulm", email="old@weavers.example")
    Supplier.objects.create(name="Same", handling_days=2)
    file = "Supplier;E-mail;Handling days\nweavers of ulm;new@weavers.example;\nMill;mill@mill.example;3\nSame;;2\n"

    preview = look(cy, SUPPLIERS, file)
    before = Supplier.objects.count()
    page = go_on(cy, SUPPLIERS, preview)

    assert "3 rows: 1 new, 1 changed, 1 as before" in words(preview)
    assert "2 Weavers of Ulm changed E-mail: old@weavers.example → new@weavers.example" in words(preview)
    assert "3 Mill new Supplier: Mill E-mail: mill@mill.example Handling days: 3" in words(preview)
    assert (before, "“list.csv” was imported: 3 rows: 1 new, 1 changed, 1 as before." in words(page)) == (2, True)
    assert set(Supplier.objects.values_list("name", "email", "handling_days")) == {
        ("Weavers of Ulm", "new@weavers.example", 0),
        ("Mill", "mill@mill.example", 3),
        ("Same", "", 2),
    }
    assert sorted(LogEntry.objects.values_list("object_repr", "change_message")) == [
        ("Mill", "Imported from “list.csv”."),
        ("Weavers of Ulm", "Imported from “list.csv”."),
    ]


def test_every_bad_cell_is_named_and_nothing_is_written(cy: Client) -> None:
    Supplier.objects.create(name="Mill", handling_days=2)
    file = "Supplier,E-mail,Handling days\n,x@y.example,1\nNew,nowhere,90\nMill,,5\nmill,,2\n"

    page = words(look(cy, SUPPLIERS, file))

    assert "Nothing was imported from “list.csv”" in page
    assert "2 Supplier is blank. Give the supplier a name." in page
    assert "3 E-mail “nowhere” is no e-mail address. Write it like orders@mill.example." in page
    assert "3 Handling days “90” is no number of working days from 0 to 60." in page
    assert "4 Handling days is 2 here. Leave it so: it is changed on the supplier's page" in page
    assert "5 Supplier “Mill” is on line 4 already. Keep one of the two." in page
    assert Supplier.objects.count() == 1


def test_what_changed_between_the_look_and_the_click_is_shown_again(cy: Client) -> None:
    mill = Supplier.objects.create(name="Mill", email="one@mill.example")
    preview = look(cy, SUPPLIERS, "Supplier,E-mail\nMill,two@mill.example\n")
    Supplier.objects.update(email="three@mill.example")

    again = go_on(cy, SUPPLIERS, preview)
    mill.refresh_from_db()
    between = mill.email
    go_on(cy, SUPPLIERS, again)

    mill.refresh_from_db()
    assert "Something changed since you looked" in words(again)
    assert "three@mill.example → two@mill.example" in words(again)
    assert (between, mill.email) == ("three@mill.example", "two@mill.example")


def test_the_rows_are_compared_once_more_as_they_are_written(cy: Client) -> None:
    table = parse_upload(b"Supplier,E-mail\nMill,two@mill.example\n")
    seen = import_suppliers(table, dry_run=True).rows
    Supplier.objects.create(name="Mill", email="one@mill.example")

    with pytest.raises(UnableToImport, match="Somebody changed the same goods meanwhile"):
        import_suppliers(table, seen=seen)

    assert Supplier.objects.get().email == "one@mill.example"


def test_a_file_that_says_what_is_here_offers_nothing_to_confirm(cy: Client) -> None:
    Supplier.objects.create(name="Mill")

    page = look(cy, SUPPLIERS, "Supplier\nMill\n")

    assert "Nothing would change" in words(page)
    assert 'name="confirm"' not in page.content.decode()


# Purchase orders


def test_a_new_order_is_a_draft_or_counts_as_supply_at_once(cy: Client) -> None:
    item = stock(policy=Policy.LEAD_TIME)
    bought = buy((variant(item), 2))
    Supplier.objects.create(name="Weavers of Ulm", email="mill@weavers.example")
    file = (
        "Purchase order,Supplier,State,SKU,Quantity,Expected on,Confirmed\n"
        f"PO-8,Weavers of Ulm,Draft,popular-curtains,4,{LATER},no\n"
        f"PO-9,Weavers of Ulm,Sent,POPULAR-CURTAINS,5,{SOON:%d.%m.%Y},yes\n"
    )

    preview = look(cy, ORDERS, file)
    before = PurchaseOrder.objects.count()
    go_on(cy, ORDERS, preview)

    assert "1 promise gets better, 0 need an answer, 1 letter" in words(preview)
    assert "PO-9: POPULAR-CURTAINS new Supplier: Weavers of Ulm State: Sent Quantity: 5" in words(preview)
    assert before == 0
    assert list(PurchaseOrder.objects.order_by("number").values_list("number", "state", "ordered_on")) == [
        ("PO-8", "draft", None),
        ("PO-9", "sent", TODAY),
    ]
    lines = PurchaseOrderLine.objects.order_by("order__number")
    assert list(lines.values_list("quantity", "expected_on", "confirmed")) == [(4, LATER, False), (5, SOON, True)]
    assert days_told(bought) == [(2, SOON)]
    assert not Letter.objects.filter(template="purchase_order").exists()


def test_a_draft_is_changed_and_what_the_file_lacks_stays(cy: Client) -> None:
    first = inbound(stock(), 5)
    rugs = PurchaseOrderLine.objects.create(order=first.order, item=stock("RUG"), quantity=4)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)

    preview = look(cy, ORDERS, "PO,SKU,Quantity\nPO-1,POPULAR-CURTAINS,7\nPO-1,POPULAR-CURTAINS,2\n")
    go_on(cy, ORDERS, preview)

    assert "Quantity: 5 → 7" in words(preview)
    assert "Left as it is: 1 line of these orders that the file does not name." in words(preview)
    rugs.refresh_from_db()
    lines = first.order.lines.order_by("id").values_list("item__sku", "quantity", "expected_on")
    assert list(lines) == [("POPULAR-CURTAINS", 7, SOON), ("RUG", 4, None), ("POPULAR-CURTAINS", 2, None)]


def test_what_was_sent_is_changed_by_no_file(cy: Client) -> None:
    line = inbound(stock(), 5)
    stock("RUG")
    fulfilment.receive("D-1", [Arrived(line.item_id, 2)], order=line.order, actor=CY, at=NOON)
    file = f"PO,Supplier,State,SKU,Quantity,Expected on\nPO-1,,Draft,POPULAR-CURTAINS,6,{LATER}\nPO-1,,,RUG,1,\n"

    page = words(look(cy, ORDERS, file))

    assert "2 State PO-1 was sent already and is no draft again. Leave the cell empty." in page
    assert "2 Quantity is 5 here. Leave it so: what was sent is changed on the order's page" in page
    assert "2 Expected on is 2026-12-09 here." in page
    assert "3 SKU is not on PO-1, which was sent already. Use another number." in page
    line.refresh_from_db()
    assert (line.quantity, line.received, line.expected_on) == (5, 2, SOON)


def test_bad_rows_of_orders_are_named_with_what_to_do(cy: Client) -> None:
    stock("RUG")
    Supplier.objects.create(name="Mill")
    Supplier.objects.create(name="Loom")
    past, far = TODAY - timedelta(days=1), TODAY + timedelta(days=800)
    rows = [
        "PO-1,Mill,,RUG,0,,",
        "PO-1,Loom,,RUG,1,,",
        ",Mill,,RUG,1,,",
        f"PO-2,Nobody,,CARPET,1,{past},",
        f"PO-3,Mill,Closed,RUG,1,{past},",
        f"PO-4,Mill,,RUG,,{far},",
        "PO-5,,,RUG,1,,yes",
        "PO-6,Mill,,RUG,1,09/12/2026,",
    ]

    page = words(look(cy, ORDERS, "\n".join(["PO,Supplier,State,SKU,Quantity,Expected on,Confirmed", *rows])))

    for said in (
        "2 Quantity “0” units cannot be ordered. Write 1 or more.",
        "3 Supplier “Loom” is another one than above. An order has only one.",
        "4 PO is blank. Every row names the order that it belongs to.",
        "5 SKU “CARPET” is not known. Check the SKU, or enter the goods first.",
        "5 Supplier “Nobody” is no supplier of ours. Check the name, or add the supplier first.",
        "6 State is what comes of days and deliveries. A new order is a draft, or sent.",
        "6 Expected on 2026-11-20 has passed. Write today or a later day, or leave it empty.",
        "7 Quantity is blank. Write how many units are ordered.",
        "7 Expected on 2029-01-29 is more than two years ahead. Check the year.",
        "8 Supplier is blank. A new order names its supplier.",
        "8 Confirmed is yes for no day. Fill in the day, or write no.",
        "9 Expected on “09/12/2026” is not a day. Write it like 2026-12-09.",
    ):
        assert said in page
    assert not PurchaseOrder.objects.exists()


def test_what_a_row_leaves_blank_of_its_order_another_one_says(cy: Client) -> None:
    supplier = Supplier.objects.create(name="Mill")
    stock(), stock("RUG"), stock("LAMP")
    rows = "PO-1,,POPULAR-CURTAINS,2\nPO-1,Mill,RUG,3\nPO-1,,LAMP,4\n"

    go_on(cy, ORDERS, look(cy, ORDERS, f"PO,Supplier,SKU,Quantity\n{rows}"))

    order = PurchaseOrder.objects.get()
    assert (order.supplier, [line.quantity for line in order.lines.order_by("id")]) == (supplier, [2, 3, 4])


def test_an_order_that_was_sent_meanwhile_is_not_changed(cy: Client) -> None:
    line = inbound(stock(), 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    preview = look(cy, ORDERS, "PO,SKU,Quantity\nPO-1,POPULAR-CURTAINS,7\n")
    delays.send_purchase_order(line.order, at=NOON)

    page = go_on(cy, ORDERS, preview)

    line.refresh_from_db()
    assert ("is 5 here. Leave it so" in words(page), line.quantity) == (True, 5)


# Counts


def test_a_count_is_shown_beside_the_books_and_then_corrects_them(cy: Client) -> None:
    stock("LAMP", on_hand=5), stock("RUG", on_hand=2), stock("STOOL", on_hand=1)
    file = "SKU,Counted,Reason\nLAMP,4,water damage\nRUG,3,\nSTOOL,1,\n"

    preview = look(cy, COUNTS, file, reason="autumn count")
    before = dict(StockItem.objects.values_list("sku", "on_hand"))
    go_on(cy, COUNTS, preview, reason="autumn count")

    assert "3 rows: 0 new, 2 changed, 1 as before" in words(preview)
    assert "LAMP Lamp changed On hand: 5 → 4 (water damage)" in words(preview)
    assert before == {"LAMP": 5, "RUG": 2, "STOOL": 1}
    made = StockMovement.objects.filter(kind="adjust").order_by("item__sku")
    assert list(made.values_list("item__sku", "on_hand_change", "reason", "actor")) == [
        ("LAMP", -1, "water damage", CY),
        ("RUG", 1, "autumn count", CY),
    ]
    assert dict(StockItem.objects.values_list("sku", "on_hand")) == {"LAMP": 4, "RUG": 3, "STOOL": 1}


def test_whose_promise_breaks_by_a_count_is_shown_and_then_told_just_so(cy: Client) -> None:
    curtains, rug = stock(on_hand=3), stock("RUG", on_hand=1)
    first, second = variant(curtains), variant(rug)
    ada, bo = buy((first, 2)), buy((first, 1), (second, 1), who=BO)
    file = "SKU,Counted,Reason\nPOPULAR-CURTAINS,2,moths\nRUG,0,\n"

    preview = look(cy, COUNTS, file, reason="stock count")
    page = go_on(cy, COUNTS, preview, reason="stock count")

    assert "2 promises break" in words(preview)
    assert f"{bo.number} Bo Nordin" in words(preview)
    assert f"{ada.number} Ada" not in words(preview)
    assert "2 letters go to customers" in words(page)
    assert days_told(bo) == [(1, None), (1, None)]
    told = Letter.objects.exclude(template="order_placed").values_list("recipient", flat=True)
    assert list(told) == ["bo@example.com"] * 2


def test_found_units_go_to_those_who_wait(cy: Client) -> None:
    item = stock()
    inbound(item, 5)
    bought = buy((variant(item), 2))

    preview = look(cy, COUNTS, "SKU,Counted\nPOPULAR-CURTAINS,2\n", reason="found")
    go_on(cy, COUNTS, preview, reason="found")

    assert "1 order gets 2 units; 1 of them then waits for nothing more." in words(preview)
    assert bought.lines.get().claim.allocated == 2


def test_a_sheet_that_was_printed_before_the_books_moved_is_refused(cy: Client) -> None:
    item = stock("LAMP", on_hand=5)
    sheet = exported(cy, COUNTS).decode("utf-8-sig").replace("LAMP,Lamp,5,,", "LAMP,Lamp,5,4,")
    fulfilment.correct_stock(item.pk, -1, reason="one broke", actor=CY, at=NOON)

    page = words(look(cy, COUNTS, sheet, reason="stock count"))

    assert "2 In the books the books say 4 by now. Count it again, or empty this cell if the count is newer." in page


def test_bad_counts_are_named(cy: Client) -> None:
    stock("LAMP", on_hand=5)

    page = words(look(cy, COUNTS, "SKU,Counted\nLAMP,-1\nRUG,3\nLAMP,2.5\nLAMP,4\nlamp,3\n,1\n", reason="count"))

    for said in (
        "2 Counted “-1” units cannot lie on a shelf. Write a number from 0 to 10000000.",
        "3 SKU “RUG” is not known. Check the SKU, or enter the goods first.",
        "4 Counted “2.5” is not a whole number. Write it like 12.",
        "6 SKU “lamp” is on line 5 already. Add the two counts up.",
        "7 SKU is blank.",
    ):
        assert said in page
    assert not StockMovement.objects.filter(kind="adjust").exists()


# Products


def test_products_are_shown_row_by_row_and_then_written(cy: Client) -> None:
    bring(cy, PRODUCTS, text([goods(Variant_SKU="MUG", Type="Kitchen"), goods("jug", "Jug", Variant_SKU="JUG")]))
    rows = [
        goods(title="Big mug", price="26.50", Variant_SKU="MUG", Type="Garden"),
        goods("jug", "Jug", Variant_SKU="JUG"),
        goods("cup", "Cup", "9", Variant_SKU="CUP", Variant_Inventory_Qty="4"),
    ]

    preview = look(cy, PRODUCTS, text(rows))
    before = Product.objects.count()
    page = go_on(cy, PRODUCTS, preview)

    said = words(preview)
    assert "2 Big mug changed Title: Mug → Big mug Category: Kitchen → Garden" in said
    assert "2 MUG changed Price: 24.00 → 26.50 Stock item: MUG Mug → MUG Big mug" in said
    assert "4 CUP new" in said
    assert "Opening stock: 4 units of 1 SKUs." in said
    assert (before, Product.objects.count()) == (2, 3)
    assert "6 rows: 2 new, 2 changed, 2 as before." in words(page)
    assert StockItem.objects.get(sku="CUP").on_hand == 4
    assert Product.history.latest().history_user.email == CY


def test_who_may_not_change_the_stock_opens_none(clerk: SignIn) -> None:
    desk = clerk(*ImportProducts.rights, "shop.view_product")

    preview = look(desk, PRODUCTS, text([goods(Variant_SKU="MUG", Variant_Inventory_Qty="4")]))
    go_on(desk, PRODUCTS, preview)

    assert "1 new SKUs start with 0 units, because you may not change the stock" in words(preview)
    assert StockItem.objects.values_list("sku", "on_hand").get() == ("MUG", 0)


def test_a_product_that_somebody_changed_meanwhile_is_shown_again(cy: Client) -> None:
    bring(cy, PRODUCTS, text([goods(Variant_SKU="MUG")]))
    preview = look(cy, PRODUCTS, text([goods(price="30", Variant_SKU="MUG")]))
    Variant.objects.update(price="28")

    again = go_on(cy, PRODUCTS, preview)

    assert "Price: 28.00 → 30.00" in words(again)
    assert str(Variant.objects.get().price) == "28.00"


@pytest.mark.django_db(transaction=True)
def test_pictures_are_left_to_the_worker(cy: Client, settings: Any) -> None:
    bring(cy, PRODUCTS, text([goods(Variant_SKU="MUG", Image_Src="http://127.0.0.1/mug.jpg")]))

    wait_for_wake_ups()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        [message] = map(json.loads, broker.lrange("celery", 0, -1))
    [args, _, _] = json.loads(b64decode(message["body"]))
    assert (message["headers"]["task"], args) == (tasks.fetch_pictures.name, [[Product.objects.get().pk]])
    # No address inside the house is asked for a picture.
    tasks.fetch_pictures(*args)
    assert not ProductImage.objects.get().file


def test_a_long_description_is_shown_where_it_begins_to_differ(cy: Client) -> None:
    old, new = (f"<p>{'Thrown by hand. ' * 20}{end}</p>" for end in ("Blue.", "Green."))
    bring(cy, PRODUCTS, text([goods(Variant_SKU="MUG", Description=old)]))

    page = words(look(cy, PRODUCTS, text([goods(Variant_SKU="MUG", Description=new)])))

    assert "Description: …hrown by hand. Blue.</p> → …hrown by hand. Green.</p>" in page


# Files that are no list, whatever they are a list of


def bomb() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    return file.getvalue()


@pytest.mark.parametrize("sort", [PRODUCTS, SUPPLIERS, ORDERS, COUNTS])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "The file is not UTF-8: line 1 has a letter of another encoding."),
        ("SKU;Größe\nA;1".encode("latin-1"), "The file is not UTF-8: line 1 has a letter of another encoding."),
        ("SKU,Name\nA,1".encode("utf-16"), "The file is UTF-16, not UTF-8."),
        (b"PK\x03\x04 no zip", "The file is no workbook that can be read."),
        (b"SKU,Counted\n" + b"A,1\n" * 100_000, "The file has more than 3,000 rows. Divide it into smaller ones."),
        (bomb(), "The workbook is too large."),
        (workbook(("SKU", "Counted"), ("A", "=1+1")), "Line 2 has a formula that nobody has calculated."),
        (b"x" * 5_000_001, "The file is too large: divide it into smaller ones."),
        (Random(1).randbytes(2_000_000), "The file is too large: divide it into smaller ones."),
    ],
    ids=[
        "picture",
        "latin-1",
        "utf-16",
        "torn workbook",
        "too many rows",
        "zip bomb",
        "formula",
        "too large",
        "too large to keep",
    ],
)
def test_what_is_no_table_gets_one_sentence(cy: Client, sort: str, content: bytes, sentence: str) -> None:
    assert sentence in words(look(cy, sort, content, reason="count"))


@pytest.mark.parametrize(
    ("sort", "sentence"),
    [
        (PRODUCTS, "list.csv is neither Shopify's product CSV"),
        (SUPPLIERS, "The file has no column “supplier”. The columns it needs: supplier."),
        (
            ORDERS,
            "The file has no column “purchase order”. The columns it needs: purchase order, sku, quantity.",
        ),
        (COUNTS, "The file has no column “sku”. The columns it needs: sku, counted."),
    ],
)
def test_a_table_of_something_else_gets_one_sentence(cy: Client, sort: str, sentence: str) -> None:
    assert sentence in words(look(cy, sort, "Age,Height\n3,90\n", reason="count"))


def test_no_file_and_a_file_that_does_not_come_back_whole_are_asked_for_again(cy: Client) -> None:
    where = reverse("admin:inventory_supplier_import_file")

    assert "Choose a file." in words(cy.post(where, {"preview": "1"}))
    for kept in ("no base64 at all", "AAAA"):
        assert "Choose the file once more." in words(cy.post(where, {"kept": kept, "confirm": "1"}))


# There and back


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("sort", [SUPPLIERS, ORDERS, COUNTS])
def test_what_goes_out_and_comes_back_changes_nothing(cy: Client, sort: str, form: str) -> None:
    first = inbound(stock("=LAMP", on_hand=3), 5, confirmed=False)
    PurchaseOrderLine.objects.create(order=first.order, item=stock("'-RUG"), quantity=4)
    PurchaseOrderLine.objects.create(order=first.order, item=first.item, quantity=2, expected_on=LATER, confirmed=True)
    fulfilment.receive("D-1", [Arrived(first.item_id, 2)], order=first.order, actor=CY, at=NOON)
    draft = PurchaseOrder.objects.create(number="+1", supplier=Supplier.objects.create(name="@Mill", handling_days=3))
    PurchaseOrderLine.objects.create(order=draft, item=first.item, quantity=1, expected_on=LATER)

    page = words(look(cy, sort, exported(cy, sort, form), reason="count"))

    assert "Nothing would change" in page
    assert f"{ {SUPPLIERS: 2, ORDERS: 4, COUNTS: 0}[sort] } row" in page


def test_no_cell_that_goes_out_is_calculated(cy: Client) -> None:
    Supplier.objects.create(name="\x01=1+1", email="")
    stock("@SUM(1)")

    sheet = load_workbook(BytesIO(exported(cy, SUPPLIERS, "xlsx"))).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [["'=1+1", None, 0]]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert b"'@SUM(1)," in exported(cy, COUNTS)
