"""The queue of an item: who waits, whose promise is at risk, and many turns that change by one reason."""

import csv
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from backorders import queries
from backorders.models import Claim, ClaimChange, Policy, Queue, Withdrawal
from backorders.outlook import outlooks
from backorders.queue import UnableToLeave
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import alternatives, cancellations, delays, fulfilment, turns
from shop.formats import money
from shop.models import Order, Payment, Refund, User, Variant
from shop.staff import ticked
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, buy, days_told, inbound, stock, variant
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


def bulk(item: StockItem, *orders: Order, act: str = "change_turns") -> str:
    claims = [order.lines.get().claim_id for order in orders]
    return reverse(f"admin:inventory_stockitem_{act}", args=[item.pk], query={"claims": claims})


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


def test_many_are_called_back_and_take_what_comes_next(cy: Client, item: StockItem, three: list[Order]) -> None:
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    for order in three[:2]:
        turns.change(turns.put_off(claim(order), later, reason="you asked for January"), actor=CY, at=NOON)

    preview = words(cy.post(bulk(item, *three), {"what": "call_back", "reason": "sooner again", "preview": "1"}))
    assert f"for {three[2].number} waits for no later delivery" in preview
    confirm(cy, bulk(item, *three), {"what": "call_back", "reason": "sooner again"})

    assert [claim(order).put_off_to for order in three] == [None, None, None]
    assert [day for _, day in days_told(three[0])] == [SOON]


def test_many_get_one_rank_and_keep_their_order(cy: Client, item: StockItem, three: list[Order]) -> None:
    turns.change(turns.rank(claim(three[1]), -2, reason="a replacement"), actor=CY, at=NOON)
    data = {"what": "rank", "number": "-2", "reason": "they waited longest"}

    preview = words(cy.post(bulk(item, *three[1:]), data | {"preview": "1"}))
    assert f"for {three[1].number} has rank -2 already" in preview
    after = words(confirm(cy, bulk(item, *three[1:]), data))

    assert "Change the rank: -2: 1 claim of the queue of POPULAR-CURTAINS." in after
    assert [claim(order).rank for order in three] == [0, -2, -2]
    assert [days_told(order)[0][1] for order in three] == [LATER, SOON, LATER]


def test_many_are_split_and_nobody_is_told_another_day(cy: Client, item: StockItem, three: list[Order]) -> None:
    inbound(item, 3, LATER)
    large = buy((Variant.objects.get(), 3), who=ADA | {"email": "eli@example.com"})
    told = [days_told(order) for order in three]
    Letter.objects.all().delete()

    preview = words(
        cy.post(bulk(item, *three, large), {"what": "split", "number": "2", "reason": "two vans", "preview": "1"})
    )
    assert f"for {three[0].number} is not split: Split off at least 1 and at most 1 of the 2 units." in preview
    confirm(cy, bulk(item, *three, large), {"what": "split", "number": "1", "reason": "two vans"})

    assert [order.lines.count() for order in (*three, large)] == [2, 2, 2, 2]
    assert [sum(units for units, _ in days_told(order)) for order in (*three, large)] == [2, 2, 2, 3]
    assert [{day for _, day in days_told(order)} for order in three] == [{day for _, day in days} for days in told]
    assert not Letter.objects.exists()
    assert list(queries.recount()) == []


def test_many_are_cancelled_each_with_her_money_and_the_next_move_up(
    cy: Client, item: StockItem, three: list[Order]
) -> None:
    payment = Payment.objects.get(order=three[0])
    Payment.objects.filter(pk=payment.pk).update(state=Payment.State.PAID, settled_at=NOON)
    Letter.objects.all().delete()
    where, data = bulk(item, *three[:2], act="cancel_ticked"), {"reason": "they asked on the telephone"}

    preview = words(cy.post(where, data | {"preview": "1"}))
    short = f"2 orders, 4 units, {money(payment.amount)} to pay back"
    assert short in preview
    assert "The letter to ada@example.com" in preview
    assert [claim(order).quantity for order in three] == [2, 2, 2]
    assert not Letter.objects.exists()
    after = words(confirm(cy, where, data))

    assert (
        f"Cancelled of the queue of POPULAR-CURTAINS: 2 orders, 4 units, {money(payment.amount)} to pay back." in after
    )
    assert [claim(order).quantity for order in three] == [0, 0, 2]
    assert Refund.objects.values_list("order", "amount").get() == (three[0].pk, payment.amount)
    # Nobody who leaves as well is told a better day before, and who stays is told once.
    assert sorted(Letter.objects.values_list("recipient", "template")) == [
        ("ada@example.com", "units_withdrawn"),
        ("bo@example.com", "units_withdrawn"),
        ("dee@example.com", "days_earlier"),
    ]
    assert set(Withdrawal.objects.values_list("reason", "actor")) == {("they asked on the telephone", CY)}
    assert list(queries.recount()) == []


