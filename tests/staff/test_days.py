import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders import looking
from backorders.models import Promise
from inventory.models import ExpectedDayChange, PurchaseOrder, PurchaseOrderLine
from inventory.purchasing import UnableToChangePurchaseOrder
from notifications.models import Letter
from shop import delays
from shop.models import Product
from shop.staff.effects import Sample
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


def move_address(line: PurchaseOrderLine) -> str:
    return reverse("admin:inventory_purchaseorder_move", args=[line.pk])


def write_off_address(line: PurchaseOrderLine) -> str:
    return reverse("admin:inventory_purchaseorder_write_off", args=[line.pk])


SLIPPED = {"day": LATER.isoformat(), "confirmed": "on", "reason": "the loom broke"}


def test_the_preview_shows_whom_it_touches_and_changes_nothing(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 1), who=BO)

    text = words(cy.post(move_address(line), SLIPPED | {"preview": "1"}))

    assert "2 promises break, 0 need an answer, 2 letters" in text
    assert f"{ada.number} Ada Lovelace" in text
    assert f"{bo.number} Bo Nordin" in text
    assert "2 by 9 December 2026 2 by 4 January 2027 later" in text
    line.refresh_from_db()
    assert (line.expected_on, Promise.objects.filter(version=2).exists()) == (SOON, False)


def test_the_preview_has_each_letter_as_words_and_as_its_customer_will_see_it(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    Product.objects.update(title='Curtains"><script>alert(1)</script>')
    buy((curtains, 2))

    preview = cy.post(move_address(line), SLIPPED | {"preview": "1"})
    [frame] = re.findall(r"<iframe [^>]*>", preview.content.decode())
    [letter] = re.findall(r'^<iframe srcdoc="([^"]*)" title="The letter as HTML" sandbox>$', frame)

    assert "The letter to ada@example.com: Your order" in words(preview)
    assert 'We told you that 2 × Curtains"><script>alert(1)</script> would ship by 9 December 2026' in words(preview)
    assert "Curtains&quot;&gt;&lt;script&gt;" in unescape(letter)
    assert "the reason is “the loom broke”" in unescape(letter)
    assert "/answer/preview/" in unescape(letter)
    assert "<script" not in unescape(letter)


def test_a_letter_that_cannot_be_shown_says_why_in_its_place() -> None:
    sample = Sample.of(Letter(template="no_such_letter", recipient="ada@example.com"))

    assert sample.text.startswith("This letter cannot be shown: TemplateDoesNotExist")
    assert (sample.recipient, sample.subject, sample.page) == ("ada@example.com", "no_such_letter", "")


def test_a_day_that_is_confirmed_moves_with_its_reason_and_letters(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))

    page = confirm(cy, move_address(line), SLIPPED)

    assert f"The promised day changed for {order.number} ; each customer gets a letter." in words(page)
    change = ExpectedDayChange.objects.get()
    assert (change.old, change.new, change.reason, change.actor) == (SOON, LATER, "the loom broke", CY)
    assert days_told(order) == [(2, LATER)]
    assert Letter.objects.filter(template="days_later").count() == 1


def test_whom_a_day_reaches_is_said_of_all_of_them_though_the_worker_tells_most(
    cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "REVISE_CHUNK", 1)
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    orders = [buy((curtains, 1)) for _ in range(3)]

    page = words(confirm(cy, move_address(line), SLIPPED))

    assert all(order.number in page for order in orders)
    assert "each customer gets a letter" in page
    assert Letter.objects.filter(template="days_later").count() == 1


def test_a_day_nobody_waits_for_writes_no_letter(cy: Client) -> None:
    line = inbound(stock(), 5)

    page = confirm(cy, move_address(line), SLIPPED)

    assert "No promise changed; no customer gets a letter." in words(page)
    assert Letter.objects.count() == 0


