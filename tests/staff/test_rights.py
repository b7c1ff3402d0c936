"""Who may do what: every action of the desk against every group that the shop comes with."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from backorders.models import Claim, Queue
from inventory.models import Delivery, DeliveryLine, PurchaseOrder, PurchaseOrderLine, StockItem, Supplier
from notifications.models import Letter
from shop.models import Carrier, Category, InfoPage, Order, OrderLine, Product, Refund, Shipment, ShippingMethod, User
from tests.cast import NOON, buy, inbound, stock, variant

pytestmark = pytest.mark.django_db

CATALOG, WAREHOUSE, SUPPORT, MANAGER = GROUPS = ("Catalog", "Warehouse", "Support", "Manager")
EVERYBODY = set(GROUPS)
SUPERUSER: set[str] = set()

# Adding, changing and deleting a row by its form, by model: whoever is not named may at most look.
FORMS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "auth.Group": (SUPERUSER, SUPERUSER, SUPERUSER),
    "backorders.Bounce": (SUPERUSER, SUPERUSER, SUPERUSER),
    "backorders.Claim": (SUPERUSER, SUPERUSER, SUPERUSER),
    "backorders.Consent": (SUPERUSER, SUPERUSER, SUPERUSER),
    "backorders.Notice": (SUPERUSER, SUPERUSER, SUPERUSER),
    "backorders.Queue": (SUPERUSER, SUPERUSER, SUPERUSER),
    "inventory.Delivery": (SUPERUSER, SUPERUSER, SUPERUSER),
    "inventory.ExpectedDayChange": (SUPERUSER, SUPERUSER, SUPERUSER),
    "inventory.PurchaseOrder": ({MANAGER}, {MANAGER}, {MANAGER}),
    "inventory.StockItem": ({CATALOG, MANAGER}, {CATALOG, MANAGER}, SUPERUSER),
    "inventory.StockMovement": (SUPERUSER, SUPERUSER, SUPERUSER),
    "inventory.Supplier": ({MANAGER}, {MANAGER}, {MANAGER}),
    "notifications.Letter": (SUPERUSER, SUPERUSER, SUPERUSER),
    "shop.Carrier": ({MANAGER}, {MANAGER}, {MANAGER}),
    "shop.Category": ({CATALOG, MANAGER}, {CATALOG, MANAGER}, {CATALOG, MANAGER}),
    "shop.InfoPage": ({CATALOG, MANAGER}, {CATALOG, MANAGER}, {CATALOG, MANAGER}),
    "shop.Order": (SUPERUSER, SUPERUSER, SUPERUSER),
    "shop.Product": ({CATALOG, MANAGER}, {CATALOG, MANAGER}, {CATALOG, MANAGER}),
    "shop.Refund": (SUPERUSER, SUPERUSER, SUPERUSER),
    "shop.ShippingMethod": ({MANAGER}, {MANAGER}, {MANAGER}),
    "shop.User": ({MANAGER}, {SUPPORT, MANAGER}, SUPERUSER),
}
# Everything else that can be done, by the name of its page.
ACTIONS: dict[str, set[str]] = {
    "auth_user_password_change": {SUPPORT, MANAGER},
    "backorders_claim_call_back": {SUPPORT, MANAGER},
    "backorders_claim_change_rank": {SUPPORT, MANAGER},
    "backorders_claim_hold": {SUPPORT, MANAGER},
    "backorders_claim_put_off": {SUPPORT, MANAGER},
    "backorders_claim_resume": {SUPPORT, MANAGER},
    "backorders_claim_split": {SUPPORT, MANAGER},
    "backorders_claim_why": EVERYBODY,
    "backorders_queue_change_rules": {CATALOG, MANAGER},
    "inventory_stockitem_why": EVERYBODY,
    "inventory_delivery_receive_unordered": {WAREHOUSE, MANAGER},
    "inventory_purchaseorder_export_csv": EVERYBODY,
    "inventory_purchaseorder_export_xlsx": EVERYBODY,
    "inventory_purchaseorder_import_file": {MANAGER},
    "inventory_stockitem_export_csv": EVERYBODY,
    "inventory_stockitem_export_xlsx": EVERYBODY,
    "inventory_stockitem_import_file": {WAREHOUSE, MANAGER},
    "inventory_supplier_export_csv": EVERYBODY,
    "inventory_supplier_export_xlsx": EVERYBODY,
    "inventory_supplier_import_file": {MANAGER},
    "inventory_supplier_simple_history": EVERYBODY,
    "shop_product_export_csv": EVERYBODY,
    "shop_product_import_file": {CATALOG, MANAGER},
    "inventory_delivery_undo": {WAREHOUSE, MANAGER},
    "inventory_purchaseorder_cancel_rest": {MANAGER},
    "inventory_purchaseorder_confirm": {MANAGER},
    "inventory_purchaseorder_move": {MANAGER},
    "inventory_purchaseorder_move_all": {MANAGER},
    "inventory_purchaseorder_receive": {WAREHOUSE, MANAGER},
    "inventory_purchaseorder_send": {MANAGER},
    "inventory_purchaseorder_simple_history": EVERYBODY,
    "inventory_purchaseorder_write_off": {MANAGER},
    "inventory_stockitem_correct": {WAREHOUSE, MANAGER},
    "inventory_stockitem_cancel_ticked": {SUPPORT, MANAGER},
    "inventory_stockitem_change_turns": {SUPPORT, MANAGER},
    "inventory_stockitem_offer_ticked": {SUPPORT, MANAGER},
    "inventory_stockitem_queue_file": EVERYBODY,
    "inventory_stockitem_who_waits": EVERYBODY,
    "inventory_stockitem_never_coming": {MANAGER},
    "inventory_supplier_change_handling": {MANAGER},
    "notifications_letter_page": {SUPPORT, MANAGER},
    "shop_carrier_simple_history": {MANAGER},
    "shop_category_simple_history": EVERYBODY,
    "shop_infopage_simple_history": {CATALOG, MANAGER},
    "shop_order_announce": {WAREHOUSE, SUPPORT, MANAGER},
    "shop_order_drop_return": {WAREHOUSE, SUPPORT, MANAGER},
    "shop_order_answer": {SUPPORT, MANAGER},
    "shop_order_change_address": {SUPPORT, MANAGER},
    "shop_order_note": {WAREHOUSE, SUPPORT, MANAGER},
    "shop_order_send_again": {SUPPORT, MANAGER},
    "shop_order_cancel": {SUPPORT, MANAGER},
    "shop_order_packing_slips": {WAREHOUSE, MANAGER},
    "shop_order_picking_list": {WAREHOUSE, MANAGER},
    "shop_order_receive_payment": {MANAGER},
    "shop_order_release": {SUPPORT, MANAGER},
    "shop_order_reply": {SUPPORT, MANAGER},
    "shop_order_ship": {WAREHOUSE, MANAGER},
    "shop_order_take_back": {WAREHOUSE, SUPPORT, MANAGER},
    "shop_order_track": {WAREHOUSE, MANAGER},
    "shop_order_propose": {SUPPORT, MANAGER},
    "shop_order_ship_many": {WAREHOUSE, MANAGER},
    "shop_product_simple_history": EVERYBODY,
    "shop_refund_mark_sent": {SUPPORT, MANAGER},
    "shop_shippingmethod_simple_history": {MANAGER},
}
# These are about many rows, or about none yet.
FOR_MANY = {
    "inventory_delivery_receive_unordered",
    "shop_order_packing_slips",
    "shop_order_picking_list",
    "shop_order_ship_many",
}
_OF_FORMS = ("changelist", "add", "history", "delete", "change")


@pytest.fixture
def of_group(groups: None, client: Client) -> Any:
    def sign_in(name: str) -> Client:
        user, _ = User.objects.get_or_create(email=f"{name.lower()}@example.com", is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def rows() -> dict[type[Model], Model]:
    """Something to act on, of every sort."""
    item = stock(on_hand=1)
    line = inbound(item, 5)
    order = buy((variant(item), 3))
    refund = Refund.objects.create(order=order, amount=1, reason="too much", due_since=NOON, due_by=NOON)
    customer = User.objects.create_user("ada@example.com")
    delivery = Delivery.objects.create(number="D-1", order=line.order, received_at=NOON, actor="cy")
    DeliveryLine.objects.create(delivery=delivery, item=item, quantity=1)
    bought = (
        order,
        item.queue,
        order.lines.get(),
        refund,
        delivery,
        Claim.objects.get(),
        Letter.objects.get(),
        customer,
    )
    parcel = Shipment.objects.create(order=order, carrier="DHL", shipped_at=NOON, actor="cy")
    carrier = Carrier.objects.create(name="DHL")
    shelf, method = Category.objects.create(name="Windows", slug="windows"), ShippingMethod.objects.latest("id")
    page = InfoPage.objects.create(title="Terms", slug="terms", text="<p>Ours.</p>")
    sold = (Product.objects.get(), shelf, method, carrier, page, parcel)
    return {type(row): row for row in (item, line, line.order, line.order.supplier, *bought, *sold)}


def address(name: str, rows: dict[type[Model], Model]) -> str:
    """The page of an action, for the row that it acts on."""
    if name in FOR_MANY or name.endswith(("_import_file", "_export_csv", "_export_xlsx")):
        return reverse(f"admin:{name}")
    if name.endswith("_simple_history"):
        row: Any = rows[apps.get_model(".".join(name.split("_")[:2]))]
        return reverse(f"admin:{name}", args=[row.pk, row.history.latest().pk])
    by_name = {
        "auth_user": User,
        "backorders_claim": Claim,
        "backorders_queue": Queue,
        "inventory_delivery": Delivery,
        "inventory_purchaseorder": PurchaseOrder,
        "inventory_stockitem": StockItem,
        "inventory_supplier": Supplier,
        "notifications_letter": Letter,
        "shop_order": Order,
        "shop_refund": Refund,
    }
    model: type[Model] = next(model for start, model in by_name.items() if name.startswith(f"{start}_"))
    if name == "shop_order_send_again":
        model = Letter
    if name == "shop_order_track":
        model = Shipment
    if name == "shop_order_propose":
        model = OrderLine
    if name in {"inventory_purchaseorder_move", "inventory_purchaseorder_write_off"}:
        model = PurchaseOrderLine
    number = {"backorders_claim_why": ["wanted"], "inventory_stockitem_why": ["on-hand"]}.get(name, [])
    return reverse(f"admin:{name}", args=[rows[model].pk, *number])


def test_every_action_is_in_the_table() -> None:
    pages = {
        str(page.name).removeprefix("admin:")
        for model, site in admin.site._registry.items()
        for page in site.get_urls()
        if page.name and not page.name.endswith(tuple(f"{model._meta.model_name}_{each}" for each in _OF_FORMS))
    }
    assert pages == set(ACTIONS)
    assert {model._meta.label for model in admin.site._registry} == set(FORMS)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_action_is_open_to_its_groups_and_to_nobody_else(
    of_group: Any, rows: dict[type[Model], Model], name: str
) -> None:
    where = address(name, rows)
    looked = {group: of_group(group).get(where).status_code for group in GROUPS}
    assert {group for group, status in looked.items() if status in {200, 302}} == ACTIONS[name], looked
    posted = {of_group(group).post(where, {"preview": "1"}).status_code for group in EVERYBODY - ACTIONS[name]}
    assert {status for group, status in looked.items() if group not in ACTIONS[name]} | posted <= {403}


@pytest.mark.parametrize("label", sorted(FORMS))
def test_a_form_is_open_to_its_groups_and_to_nobody_else(rf: Any, groups: None, label: str) -> None:
    site, request = admin.site.get_model_admin(apps.get_model(label)), rf.get("/admin/")
    may: list[set[str]] = [set(), set(), set()]
    for group in GROUPS:
        request.user = User.objects.create_user(f"{group.lower()}@example.com", is_staff=True)
        request.user.groups.add(Group.objects.get(name=group))
        acts = (site.has_add_permission, site.has_change_permission, site.has_delete_permission)
        for groups_that_may, is_allowed in zip(may, acts, strict=True):
            groups_that_may |= {group} if is_allowed(request) else set()
    assert tuple(may) == FORMS[label]


@pytest.mark.parametrize("group", GROUPS)
def test_the_desk_opens_for_every_group(of_group: Any, rows: dict[type[Model], Model], group: str) -> None:
    assert of_group(group).get(reverse("admin:index")).status_code == 200


def test_a_customer_may_do_nothing(client: Client, rows: dict[type[Model], Model]) -> None:
    client.force_login(User.objects.get())
    for name in ACTIONS:
        assert client.get(address(name, rows), follow=True).status_code == 403


def test_a_group_that_is_there_already_keeps_its_rights(groups: None) -> None:
    support = Group.objects.get(name=SUPPORT)
    support.permissions.clear()
    import_module("shop.migrations.0006_groups").make(apps, None)
    assert not support.permissions.exists()


def test_a_group_that_somebody_took_away_stays_away(groups: None) -> None:
    Group.objects.get(name=SUPPORT).delete()
    import_module("shop.migrations.0010_rights_of_the_order_desk").give(apps, None)
    assert set(Group.objects.values_list("name", flat=True)) == EVERYBODY - {SUPPORT}
