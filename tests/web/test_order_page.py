"""The order page: who may see it, what it tells, and cancelling from it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import signing
from django.test import Client

from backorders.models import Withdrawal
from inventory.models import PurchaseOrderLine
from shop import cancellations, delays, fulfilment, turns
from shop.letterhead import LINK_SALT
from shop.models import Carrier, Order, Payment, Sends, User
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.web.reading import field, link, words

pytestmark = pytest.mark.django_db


def test_the_link_opens_the_order_and_is_left_behind(client: Client, order: Order):
    answer = client.get(link(order))
    assert answer.headers["Location"] == order.get_absolute_url()
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    page = client.get(order.get_absolute_url())
    assert "no-store" in page.headers["Cache-Control"]
    assert "1 is set aside for you and being packed, ships by 21 November 2026 2 ship by 9 December 2026" in words(page)


def test_without_the_link_nobody_sees_it(client: Client, order: Order):
    for address in (
        order.get_absolute_url(),
        f"/orders/{order.number}/cancel/",
        f"/orders/{order.number}/cancel/{order.lines.get().pk}/",
        "/orders/AAAAAAAAAA/",
        "/orders/AAAAAAAAAA/open/x/",
    ):
        page = client.get(address)
        assert page.status_code == 403
        assert "Please use the link from our mail" in words(page)
        assert "Curtains" not in words(page)


def test_the_answer_does_not_tell_whether_an_order_exists(client: Client, order: Order):
    assert words(client.get(order.get_absolute_url())) == words(client.get("/orders/AAAAAAAAAA/"))


def test_a_link_opens_one_order_and_no_other(client: Client, order: Order):
    other = buy((order.lines.get().variant, 1), who=BO)
    token = link(order).split("/")[-2]
    assert client.get(f"/orders/{other.number}/open/{token}/").status_code == 403
    client.get(link(order))
    assert client.get(other.get_absolute_url()).status_code == 403
    assert client.get(f"/orders/{order.number}/cancel/{other.lines.get().pk}/").status_code == 403


def test_a_token_for_another_purpose_a_forged_and_a_withdrawn_one_open_nothing(client: Client, order: Order):
    payload = {"order": order.number, "v": order.link_version}
    for token in (
        signing.dumps(payload, salt="shop.order-link.act"),
        signing.dumps(payload, salt=LINK_SALT)[:-1] + "x",
        signing.dumps(payload | {"v": 99}, salt=LINK_SALT),
        signing.dumps([order.number], salt=LINK_SALT),
        "x",
    ):
        assert client.get(f"/orders/{order.number}/open/{token}/").status_code == 403


def test_raising_the_version_closes_links_and_browsers_that_used_them(visitor: Client, order: Order):
    used = link(order)
    order.link_version += 1
    order.save()
    assert visitor.get(order.get_absolute_url()).status_code == 403
    assert visitor.get(used).status_code == 403


def test_a_link_ends_after_two_years(client: Client, order: Order):
    address = link(order)
    with time_machine.travel(NOON + timedelta(days=731), tick=False):
        assert client.get(address).status_code == 403


def test_the_signed_in_owner_sees_it_and_finds_it_in_the_list(client: Client, order: Order):
    ada, bo = (User.objects.create_user(who["email"], "a long pass phrase") for who in (ADA, BO))
    order.user = ada
    order.save()
    client.force_login(ada)
    said = words(client.get("/account/orders/"))
    assert f"{order.number} 3 × Popular curtains, POPULAR-CURTAINS 21 November 2026" in said
    assert "2 waiting, next by 9 Dec 1 being packed" in said
    assert client.get(order.get_absolute_url()).status_code == 200
    client.force_login(bo)
    assert client.get(order.get_absolute_url()).status_code == 403
    assert "You have not ordered anything" in words(client.get("/account/orders/"))


def account(client: Client, email: str, *, confirmed: bool = True) -> User:
    """Somebody who is signed in, with this address beside her own."""
    user = User.objects.create_user("ada@new.example", "a long pass phrase")
    EmailAddress.objects.create(user=user, email=email, verified=confirmed)
    client.force_login(user)
    return user


def test_what_was_ordered_without_signing_in_is_put_into_an_account(client: Client, order: Order):
    Order.objects.filter(pk=order.pk).update(email=order.email.upper())
    ada = account(client, order.email)
    client.get(link(order))
    assert "Put it into my account" in words(client.get(order.get_absolute_url()))

    said = words(client.post(f"/orders/{order.number}/keep/", follow=True))
    assert "It is in your account now" in said
    assert "Put it into my account" not in said
    elsewhere = Client()
    elsewhere.force_login(ada)
    assert f'href="/orders/{order.number}/"' in elsewhere.get("/account/orders/").content.decode()
    assert elsewhere.get(order.get_absolute_url()).status_code == 200


def test_a_confirmed_address_alone_opens_no_order(client: Client, order: Order):
    """Somebody may have made the account with her address, and she said yes to the letter that asked her."""
    account(client, order.email)
    assert client.get(order.get_absolute_url()).status_code == 403
    assert client.post(f"/orders/{order.number}/keep/").status_code == 403
    assert order.number not in client.get("/account/orders/").content.decode()


@pytest.mark.parametrize(
    ("whose", "confirmed"), [("ada@example.com", False), ("bo@example.com", True), ("nobody@example.com", True)]
)
def test_a_link_alone_puts_an_order_into_no_account(client: Client, order: Order, whose: str, confirmed: bool):
    account(client, whose, confirmed=confirmed)
    client.get(link(order))
    assert "Put it into my account" not in words(client.get(order.get_absolute_url()))
    client.post(f"/orders/{order.number}/keep/")
    assert Order.objects.get().user is None


def test_an_order_of_one_account_is_put_into_no_other(client: Client, order: Order):
    bo = User.objects.create_user(BO["email"])
    Order.objects.filter(pk=order.pk).update(user=bo)
    account(client, order.email)
    client.get(link(order))
    client.post(f"/orders/{order.number}/keep/")
    assert Order.objects.get().user == bo


def test_the_list_of_orders_needs_a_login(client: Client):
    assert client.get("/account/orders/").headers["Location"] == "/accounts/login/?next=/account/orders/"


def test_the_timeline_tells_what_shipped_with_its_tracking_number(visitor: Client, order: Order):
    fulfilment.ship_ready(order, carrier="Postal", tracking_number="TRACK-1", actor=CY, at=NOON)
    page = words(visitor.get(order.get_absolute_url()))
    assert "1 shipped on 21 November 2026 with Postal, tracking number TRACK-1" in page
    assert "2 waiting, ship by 9 December 2026" in page


def test_a_parcel_is_followed_from_the_timeline(visitor: Client, order: Order):
    Carrier.objects.create(name="Postal", tracking_address="https://follow.example/{number}?a=1&b=2")
    fulfilment.ship_ready(order, carrier="Postal", tracking_number='"><b>', actor=CY, at=NOON)
    page = visitor.get(order.get_absolute_url()).content.decode()
    link = '<a href="https://follow.example/%22%3E%3Cb%3E?a=1&amp;b=2" rel="noreferrer">&#34;&gt;&lt;b&gt;</a>'
    assert f"tracking number {link}" in page


def test_a_day_that_moved_is_kept_with_its_reason(visitor: Client, order: Order):
    line = order.lines.get().claim.item.purchase_lines.get()
    delays.move_expected_day(line, LATER, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    page = words(visitor.get(order.get_absolute_url()))
    assert "2 waiting, ship by 4 January 2027" in page
    assert "Was 9 December 2026 , now 4 January 2027 : the loom broke (told on 21 November 2026 )" in page


def test_a_day_that_passed_is_owned_up_to(visitor: Client, order: Order):
    with time_machine.travel(NOON + timedelta(days=19)):
        visitor.get(link(order))
        page = words(visitor.get(order.get_absolute_url()))
    assert "2 waiting, late: were to ship by 9 December 2026" in page
    assert "We did not keep this day, and we are sorry." in page


def test_what_happened_stands_in_the_order_in_which_it_did(visitor: Client, order: Order):
    line = order.lines.select_related("claim").get()
    inbound_line = PurchaseOrderLine.objects.get(item=line.claim.item_id)
    cancellations.cancel_line(line, 1, actor=cancellations.CUSTOMER, at=NOON + timedelta(days=1))
    told = NOON + timedelta(days=2)
    delays.move_expected_day(inbound_line, LATER, confirmed=True, reason="The mill is late", actor=CY, at=told)

    visitor.get(link(order))
    page = words(visitor.get(order.get_absolute_url()))

    story = ["3 ordered on 21 November 2026", "1 cancelled on 22 November 2026", "(told on 23 November 2026 )"]
    assert sorted(story, key=page.index) == story


def test_the_place_in_the_queue_is_shown(client: Client, order: Order):
    second = buy((order.lines.get().variant, 1), who=BO)
    client.get(link(second))
    assert "Number 2 in the queue for this article." in words(client.get(second.get_absolute_url()))


def test_looking_at_the_page_for_cancelling_cancels_nothing(visitor: Client, order: Order):
    for address in (f"/orders/{order.number}/cancel/", f"/orders/{order.number}/cancel/{order.lines.get().pk}/"):
        assert "cannot be taken back" in words(visitor.get(address))
        visitor.head(address)
    assert not Withdrawal.objects.exists()


def test_some_units_of_a_line_are_cancelled(visitor: Client, order: Order):
    line = order.lines.get()
    page = visitor.post(f"/orders/{order.number}/cancel/{line.pk}/", {"units": "1"}, follow=True)
    line.claim.refresh_from_db()
    assert line.claim.quantity == 2
    assert "1 cancelled on 21 November 2026" in words(page)
    assert "2 × Popular curtains, POPULAR-CURTAINS €98.00" in words(page)


def test_a_double_click_cancels_once(visitor: Client, order: Order):
    address = f"/orders/{order.number}/cancel/{order.lines.get().pk}/"
    drawn = {"units": "1", "seen": str(visitor.get(address).context["form"]["seen"].value())}
    visitor.post(address, drawn)
    page = visitor.post(address, drawn, follow=True)
    assert order.lines.get().claim.quantity == 2
    assert "The order changed since you looked" in words(page)


@pytest.mark.parametrize("units", ["0", "4", "1.5", "", "all"])
def test_units_that_are_not_there_cannot_be_cancelled(visitor: Client, order: Order, units: str):
    page = visitor.post(f"/orders/{order.number}/cancel/{order.lines.get().pk}/", {"units": units}, follow=True)
    assert "Enter a whole number from 1 to" in words(page)
    assert not Withdrawal.objects.exists()


def test_the_whole_order_is_cancelled(visitor: Client, order: Order):
    page = words(visitor.post(f"/orders/{order.number}/cancel/", follow=True))
    assert "Everything was cancelled. You owe nothing." in page
    assert "Nothing to pay €0.00" in page
    again = words(visitor.post(f"/orders/{order.number}/cancel/", follow=True))
    assert "Nothing is left to cancel" in again


def test_what_has_shipped_cannot_be_cancelled(visitor: Client, order: Order):
    line = order.lines.get()
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    page = visitor.post(f"/orders/{order.number}/cancel/{line.pk}/", {"units": "3"}, follow=True)
    assert "Enter a whole number from 1 to 2." in words(page)


def test_an_order_page_costs_a_fixed_number_of_queries(client: Client, queries_of: Any):
    goods = [variant(stock(f"MUG-{number}", on_hand=9)) for number in range(4)]
    small, large = buy((goods[0], 1)), buy(*((mug, 1) for mug in goods))
    client.get(link(small))
    client.get(link(large))
    assert queries_of(large.get_absolute_url()) == queries_of(small.get_absolute_url()) <= 15


def test_the_list_of_orders_costs_a_fixed_number_of_queries(client: Client, queries_of: Any):
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    client.force_login(ada)
    mug = variant(stock("MUG", on_hand=9))
    buy((mug, 1))
    Order.objects.update(user=ada)
    with_one = queries_of("/account/orders/")
    for _ in range(3):
        buy((mug, 1))
    Order.objects.update(user=ada)
    assert queries_of("/account/orders/") == with_one <= 15


def test_who_is_on_hold_reads_why_and_that_her_place_is_kept(visitor: Client, order: Order):
    turns.change(turns.hold(order.lines.get().claim, reason="your address is unclear"), actor=CY, at=NOON)

    page = words(visitor.get(order.get_absolute_url()))

    assert "On hold for now: your address is unclear. You keep your place in the queue" in page
    assert "Number 1 in the queue" not in page


def test_a_line_that_was_cancelled_is_called_so(visitor: Client, order: Order):
    cancellations.cancel_order(order, actor="ada", at=NOON)

    assert "Popular curtains, cancelled" in words(visitor.get(order.get_absolute_url()))


def test_two_lines_of_one_article_read_as_what_they_are(visitor: Client, order: Order):
    claim = order.lines.get().claim
    turns.change(turns.split(claim, 1, reason="she travels twice"), actor=CY, at=NOON)

    said = words(visitor.get(order.get_absolute_url()))

    assert "2 × Popular curtains POPULAR-CURTAINS · €49.00 each 2 ordered on 21 November 2026 1 set aside" in said
    assert "1 × Popular curtains POPULAR-CURTAINS · €49.00 each 1 ordered on 21 November 2026 1 waiting" in said
    assert "Cancel some or all of it : 2 × Popular curtains" in said
    assert "Cancel it : 1 × Popular curtains" in said


def test_the_list_tells_what_is_late_from_what_is_still_to_come(client: Client):
    item = stock("LAMP")
    inbound(item, 1, SOON)
    inbound(item, 2, LATER)
    order = buy((variant(item), 3))
    ada = User.objects.create_user(ADA["email"], "a long pass phrase")
    Order.objects.filter(pk=order.pk).update(user=ada)
    said = {NOON: "3 waiting, next by 9 Dec", NOON + (LATER - TODAY): "3 waiting, 1 of them late, next by 4 Jan"}
    for at, says in said.items():
        with time_machine.travel(at, tick=False):
            client.force_login(ada)
            assert says in words(client.get("/account/orders/"))
    with time_machine.travel(NOON + 2 * (LATER - TODAY), tick=False):
        client.force_login(ada)
        assert "3 waiting, late" in words(client.get("/account/orders/"))


@pytest.mark.parametrize(
    ("paid", "says"), [(False, "€49.00 comes off what you owe"), (True, "€49.00 goes back to you")]
)
def test_before_a_line_is_cancelled_it_says_what_that_comes_to(visitor: Client, order: Order, paid: bool, says: str):
    if paid:
        Payment.objects.update(state=Payment.State.PAID)
    page = words(visitor.get(f"/orders/{order.number}/cancel/{order.lines.get().pk}/"))
    assert (
        f"the place in the queue goes to the next in line. It cannot be taken back. For each that you give up, {says}"
        in page
    )


def test_nobody_gives_up_a_place_in_a_queue_who_does_not_wait(client: Client):
    order = buy((variant(stock("MUG", on_hand=1)), 1))
    client.get(link(order))
    page = words(client.get(f"/orders/{order.number}/cancel/{order.lines.get().pk}/"))
    assert "Cancelling is free and needs no reason. It cannot be taken back." in page


def test_of_a_single_unit_it_is_not_asked_how_many(client: Client):
    order = buy((variant(stock("MUG", on_hand=1)), 1))
    client.get(link(order))
    address = f"/orders/{order.number}/cancel/{order.lines.get().pk}/"
    page = client.get(address)
    assert "It has not shipped. Cancelling is free" in words(page)
    assert "Cancel it Keep it" in words(page)
    assert "How many" not in words(page)
    client.post(address, {"units": field(page, "units"), "seen": field(page, "seen")})
    assert order.lines.get().claim.quantity == 0


def test_who_meant_more_than_is_left_can_mend_it(visitor: Client, order: Order):
    cancellations.cancel_line(order.lines.get(), 2, reason="", seen=3, actor=CY, at=NOON)
    page = visitor.post(f"/orders/{order.number}/cancel/{order.lines.get().pk}/", {"units": "2"}, follow=True)
    assert "How many to cancel Enter a whole number from 1 to 1." in words(page)


@pytest.mark.parametrize("sends", Sends)
def test_an_estimate_is_called_one_wherever_its_day_stands(client: Client, sends: Sends):
    item = stock()
    inbound(item, 2, confirmed=False)
    order = buy((variant(item), 2), (variant(stock("MUG", on_hand=1)), 1), sends=sends)
    client.get(link(order))
    page = words(client.get(order.get_absolute_url()))
    says = (
        "everything ships by 9 December 2026 (estimated)"
        if sends == Sends.TOGETHER
        else "ship by 9 December 2026 (estimated)"
    )
    assert says in page
    user = User.objects.create_user(ADA["email"])
    Order.objects.update(user=user)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert "by 9 Dec (estimated)" in words(client.get("/account/orders/"))
