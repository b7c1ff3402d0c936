"""Staff change a turn: it is shown first whom it reaches, then it is done, told and kept."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders import queries
from backorders.models import Claim, ClaimChange, Policy, Queue
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import cancellations, fulfilment, turns
from shop.models import Order, Sends
from shop.settling import Outcome
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

ILL = {"rank": "-5", "reason": "she has waited through two slips"}
UNCLEAR = {"reason": "we cannot read your address"}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON)


def claim_of(order: Order) -> Claim:
    return order.lines.get().claim


def act_on(order: Order, act: str) -> str:
    return reverse(f"admin:backorders_claim_{act}", args=[claim_of(order).pk])


def page_of(order: Order) -> str:
    return reverse("admin:backorders_claim_change", args=[claim_of(order).pk])


def queue_page() -> str:
    return reverse("admin:inventory_stockitem_who_waits", args=[Queue.objects.get().item_id])


def ada_before_bo() -> tuple[StockItem, Order, Order]:
    """Each wants two; two come soon and two later."""
    item = stock()
    inbound(item, 2, SOON)
    inbound(item, 2, LATER)
    curtains = variant(item)
    return item, buy((curtains, 2)), buy((curtains, 2), who=BO)


def receive(item: StockItem, units: int) -> None:
    line = PurchaseOrderLine.objects.filter(item=item).order_by("id").first()
    assert line is not None
    fulfilment.receive(f"D-{units}", [Arrived(item.pk, units)], order=line.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)


def named(page: Any) -> set[str]:
    """The orders that the rows of a preview name."""
    rows = re.findall(r'<th scope="row" data-label="Order"><a [^>]*>([^<]+)</a>', page.content.decode())
    return set(rows)


def test_a_new_rank_is_shown_with_whom_it_reaches_and_changes_nothing_yet(cy: Client) -> None:
    _, ada, bo = ada_before_bo()

    text = words(cy.post(act_on(bo, "change_rank"), ILL | {"preview": "1"}))

    assert "From now on rank -5 instead of 0" in text
    assert "1 promise breaks, 1 promise gets better, 0 need an answer, 2 letters" in text
    assert re.search(f"{ada.number} Ada Lovelace .* 2 by 9 December 2026 2 by 4 January 2027 later", text)
    assert re.search(f"{bo.number} Bo Nordin .* 2 by 4 January 2027 2 by 9 December 2026 earlier", text)
    assert f"To the customer of {bo.number} the order of those who wait was changed" in text
    assert "To the others the order of those who wait was changed" in text
    assert (claim_of(bo).rank, ClaimChange.objects.count(), days_told(ada)) == (0, 0, [(2, SOON)])


def test_letters_go_to_exactly_those_whom_the_preview_named(cy: Client) -> None:
    item, ada, bo = ada_before_bo()
    inbound(item, 9, LATER)
    buy((ada.lines.get().variant, 1), who=ADA | {"email": "dee@example.com"})
    preview = cy.post(act_on(bo, "change_rank"), ILL | {"preview": "1"})
    Letter.objects.all().delete()

    page = confirm(cy, act_on(bo, "change_rank"), ILL)

    assert named(preview) == {ada.number, bo.number}
    assert set(Letter.objects.values_list("recipient", "template")) == {
        ("ada@example.com", "days_later"),
        ("bo@example.com", "days_earlier"),
    }
    assert not Letter.objects.filter(context__icontains="two slips").exists()
    assert (days_told(ada), days_told(bo)) == ([(2, LATER)], [(2, SOON)])
    assert re.search(f"The promised day changed for {bo.number} ?, {ada.number} ?; each gets a letter.", words(page))
    assert "rank -5 instead of 0. she has waited through two slips" in LogEntry.objects.get().change_message


def test_what_is_foreseen_is_what_happens(db: None) -> None:
    item, _, bo = ada_before_bo()
    turn = turns.put_off(claim_of(bo), PurchaseOrderLine.objects.get(expected_on=LATER), reason="not before January")

    foreseen = turns.preview(turn, actor=CY, at=NOON)

    assert turns.change(turn, actor=CY, at=NOON) == foreseen.outcome == Outcome((), ())
    assert list(queries.recount()) == []
    assert Queue.objects.get(item=item).put_off == 2


def test_who_is_held_is_passed_over_by_the_next_delivery(cy: Client) -> None:
    item, ada, bo = ada_before_bo()

    page = confirm(cy, act_on(ada, "hold"), UNCLEAR)
    receive(item, 2)

    assert "on hold; it is passed over and keeps its place." in words(page)
    assert (claim_of(ada).allocated, claim_of(bo).allocated) == (0, 2)
    assert "passed over , on hold: we cannot read your address" in words(cy.get(queue_page()))


def test_who_goes_on_is_given_what_lies_there_and_the_preview_says_so(cy: Client) -> None:
    item = stock()
    inbound(item, 2)
    ada = buy((variant(item), 2))
    confirm(cy, act_on(ada, "hold"), UNCLEAR)
    receive(item, 2)
    answered = {"reason": "she answered"}

    preview = cy.post(act_on(ada, "resume"), answered | {"preview": "1"})
    page = confirm(cy, act_on(ada, "resume"), answered)

    assert "1 order gets 2 units; 1 of them then waits for nothing more." in words(preview)
    assert f"Units were given to {ada.number} ; each customer gets a letter." in words(page)
    assert (claim_of(ada).allocated, claim_of(ada).hold) == (2, "")
    assert Letter.objects.filter(template="units_arrived", recipient="ada@example.com").count() == 1


def test_a_later_delivery_is_chosen_among_what_is_on_order(cy: Client) -> None:
    _, ada, bo = ada_before_bo()
    inbound(stock("OTHER"), 7)
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    form = words(cy.get(act_on(ada, "put_off")))
    data = {"delivery": later.pk, "reason": "as you asked, not before January"}

    page = confirm(cy, act_on(ada, "put_off"), data)

    assert "PO-1 of Weavers of Ulm, expected 9 December 2026: 2 units" in form
    assert "PO-2 of Weavers of Ulm, expected 4 January 2027: 2 units" in form
    assert "PO-3" not in form
    assert "waits for PO-2 of Weavers of Ulm, expected 4 January 2027." in words(page)
    assert (days_told(ada), days_told(bo)) == ([(2, LATER)], [(2, SOON)])
    letter = Letter.objects.get(template="days_later")
    assert letter.recipient == "ada@example.com"
    assert letter.context["reasons"] == ["as you asked, not before January"]
    assert "as you asked" not in str(Letter.objects.get(template="days_earlier").context)


def test_who_was_put_off_is_called_back(cy: Client) -> None:
    _, ada, _ = ada_before_bo()
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    confirm(cy, act_on(ada, "put_off"), {"delivery": later.pk, "reason": "not before January"})

    confirm(cy, act_on(ada, "call_back"), {"reason": "you need it sooner after all"})

    assert (claim_of(ada).put_off_to, days_told(ada)) == (None, [(2, SOON)])
    assert list(queries.recount()) == []


def test_a_delivery_that_came_meanwhile_is_no_choice_any_more(cy: Client) -> None:
    _, ada, _ = ada_before_bo()
    later = PurchaseOrderLine.objects.get(expected_on=LATER)
    PurchaseOrderLine.objects.filter(pk=later.pk).update(written_off=2)

    page = cy.post(act_on(ada, "put_off"), {"delivery": later.pk, "reason": "not before January", "preview": "1"})

    assert "Nothing more is expected with that delivery: choose another one." in words(page)


@pytest.mark.parametrize("act", ["change_rank", "hold", "put_off"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_changes_and_one_sentence_says_so(cy: Client, act: str, reason: str) -> None:
    _, ada, _ = ada_before_bo()
    later = PurchaseOrderLine.objects.get(expected_on=LATER)

    page = cy.post(act_on(ada, act), {"rank": 4, "delivery": later.pk, "reason": reason, "confirm": "1"})

    assert words(page).count("Say why: whoever asks later reads it beside the claim.") == 1
    assert "This field is required" not in words(page)
    assert not ClaimChange.objects.exists()


@pytest.mark.parametrize(
    ("rank", "sentence"), [("0", "has rank 0 already"), ("5000", "Give a rank from -1000 to 1000; lower goes first.")]
)
def test_a_rank_that_makes_no_sense_gets_a_sentence(cy: Client, rank: str, sentence: str) -> None:
    _, ada, _ = ada_before_bo()

    assert sentence in words(cy.post(act_on(ada, "change_rank"), {"rank": rank, "reason": "why not", "preview": "1"}))


def test_a_queue_that_changed_meanwhile_is_shown_again(cy: Client) -> None:
    _, ada, bo = ada_before_bo()
    preview = cy.post(act_on(bo, "change_rank"), ILL | {"preview": "1"})
    turns.change(turns.rank(claim_of(ada), -9, reason="a replacement"), actor=CY, at=NOON)

    page = cy.post(act_on(bo, "change_rank"), ILL | {"confirm": "1", "seal": seal_of(preview)})

    assert "Something changed since you looked" in words(page)
    assert "No promise changes, and no customer gets a letter." in words(page)
    assert claim_of(bo).rank == 0


def test_a_claim_that_was_served_meanwhile_refuses_in_a_sentence(cy: Client) -> None:
    item, ada, _ = ada_before_bo()
    preview = cy.post(act_on(ada, "hold"), UNCLEAR | {"preview": "1"})
    receive(item, 2)

    page = cy.post(act_on(ada, "hold"), UNCLEAR | {"confirm": "1", "seal": seal_of(preview)})

    assert "It does not wait any more" in words(page)
    assert not ClaimChange.objects.exists()


def test_a_hold_that_is_sent_twice_is_made_once(cy: Client) -> None:
    _, ada, _ = ada_before_bo()
    preview = cy.post(act_on(ada, "hold"), UNCLEAR | {"preview": "1"})
    sealed = UNCLEAR | {"confirm": "1", "seal": seal_of(preview)}

    cy.post(act_on(ada, "hold"), sealed)
    again = cy.post(act_on(ada, "hold"), sealed)

    assert "is on hold already: we cannot read your address." in words(again)
    assert ClaimChange.objects.count() == 1


def test_who_may_only_look_is_offered_nothing_and_refused(clerk: SignIn) -> None:
    _, ada, _ = ada_before_bo()
    looks = clerk("backorders.view_claim", "backorders.view_queue", "shop.view_order")

    pages = words(looks.get(queue_page())) + words(looks.get(page_of(ada)))

    assert ada.number in pages
    for offer in ("Change rank", "Hold", "Wait for a later delivery", "What can be done"):
        assert offer not in pages
    for act in ("change_rank", "hold", "resume", "put_off", "call_back"):
        assert looks.get(act_on(ada, act)).status_code == 403
        assert looks.post(act_on(ada, act), ILL | {"confirm": "1"}).status_code == 403
    assert not ClaimChange.objects.exists()


def test_the_right_to_change_a_claim_is_enough_to_change_its_turn(clerk: SignIn) -> None:
    _, ada, _ = ada_before_bo()
    acts = clerk("backorders.change_claim")

    page = confirm(acts, act_on(ada, "hold"), UNCLEAR)

    assert (page.status_code, claim_of(ada).hold) == (200, "we cannot read your address")


def test_only_what_makes_sense_is_offered(cy: Client) -> None:
    item, ada, bo = ada_before_bo()
    turns.change(turns.hold(claim_of(bo), reason="ill"), actor=CY, at=NOON)
    receive(item, 2)

    def offered(order: Order) -> set[str]:
        page = cy.get(page_of(order)).content.decode()
        acts = ("change_rank", "hold", "resume", "put_off", "call_back")
        return {act for act in acts if f'href="{act_on(order, act)}"' in page}

    assert offered(ada) == set()
    assert offered(bo) == {"change_rank", "resume", "put_off"}
    assert "It does not wait" in words(cy.get(page_of(ada)))


def test_a_hold_that_outlived_its_wait_can_be_lifted(cy: Client) -> None:
    item = stock(on_hand=1)
    inbound(item, 1)
    order = buy((variant(item), 2))
    turns.change(turns.hold(claim_of(order), reason="the address is unclear"), actor=CY, at=NOON)
    cancellations.cancel_line(order.lines.get(), 1, actor="ada", at=NOON)

    assert f'href="{act_on(order, "resume")}"' in cy.get(page_of(order)).content.decode()
    confirm(cy, act_on(order, "resume"), {"reason": "it is clear"})
    assert claim_of(order).hold == ""


def test_why_she_gets_it_before_me_is_answered_from_the_rows(cy: Client) -> None:
    _, ada, bo = ada_before_bo()
    curtains = ada.lines.get().variant
    inbound(claim_of(ada).item, 5, LATER)
    dee = buy((curtains, 1), who=ADA | {"name": "Dee", "email": "dee@example.com"})
    eve = buy((curtains, 1), who=ADA | {"name": "Eve", "email": "eve@example.com"})
    turns.change(turns.rank(claim_of(dee), -1, reason="a replacement"), actor=CY, at=NOON)
    turns.change(turns.hold(claim_of(bo), reason="moves house"), actor=CY, at=NOON)

    text = words(cy.get(page_of(eve)))

    assert "Number 4 of 4: rank 0, place taken 21 November 2026 at 12:00 CET." in text
    assert "Before it: 1 of a lower rank, 2 that came earlier." in text
    assert "Of those before it, 1 is passed over for now." in text
    assert f"1 {dee.number} 1 of 1" in text
    assert "-1: a replacement (cy@example.com, 21 November 2026) in its turn" in text
    assert f"2 {ada.number}" in text
    assert f"3 {bo.number}" in text
    assert "passed over , on hold: moves house" in text
    own = words(cy.get(page_of(bo)))
    assert "It is passed over itself and keeps its place: on hold: moves house." in own
    assert "21 November 2026, 12:00 Hold – on hold moves house cy@example.com" in own
    assert "Nobody stands before it." in words(cy.get(page_of(dee)))


@pytest.mark.parametrize("page", ["claim", "queue"])
def test_more_who_wait_are_no_more_queries(cy: Client, page: str) -> None:
    item = stock(policy=Policy.LEAD_TIME)
    inbound(item, 50)
    curtains = variant(item)

    def queries_with(others: int) -> int:
        for _ in range(others):
            before = buy((curtains, 1))
            turns.change(turns.rank(claim_of(before), -1, reason="a replacement"), actor=CY, at=NOON)
            line = PurchaseOrderLine.objects.get()
            turns.change(turns.put_off(claim_of(before), line, reason="as agreed"), actor=CY, at=NOON)
        address = page_of(last) if page == "claim" else queue_page()
        cy.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert cy.get(address).status_code == 200
        return len(captured)

    last = buy((curtains, 1), who=BO)
    one = queries_with(1)

    assert queries_with(3) == one
    assert one <= 20


def test_an_order_that_is_sent_together_hears_nothing_while_its_own_day_stays(cy: Client) -> None:
    item, rug = stock(), stock("RUG")
    inbound(item, 2, SOON)
    inbound(item, 2, LATER)
    inbound(rug, 1, LATER + timedelta(days=10))
    curtains = variant(item)
    ada = buy((curtains, 2))
    bo = buy((curtains, 2), (variant(rug), 1), who=BO, sends=Sends.TOGETHER)
    waits = reverse("admin:backorders_claim_change_rank", args=[bo.lines.get(variant=curtains).claim_id])

    preview = cy.post(waits, ILL | {"preview": "1"})
    Letter.objects.all().delete()
    confirm(cy, waits, ILL)

    assert named(preview) == {ada.number, bo.number}
    assert "1 promise breaks, 1 promise gets better, 0 need an answer, 1 letter" in words(preview)
    assert "no letter: sent together, and the day of the whole order stays" in words(preview)
    assert [letter.recipient for letter in Letter.objects.all()] == ["ada@example.com"]


TWICE = {"units": "1", "reason": "she travels twice"}


def test_a_split_is_shown_with_the_days_of_its_units_and_changes_nothing_yet(cy: Client) -> None:
    _, ada, _ = ada_before_bo()

    text = words(cy.post(act_on(ada, "split"), TWICE | {"preview": "1"}))

    assert "From now on a claim of its own for 1 of 2, at the same place: 1 by 9 December 2026" in text
    assert "No promise changes, and no customer gets a letter." in text
    assert (ada.lines.count(), Claim.objects.count()) == (1, 2)


def test_a_claim_is_split_and_both_parts_say_so(cy: Client) -> None:
    _, ada, _ = ada_before_bo()
    whole = claim_of(ada)

    text = words(confirm(cy, act_on(ada, "split"), TWICE))

    part = Claim.objects.get(part_of=whole)
    assert [line.claim.quantity for line in ada.lines.order_by("id")] == [1, 1]
    assert "No day changed that anybody was told; no letter was written." in text
    assert "Split 2 1 she travels twice cy@example.com" in text
    page = words(cy.get(reverse("admin:backorders_claim_change", args=[part.pk])))
    assert f"Split part of claim {whole.pk} 1 she travels twice cy@example.com" in page
    assert "a claim of its own for 1 of 2" in LogEntry.objects.get().change_message
    order_page = words(cy.get(reverse("admin:shop_order_change", args=[ada.pk])))
    assert "split, 1 of it on a line of its own" in order_page


def test_a_split_that_somebody_else_made_meanwhile_is_shown_anew(cy: Client) -> None:
    _, ada, _ = ada_before_bo()
    seal = seal_of(cy.post(act_on(ada, "split"), TWICE | {"preview": "1"}))
    turns.change(turns.split(claim_of(ada), 1, reason="another reason"), actor=CY, at=NOON)
    whole = ada.lines.order_by("id")[0].claim

    where = reverse("admin:backorders_claim_split", args=[whole.pk])
    text = words(cy.post(where, TWICE | {"confirm": "1", "seal": seal}))

    assert "there is nothing to split" in text
    assert ada.lines.count() == 2


def test_a_split_is_offered_where_there_is_something_to_split(cy: Client) -> None:
    item, ada, _ = ada_before_bo()
    link = reverse("admin:backorders_claim_split", args=[claim_of(ada).pk])
    assert link in cy.get(queue_page()).content.decode()
    assert link in cy.get(page_of(ada)).content.decode()
    receive(item, 2)
    assert link not in cy.get(queue_page()).content.decode()
    assert link not in cy.get(page_of(ada)).content.decode()
