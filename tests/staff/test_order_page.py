"""The order's page: everything that happened, notes, letters that go out again, and an address until packing."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from backorders.models import Claim
from notifications import outbox
from notifications.models import Letter
from shop import addresses, delays, fulfilment, inquiries, records, resending, turns
from shop.addresses import UnableToChangeAddress
from shop.dossiers import Dossier
from shop.models import AddressChange, Order, OrderNote, Proposal, Sends, SentAgain, Shipment
from shop.resending import UnableToSendAgain
from tests.cast import CY, LATER, NOON, SOON, buy, cart_of, inbound, order_cart, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

ELSEWHERE = {
    "name": "Ada Lovelace",
    "line1": "14 Engine Lane",
    "line2": "",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
}


def page(order: Order, name: str = "change") -> str:
    return reverse(f"admin:shop_order_{name}", args=[order.pk])


@pytest.fixture
def order(db: None) -> Order:
    return buy((variant(stock(on_hand=2)), 2))


# --- The timeline ---------------------------------------------------------------------------------------------


def test_the_page_tells_what_happened_newest_first(cy: Client, order: Order) -> None:
    fulfilment.ship_ready(order, carrier="DHL", tracking_number="JD014", actor=CY, at=NOON + timedelta(days=1))

    story = re.findall(r'<p class="strong">([^<]+)</p>', cy.get(page(order)).content.decode())

    assert story[:2] == ["Popular curtains, POPULAR-CURTAINS: 2 shipped", "Mail “parcel shipped” is being sent"]
    assert story[-1].startswith(f"Order {order} was placed by Ada Lovelace")


def test_a_long_story_is_cut_where_the_newest_ends_and_can_be_opened(cy: Client, order: Order) -> None:
    for number in range(12):
        OrderNote.objects.create(order=order, text=f"call {number}", actor=CY, at=NOON)

    text = words(cy.get(page(order)))

    assert "All of it, back to the order itself: 7 more" in text


# --- Notes ----------------------------------------------------------------------------------------------------


def test_the_page_costs_at_most_twenty_queries_whatever_happened(
    cy: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Sent together; an offer, two delays that were told, a split, an address, a question, a note, a letter again."""
    here, gone = stock(on_hand=1), stock("RUG")
    line, other = inbound(gone, 2), variant(stock("BLIND", on_hand=5))
    order = order_cart(cart_of((variant(here), 1), (variant(gone), 2)), sends=Sends.TOGETHER)
    waiting = order.lines.select_related("claim").get(sku="RUG")
    turns.change(turns.split(waiting.claim, 1, reason="she travels twice"), actor=CY, at=NOON)
    for day in (LATER, None):
        delays.move_expected_day(line, day, confirmed=False, reason="the loom broke", actor=CY, at=NOON)
    Proposal.objects.create(line=waiting, variant=other, units=2, price=1, actor=CY, at=NOON)
    addresses.change(order, ELSEWHERE, seen=0, actor=CY, at=NOON)
    inquiries.ask(order, "Will it fit?", at=NOON)
    inquiries.reply(order, "It will.", seen=1, actor=CY, at=NOON)
    OrderNote.objects.create(order=order, text="She called", actor=CY, at=NOON)
    Letter.objects.filter(thread=order.number).update(state=Letter.State.SENT, sent_at=NOON)
    for letter in Letter.objects.filter(thread=order.number):
        resending.send_again(letter.pk, seen=0, actor=CY, at=NOON)

    with django_assert_max_num_queries(20):
        said = words(cy.get(page(order)))

    for happened in ("by 9 December 2026", "the loom broke", "split", "offered instead", "It will.", "She called"):
        assert happened in said


def test_a_note_is_kept_with_who_wrote_it(cy: Client, order: Order) -> None:
    seal = seal_of(cy.get(page(order, "note")))

    shown = words(
        cy.post(page(order, "note"), {"text": "She rang: <b>doorbell</b> broken.", "seal": seal}, follow=True)
    )

    note = OrderNote.objects.get()
    assert (note.text, note.actor) == ("She rang: <b>doorbell</b> broken.", CY)
    assert "She rang: <b>doorbell</b> broken." in shown
    assert "cy@example.com wrote a note" in shown


def test_a_note_that_is_sent_twice_is_kept_once(cy: Client, order: Order) -> None:
    sealed = {"text": "Call back on Monday", "seal": seal_of(cy.get(page(order, "note")))}

    cy.post(page(order, "note"), sealed)
    again = cy.post(page(order, "note"), sealed)

    assert "Something changed since you looked" in words(again)
    assert OrderNote.objects.count() == 1


