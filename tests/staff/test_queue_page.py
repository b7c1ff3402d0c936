"""The queue of an item: who waits, whose promise is at risk, and many turns that change by one reason."""

import csv
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders import queries
from backorders.models import Claim, ClaimChange, Policy, Queue
from backorders.outlook import outlooks
from inventory.models import PurchaseOrderLine, StockItem
from notifications.models import Letter
from shop import turns
from shop.models import Order
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


@pytest.fixture
def item(db: None) -> StockItem:
    return stock()


@pytest.fixture
def three(item: StockItem) -> list[Order]:
    """Two each: two come soon and five later."""
    inbound(item, 2, SOON)
    inbound(item, 5, LATER)
    curtains = variant(item)
    return [buy((curtains, 2), who=who) for who in (ADA, BO, ADA | {"email": "dee@example.com", "name": "Dee"})]


def page(item: StockItem, **filters: str) -> str:
    return reverse("admin:inventory_stockitem_who_waits", args=[item.pk], query=filters)


def bulk(item: StockItem, *orders: Order) -> str:
    claims = [order.lines.get().claim_id for order in orders]
    return reverse("admin:inventory_stockitem_change_turns", args=[item.pk], query={"claims": claims})


def claim(order: Order) -> Claim:
    return order.lines.get().claim


def shown(response: Any) -> list[str]:
    return re.findall(r'aria-label="Claim of (\w+)"', response.content.decode())


# --- Who waits ------------------------------------------------------------------------------------------------


def test_the_page_says_who_waits_for_how_many_and_by_when(cy: Client, item: StockItem, three: list[Order]) -> None:
    text = words(cy.get(page(item)))

    assert "3 claims, 6 units, in the order in which units are given." in text
    row = f"1 {three[0].number} Ada Lovelace 2 of 2 21 November 2026 2 by 9 December 2026 2 by 9 December 2026 rank 0"
    assert row in text
    assert f"2 {three[1].number} Bo Nordin 2 of 2 21 November 2026 2 by 4 January 2027 2 by 4 January 2027" in text


def test_what_rests_on_an_overdue_line_is_at_risk(item: StockItem, three: list[Order], time_machine: Any) -> None:
    at = NOON + (SOON - NOON.date()) + timedelta(days=2)

    rows = outlooks(Queue.objects.select_related("item").get(), at)

    # The first two units of the later delivery are expected to go to Ada now, and one of the five is missing.
    assert [(row.is_at_risk, [(p.quantity, p.ships_on) for p in row.expects]) for row in rows] == [
        (True, [(2, LATER)]),
        (False, [(2, LATER)]),
        (True, [(1, LATER), (1, None)]),
    ]


def test_who_was_told_what_can_be_expected_is_not_at_risk(item: StockItem, three: list[Order]) -> None:
    rows = outlooks(Queue.objects.select_related("item").get(), NOON)
    assert [row.is_at_risk for row in rows] == [False] * 3
    assert all(row.told == row.expects for row in rows)


def test_a_lead_time_that_was_told_stands(db: None) -> None:
    lamp = stock("LAMP", policy=Policy.LEAD_TIME)
    buy((variant(lamp), 2))
    (row,) = outlooks(Queue.objects.select_related("item").get(), NOON + timedelta(days=3))
    assert (row.is_at_risk, row.expects) == (False, row.told)


def test_a_claim_that_is_put_off_expects_its_delivery(item: StockItem, three: list[Order]) -> None:
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    turns.change(turns.put_off(claim(three[0]), later, reason="not before January"), actor=CY, at=NOON)

    rows = outlooks(Queue.objects.select_related("item").get(), NOON)

    assert [row.expects[0].ships_on for row in rows] == [LATER, SOON, LATER]
    assert [row.is_at_risk for row in rows] == [False] * 3


def test_the_page_is_filtered(cy: Client, item: StockItem, three: list[Order]) -> None:
    turns.change(turns.hold(claim(three[1]), reason="address unclear"), actor=CY, at=NOON)
    numbers = [order.number for order in three]

    assert shown(cy.get(page(item))) == numbers
    assert shown(cy.get(page(item, show="hold"))) == [numbers[1]]
    assert shown(cy.get(page(item, show="turn"))) == [numbers[0], numbers[2]]
    assert shown(cy.get(page(item, show="put_off"))) == []
    assert shown(cy.get(page(item, q="DEE@"))) == [numbers[2]]
    assert shown(cy.get(page(item, show="nonsense", q=numbers[0].lower(), page="99"))) == [numbers[0]]


def test_a_page_costs_the_same_for_one_and_for_many(
    cy: Client, item: StockItem, django_assert_max_num_queries: Any
) -> None:
    inbound(item, 50)
    curtains = variant(item)
    buy((curtains, 1))
    with django_assert_max_num_queries(14) as one:
        cy.get(page(item))
    for _ in range(3):
        buy((curtains, 1))
    with django_assert_max_num_queries(len(one)):
        cy.get(page(item))


