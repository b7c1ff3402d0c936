"""A purchase order as a whole: sent, confirmed, moved to other days, given up."""

from email import message_from_bytes, policy
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders.models import Policy
from inventory.models import ExpectedDay, ExpectedDayChange, PurchaseOrder, PurchaseOrderLine, Supplier, SupplierNumber
from inventory.purchasing import UnableToChangePurchaseOrder
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import delays, fulfilment
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

REASON = "the loom broke"


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


def page_of(order: PurchaseOrder, action: str = "change") -> str:
    return reverse(f"admin:inventory_purchaseorder_{action}", args=[order.pk])


def two_lines() -> tuple[PurchaseOrder, PurchaseOrderLine, PurchaseOrderLine]:
    """One order of five curtains and four rugs."""
    line = inbound(stock(), 5)
    rugs = PurchaseOrderLine.objects.create(order=line.order, item=stock("RUG"), quantity=4, expected_on=SOON)
    return line.order, line, rugs


def draft(email: str = "mill@weavers.example") -> tuple[PurchaseOrder, PurchaseOrderLine]:
    order, line, _ = two_lines()
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    Supplier.objects.update(email=email)
    order.refresh_from_db()
    return order, line


def send(client: Client, order: PurchaseOrder, way: str = "mail") -> Any:
    page = client.get(page_of(order, "send"))
    return client.post(page_of(order, "send"), {"seal": seal_of(page), "way": way}, follow=True)


def state(order: PurchaseOrder) -> str:
    return PurchaseOrder.objects.get(pk=order.pk).state


def attached(letter: Letter) -> tuple[str, list[str]]:
    mail = message_from_bytes(rendering.message(letter).message(policy=policy.SMTP).as_bytes(), policy=policy.default)
    [file] = mail.iter_attachments()
    assert file.get_content_type() == "text/csv"
    return str(file.get_filename()), file.get_content().splitlines()


# Sent


def test_a_draft_is_mailed_to_its_supplier_as_a_list_and_as_a_table(cy: Client) -> None:
    order, line = draft()
    SupplierNumber.objects.create(supplier=order.supplier, item=line.item, number="=W-12")

    page = send(cy, order)

    letter = Letter.objects.get(template="purchase_order")
    parts = rendering.preview(letter)
    text = parts.text
    assert (letter.recipient, state(order)) == ("mill@weavers.example", "sent")
    assert "5 × POPULAR-CURTAINS (your number =W-12), Popular curtains\n    asked for 9 December 2026" in text
    assert "<strong>5 × POPULAR-CURTAINS</strong>" in parts.html
    assert attached(letter) == (
        "PO-1.csv",
        [
            "\ufeffSKU,Your number,Name,Quantity,Asked for",
            "POPULAR-CURTAINS,'=W-12,Popular curtains,5,2026-12-09",
            "RUG,,Rug,4,2026-12-09",
        ],
    )
    assert "PO-1 goes by mail to mill@weavers.example" in words(page)
    assert "By mail to mill@weavers.example: waiting to be sent" in words(page)


def test_without_an_address_it_is_said_and_the_order_is_marked_as_sent_by_hand(cy: Client) -> None:
    order, _ = draft(email="")

    form = cy.get(page_of(order, "send"))
    refused = send(cy, order, "mail")
    page = send(cy, order, "hand")

    assert "has no e-mail address, so no mail can go out" in words(form)
    assert "Select a valid choice" in words(refused)
    assert "is marked as sent by hand" in words(page)
    assert "By hand" in words(page)
    assert (state(order), Letter.objects.count()) == ("sent", 0)


def test_a_draft_that_asks_for_a_day_in_the_past_is_neither_saved_nor_sent(cy: Client) -> None:
    order, line = draft()
    of_line = {"id": line.pk, "order": order.pk, "item": line.item_id, "quantity": 5, "expected_on": "2020-01-01"}
    form = {"number": order.number, "supplier": order.supplier_id}
    counted = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 1}
    page = cy.post(page_of(order), form | counted | {f"lines-0-{name}": value for name, value in of_line.items()})
    assert "That day has passed: give today or a later day, or none." in words(page)

    PurchaseOrderLine.objects.filter(pk=line.pk).update(expected_on="2020-01-01")
    sent = cy.get(page_of(order, "send"), follow=True)

    assert "The day of POPULAR-CURTAINS has passed: give it today or a later day" in words(sent)
    assert state(order) == "draft"


