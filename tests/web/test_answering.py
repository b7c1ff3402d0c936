"""Answering a delay: the link of a letter, every button, every refusal, and the page when nothing is asked any more."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from playwright.sync_api import Page

from backorders.models import Notice, Withdrawal
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import cancellations, fulfilment, lapses, refunds
from shop.letterhead import LINK_SALT
from shop.models import Order, Refund, Sends, User, Variant
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.shop.test_answers import MUCH_LATER, answered, buy_and_pay, slip
from tests.web.reading import words

pytestmark = pytest.mark.django_db

KEEP = "Keep it and wait"
CANCEL = "Cancel it, with a full refund"


def answer_link(order: Order) -> str:
    """The address in a letter about a delay."""
    token = signing.dumps({"order": order.number, "v": order.link_version}, salt=LINK_SALT)
    return f"/orders/{order.number}/answer/{token}/"


def address_of(order: Order) -> str:
    return f"/orders/{order.number}/answer/"


def forms(page: Any) -> list[dict[str, Any]]:
    """The forms of the page as they would be sent, with `button`: what their button says."""
    found = []
    for form in re.findall(r'<form[^>]*method="post".*?</form>', page.content.decode(), re.DOTALL):
        data: dict[str, Any] = {}
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
            data.setdefault(name, []).append(value)
        button = re.search(r"<button[^>]*>(.*?)</button>", form, re.DOTALL)
        if button and "act" in data:
            found.append(data | {"button": re.sub(r"<[^>]*>", "", button[1])})
    return found


def press(client: Client, page: Any, button: str, **typed: str) -> Any:
    """Send the form of that button, as the page has it."""
    [form] = [form for form in forms(page) if form["button"].startswith(button)]
    return client.post(page.request["PATH_INFO"], form | typed, follow=True)


def cancel(client: Client, page: Any) -> Any:
    """The same for the one that cancels, with the tick that says that it is meant."""
    return press(client, page, "Cancel", **{"cancel-sure": "on"})


@pytest.fixture
def curtains() -> Variant:
    return variant(stock())


@pytest.fixture
def coming(curtains: Variant) -> PurchaseOrderLine:
    return inbound(curtains.stock_item, 8, SOON)


@pytest.fixture
def order(curtains: Variant, coming: PurchaseOrderLine) -> Order:
    return buy((curtains, 2))


@pytest.fixture
def visitor(client: Client, order: Order) -> Client:
    """Somebody who came by the link of a letter."""
    client.get(answer_link(order))
    return client


@pytest.fixture
def asked(visitor: Client, order: Order, coming: PurchaseOrderLine) -> Order:
    """Her day slipped so far that she is asked."""
    slip(coming)
    return order


@pytest.fixture
def told(visitor: Client, order: Order, coming: PurchaseOrderLine) -> Order:
    """Her day slipped, but not so far that silence would end it."""
    slip(coming, LATER)
    return order


@pytest.fixture
def cotton() -> Variant:
    return variant(stock("COTTON", on_hand=3), price="39.00")


def look(client: Client, order: Order) -> Any:
    page = client.get(address_of(order))
    assert page.status_code == 200
    return page


# The way in


def test_the_link_opens_the_answer_and_is_left_behind(client: Client, order: Order):
    response = client.get(answer_link(order))

    assert response.headers["Location"] == address_of(order)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in look(client, order).headers["Cache-Control"]
    assert client.get(order.get_absolute_url()).status_code == 200, "it opens the order as well"


def test_every_letter_of_a_delay_has_the_link(asked: Order):
    letter = Letter.objects.get(template="answer_needed")
    assert letter.context["links"]["answer"]["path"] == f"{address_of(asked)}{{token}}/"


def test_nobody_else_sees_or_answers_it(client: Client, order: Order, coming: PurchaseOrderLine):
    slip(coming)
    other = buy((order.lines.get().variant, 1), who=BO)
    client.get(answer_link(other))
    token = answer_link(other).split("/")[-2]
    for address in (address_of(order), f"{address_of(order)}{token}/", f"{address_of(order)}x/"):
        page = client.get(address)
        assert page.status_code == 403
        assert "Please use the link from our mail" in words(page)
    line = order.lines.get()
    seen = [f"{line.pk}:{Notice.objects.get(claim=line.claim).pk}"]
    for act in ("keep", "cancel", "instead", "last_day"):
        assert client.post(address_of(order), {"act": act, "seen": seen}).status_code == 403
        # Through an order of her own neither.
        client.post(address_of(other), {"act": act, "seen": seen, "line": line.pk, "cancel-sure": "on"})
    assert answered() == []
    assert not Withdrawal.objects.exists()


def test_a_withdrawn_and_an_old_link_open_nothing(client: Client, order: Order):
    address = answer_link(order)
    with time_machine.travel(NOON + timedelta(days=731), tick=False):
        assert client.get(address).status_code == 403
    Order.objects.update(link_version=2)
    assert client.get(address).status_code == 403


def test_the_signed_in_owner_answers_without_a_link(client: Client, order: Order, coming: PurchaseOrderLine):
    slip(coming)
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    Order.objects.update(user=ada)
    client.force_login(ada)
    assert "Thank you for waiting" in words(press(client, look(client, order), KEEP))


def test_looking_changes_nothing(client: Client, asked: Order, cotton: Variant):
    letters = Letter.objects.count()
    for _ in range(2):
        for address in (answer_link(asked), address_of(asked), f"/orders/{asked.number}/cancel/"):
            client.get(address)
            client.head(address)
            client.get(address, {"act": "cancel"})
    assert answered() == []
    assert not Withdrawal.objects.exists()
    assert Letter.objects.count() == letters


# What it shows


def test_it_says_what_was_told_what_holds_why_and_what_silence_does(visitor: Client, asked: Order):
    page = words(look(visitor, asked))
    assert "Please answer by 8 January 2027 : without your yes by then we cancel it, with a full refund." in page
    assert (
        "Told first 2 by 9 December 2026 Now 2 by 20 January 2027 Why the loom broke"
        " If you do nothing on 8 January 2027 we cancel it, with a full refund"
    ) in page


def test_where_silence_keeps_it_says_so_and_still_offers_both(visitor: Client, told: Order):
    page = look(visitor, told)
    assert "You need not answer: if you do nothing, we keep it for you." in words(page)
    assert "If you do nothing we keep it for you, with your place in the queue" in words(page)
    assert [form["button"] for form in forms(page)][:2] == [KEEP, CANCEL]


def test_a_day_that_nobody_knows_is_called_so(visitor: Client, order: Order, coming: PurchaseOrderLine):
    slip(coming, None)
    assert "Now 2 waiting: nobody can give us a day Why the loom broke" in words(look(visitor, order))


def test_both_answers_look_the_same_and_none_is_chosen(visitor: Client, asked: Order):
    page = look(visitor, asked).content.decode()
    classes = {what: attributes for attributes, what in re.findall(r"<button([^>]*)>(.*?)</button>", page)}
    assert classes[KEEP] == classes[CANCEL] == ' class="button wide"'
    assert "checked" not in page
    assert "autofocus" not in page
    assert "<script" not in page.split("<main")[1].split("</main>")[0]


def test_an_order_without_a_delay_says_so(visitor: Client, order: Order):
    page = words(look(visitor, order))
    assert "Nothing waits for your answer" in page
    assert f"No day of order {order.number} has moved." in page


def test_the_page_costs_a_fixed_number_of_queries(client: Client, queries_of: Any, cotton: Variant):
    goods = [variant(stock(f"MUG-{number}")) for number in range(4)]
    lines = [inbound(mug.stock_item, 9, SOON) for mug in goods]
    small, large = buy((goods[0], 1)), buy(*((mug, 1) for mug in goods))
    for line in lines:
        slip(line)
    for order in (small, large):
        client.get(answer_link(order))
    assert queries_of(address_of(large)) == queries_of(address_of(small)) <= 13


# Keep


def test_one_click_keeps_it(visitor: Client, asked: Order):
    page = press(visitor, look(visitor, asked), KEEP)

    assert page.redirect_chain == [(address_of(asked), 302)]
    assert "Thank you for waiting. You keep it, and a mail confirms it." in words(page)
    assert "You said on 21 November 2026 that you wait. It ships by 20 January 2027 ." in words(page)
    assert answered() == [("keep", "")]
    assert forms(page) == []


def test_opened_again_it_shows_what_was_chosen(visitor: Client, asked: Order):
    press(visitor, look(visitor, asked), KEEP)
    with time_machine.travel(NOON + timedelta(days=5), tick=False):
        visitor.get(answer_link(asked))
        page = words(look(visitor, asked))
    assert "Nothing waits for your answer" in page
    assert "You said on 21 November 2026 that you wait. It ships by 20 January 2027 ." in page
    assert (
        "Was 9 December 2026 , now 20 January 2027 : the loom broke (told on 21 November 2026 );"
        " you said on 21 November 2026 that you wait"
    ) in page


def test_a_second_click_changes_nothing_more(visitor: Client, asked: Order):
    page = look(visitor, asked)
    press(visitor, page, KEEP)
    letters = Letter.objects.count()
    again = press(visitor, page, KEEP)
    assert again.status_code == 200
    assert answered() == [("keep", "")]
    assert Letter.objects.count() == letters


def test_after_a_yes_it_can_still_be_cancelled(visitor: Client, asked: Order):
    page = press(visitor, look(visitor, asked), KEEP)
    line = asked.lines.get()
    assert f'href="/orders/{asked.number}/cancel/{line.pk}/"' in page.content.decode()
    visitor.post(f"/orders/{asked.number}/cancel/{line.pk}/", {"units": "2"})
    assert "You cancelled it on 21 November 2026" in words(look(visitor, asked))


def test_an_answer_to_an_old_question_is_refused_with_a_sentence(
    visitor: Client, asked: Order, coming: PurchaseOrderLine
):
    old = look(visitor, asked)
    slip(coming, MUCH_LATER + timedelta(days=10))

    page = press(visitor, old, KEEP)

    assert "We wrote to you about another day since: read below what holds now, and answer that." in words(page)
    assert "Now 2 by 30 January 2027" in words(page)
    assert answered() == []
    assert press(visitor, page, KEEP).status_code == 200


def test_the_time_to_answer_can_be_over_before_the_sweep_came(visitor: Client, asked: Order):
    old = look(visitor, asked)
    with time_machine.travel(NOON + timedelta(days=60), tick=False):
        visitor.get(answer_link(asked))
        late = look(visitor, asked)
        refused = press(visitor, old, KEEP)
        order_page = words(visitor.get(asked.get_absolute_url()))
    assert "We asked for your answer by 8 January 2027 . That day is over: it is being cancelled" in words(late)
    assert forms(late) == []
    assert "Nothing of this order waits for your answer any more" in words(refused)
    assert "The time to answer is over We asked for your answer by 8 January 2027 ." in order_page


def test_a_day_that_passed_in_silence_is_not_answered_any_more(visitor: Client, told: Order):
    with time_machine.travel(NOON + timedelta(days=60), tick=False):
        visitor.get(answer_link(told))
        page = look(visitor, told)
    assert "Its day has passed, and we did not ship it: it is being cancelled, with a full refund." in words(page)
    assert forms(page) == []


# Cancel


def test_a_tick_and_a_click_cancel_it(visitor: Client, asked: Order):
    page = cancel(visitor, look(visitor, asked))

    assert (
        "Cancelled: 2 × Popular curtains, POPULAR-CURTAINS. You owe nothing for it, and a mail confirms it."
        in words(page)
    )
    assert "You cancelled it on 21 November 2026 . You owe nothing for it." in words(page)
    assert answered() == [("cancel", "")]
    assert asked.lines.get().claim.quantity == 0
    assert not Refund.objects.exists()


def test_without_the_tick_nothing_is_cancelled_and_the_page_can_be_reloaded(visitor: Client, asked: Order):
    page = press(visitor, look(visitor, asked), CANCEL)
    again = visitor.get(page.redirect_chain[-1][0])
    for each in (page, again):
        assert "Tick the box if you mean to cancel: nothing was changed yet." in words(each)
    assert answered() == []
    assert asked.lines.get().claim.quantity == 2


def test_cancelled_twice_is_cancelled_once(visitor: Client, asked: Order):
    old = look(visitor, asked)
    cancel(visitor, old)
    again = cancel(visitor, old)
    assert "Nothing is left to cancel: it has shipped, or was cancelled." in words(again)
    assert Withdrawal.objects.count() == 1


def test_only_what_is_late_is_cancelled(visitor: Client, curtains: Variant, coming: PurchaseOrderLine):
    here = variant(stock("MUG", on_hand=3))
    order = buy((here, 1), (variant(stock("OTHER", on_hand=1)), 1), (curtains, 1))
    visitor.get(answer_link(order))
    slip(coming)

    page = look(visitor, order)
    assert "You give up 1 × Popular curtains, POPULAR-CURTAINS. You owe nothing for it." in words(page)
    cancel(visitor, page)

    assert sorted(order.lines.values_list("sku", "claim__quantity")) == [
        ("MUG", 1),
        ("OTHER", 1),
        ("POPULAR-CURTAINS", 0),
    ]


def test_of_several_lines_one_can_be_cancelled(visitor: Client, curtains: Variant, coming: PurchaseOrderLine):
    mug = stock("MUG")
    mugs = inbound(mug, 5, SOON)
    order = buy((curtains, 1), (variant(mug), 1))
    visitor.get(answer_link(order))
    slip(coming)
    slip(mugs)
    line = order.lines.get(sku="MUG")

    page = look(visitor, order)
    assert "Cancel only 1 × Popular curtains" in words(page)
    assert "Cancel only 1 × Mug" in words(page)
    assert f'href="/orders/{order.number}/cancel/{line.pk}/"' in page.content.decode()
    visitor.post(f"/orders/{order.number}/cancel/{line.pk}/", {"units": "1"})

    left = look(visitor, order)
    assert "You wait for 1 × Popular curtains, POPULAR-CURTAINS." in words(left)
    press(visitor, left, KEEP)
    assert answered() == [("cancel", ""), ("keep", "")]


def test_what_is_set_aside_goes_with_it_and_is_named(visitor: Client, cotton: Variant):
    item = stock("PART", on_hand=1)
    coming = inbound(item, 5, SOON)
    order = buy((variant(item), 3))
    visitor.get(answer_link(order))
    slip(coming)
    page = look(visitor, order)
    assert "You wait for 2 × Part, PART." in words(page)
    assert "You give up 3 × Part, PART (1 set aside for you)." in words(page)
    assert "Cancel only some of it" in words(page)


def test_an_order_that_changed_since_is_shown_again(visitor: Client, asked: Order):
    old = look(visitor, asked)
    cancellations.cancel_line(asked.lines.get(), 1, actor="customer", at=NOON)
    page = cancel(visitor, old)
    assert "The order changed since you looked" in words(page)
    assert "1 × Popular curtains" in words(page)


# Money goes back: the postcode


@pytest.fixture
def paid(client: Client, curtains: Variant, coming: PurchaseOrderLine, settings: Any) -> Order:
    """An order that was paid in advance, and whose customer is asked."""
    order = buy_and_pay(settings, (curtains, 2))
    client.get(answer_link(order))
    slip(coming)
    return order


@pytest.mark.parametrize("typed", ["10115", " 101 15 ", "10115 "])
def test_of_a_paid_order_the_postcode_is_asked_before_money_goes_back(client: Client, paid: Order, typed: str):
    page = look(client, paid)
    assert "What you paid for it goes back to you, the way you paid. Postcode of this order" in words(page)

    page = press(client, page, CANCEL, **{"cancel-postcode": typed})

    assert "Cancelled: 2 × Popular curtains, POPULAR-CURTAINS. What you paid for it goes back to you in full" in words(
        page
    )
    assert "You cancelled it on 21 November 2026 . What you paid for it goes back to you: your" in words(page)
    assert Refund.objects.get().amount == paid.payment.amount


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the postcode that this order goes to: nothing was changed yet."),
        ("10116", "This is not the postcode that this order goes to: nothing was changed yet."),
        ("1" * 300, "at most 40 characters"),
    ],
)
def test_a_wrong_postcode_loses_nothing(client: Client, paid: Order, typed: str, says: str):
    page = press(client, look(client, paid), CANCEL, **{"cancel-postcode": typed})

    assert says in words(page)
    assert f'name="cancel-postcode" value="{typed}"' in page.content.decode() or not typed
    assert 'href="#id_cancel-postcode"' in page.content.decode()
    assert answered() == []
    assert not Refund.objects.exists()
    assert "Cancelled" in words(press(client, page, CANCEL, **{"cancel-postcode": "10115"}))


def test_letters_of_a_postcode_may_be_small(client: Client, paid: Order):
    Order.objects.update(postcode="SW1A 1AA")
    assert "Cancelled" in words(press(client, look(client, paid), CANCEL, **{"cancel-postcode": "sw1a1aa"}))


def test_to_keep_it_needs_no_postcode(client: Client, paid: Order):
    assert press(client, look(client, paid), KEEP).status_code == 200
    assert answered() == [("keep", "")]


def test_the_pages_for_cancelling_ask_for_it_too(client: Client, paid: Order):
    line = paid.lines.get()
    one, every = f"/orders/{paid.number}/cancel/{line.pk}/", f"/orders/{paid.number}/cancel/"
    for address, data in ((one, {"units": "1"}), (every, {})):
        assert "Postcode of this order" in words(client.get(address))
        page = client.post(address, data | {"postcode": "99999"}, follow=True)
        assert "This is not the postcode that this order goes to" in words(page)
    assert not Withdrawal.objects.exists()
    assert "goes back to you in full" in words(client.post(one, {"units": "1", "postcode": "10115"}, follow=True))
    client.post(every, {"postcode": "10115"})
    assert paid.lines.get().claim.quantity == 0


def test_before_it_is_paid_they_ask_for_nothing(visitor: Client, asked: Order):
    for address in (f"/orders/{asked.number}/cancel/{asked.lines.get().pk}/", f"/orders/{asked.number}/cancel/"):
        assert "Postcode" not in words(visitor.get(address))


def test_the_order_page_says_what_goes_back_until_when_and_that_it_was_sent(client: Client, paid: Order):
    press(client, look(client, paid), CANCEL, **{"cancel-postcode": "10115"})
    address = paid.get_absolute_url()
    assert "Due back to you, sent by 28 November 2026 at the latest €102.90" in words(client.get(address))
    refunds.mark_sent(Refund.objects.get().pk, actor=CY, at=NOON + timedelta(days=2))
    assert "Sent back to you on 23 November 2026 €102.90" in words(client.get(address))


# Something else instead


def test_one_click_takes_something_else(visitor: Client, asked: Order, cotton: Variant):
    page = look(visitor, asked)
    assert (
        "On our shelf now, instead of 2 × Popular curtains, POPULAR-CURTAINS Cotton COTTON"
        " 2 × €39.00, instead of €49.00 each: €20.00 less Take this instead"
    ) in words(page)

    page = press(visitor, page, "Take this instead")

    assert "You get 2 × Cotton instead, and a mail confirms it." in words(page)
    assert "You took something else instead on 21 November 2026 ." in words(page)
    assert answered() == [("alternative", "COTTON")]
    assert "2 × Cotton" in words(visitor.get(asked.get_absolute_url()))


def test_taken_twice_is_taken_once(visitor: Client, asked: Order, cotton: Variant):
    old = look(visitor, asked)
    press(visitor, old, "Take this instead")
    again = press(visitor, old, "Take this instead")
    assert "The order changed since you looked" in words(again)
    assert asked.lines.count() == 2


def test_the_last_of_it_may_be_gone(visitor: Client, asked: Order, cotton: Variant):
    old = look(visitor, asked)
    buy((cotton, 3), who=BO)
    page = press(visitor, old, "Take this instead")
    assert "Somebody just took the last of it: choose something else, or keep waiting." in words(page)
    assert "Take this instead" not in words(page)
    assert forms(page)[0]["button"] == KEEP


def test_of_a_paid_order_it_asks_for_the_postcode_and_the_difference_goes_back(
    client: Client, paid: Order, cotton: Variant
):
    page = look(client, paid)
    name = f"instead-{paid.lines.get().pk}-{cotton.pk}-postcode"
    wrong = press(client, page, "Take this instead", **{name: "1"})
    assert f'href="#id_{name}"' in wrong.content.decode()
    assert paid.lines.count() == 1

    press(client, wrong, "Take this instead", **{name: "10115"})

    assert Refund.objects.get().amount == 20


# A last day


def test_a_last_day_is_set(visitor: Client, asked: Order):
    name = f"day-{asked.lines.get().pk}-day"
    page = press(visitor, look(visitor, asked), "Wait until this day", **{name: "2026-12-24"})
    assert "You wait until 24 December 2026, and no longer: a mail confirms it." in words(page)
    assert "You said that you wait until 24 December 2026 , and no longer." in words(page)
    assert answered() == [("last_day", "2026-12-24")]
    order_page = words(visitor.get(asked.get_absolute_url()))
    assert "you said on 21 November 2026 that you wait until 24 December 2026 and no longer" in order_page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Choose a day."),
        ("soon", "Choose a day, such as 2026-12-24."),
        ("2026-11-21", "Choose a day after today, or cancel the line at once."),
        ("2020-01-01", "Choose a day after today, or cancel the line at once."),
        ("2028-11-21", "Choose a day until 20 November 2028"),
        ("9999-12-31", "Choose a day until 20 November 2028"),
    ],
)
def test_a_day_that_cannot_be_gets_a_sentence(visitor: Client, asked: Order, typed: str, says: str):
    name = f"day-{asked.lines.get().pk}-day"
    page = press(visitor, look(visitor, asked), "Wait until this day", **{name: typed})
    assert says in words(page)
    assert answered() == []


def test_under_the_law_of_the_united_states_none_is_offered(visitor: Client, asked: Order, settings: Any):
    settings.DELAY_RULE = "us"
    assert "until a last day of yours" not in words(look(visitor, asked))


def test_under_that_of_europe_silence_keeps_and_a_last_day_may_be_set(
    visitor: Client, order: Order, coming: PurchaseOrderLine, settings: Any
):
    settings.DELAY_RULE = "uk_eu"
    slip(coming)
    page = look(visitor, order)
    assert "You need not answer" in words(page)
    assert "until a last day of yours" in words(page)


# An order that is sent together


@pytest.fixture
def together(client: Client, curtains: Variant, coming: PurchaseOrderLine) -> Order:
    order = buy((variant(stock("LAMP", on_hand=1)), 1), (curtains, 2), sends=Sends.TOGETHER)
    client.get(answer_link(order))
    slip(coming)
    return order


def test_the_ready_part_can_go_ahead(client: Client, together: Order, queries_of: Any):
    page = look(client, together)
    assert "Told first everything together by 9 December 2026 Now everything together by 20 January 2027" in words(page)
    assert f'href="/orders/{together.number}/release/"' in page.content.decode()
    assert "Send it now" in words(client.get(f"/orders/{together.number}/release/"))
    assert queries_of(address_of(together)) <= 14


def test_all_of_it_is_cancelled_together(client: Client, together: Order):
    page = look(client, together)
    assert "You give up 1 × Lamp, LAMP (1 set aside for you); 2 × Popular curtains, POPULAR-CURTAINS." in words(page)
    cancel(client, page)
    assert set(together.lines.values_list("claim__quantity", flat=True)) == {0}


def test_without_a_ready_part_nothing_is_sent_ahead(visitor: Client, asked: Order):
    assert "/release/" not in look(visitor, asked).content.decode()


# When nothing is asked any more


def test_what_arrived_meanwhile_says_so(visitor: Client, asked: Order, coming: PurchaseOrderLine):
    old = look(visitor, asked)
    fulfilment.receive("D-1", [Arrived(coming.item_id, 8)], order=coming.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([coming.item_id], actor="worker", at=NOON)
    page = press(visitor, old, KEEP)
    assert "It has arrived: 2 are set aside for you and being packed." in words(page)

    fulfilment.ship_ready(asked, actor=CY, at=NOON)
    assert "shipped on 21 November 2026" in words(look(visitor, asked))


def test_of_what_left_in_part_it_says_what_became_of_the_rest(visitor: Client, asked: Order, coming: PurchaseOrderLine):
    fulfilment.receive("D-1", [Arrived(coming.item_id, 1)], order=coming.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([coming.item_id], actor="worker", at=NOON)
    fulfilment.ship_ready(asked, actor=CY, at=NOON)
    lapses.lapse(asked.pk, at=NOON + timedelta(days=60))
    page = words(look(visitor, asked))
    assert (
        "1 of it has arrived here, and shipped on 21 November 2026 . 1 was cancelled on 20 January 2027 , because"
        in page
    )


def test_a_better_day_ends_the_question(visitor: Client, asked: Order, coming: PurchaseOrderLine):
    old = look(visitor, asked)
    slip(coming, SOON)
    page = words(look(visitor, asked))
    assert "A better day was told since, and nothing is asked of you any more. It ships by 9 December 2026 ." in page
    assert "Nothing of this order waits for your answer any more" in words(press(visitor, old, KEEP))
    assert answered() == []


def test_what_was_cancelled_for_her_silence_says_why(visitor: Client, asked: Order):
    late = NOON + timedelta(days=60)
    with time_machine.travel(late, tick=False):
        visitor.get(answer_link(asked))
        lapses.lapse(asked.pk, at=late)
        page = words(look(visitor, asked))
    assert "It was cancelled on 20 January 2027 , because your answer did not come in time. You owe nothing" in page


def test_what_staff_cancelled_says_so(visitor: Client, asked: Order):
    cancellations.cancel_order(asked, reason="She is a fraud", actor=CY, at=NOON)
    page = words(look(visitor, asked))
    assert "It was cancelled on 21 November 2026 : see what we told you . You owe nothing for it." in page
    assert "fraud" not in page


def test_a_yes_without_a_day_says_that_we_write(visitor: Client, order: Order, coming: PurchaseOrderLine):
    slip(coming, None)
    page = words(press(visitor, look(visitor, order), KEEP))
    assert "You said on 21 November 2026 that you wait. As soon as there is a day, we write to you." in page


def test_a_day_that_we_let_pass_is_owned_up_to(visitor: Client, order: Order, coming: PurchaseOrderLine, settings: Any):
    settings.DELAY_RULE = "uk_eu"
    late = NOON + timedelta(days=30)
    lapses.lapse(order.pk, at=late)
    with time_machine.travel(late, tick=False):
        visitor.get(answer_link(order))
        page = look(visitor, order)
        assert [form["button"] for form in forms(page)][:2] == [KEEP, CANCEL]
        press(visitor, page, KEEP)
        history = words(visitor.get(order.get_absolute_url()))
    assert "nothing shipped: we said so on 21 December 2026 ; you said on 21 December 2026 that you wait" in history


@pytest.mark.parametrize("act", ["", "approve", "KEEP"])
def test_an_answer_that_there_is_not_gets_a_sentence(visitor: Client, asked: Order, act: str):
    page = visitor.post(address_of(asked), {"act": act}, follow=True)
    assert "Choose one of the answers on this page." in words(page)


@pytest.mark.parametrize("junk", ["", "x", "-1", "9" * 40, "1:2:3", "1.5", "٣"])
@pytest.mark.parametrize("act", ["keep", "cancel", "instead", "last_day"])
def test_junk_in_hidden_fields_changes_nothing(visitor: Client, asked: Order, cotton: Variant, act: str, junk: str):
    data = {"act": act, "seen": junk, "line": junk, "variant": junk, "units": junk, "price": junk}
    assert 'role="alert"' in visitor.post(address_of(asked), data, follow=True).content.decode()
    assert answered() == []
    assert not Withdrawal.objects.exists()


# The order's own page


def test_the_order_page_shows_the_question_and_the_way_to_answer(visitor: Client, asked: Order):
    page = visitor.get(asked.get_absolute_url())
    assert "Please answer by 8 January 2027 Part of your order comes later than we said." in words(page)
    assert f'<a class="button" id="answer" href="{address_of(asked)}">Answer</a>' in page.content.decode()
    press(visitor, look(visitor, asked), KEEP)
    after = words(visitor.get(asked.get_absolute_url()))
    assert "Please answer" not in after
    assert (
        "Was 9 December 2026 , now 20 January 2027 : the loom broke (told on 21 November 2026 );"
        " you said on 21 November 2026 that you wait"
    ) in after


def test_where_nothing_is_asked_the_order_page_asks_nothing(visitor: Client, told: Order):
    page = visitor.get(told.get_absolute_url())
    assert "Please answer" not in words(page)
    assert "What you can do about the delay" in words(page)


def test_her_orders_say_which_one_asks(visitor: Client, asked: Order):
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    Order.objects.update(user=ada)
    visitor.force_login(ada)
    assert "Needs your answer 2 waiting" in words(visitor.get("/account/orders/"))
    press(visitor, look(visitor, asked), KEEP)
    assert "Needs your answer" not in words(visitor.get("/account/orders/"))


# In a browser


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [320, 1280])
def test_both_buttons_are_of_one_size_and_everything_can_be_hit(
    live_server: Any, page: Page, width: int, settings: Any
):
    linen = variant(stock("LINEN"))
    coming = inbound(linen.stock_item, 5, SOON)
    variant(stock("COTTON", on_hand=3), price="39.00")
    order = buy_and_pay(settings, (linen, 2))
    slip(coming)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(live_server.url + answer_link(order))

    keep, cancel = (page.get_by_role("button", name=name).bounding_box() for name in (KEEP, CANCEL))
    assert keep
    assert cancel
    assert (keep["width"], keep["height"]) == (cancel["width"], cancel["height"])
    page.locator("summary").click()
    controls = page.locator("main :is(button, summary, a.button, input:not([type=hidden]))")
    boxes = [box for box in (control.bounding_box() for control in controls.all()) if box]
    assert len(boxes) > 4
    assert min(box["height"] for box in boxes) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= width
