"""What staff see of a day that slips before it is told, after it was, and what they write down of an answer."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders import consent
from backorders.models import Bounce, Claim, Consent, Notice
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import delays, lapses
from shop.models import Order, Refund, Sends, User
from shop.staff.desk import cards_of
from shop.wording import until
from tests.cast import BO, CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

FAR = SOON + timedelta(days=45)


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    """The desk reads the clock; the cast lives at noon."""
    time_machine.move_to(NOON, tick=False)


def slip(line: PurchaseOrderLine, day: date | None, *, at: Any = NOON) -> None:
    delays.move_expected_day(line, day, confirmed=day is not None, reason="the loom broke", actor=CY, at=at)


@pytest.fixture
def asked(db: None) -> Order:
    """Ada waits for two, and must say whether she waits until the end of January."""
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))
    slip(line, FAR)
    return order


def bounce(order: Order) -> None:
    notice = Notice.objects.get(claim__order_line__order=order)
    Letter.objects.filter(key=notice.letter).update(state=Letter.State.DEAD, server_answer="550 no such mailbox")
    lapses.note_bounce(notice.pk, at=NOON)


def cards(rf: RequestFactory) -> dict[str, Any]:
    request = rf.get("/")
    request.user = User.objects.get(email=CY)
    return {card.title: card for card in cards_of(request)}


def page_of(order: Order, what: str = "change") -> str:
    return reverse(f"admin:shop_order_{what}", args=[order.pk])


def move_address(line: PurchaseOrderLine) -> str:
    return reverse("admin:inventory_purchaseorder_move", args=[line.pk])


# Before it is told


def said_of(day: date | None) -> dict[str, str]:
    told = {"day": day.isoformat(), "confirmed": "on"} if day else {"day": ""}
    return told | {"reason": "the loom broke"}


def test_the_preview_of_a_moved_day_is_what_is_then_told(cy: Client) -> None:
    item, rug = stock(), stock("RUG")
    line = inbound(item, 9)
    inbound(rug, 1, FAR + timedelta(days=30))
    curtains = variant(item)
    for number in range(3):
        buy((curtains, 1), who=BO | {"email": f"bo{number}@example.com"})
    buy((curtains, 1), (variant(rug), 1), sends=Sends.TOGETHER)
    Letter.objects.all().delete()

    foreseen = delays.preview_move(line, FAR, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    assert (Notice.objects.count(), Letter.objects.count()) == (0, 0)
    preview = cy.post(move_address(line), said_of(FAR) | {"preview": "1"})
    assert (Notice.objects.count(), Letter.objects.count()) == (0, 0)
    confirm(cy, move_address(line), said_of(FAR))

    assert "4 promises break, 3 need an answer, 3 letters" in words(preview)
    assert "a long delay: needs a yes by 8 January 2027" in words(preview)
    assert "(no letter: sent together, and the day of the whole order stays)" in words(preview)
    told = {notice.claim_id: (notice.kind, notice.answer_by) for notice in Notice.objects.all()}
    assert {pk: (asked.kind, asked.answer_by) for pk, asked in foreseen.told.asks.items()} == told
    assert Letter.objects.count() == foreseen.told.letters == 3


@pytest.mark.parametrize(
    ("day", "words_of_it"),
    [
        (LATER, "1 promise breaks, 0 need an answer, 1 letter"),
        (LATER, "a short delay: silence keeps it"),
        (FAR, "1 promise breaks, 1 needs an answer, 1 letter"),
        (None, "a delay without a day: needs a yes by 8 January 2027"),
        (SOON - timedelta(days=5), "1 promise gets better, 0 need an answer, 1 letter"),
    ],
)
def test_each_kind_of_delay_is_named(cy: Client, day: date | None, words_of_it: str) -> None:
    item = stock()
    line = inbound(item, 5)
    buy((variant(item), 2))

    assert words_of_it in words(cy.post(move_address(line), said_of(day) | {"preview": "1"}))


def test_a_further_delay_is_named_with_its_deadline(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    buy((variant(item), 2))
    slip(line, LATER)

    text = words(cy.post(move_address(line), said_of(FAR) | {"preview": "1"}))

    assert "1 promise breaks, 1 needs an answer, 1 letter" in text
    assert "a further delay: needs a yes by 4 January 2027" in text


def test_the_letter_is_shown_as_it_is_then_written(cy: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    buy((variant(item), 2))
    Letter.objects.all().delete()

    foreseen = delays.preview_move(line, FAR, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    text = words(cy.post(move_address(line), said_of(FAR) | {"preview": "1"}))
    confirm(cy, move_address(line), said_of(FAR))

    letter = Letter.objects.get()
    (sample,) = foreseen.told.samples
    assert (sample.key, sample.template, sample.context) == (letter.key, letter.template, letter.context)
    assert "The letter to ada@example.com: Your order" in text
    assert "the loom broke" in text


def test_a_delivery_shows_the_letters_of_days_that_move_as_well(cy: Client) -> None:
    item = stock()
    inbound(item, 2, SOON)
    line = inbound(item, 2, LATER)
    curtains = variant(item)
    buy((curtains, 2))
    buy((curtains, 2), who=BO)
    arrived = {"number": "D-1", f"units_{item.pk}": 2, "preview": "1"}

    text = words(cy.post(reverse("admin:inventory_purchaseorder_receive", args=[line.order_id]), arrived))

    assert "Whose day changes" in text
    assert "The letter to bo@example.com" in text


# After it was told


def test_open_questions_are_counted_with_their_money_and_days(cy: Client, asked: Order, rf: RequestFactory) -> None:
    card = cards(rf)["Needs an answer"]

    assert (card.number, card.says) == (1, "1 order, €98.00; the first: 48 days left")
    listed = words(cy.get(card.address))
    assert " 1 result" in listed
    assert f"{asked.number} Ada Lovelace, ada@example.com 2 of 2 × Popular curtains" in listed
    assert "8 January 2027 (48 days left) €98.00 no answer yet Record an answer" in listed


def test_a_notice_that_did_not_arrive_is_to_be_told_by_telephone(cy: Client, asked: Order, rf: RequestFactory) -> None:
    assert cards(rf)["Not told"].number == 0

    bounce(asked)

    card = cards(rf)["Not told"]
    assert (card.number, card.urgent) == (1, True)
    assert "did not arrive: 550 no such mailbox" in words(cy.get(card.address))
    confirm(cy, page_of(asked, "answer"), {"what": asked.lines.get().pk, "answer": "keep"})
    assert cards(rf)["Not told"].number == 0


def test_what_is_due_within_a_day_is_counted(cy: Client, rf: RequestFactory, time_machine: Any) -> None:
    buy((variant(stock(on_hand=1)), 1))
    item = stock("RUG")
    inbound(item, 1)
    buy((variant(item), 1), who=BO)

    card = cards(rf)["Due within a day"]

    assert card.number == 1
    assert card.says.startswith("1 line to ship, to tell of or to be answered, the first until 22 November 2026")
    assert " 1 result" in words(cy.get(card.address))


def test_the_desk_and_the_lists_ask_a_fixed_number_of_times(cy: Client) -> None:
    def tell() -> None:
        item = stock(f"GOODS-{Notice.objects.count()}")
        line = inbound(item, 5)
        order = buy((variant(item), 2))
        slip(line, FAR)
        bounce(order)
        notice = Notice.objects.order_by("-id")[0]
        Consent.objects.create(notice=notice, answer="keep", actor=CY, at=NOON)
        Refund.objects.create(order=order, amount=1, reason="too much", due_since=NOON, due_by=NOON)

    lists = ("backorders_notice", "backorders_bounce", "backorders_consent", "shop_refund")
    pages = [reverse("admin:index"), *(reverse(f"admin:{name}_changelist") for name in lists)]
    tell()
    one = [queries_of(cy, page) for page in pages]
    tell()
    tell()

    assert [queries_of(cy, page) for page in pages] == one


def queries_of(client: Client, page: str) -> int:
    """The second time a page is asked for: the first one fills Django's cache of content types."""
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def test_the_order_tells_what_was_told_and_what_became_of_it(cy: Client, asked: Order) -> None:
    bounce(asked)

    text = words(cy.get(page_of(asked)))

    assert "a long delay: 9 December 2026 → 23 January 2027 (the loom broke)" in text
    assert "8 January 2027 (48 days left) did not arrive: 550 no such mailbox Record an answer" in text


