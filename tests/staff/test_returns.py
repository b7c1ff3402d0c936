"""Goods that a customer sent back: onto the shelf for the next in the queue, off her price, and she hears of it."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders.models import Claim
from inventory.models import StockItem
from notifications import rendering
from notifications.models import Letter
from shop import announcements, cancellations, fulfilment, holds, returns
from shop.models import Announcement, Order, Payment, Refund, Return
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, seal_of, words
from tests.web.reading import link
from tests.web.reading import words as words_of


@pytest.fixture
def shipped(db: None) -> Order:
    """Three mugs that left."""
    order = buy((variant(stock("MUG", on_hand=3)), 3))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    return order


def address(order: Order) -> str:
    return reverse("admin:shop_order_take_back", args=[order.pk])


def entry(order: Order, **entered: object) -> dict[str, Any]:
    return {"line": order.lines.get().pk, "reason": "too large", **entered}


def take_back(cy: Client, order: Order, **entered: object) -> tuple[str, str]:
    """What the preview says, and what the page says after it was confirmed."""
    sent = entry(order, **entered)
    preview = cy.post(address(order), sent | {"preview": "1"})
    done = cy.post(address(order), sent | {"confirm": "1", "seal": seal_of(preview)}, follow=True)
    return words(preview), words(done)


def letter() -> rendering.Parts:
    return rendering.preview(Letter.objects.filter(template="units_returned").latest("id"))


def on_the_shelf(sku: str = "MUG") -> tuple[int, int]:
    return StockItem.objects.values_list("on_hand", "allocated").get(sku=sku)


def test_it_is_on_the_shelf_again_and_off_the_price(cy: Client, shipped: Order):
    owed = shipped.payment.amount
    preview, done = take_back(cy, shipped, units="2")

    assert "2 of 3 × Mug" in preview
    assert "Onto the shelf 2" in preview
    assert f"Off the price €98.00 The order then comes to €{owed - 98}, shipping of €4.90 in it" in preview
    assert "Taken back: 2 × Mug, MUG. The customer gets a letter." in done
    assert on_the_shelf() == (2, 0)
    assert Payment.objects.get(order=shipped).amount == owed - 98
    assert not Refund.objects.exists()
    mail = letter()
    assert mail.subject.endswith("what you sent back is here")
    assert "2 × Mug" in mail.text
    assert f"€98.00 comes off the price of your order: it comes to €{owed - 98} in all now." in " ".join(
        mail.text.split()
    )
    assert "too large" not in mail.text + mail.html


def test_who_waits_for_it_gets_it_and_the_preview_says_so(cy: Client):
    item = stock("MUG", on_hand=1)
    inbound(item, 5)
    mugs = variant(item)
    ada, bo = buy((mugs, 1)), buy((mugs, 1), who=BO)
    fulfilment.ship_ready(ada, actor=CY, at=NOON)

    preview, done = take_back(cy, ada)

    assert bo.number in preview
    assert f"Units were given to {bo.number}" in done
    assert Claim.objects.get(order_line__order=bo).allocated == 1
    assert on_the_shelf() == (1, 1)
    assert Letter.objects.filter(template="units_arrived", thread=bo.number).exists()


def test_what_is_damaged_is_for_nobody(cy: Client):
    item = stock("MUG", on_hand=2)
    inbound(item, 5)
    mugs = variant(item)
    ada, bo = buy((mugs, 2)), buy((mugs, 2), who=BO)
    fulfilment.ship_ready(ada, actor=CY, at=NOON)

    preview, _ = take_back(cy, ada, damaged="1")

    assert "Onto the shelf 1; 1 damaged" in preview
    assert Claim.objects.get(order_line__order=bo).allocated == 1
    assert on_the_shelf() == (1, 1)


def test_money_that_was_paid_goes_back(cy: Client, settings: Any):
    settings.PAYMENT_METHODS = ["transfer"]
    order = buy((variant(stock("MUG", on_hand=2)), 2))
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=NOON)

    preview, _ = take_back(cy, order, units="1", amount="40", told="A corner was bent.")

    assert "Off the price €40.00; €40.00 to send back" in preview
    assert "The customer reads A corner was bent." in preview
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (40, "goods came back")
    assert "we transfer €40.00 back to you." in " ".join(letter().text.split())
    assert "A corner was bent." in letter().text
    # The rest goes back with the other one, and nothing twice.
    take_back(cy, order, units="1")
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [40, 49]


def test_what_comes_off_is_never_more_than_the_order_comes_to(cy: Client, shipped: Order):
    refused = words(cy.post(address(shipped), entry(shipped, units="1", amount="5000", told="All.") | {"preview": "1"}))
    assert f"What has left comes to €{shipped.payment.amount}: enter no more than that" in refused
    take_back(cy, shipped, units="1", amount=str(shipped.payment.amount), told="We send all of it back.")
    assert Payment.objects.get(order=shipped).state == Payment.State.VOID
    # Nothing is left to take off: the goods come back all the same.
    take_back(cy, shipped)
    assert list(Return.objects.order_by("id").values_list("units", "amount")) == [(1, shipped.payment.amount), (2, 0)]
    assert "No money goes back for it." in letter().text


def test_what_has_not_left_is_owed_all_the_same(db: None):
    item = stock("MUG", on_hand=1)
    inbound(item, 5)
    order = buy((variant(item), 2))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    line = order.lines.get()
    with pytest.raises(returns.UnableToTakeBack, match=r"What has left comes to €53\.90"):
        returns.take_back(line, 1, amount=Decimal(60), reason="too large", actor=CY, at=NOON)
    returns.take_back(line, 1, amount=Decimal("53.90"), reason="too large", actor=CY, at=NOON)
    assert Payment.objects.values_list("amount", "state").get(order=order) == (49, Payment.State.DUE)


def test_whoever_unpacks_it_does_not_say_what_it_is_worth(clerk: SignIn, shipped: Order):
    client = clerk("shop.view_order", "shop.add_return")
    assert "Off the price" not in words(client.get(address(shipped)))
    take_back(client, shipped, units="1", amount="1")
    assert Return.objects.get().amount == 49


def test_what_is_cancelled_later_does_not_bring_it_back(db: None):
    item = stock("MUG", on_hand=1)
    inbound(item, 5)
    order = buy((variant(item), 2))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    returns.take_back(order.lines.get(), 1, reason="too large", actor=CY, at=NOON)
    cancellations.cancel_order(order, actor="customer", at=NOON)
    assert Payment.objects.get(order=order).amount == order.shipping_price


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"units": "4"}, "At most 3 can come back: more are not with the customer."),
        ({"units": "0"}, "greater than or equal to 1"),
        ({"units": "1", "damaged": "2"}, "At most 1 of them can be damaged."),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "12"}, "Another amount than is usual for these units: say why, she reads it."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_refused(cy: Client, shipped: Order, entered: dict[str, str], said: str):
    assert said in words(cy.post(address(shipped), entry(shipped) | entered | {"preview": "1"}))
    assert not Return.objects.exists()


def test_nothing_comes_back_of_what_has_not_left(cy: Client):
    order = buy((variant(stock("MUG", on_hand=1)), 1))
    page = words(cy.get(address(order), follow=True))
    assert f"Nothing of order {order} is with the customer: nothing can come back." in page


def test_a_second_click_takes_nothing_more(cy: Client, shipped: Order):
    sent = entry(shipped, units="1")
    seal = seal_of(cy.post(address(shipped), sent | {"preview": "1"}))
    for _ in range(2):
        cy.post(address(shipped), sent | {"confirm": "1", "seal": seal})
    assert on_the_shelf() == (1, 0)
    with pytest.raises(returns.UnableToTakeBack, match="Something came back meanwhile"):
        returns.take_back(shipped.lines.get(), 1, reason="too large", actor=CY, at=NOON, seen=3)


def test_her_page_and_her_record_tell_it_and_the_desk_knows_why(cy: Client, shipped: Order):
    take_back(cy, shipped, units="2", damaged="1")

    desk = words(cy.get(reverse("admin:shop_order_change", args=[shipped.pk])))
    assert "2 came back on" in desk
    assert "1 damaged, noted by cy@example.com: too large" in desk
    shopper = Client()
    shopper.get(link(shipped))
    page = words_of(shopper.get(shipped.get_absolute_url()))
    assert "2 came back to us on" in page
    assert "Came back to us −\u2060€98.00" in page
    record = words_of(shopper.get(f"/orders/{shipped.number}/record/"))
    assert "Mug, MUG: 2 came back" in record
    assert "too large" not in page + record


def test_a_return_is_written_once(shipped: Order):
    returns.take_back(shipped.lines.get(), 1, reason="too large", actor=CY, at=NOON)
    for forbidden in (Return.objects.all().delete, lambda: Return.objects.update(amount=Decimal(0))):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
            forbidden()


def test_the_form_costs_a_fixed_number_of_queries(cy: Client):
    def queries_of(lines: int) -> int:
        order = buy(*((variant(stock(f"SKU-{lines}-{n}", on_hand=1)), 1) for n in range(lines)))
        fulfilment.ship_ready(order, actor=CY, at=NOON)
        with CaptureQueriesContext(connection) as captured:
            assert "What came back" in words(cy.get(address(order)))
        return len(captured)

    assert queries_of(1) == queries_of(6)


def page(order: Order) -> str:
    return reverse("admin:shop_order_change", args=[order.pk])


def test_what_was_announced_lies_on_the_table_when_the_form_opens(cy: Client, shipped: Order):
    line = shipped.lines.get()
    announcements.announce(shipped, {line.pk: 2}, reason="Too heavy", actor="customer", at=NOON)
    assert "2 to come back, announced on 21 November 2026 by customer: “Too heavy”" in words(cy.get(page(shipped)))
    form = cy.get(address(shipped)).content.decode()
    assert re.search(r'name="units" value="2"', form)
    assert 'value="Too heavy"' in form
    assert f'<option value="{line.pk}" selected>' in form


def test_a_return_that_was_announced_by_telephone_is_confirmed_by_mail(cy: Client, shipped: Order):
    said = words(cy.get(reverse("admin:shop_order_announce", args=[shipped.pk])))
    assert "There it goes until 21 December 2026." in said
    sent = {"line": str(shipped.lines.get().pk), "units": "2", "reason": "Too heavy"}
    address = reverse("admin:shop_order_announce", args=[shipped.pk])
    done = words(cy.post(address, sent | {"seal": seal_of(cy.get(address))}, follow=True))
    assert "Announced to come back: 2 × Mug, MUG. The customer gets a letter that confirms it." in done
    assert (row := Announcement.objects.get()).actor == CY
    assert (row.units, row.coming, row.reason) == (2, 2, "Too heavy")
    assert Letter.objects.filter(template="return_announced").count() == 1
    # A second click, of the same page.
    again = words(cy.post(address, sent | {"units": "1", "seal": "x"}))
    assert "Something changed since you looked." in again
    refused = words(cy.post(address, sent | {"seal": seal_of(cy.get(address))}))
    assert "At most 1 can be announced: more are not with the customer, or are coming." in refused


def test_what_does_not_come_back_is_struck_out(cy: Client, shipped: Order):
    address = reverse("admin:shop_order_drop_return", args=[shipped.pk])
    assert f"Nothing of order {shipped} is announced to come back." in words(cy.get(address, follow=True))
    announcements.announce(shipped, {shipped.lines.get().pk: 2}, actor="customer", at=NOON)
    done = words(cy.post(address, {"seal": seal_of(cy.get(address))}, follow=True))
    assert "Does not come back: 2 units. The customer gets a letter that says so." in done
    assert "2 kept after all, noted by cy@example.com" in done
    assert Letter.objects.filter(template="return_dropped").count() == 1


def test_the_lists_tell_what_came_back_and_what_is_to_come(cy: Client, shipped: Order):
    listed = reverse("admin:shop_order_changelist")
    line = shipped.lines.get()
    announcements.announce(shipped, {line.pk: 2}, actor="customer", at=NOON)
    assert "3 shipped, 2 to come back" in words(cy.get(f"{listed}?state=coming"))
    returns.take_back(line, 3, reason="too large", actor=CY, at=NOON)
    assert shipped.number not in words(cy.get(f"{listed}?state=coming"))
    said = words(cy.get(listed))
    assert f"{shipped.number} Came back 3 came back" in said