def test_what_is_set_aside_is_not_cancelled_with_what_is_waited_for(cy: Client, item: StockItem) -> None:
    inbound(item, 5, SOON)
    fulfilment.correct_stock(item.pk, 1, reason="found one", actor=CY, at=NOON)
    order = buy((variant(item), 3))

    confirm(cy, bulk(item, order, act="cancel_ticked"), {"reason": "she needs one"})

    assert (claim(order).quantity, claim(order).allocated) == (1, 1)


def test_who_was_served_meanwhile_is_not_cancelled(cy: Client, item: StockItem, three: list[Order]) -> None:
    """The seal breaks, and what is left is shown again."""
    where, data = bulk(item, *three, act="cancel_ticked"), {"reason": "they asked"}
    seal = seal_of(cy.post(where, data | {"preview": "1"}))
    fulfilment.correct_stock(item.pk, 2, reason="found two", actor=CY, at=NOON)

    text = words(cy.post(where, data | {"confirm": "1", "seal": seal}))

    assert "Something changed since you looked" in text
    assert "2 orders, 4 units" in text
    assert f"Stay as they are 2 × POPULAR-CURTAINS for {three[0].number} does not wait any more" in text
    assert [claim(order).quantity for order in three] == [2, 2, 2]


def test_who_is_served_at_the_same_moment_keeps_all_of_them_from_being_cancelled(
    item: StockItem, three: list[Order]
) -> None:
    seen = {order.pk: {claim(order).pk: 2} for order in three}
    fulfilment.correct_stock(item.pk, 1, reason="found one", actor=CY, at=NOON)

    with pytest.raises(UnableToLeave, match="changed since you looked"):
        cancellations.cancel_waiting(seen, reason="they asked", actor=CY, at=NOON)

    assert [claim(order).quantity for order in three] == [2, 2, 2]


def test_goods_that_just_came_are_given_out_first(cy: Client, item: StockItem, three: list[Order]) -> None:
    fulfilment.receive("D-1", [Arrived(item.pk, 1)], actor=CY, at=NOON)
    where, data = bulk(item, three[0], act="cancel_ticked"), {"reason": "she asked"}

    assert "Goods have just come and are being given" in words(cy.post(where, data | {"preview": "1"}))
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
    confirm(cy, where, data)

    assert (claim(three[0]).quantity, claim(three[0]).allocated) == (1, 1)


def test_who_is_asked_about_a_delay_and_who_wants_one_unit_are_not_split_with_the_others(
    cy: Client, item: StockItem, three: list[Order]
) -> None:
    inbound(item, 1, SOON)
    single = buy((Variant.objects.get(), 1), who=ADA | {"email": "eli@example.com"})
    turns.change(turns.rank(claim(single), -1, reason="a replacement"), actor=CY, at=NOON)
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    delays.move_expected_day(later, None, confirmed=False, reason="a strike", actor=CY, at=NOON)
    asked = [order for order in three if claim(order).is_asked]
    assert 0 < len(asked) < 3

    preview = words(
        cy.post(bulk(item, *three, single), {"what": "split", "number": "1", "reason": "two vans", "preview": "1"})
    )

    for order in asked:
        assert f"for {order.number} is not split: Its customer is asked about a delay" in preview
    assert f"for {single.number} is not split: It is about a single unit" in preview
    assert f"{3 - len(asked)} claim" in preview