# An answer by telephone


def test_a_yes_is_written_down_with_who_heard_it(cy: Client, asked: Order) -> None:
    data = {"what": asked.lines.get().pk, "answer": "keep"}

    preview = words(cy.post(page_of(asked, "answer"), data | {"preview": "1"}))
    assert not Consent.objects.exists()
    page = words(confirm(cy, page_of(asked, "answer"), data))

    assert "Ada Lovelace keeps it and waits." in preview
    assert "keep it and wait. The customer gets a letter." in page
    answer = Consent.objects.get()
    assert (answer.answer, answer.actor, answer.at) == ("keep", CY, NOON)
    assert Claim.objects.get().standing == "agreed"
    assert Letter.objects.filter(template="answer_received").count() == 1
    assert "on 21 November 2026 at 12:00 CET, noted by cy@example.com" in page


def test_a_no_cancels_just_what_was_asked_about(cy: Client, asked: Order) -> None:
    data = {"what": asked.lines.get().pk, "answer": "cancel"}

    preview = words(cy.post(page_of(asked, "answer"), data | {"preview": "1"}))
    confirm(cy, page_of(asked, "answer"), data)

    assert "Ada Lovelace cancels it and owes €98.00 less for goods" in preview
    assert Claim.objects.get().quantity == 0
    assert Consent.objects.get().answer == "cancel"
    assert Letter.objects.filter(template="units_withdrawn").count() == 1


