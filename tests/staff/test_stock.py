from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from backorders.models import Policy, Queue
from backorders.queue import UnableToLeave
from inventory import ledger
from inventory.locking import lock_items
from inventory.models import StockItem, StockMovement
from shop import fulfilment
from shop.models import Product, StockAlert, Variant
from shop.staff.stock import overpromised, with_columns
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import confirm, seal_of, words


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


def correct_address(item: StockItem) -> str:
    return reverse("admin:inventory_stockitem_correct", args=[item.pk])


def test_the_columns_tell_whose_the_units_are(db: None) -> None:
    item = stock(on_hand=5)
    inbound(item, 4)
    curtains = variant(item)
    buy((curtains, 3))
    buy((curtains, 4), who=BO)

    row = with_columns(StockItem.objects.all()).get()

    assert (row.on_hand, row.allocated, row.waits, row.free, row.inbound) == (5, 5, 2, 0, 4)


def test_only_what_nobody_will_bring_is_overpromised(db: None) -> None:
    covered, open_ended = stock(), stock("LAMP", policy=Policy.LEAD_TIME)
    inbound(covered, 2)
    buy((variant(covered), 2), (variant(open_ended), 1))

    assert [item.sku for item in overpromised(StockItem.objects.all())] == ["LAMP"]


def test_it_is_seen_how_many_want_to_hear_when_it_is_here_again(cy: Client) -> None:
    kettle = variant(stock("KETTLE"))
    stock("LAMP")
    for email, told_at in (("eve@example.com", None), ("fay@example.com", None), ("gil@example.com", NOON)):
        StockAlert.objects.create(variant=kettle, email=email, asked_at=NOON, confirmed_at=NOON, told_at=told_at)
    StockAlert.objects.create(variant=kettle, email="unconfirmed@example.com", asked_at=NOON)
    address = reverse("admin:inventory_stockitem_changelist")

    found = words(cy.get(address, {"state": "alerts"}))

    assert "KETTLE Kettle 0 0 0 0 0 2" in found
    assert "LAMP" not in found
    assert "LAMP Lamp 0 0 0 0 0 0" in words(cy.get(address))


def test_a_count_is_a_movement_with_a_reason(cy: Client) -> None:
    item = stock(on_hand=5)

    page = confirm(cy, correct_address(item), {"counted": 7, "reason": "found two"})

    assert "POPULAR-CURTAINS: 7 on hand now (+2)." in words(page)
    movement = StockMovement.objects.get(kind="adjust")
    assert (movement.on_hand_change, movement.reason, movement.actor) == (2, "found two", CY)


def test_who_gives_way_is_shown_before_and_told_after(cy: Client) -> None:
    item = stock(on_hand=3)
    curtains = variant(item)
    buy((curtains, 2))
    bo = buy((curtains, 1), who=BO)
    data = {"counted": 2, "reason": "one was damaged"}

    preview = cy.post(correct_address(item), data | {"preview": "1"})
    page = cy.post(correct_address(item), data | {"confirm": "1", "seal": seal_of(preview)}, follow=True)

    assert "1 promise breaks" in words(preview)
    assert f"{bo.number} Bo Nordin" in words(preview)
    assert f"The promised day changed for {bo.number} ; each gets a letter." in words(page)
    assert bo.lines.get().claim.allocated == 0


def test_a_count_that_agrees_or_has_no_reason_changes_nothing(cy: Client) -> None:
    item = stock(on_hand=5)

    same = cy.post(correct_address(item), {"counted": 5, "reason": "counted", "preview": "1"})
    silent = cy.post(correct_address(item), {"counted": 4, "reason": "", "preview": "1"})

    assert "The books say 5 as well" in words(same)
    assert "This field is required" in words(silent)
    assert not StockMovement.objects.filter(kind="adjust").exists()


def test_a_correction_sent_twice_is_made_once(cy: Client) -> None:
    item = stock(on_hand=5)
    data = {"counted": 4, "reason": "one broke"}
    sealed = data | {"confirm": "1", "seal": seal_of(cy.post(correct_address(item), data | {"preview": "1"}))}

    cy.post(correct_address(item), sealed)
    again = cy.post(correct_address(item), sealed)

    item.refresh_from_db()
    assert (item.on_hand, "The books say 4 as well" in words(again)) == (4, True)