def test_an_address_that_vanished_meanwhile_keeps_the_draft(db: None) -> None:
    order, _ = draft(email="")

    with pytest.raises(UnableToChangePurchaseOrder, match="has no e-mail address"):
        delays.send_purchase_order(order, by_mail=True, at=NOON)

    assert (state(order), Letter.objects.count()) == ("draft", 0)


def test_a_draft_is_sent_after_a_look_at_who_gets_a_better_day(cy: Client) -> None:
    item = stock(policy=Policy.LEAD_TIME)
    bought = buy((variant(item), 2))
    order = inbound(item, 5).order
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)

    page = cy.get(page_of(order, "send"))
    send(cy, order, "hand")
    again = cy.post(page_of(order, "send"), {"seal": seal_of(page), "way": "hand"}, follow=True)

    assert "1 promise gets better, 0 need an answer, 1 letter" in words(page)
    assert days_told(bought) == [(2, SOON)]
    assert "only a draft is sent" in words(again)


def test_an_order_that_another_changed_meanwhile_is_shown_again(cy: Client) -> None:
    order, line = draft()
    page = cy.get(page_of(order, "send"))
    PurchaseOrderLine.objects.filter(pk=line.pk).update(quantity=9)

    again = cy.post(page_of(order, "send"), {"seal": seal_of(page), "way": "mail"})

    assert "Something changed since you looked" in words(again)
    assert state(order) == "draft"


# Confirmed