def test_several_lines_are_answered_at_once_or_one_by_one(cy: Client) -> None:
    item, rug, shelf = stock(), stock("RUG"), stock("SHELF", on_hand=1)
    lines = [inbound(item, 5), inbound(rug, 5)]
    order = buy((variant(item), 1), (variant(rug), 2), (variant(shelf), 1))
    for line in lines:
        slip(line, FAR)
    Letter.objects.all().delete()

    assert "All 2 lines that were delayed" in words(cy.get(page_of(order, "answer")))
    confirm(cy, page_of(order, "answer"), {"what": "all", "answer": "cancel"})

    assert [line.claim.quantity for line in order.lines.order_by("id")] == [0, 0, 1]
    assert [letter.template for letter in Letter.objects.all()] == ["units_withdrawn"]


def test_a_second_click_records_nothing_more(cy: Client, asked: Order) -> None:
    data = {"what": asked.lines.get().pk, "answer": "keep"}
    sealed = data | {"confirm": "1", "seal": seal_of(cy.post(page_of(asked, "answer"), data | {"preview": "1"}))}

    cy.post(page_of(asked, "answer"), sealed)
    again = cy.post(page_of(asked, "answer"), sealed, follow=True)

    assert "Nothing of this order waits for an answer." in words(again)
    assert Consent.objects.count() == 1


def test_another_day_that_was_told_meanwhile_is_shown_first(cy: Client, asked: Order) -> None:
    data = {"what": asked.lines.get().pk, "answer": "keep"}
    sealed = data | {"confirm": "1", "seal": seal_of(cy.post(page_of(asked, "answer"), data | {"preview": "1"}))}
    slip(PurchaseOrderLine.objects.get(), FAR + timedelta(days=10))

    page = cy.post(page_of(asked, "answer"), sealed)

    assert "Something changed since you looked" in words(page)
    assert "2 February 2027" in words(page)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"what": "", "answer": "keep"}, "This field is required."),
        ({"what": "0", "answer": "keep"}, "is not one of the available choices"),
        ({"answer": "perhaps"}, "is not one of the available choices"),
        ({}, "Choose what the customer said."),
    ],
)
def test_bad_input_gets_a_sentence(cy: Client, asked: Order, data: dict[str, str], sentence: str) -> None:
    page = cy.post(page_of(asked, "answer"), {"what": asked.lines.get().pk} | data | {"preview": "1"})

    assert sentence in words(page)
    assert not Consent.objects.exists()


def test_recording_needs_its_own_right(clerk: SignIn, asked: Order) -> None:
    assert clerk("shop.view_order", "backorders.view_notice").get(page_of(asked, "answer")).status_code == 403


def test_who_may_not_cancel_records_a_yes_only(clerk: SignIn, asked: Order) -> None:
    client = clerk("shop.view_order", "backorders.add_consent")
    data = {"what": asked.lines.get().pk, "answer": "cancel", "preview": "1"}

    assert "Cancel it" not in words(client.get(page_of(asked, "answer")))
    assert "is not one of the available choices" in words(client.post(page_of(asked, "answer"), data))


def test_who_was_reached_by_telephone_was_told(asked: Order) -> None:
    """The notice did not arrive, she said yes to a delay without a day: a month later she is asked again."""
    slip(PurchaseOrderLine.objects.get(), None)
    order = asked
    notice = Notice.objects.order_by("-id")[0]
    Bounce.objects.create(notice=notice, answer="550", at=NOON)
    claim = Claim.objects.select_related("notice").get()

    assert list(consent.untold()) == [notice]
    Consent.objects.create(notice=notice, answer="keep", actor=CY, at=NOON)
    Claim.objects.update(standing="agreed", due_at=NOON)
    assert not consent.untold().exists()
    lapses.lapse(order.pk, at=NOON + timedelta(minutes=1))

    claim.refresh_from_db()
    assert (claim.quantity, claim.standing) == (2, "asked_again")
    assert claim.due_at
    assert until(claim.due_at) == "21 December 2026"


def test_a_yes_by_telephone_makes_up_for_a_short_notice_that_did_not_arrive(cy: Client, time_machine: Any) -> None:
    """Without it the old day would count; with it she waits until the new one."""
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))
    slip(line, LATER)
    bounce(order)

    confirm(cy, page_of(order, "answer"), {"what": order.lines.get().pk, "answer": "keep"})
    lapses.lapse(order.pk, at=NOON + (SOON - NOON.date()) + timedelta(days=1))

    assert order.lines.get().claim.quantity == 2
    lapses.lapse(order.pk, at=NOON + (LATER - NOON.date()) + timedelta(days=1))
    assert order.lines.get().claim.quantity == 0