def test_at_most_fifty_are_written_to_at_once(
    cy: Client, item: StockItem, three: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    variant(stock("COTTON", on_hand=2), price="39.00")
    monkeypatch.setattr(ticked, "_LETTERS_AT_ONCE", 2)
    data = {"reason": "they asked", "preview": "1"}
    too_many = "Tick at most 50 of them at once: each gets a letter of her own."
    assert too_many in words(cy.post(bulk(item, *three, act="cancel_ticked"), data))
    assert too_many in words(cy.get(bulk(item, *three, act="offer_ticked"), follow=True))


@pytest.mark.parametrize(
    ("group", "acts"),
    [("Support", ["turns", "offer", "cancel"]), ("Warehouse", []), ("Catalog", [])],
)
@pytest.mark.usefixtures("groups", "three")
def test_each_button_of_the_page_leads_to_its_act_for_who_may(
    client: Client, item: StockItem, group: str, acts: list[str]
) -> None:
    user = User.objects.create_user("eve@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    html = client.get(page(item)).content.decode()

    start = f"/admin/inventory/stockitem/{item.pk}/queue/"
    found = re.findall(rf'formaction="{start}(\w+)/"', html)
    assert found == acts[1:]
    assert ('aria-label="Claim of' in html) is bool(acts)
    assert f'action="{start}turns/"' in html


def test_many_are_offered_something_else_and_each_decides(cy: Client, item: StockItem, three: list[Order]) -> None:
    cotton = variant(stock("COTTON", on_hand=2), price="39.00")
    inbound(item, 3, LATER)
    large = buy((Variant.objects.get(stock_item=item), 3), who=ADA | {"email": "eli@example.com"})
    alternatives.propose(three[1].lines.get(), cotton.pk, actor=CY, at=NOON)
    Letter.objects.all().delete()
    where, data = bulk(item, *three, large, act="offer_ticked"), {"variant": str(cotton.pk)}

    assert "Cotton" in words(cy.get(where))
    assert "fits 3 of 4" in words(cy.get(where))
    preview = words(cy.post(where, data | {"preview": "1"}))
    assert f"{three[1].number}: The same was offered to her already" in preview
    assert f"{large.number}: It does not fit any more" in preview
    assert not Letter.objects.exists()
    after = words(confirm(cy, where, data))

    assert "Offered Cotton to 2 customers instead of POPULAR-CURTAINS. Each gets a letter, and decides." in after
    told = list(Letter.objects.order_by("id").values_list("recipient", "template"))
    assert told == [("ada@example.com", "alternative_proposed"), ("dee@example.com", "alternative_proposed")]
    assert [claim(order).quantity for order in three] == [2, 2, 2]


def test_where_nothing_fits_it_says_so(cy: Client, item: StockItem, three: list[Order]) -> None:
    text = words(cy.get(bulk(item, *three, act="offer_ticked"), follow=True))
    assert "Nothing that fits is on the shelf" in text


def test_who_ticks_nobody_cannot_offer_anything(cy: Client, item: StockItem, three: list[Order]) -> None:
    assert "Nothing would change: tick somebody" in words(cy.get(bulk(item, act="offer_ticked"), follow=True))


@pytest.mark.parametrize("act", ["change_turns", "cancel_ticked"])
def test_who_ticks_nobody_is_told_to(cy: Client, item: StockItem, act: str) -> None:
    assert "Nobody was ticked: go back and tick somebody." in words(cy.get(bulk(item, act=act)))
    data = {"what": "hold", "reason": "so", "preview": "1"}
    assert "Nothing would change: tick somebody" in words(cy.post(bulk(item, act=act), data))


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
        ({"what": "rank", "reason": "so"}, "Give the rank; lower goes first."),
        ({"what": "rank", "number": "9999", "reason": "so"}, "Give a rank from -1000 to 1000; lower goes first."),
        ({"what": "split", "reason": "so"}, "Say how many units of each are to be split off."),
        ({"what": "split", "number": "0", "reason": "so"}, "Say how many units of each are to be split off."),
        ({"what": "call_back", "reason": "so"}, "Nothing would change"),
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