def test_its_customer_never_sees_a_note(client: Client, cy: Client, order: Order) -> None:
    OrderNote.objects.create(order=order, text="suspected reseller", actor=CY, at=NOON)
    for for_staff in (False, True):
        assert "reseller" not in repr(records.record_of(Dossier(order), for_staff=for_staff))
    client.logout()
    session = client.session
    session["orders"] = {order.number: order.link_version}
    session.save()

    pages = [client.get(reverse(name, args=[order.number])) for name in ("order", "record", "answer")]

    assert [(shown.status_code, "reseller" in shown.content.decode()) for shown in pages] == [(200, False)] * 3


@pytest.mark.parametrize("model", [OrderNote, AddressChange, SentAgain])
def test_what_the_desk_wrote_down_cannot_be_changed(order: Order, model: type[Model]) -> None:
    OrderNote.objects.create(order=order, text="so it is", actor=CY, at=NOON)
    AddressChange.objects.create(order=order, actor=CY, at=NOON, **ELSEWHERE)
    letter = Letter.objects.get()
    SentAgain.objects.create(letter=letter, copy=letter, actor=CY, at=NOON)

    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        model._default_manager.update(actor="mallory")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        model._default_manager.all().delete()


# --- Letters --------------------------------------------------------------------------------------------------


def sent(order: Order) -> Letter:
    Letter.objects.filter(thread=order.number).update(state=Letter.State.SENT, sent_at=NOON, subject="Your order")
    return Letter.objects.get(thread=order.number)


def again(letter: Letter) -> str:
    return reverse("admin:shop_order_send_again", args=[letter.pk])


def test_a_letter_that_was_sent_goes_out_once_more_with_the_same_words(cy: Client, order: Order) -> None:
    letter = sent(order)
    seal = seal_of(cy.get(again(letter)))

    shown = words(cy.post(again(letter), {"seal": seal}, follow=True))

    copy = Letter.objects.exclude(pk=letter.pk).get()
    same = ("template", "recipient", "thread", "context")
    assert [getattr(copy, name) for name in same] == [getattr(letter, name) for name in same]
    assert (copy.state, copy.key) == (Letter.State.PENDING, f"again:{letter.pk}:1")
    assert "“Your order” goes to ada@example.com again." in shown
    assert re.search(r"sent again on .* by cy@example.com", shown)
    assert "cy@example.com sent the mail “Your order” again" in shown


def test_a_second_click_sends_nothing_more_and_a_second_wish_does(cy: Client, order: Order) -> None:
    letter = sent(order)
    sealed = {"seal": seal_of(cy.get(again(letter)))}
    cy.post(again(letter), sealed)

    refused = cy.post(again(letter), sealed)
    assert "Something changed since you looked" in words(refused)
    assert Letter.objects.count() == 2

    cy.post(again(letter), {"seal": seal_of(refused)})
    assert sorted(Letter.objects.values_list("key", flat=True))[:2] == [f"again:{letter.pk}:{n}" for n in (1, 2)]


def test_a_letter_that_was_given_up_goes_out_itself(cy: Client, order: Order) -> None:
    Letter.objects.update(state=Letter.State.DEAD, attempts=9, server_answer="550 no such user")
    letter = Letter.objects.get()

    cy.post(again(letter), {"seal": seal_of(cy.get(again(letter)))})

    letter.refresh_from_db()
    row = SentAgain.objects.get()
    assert (letter.state, letter.attempts, row.letter, row.copy) == (Letter.State.PENDING, 0, letter, letter)


def test_a_letter_that_is_on_its_way_is_not_sent_twice(cy: Client, order: Order) -> None:
    letter = Letter.objects.get()

    assert "This letter is on its way already" in words(cy.get(again(letter), follow=True))
    assert "Send it again" not in words(cy.get(page(order)))
    with pytest.raises(UnableToSendAgain, match="on its way"):
        resending.send_again(letter.pk, seen=0, actor=CY, at=NOON)


def test_a_copy_can_be_sent_by_the_mailer(order: Order) -> None:
    resending.send_again(sent(order).pk, seen=0, actor=CY, at=NOON)
    assert [letter.key for letter in outbox.claim(5, NOON)] == [SentAgain.objects.get().copy.key]


# --- The address ----------------------------------------------------------------------------------------------


def test_an_address_is_shown_old_and_new_and_then_changed_and_told(cy: Client, order: Order) -> None:
    Letter.objects.all().delete()

    preview = words(cy.post(page(order, "change_address"), ELSEWHERE | {"preview": "1"}))
    assert "Until now Ada Lovelace 12 Analytical Row 10115 Berlin Germany From now on" in preview
    shown = words(confirm(cy, page(order, "change_address"), ELSEWHERE))

    order.refresh_from_db()
    change = AddressChange.objects.get()
    assert (order.line1, order.postcode) == ("14 Engine Lane", "10117")
    assert (change.line1, change.postcode, change.actor) == ("12 Analytical Row", "10115", CY)
    letter = Letter.objects.get()
    assert (letter.template, letter.context["address"]) == (
        "address_changed",
        ["Ada Lovelace", "14 Engine Lane", "10117 Berlin", "Germany"],
    )
    assert "It went to: Ada Lovelace, 12 Analytical Row, 10115 Berlin, Germany" in shown
    assert "By cy@example.com" in shown
    assert "14 Engine Lane" in LogEntry.objects.get().change_message