def test_each_row_offers_what_its_reader_may_do(clerk: SignIn, item: StockItem, three: list[Order]) -> None:
    text = words(clerk("backorders.view_claim", "inventory.view_stockitem").get(page(item)))

    assert "Ada Lovelace" in text
    for offer in ("Change rank", "Hold", "Offer something else", "Cancel", "those that are ticked"):
        assert offer not in text


def test_the_file_has_the_same_rows_and_nothing_in_it_calculates(cy: Client, item: StockItem) -> None:
    inbound(item, 9)
    mallory = ADA | {"name": "=HYPERLINK(evil)", "email": "+mallory@example.com"}
    order = buy((variant(item), 2), who=mallory)
    turns.change(turns.hold(claim(order), reason="@SUM(1)"), actor=CY, at=NOON)

    response = cy.get(reverse("admin:inventory_stockitem_queue_file", args=[item.pk]))
    header, row = csv.reader(response.content.decode("utf-8-sig").splitlines())

    assert response.headers["Content-Disposition"] == f'attachment; filename="queue-{item.pk}.csv"'
    assert dict(zip(header, row, strict=True)) == {
        "Place": "1",
        "Order": order.number,
        "Customer": "'=HYPERLINK(evil)",
        "E-mail": "'+mallory@example.com",
        "Lacks": "2",
        "Wanted": "2",
        "Since": "2026-11-21T12:00+01:00",
        "Promised": "2 by 9 December 2026",
        "Expected": "2 by 9 December 2026",
        "At risk": "",
        "Rank": "0",
        "On hold": "'@SUM(1)",
        "Put off to": "",
    }


# --- Many turns -----------------------------------------------------------------------------------------------


def test_many_are_held_by_one_reason_after_one_look(cy: Client, item: StockItem, three: list[Order]) -> None:
    turns.change(turns.hold(claim(three[1]), reason="before"), actor=CY, at=NOON)
    data = {"what": "hold", "reason": "a recall"}

    preview = words(cy.post(bulk(item, *three), data | {"preview": "1"}))
    assert "From now on Hold Reason a recall 2 claims" in preview
    assert f"Stay as they are 2 × POPULAR-CURTAINS for {three[1].number} is on hold already" in preview
    assert [claim(order).hold for order in three] == ["", "before", ""]
    after = words(confirm(cy, bulk(item, *three), data))

    assert "Hold: 2 claims of the queue of POPULAR-CURTAINS." in after
    assert [claim(order).hold for order in three] == ["a recall", "before", "a recall"]
    assert ClaimChange.objects.filter(reason="a recall", actor=CY).count() == 2
    assert list(queries.recount()) == []


def test_many_go_on_again(cy: Client, item: StockItem, three: list[Order]) -> None:
    for order in three[:2]:
        turns.change(turns.hold(claim(order), reason="a recall"), actor=CY, at=NOON)

    confirm(cy, bulk(item, *three), {"what": "resume", "reason": "all is well"})

    assert [claim(order).hold for order in three] == ["", "", ""]


def test_many_wait_for_a_later_delivery_and_those_behind_them_hear_of_it(
    cy: Client, item: StockItem, three: list[Order]
) -> None:
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    Letter.objects.all().delete()
    data = {"what": "put_off", "delivery": str(later.pk), "reason": "you asked for January"}

    preview = words(cy.post(bulk(item, *three[:2]), data | {"preview": "1"}))
    assert "To the customers of these claims you asked for January" in preview
    after = words(confirm(cy, bulk(item, *three[:2]), data))

    told = dict(Letter.objects.values_list("recipient", "template"))
    assert told == {"ada@example.com": "days_later", "dee@example.com": "days_earlier"}
    assert [claim(order).put_off_to for order in three] == [later, later, None]
    assert "The promised day changed for" in after


def test_what_changed_meanwhile_is_shown_again_and_nothing_is_done(
    cy: Client, item: StockItem, three: list[Order]
) -> None:
    data = {"what": "hold", "reason": "a recall"}
    seal = seal_of(cy.post(bulk(item, *three), data | {"preview": "1"}))
    turns.change(turns.hold(claim(three[2]), reason="before"), actor="bo", at=NOON)

    text = words(cy.post(bulk(item, *three), data | {"confirm": "1", "seal": seal}))

    assert "Something changed since you looked" in text
    assert ClaimChange.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"what": "", "reason": "so"}, "Choose what is to become of them."),
        ({"what": "put_off", "reason": "so"}, "Choose the delivery that they wait for."),
        ({"what": "hold", "reason": " "}, "Say why: whoever asks later reads it beside the claim."),
        ({"what": "resume", "reason": "so"}, "Nothing would change"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    cy: Client, item: StockItem, three: list[Order], data: dict[str, str], sentence: str
) -> None:
    assert sentence in words(cy.post(bulk(item, *three), data | {"preview": "1"}))


def test_claims_of_another_item_and_what_is_no_claim_are_not_touched(
    cy: Client, item: StockItem, three: list[Order]
) -> None:
    other = stock("OTHER")
    address = bulk(other, *three) + "&claims=x&claims=999999"

    assert "Nobody was ticked" in words(cy.get(address))
    assert "Nothing would change" in words(cy.post(address, {"what": "hold", "reason": "so", "preview": "1"}))