def test_the_suppliers_days_are_written_on_one_page_and_reach_whom_they_touch(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    first, second = variant(curtains.item), variant(rugs.item)
    ada, bo = buy((first, 2), (second, 1)), buy((second, 1), who=BO)
    days = {f"day_{curtains.pk}": SOON.isoformat(), f"day_{rugs.pk}": LATER.isoformat(), "reason": REASON}

    preview = cy.post(page_of(order, "confirm"), days | {"preview": "1"})
    page = confirm(cy, page_of(order, "confirm"), days)

    assert "2 promises break, 0 need an answer, 2 letters" in words(preview)
    assert "RUG Rug 4 9 December 2026 (estimated) 4 January 2027" in words(preview)
    assert "PO-1 is confirmed: 2 lines have a day, 0 none yet." in words(page)
    assert (days_told(ada), days_told(bo)) == ([(2, SOON), (1, LATER)], [(1, LATER)])
    assert Letter.objects.filter(template="days_later").count() == 2
    order.refresh_from_db()
    assert (order.state, order.confirmed_on) == ("confirmed", TODAY)


def test_a_day_that_is_confirmed_as_we_asked_needs_no_reason_and_is_remembered(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    days = {f"day_{line.pk}": SOON.isoformat() for line in (curtains, rugs)}

    confirm(cy, page_of(order, "confirm"), days)

    [change] = ExpectedDayChange.objects.all()
    assert (change.line, change.moves, change.old_confirmed, change.new_confirmed) == (rugs, False, False, True)
    assert "confirmed (21 November 2026, cy@example.com)" in words(cy.get(page_of(order)))


def test_a_day_may_be_unknown_and_is_then_promised_to_nobody(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    bought = buy((variant(rugs.item), 1))
    days = {f"day_{curtains.pk}": SOON.isoformat(), f"day_{rugs.pk}": ""}

    silent = cy.post(page_of(order, "confirm"), days | {"preview": "1"})
    page = confirm(cy, page_of(order, "confirm"), days | {"reason": REASON})

    assert "Say why the day changes" in words(silent)
    assert "1 line has a day, 1 none yet" in words(page)
    rugs.refresh_from_db()
    assert (rugs.expected, days_told(bought)) == (ExpectedDay(None), [(1, None)])


def test_an_order_is_confirmed_once(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    days = {f"day_{line.pk}": SOON.isoformat() for line in (curtains, rugs)}
    confirm(cy, page_of(order, "confirm"), days)

    page = cy.post(page_of(order, "confirm"), days | {"preview": "1"})

    assert "only an order that was sent, and that nobody has confirmed yet, is confirmed" in words(page)
    assert "The supplier confirmed" not in words(cy.get(page_of(order)))


def test_days_of_a_confirmation_make_sense(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    days = {f"day_{curtains.pk}": SOON.isoformat(), "reason": REASON, "preview": "1"}

    past = cy.post(page_of(order, "confirm"), days | {f"day_{rugs.pk}": "2026-11-20"})
    far = cy.post(page_of(order, "confirm"), days | {f"day_{rugs.pk}": "2036-11-20"})

    assert "That day has passed" in words(past)
    assert "more than two years ahead" in words(far)


# What follows from deliveries


def test_the_state_follows_from_what_has_come(cy: Client) -> None:
    order, curtains, rugs = two_lines()

    fulfilment.receive("D-1", [Arrived(curtains.item_id, 5)], order=order, actor=CY, at=NOON)
    partly = state(order)
    fulfilment.receive("D-2", [Arrived(rugs.item_id, 4)], order=order, actor=CY, at=NOON)

    assert (partly, state(order)) == ("partly", "closed")


@pytest.mark.parametrize("kind", ["sent", "confirmed", "partly"])
def test_every_open_order_is_inbound_supply(db: None, kind: str) -> None:
    line = inbound(stock(), 5)
    PurchaseOrder.objects.update(state=kind)

    assert list(PurchaseOrderLine.objects.inbound()) == [line]


@pytest.mark.parametrize("kind", ["draft", "closed"])
def test_a_draft_and_a_closed_order_are_no_supply(db: None, kind: str) -> None:
    inbound(stock(), 5)
    PurchaseOrder.objects.update(state=kind)

    assert not PurchaseOrderLine.objects.inbound().exists()


# Moved and given up


def test_all_lines_move_at_once_with_one_reason_and_one_preview(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    first, second = variant(curtains.item), variant(rugs.item)
    ada, bo = buy((first, 2), (second, 1)), buy((second, 1), who=BO)
    data = {"day": LATER.isoformat(), "confirmed": "on", "reason": REASON}

    preview = cy.post(page_of(order, "move_all"), data | {"preview": "1"})
    page = confirm(cy, page_of(order, "move_all"), data)

    assert "3 promises break, 0 need an answer, 2 letters" in words(preview)
    assert "PO-1: 2 lines moved to 4 January 2027." in words(page)
    assert (days_told(ada), days_told(bo)) == ([(2, LATER), (1, LATER)], [(1, LATER)])
    assert {change.reason for change in ExpectedDayChange.objects.all()} == {REASON}


def test_lines_that_have_come_do_not_move(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    fulfilment.receive("D-1", [Arrived(curtains.item_id, 5)], order=order, actor=CY, at=NOON)

    confirm(cy, page_of(order, "move_all"), {"day": LATER.isoformat(), "reason": REASON})

    curtains.refresh_from_db()
    rugs.refresh_from_db()
    assert (curtains.expected_on, rugs.expected_on) == (SOON, LATER)


def test_moving_to_where_they_stand_is_refused(cy: Client) -> None:
    order, _, _ = two_lines()
    PurchaseOrderLine.objects.update(confirmed=True)
    data = {"day": SOON.isoformat(), "confirmed": "on", "reason": REASON, "preview": "1"}

    assert "Nothing would change" in words(cy.post(page_of(order, "move_all"), data))


def test_who_moves_a_day_second_is_told(db: None) -> None:
    line = inbound(stock(), 5)
    seen = {line.pk: line.expected}
    move = partial(delays.move_expected_days, seen=seen, reason=REASON, actor=CY, at=NOON)
    move({line.pk: ExpectedDay(LATER, True)})

    with pytest.raises(UnableToChangePurchaseOrder, match="was changed since you looked"):
        move({line.pk: ExpectedDay(None)})

    line.refresh_from_db()
    assert line.expected_on == LATER


def test_what_is_still_to_come_is_cancelled_as_a_whole(cy: Client) -> None:
    order, curtains, rugs = two_lines()
    fulfilment.receive("D-1", [Arrived(curtains.item_id, 2)], order=order, actor=CY, at=NOON)
    bought = buy((variant(rugs.item), 1))

    preview = cy.post(page_of(order, "cancel_rest"), {"reason": REASON, "preview": "1"})
    page = confirm(cy, page_of(order, "cancel_rest"), {"reason": REASON})

    assert "1 promise breaks" in words(preview)
    assert "3 will not come" in words(preview)
    assert "PO-1: 7 units written off (the loom broke)." in words(page)
    assert (state(order), days_told(bought)) == ("closed", [(1, None)])
    assert "Nothing more is expected" in words(
        cy.post(page_of(order, "cancel_rest"), {"reason": REASON, "preview": "1"})
    )


def test_who_cancels_second_is_told(db: None) -> None:
    line = inbound(stock(), 5)
    owed = {line.pk: 5}
    delays.write_off_lines(owed, seen=owed, reason=REASON, actor=CY, at=NOON)

    with pytest.raises(UnableToChangePurchaseOrder, match="changed since you looked"):
        delays.write_off_lines(owed, seen=owed, reason=REASON, actor=CY, at=NOON)


def test_an_order_offers_what_can_be_done_with_it(cy: Client) -> None:
    order, _ = draft()

    as_draft = words(cy.get(page_of(order)))
    send(cy, order)
    as_sent = words(cy.get(page_of(order)))
    confirm(cy, page_of(order, "cancel_rest"), {"reason": REASON})
    as_closed = words(cy.get(page_of(order)))

    acts = ["Send the order", "The supplier confirmed", "Receive goods", "Move all days", "Cancel the rest"]
    assert [act for act in acts if act in as_draft] == acts[:1]
    assert [act for act in acts if act in as_sent] == acts[1:]
    assert [act for act in acts if act in as_closed] == ["Receive goods"]


def test_a_supplier_is_entered_once_however_it_is_written(cy: Client) -> None:
    Supplier.objects.create(name="Walk Supply")
    numbers = {"numbers-TOTAL_FORMS": 0, "numbers-INITIAL_FORMS": 0}

    page = cy.post(reverse("admin:inventory_supplier_add"), {"name": "walk  SUPPLY", **numbers})

    assert "There is a supplier Walk Supply already" in words(page)
    assert Supplier.objects.count() == 1


def test_two_suppliers_of_one_name_that_are_there_already_can_be_kept_up(cy: Client) -> None:
    Supplier.objects.create(name="Walk Supply")
    twin = Supplier.objects.create(name="WALK SUPPLY")
    numbers = {"numbers-TOTAL_FORMS": 0, "numbers-INITIAL_FORMS": 0}
    page = reverse("admin:inventory_supplier_change", args=[twin.pk])

    cy.post(page, {"name": "WALK SUPPLY", "email": "new@walk.example", **numbers})

    twin.refresh_from_db()
    assert twin.email == "new@walk.example"


def test_a_suppliers_own_numbers_stand_on_its_page(cy: Client) -> None:
    order, line = draft()
    page = reverse("admin:inventory_supplier_change", args=[order.supplier_id])
    data = {
        "name": order.supplier.name,
        "email": "mill@weavers.example",
        "numbers-TOTAL_FORMS": 1,
        "numbers-INITIAL_FORMS": 0,
        "numbers-0-item": line.item_id,
        "numbers-0-number": "W-12",
    }

    cy.post(page, data)

    assert [(row.item, row.number) for row in order.supplier.numbers.all()] == [(line.item, "W-12")]


def test_who_may_only_look_at_suppliers_cannot_number_its_goods(clerk: SignIn) -> None:
    order, _ = draft()
    page = clerk("inventory.view_supplier").get(reverse("admin:inventory_supplier_change", args=[order.supplier_id]))

    assert "numbers-0-number" not in page.content.decode()