def test_her_record_says_that_the_address_changed_and_not_who_of_the_staff_did_it(order: Order) -> None:
    addresses.change(order, ELSEWHERE, seen=0, actor=CY, at=NOON)
    order.refresh_from_db()

    (entry,) = [entry for entry in records.record_of(Dossier(order)) if entry.what == "The address was changed"]

    assert entry.details[1:] == ("It goes to: Ada Lovelace, 14 Engine Lane, 10117 Berlin, Germany", "By us")


def test_once_something_has_left_the_page_says_what_to_do_instead(cy: Client) -> None:
    item = stock(on_hand=1)
    inbound(item, 2)
    order = buy((variant(item), 2))
    fulfilment.ship_ready(order, actor=CY, at=NOON)

    text = words(cy.post(page(order, "change_address"), ELSEWHERE | {"preview": "1"}))

    assert f"Part of order {order} has left already: ask the carrier to send that parcel on." in text


def test_a_country_whose_days_end_alike_is_no_other_deadline(cy: Client) -> None:
    item = stock()
    inbound(item, 2)
    order = buy((variant(item), 2))
    due = Claim.objects.get().due_at

    confirm(cy, page(order, "change_address"), ELSEWHERE | {"city": "Wien", "postcode": "1010", "country": "AT"})

    claim = Claim.objects.get()
    order.refresh_from_db()
    assert (order.country, claim.country, claim.due_at) == ("AT", "AT", due)


def test_a_country_whose_days_end_otherwise_is_refused_with_the_way_out(cy: Client, order: Order) -> None:
    lisbon = {"postcode": "1000-001", "city": "Lisboa", "country": "PT"}
    text = words(cy.post(page(order, "change_address"), ELSEWHERE | lisbon | {"preview": "1"}))

    assert "In Portugal days end at another hour than in Germany" in text
    assert "Give an address in the same country; or cancel the order, and order anew for the other one" in text
    assert not AddressChange.objects.exists()


def test_the_same_address_and_an_empty_one_are_refused_in_a_sentence(cy: Client, order: Order) -> None:
    same = addresses.address_of(order)
    assert "This is the address that it goes to already." in words(
        cy.post(page(order, "change_address"), same | {"preview": "1"})
    )
    assert "Postcode: please fill this in." in words(
        cy.post(page(order, "change_address"), ELSEWHERE | {"postcode": "", "preview": "1"})
    )
    assert "There is no such postcode in Germany, where one looks like 10115: please check it." in words(
        cy.post(page(order, "change_address"), ELSEWHERE | {"postcode": "1011", "preview": "1"})
    )


def test_an_address_that_somebody_else_changed_meanwhile_is_shown_again(cy: Client, order: Order) -> None:
    preview = cy.post(page(order, "change_address"), ELSEWHERE | {"preview": "1"})
    addresses.change(order, ELSEWHERE | {"line1": "1 Other Street"}, seen=0, actor="bo", at=NOON)

    text = words(cy.post(page(order, "change_address"), ELSEWHERE | {"confirm": "1", "seal": seal_of(preview)}))

    assert "Something changed since you looked" in text
    with pytest.raises(UnableToChangeAddress, match="just now"):
        addresses.change(order, ELSEWHERE, seen=0, actor=CY, at=NOON)


def test_a_parcel_with_the_old_address_does_not_leave(cy: Client, order: Order) -> None:
    ship = page(order, "ship")
    seal = seal_of(cy.get(ship))
    addresses.change(order, ELSEWHERE, seen=0, actor=CY, at=NOON)

    text = words(cy.post(ship, {"carrier": "", "tracking_number": "", "seal": seal}))

    assert "Something changed since you looked" in text
    assert "Ada Lovelace, 14 Engine Lane, 10117 Berlin, Germany" in text
    assert not Shipment.objects.exists()


def test_who_may_look_is_offered_nothing_that_she_may_not_do(clerk: SignIn, order: Order) -> None:
    sent(order)

    text = words(clerk("shop.view_order").get(page(order)))

    for offer in ("Send it again", "Change the address", "Write a note"):
        assert offer not in text


def test_the_promise_is_kept_wherever_it_goes(db: None) -> None:
    item = stock()
    inbound(item, 2)
    order = buy((variant(item), 2))
    addresses.change(order, ELSEWHERE, seen=0, actor=CY, at=NOON)
    assert order.lines.get().claim.promises.get().ships_on == SOON