def test_a_queue_that_changed_meanwhile_is_shown_again(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    curtains = variant(item)
    preview = cy.post(move_address(line), SLIPPED | {"preview": "1"})
    buy((curtains, 2))

    page = cy.post(move_address(line), SLIPPED | {"confirm": "1", "seal": seal_of(preview)})

    assert "Something changed since you looked" in words(page)
    assert "1 promise breaks, 0 need an answer, 1 letter" in words(page)
    line.refresh_from_db()
    assert line.expected_on == SOON


def test_days_that_make_no_sense_get_a_sentence(cy: Client) -> None:
    line = inbound(stock(), 5)
    past = SLIPPED | {"day": (TODAY - timedelta(days=1)).isoformat(), "preview": "1"}

    assert "That day has passed" in words(cy.post(move_address(line), past))
    assert "Nothing would change" in words(
        cy.post(move_address(line), SLIPPED | {"day": SOON.isoformat(), "preview": "1"})
    )
    assert "A day that is confirmed must be given" in words(
        cy.post(move_address(line), SLIPPED | {"day": "", "preview": "1"})
    )
    assert "This field is required" in words(cy.post(move_address(line), SLIPPED | {"reason": "", "preview": "1"}))
    assert not ExpectedDayChange.objects.exists()


def test_a_day_can_be_taken_back(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))

    confirm(cy, move_address(line), {"day": "", "reason": "the mill does not answer"})

    assert days_told(order) == [(2, None)]


def test_units_that_will_not_come_are_written_off(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 4))
    data = {"units": 2, "reason": "the mill stopped making it"}

    preview = cy.post(write_off_address(line), data | {"preview": "1"})
    sealed = data | {"confirm": "1", "seal": seal_of(preview)}
    cy.post(write_off_address(line), sealed)
    again = cy.post(write_off_address(line), sealed)

    assert "1 promise breaks" in words(preview)
    assert "Something changed since you looked" in words(again)
    line.refresh_from_db()
    assert (line.written_off, days_told(order)) == (2, [(3, SOON), (1, None)])


def test_what_is_owed_is_compared_again_under_the_lock(db: None) -> None:
    line = inbound(stock(), 5)
    delays.write_off(line, 2, seen=5, reason="out of print", actor=CY, at=NOON)

    with pytest.raises(UnableToChangePurchaseOrder, match="changed since you looked"):
        delays.write_off(line, 2, seen=5, reason="out of print", actor=CY, at=NOON)


def test_an_order_that_was_sent_has_no_fields_to_edit(cy: Client) -> None:
    line = inbound(stock(), 5)

    page = cy.get(reverse("admin:inventory_purchaseorder_change", args=[line.order_id])).content.decode()
    cy.post(reverse("admin:inventory_purchaseorder_change", args=[line.order_id]), {"number": "HACKED"})

    assert 'name="number"' not in page
    assert "expected_on" not in page
    assert PurchaseOrder.objects.get().number == "PO-1"


def test_a_draft_is_edited_freely(cy: Client) -> None:
    line = inbound(stock(), 5)
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    data = {
        "number": "PO-1",
        "supplier": line.order.supplier_id,
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 1,
        "lines-0-id": line.pk,
        "lines-0-order": line.order_id,
        "lines-0-item": line.item_id,
        "lines-0-quantity": 9,
        "lines-0-expected_on": LATER.isoformat(),
    }

    cy.post(reverse("admin:inventory_purchaseorder_change", args=[line.order_id]), data)

    line.refresh_from_db()
    assert (line.quantity, line.expected_on) == (9, LATER)


def test_moving_a_day_needs_its_own_right(clerk: SignIn) -> None:
    line = inbound(stock(), 5)

    refused = clerk("inventory.view_purchaseorder", "inventory.change_purchaseorder")

    assert refused.get(move_address(line)).status_code == 403
    assert refused.post(write_off_address(line), {"units": 1, "reason": "x"}).status_code == 403
    page = refused.get(reverse("admin:inventory_purchaseorder_change", args=[line.order_id]))
    assert "Move the day" not in words(page)