def test_the_books_are_compared_again_under_the_lock(db: None) -> None:
    item = stock(on_hand=5)
    fulfilment.correct_stock(item.pk, -1, reason="one broke", seen_on_hand=5, actor=CY, at=NOON)

    with pytest.raises(UnableToLeave, match="The stock moved since you looked"):
        fulfilment.correct_stock(item.pk, -1, reason="one broke", seen_on_hand=5, actor=CY, at=NOON)


def test_saving_the_name_does_not_write_old_counts_back(cy: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    item = stock(on_hand=5)
    save = StockItem.save

    def save_after_a_sale(self: StockItem, **options: Any) -> None:
        monkeypatch.setattr(StockItem, "save", save)
        with transaction.atomic():
            locked = lock_items([item.pk])[item.pk]
            ledger.adjust([ledger.Entry(locked, -1, "test", "sold meanwhile")], actor=CY, at=NOON)
        save(self, **options)

    monkeypatch.setattr(StockItem, "save", save_after_a_sale)
    cy.post(reverse("admin:inventory_stockitem_change", args=[item.pk]), {"name": "Curtains", "on_hand": 99})

    item.refresh_from_db()
    assert (item.name, item.on_hand) == ("Curtains", 4)


@pytest.mark.parametrize(("sku", "items"), [("POPULAR-CURTAINS", 1), ("BRAND-NEW", 2)])
def test_a_new_variant_takes_the_stock_item_of_its_sku_or_opens_one(cy: Client, sku: str, items: int) -> None:
    stock()
    product = Product.objects.create(title="Curtains", slug="curtains")

    page = cy.post(
        reverse("admin:shop_product_change", args=[product.pk]),
        product_form() | variant_form(sku, "Size: M; Colour: Blue"),
    )

    assert page.status_code == 302
    made = Variant.objects.get()
    assert (made.stock_item.sku, made.options) == (sku, [["Size", "M"], ["Colour", "Blue"]])
    assert (StockItem.objects.count(), Queue.objects.filter(item=made.stock_item).count()) == (items, 1)


def test_a_new_product_and_its_variant_are_entered_on_one_page(cy: Client) -> None:
    page = cy.post(reverse("admin:shop_product_add"), product_form() | variant_form("RUG", ""))

    assert page.status_code == 302
    assert Variant.objects.get().stock_item.name == "Curtains"


def test_choices_that_are_none_or_stand_twice_get_a_sentence(cy: Client) -> None:
    product = variant(stock()).product
    address = reverse("admin:shop_product_change", args=[product.pk])

    odd = cy.post(address, product_form() | variant_form("NEW", "blue"))
    twin = cy.post(address, product_form() | variant_form("NEW", "SKU: POPULAR-CURTAINS"))

    assert "“blue” is no option: write it as “Size: M”." in words(odd)
    assert "has a variant with this choice already" in words(twin)
    assert not StockItem.objects.filter(sku="NEW").exists()


def test_descriptions_are_cleaned_on_save(cy: Client) -> None:
    cy.post(
        reverse("admin:shop_product_add"),
        product_form() | variant_form("RUG", "") | {"description": "<p onclick=x>Soft<script>alert(1)</script></p>"},
    )

    assert Product.objects.get().description == "<p>Soft</p>"


def product_form() -> dict[str, object]:
    return {"title": "Curtains", "slug": "curtains", "tags": "linen, warm", "published": "on", **_no_images()}


def variant_form(sku: str, choice: str) -> dict[str, object]:
    values = {"sku": sku, "choice": choice, "price": "49.00", "weight_grams": 0, "position": 0}
    return {
        "variants-TOTAL_FORMS": 1,
        "variants-INITIAL_FORMS": 0,
        **{f"variants-0-{name}": value for name, value in values.items()},
    }


def _no_images() -> dict[str, object]:
    return {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
