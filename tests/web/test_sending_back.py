"""Withdrawing from what has left: on the order's page, until its last day, once, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import rendering
from notifications.models import Letter
from shop import announcements, cancellations, fulfilment, holds, returns
from shop.announcements import UnableToAnnounce, last_day
from shop.cancellations import CUSTOMER
from shop.formats import long_day
from shop.models import Announcement, Order, Payment
from tests.cast import CY, NOON, TODAY, buy, inbound, stock, variant
from tests.web.reading import field, link, words

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAST = TODAY + 30 * DAY


@pytest.fixture
def shipped() -> Order:
    """Three mugs and a lamp that Ada has."""
    order = buy((variant(stock("MUG", on_hand=3)), 3), (variant(stock("LAMP", on_hand=1)), 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    return order


@pytest.fixture
def ada(client: Client, shipped: Order) -> Client:
    client.get(link(shipped))
    return client


def address(order: Order) -> str:
    return f"/orders/{order.number}/send-back/"


def entry(order: Order, page: Any, **units: int) -> dict[str, object]:
    lines = {line.sku.lower(): line.pk for line in order.lines.all()}
    return {f"units-{pk}": units.get(sku, 0) for sku, pk in lines.items()} | {"seen": field(page, "seen")}


def announce(client: Client, order: Order, **units: int) -> str:
    return words(client.post(address(order), entry(order, client.get(address(order)), **units), follow=True))


def mails(template: str) -> list[str]:
    letters = Letter.objects.filter(template=template).order_by("id")
    return [" ".join(rendering.preview(letter).text.split()) for letter in letters]


def test_she_says_what_goes_back_and_has_it_in_writing(ada: Client, shipped: Order):
    page = ada.get(address(shipped))
    assert f"what has left us until the end of {long_day(LAST)}" in words(page)
    sent = entry(shipped, page, mug=2) | {"reason": "Too heavy"}
    said = words(ada.post(address(shipped), sent, follow=True))

    assert "It is noted, and a mail that says so is on its way to you" in said
    assert "2 × Mug, MUG, announced on 21 November 2026 at 12:00 CET" in said
    [mail] = mails("return_announced")
    assert "You told us on 21 November 2026 at 12:00 CET that you withdraw from this part of your order" in mail
    assert "2 × Mug" in mail
    assert "You wrote: “Too heavy”" in mail
    assert (
        f"Please send it by {long_day(TODAY + 14 * DAY)}, with the order number {shipped.number} in the parcel" in mail
    )
    assert "1 Demo Street" in mail
    assert "As soon as it is here, €98.00 comes off what you owe." in mail
    order = words(ada.get(shipped.get_absolute_url()))
    assert "4 have shipped, 2 are to come back" in order
    assert "You announced on 21 November 2026 that 2 come back" in order
    # Nothing moved before it is here.
    assert Payment.objects.get(order=shipped).amount == shipped.total


def test_what_was_paid_goes_back_the_way_it_came(client: Client, settings: Any):
    settings.PAYMENT_METHODS = ["transfer"]
    order = buy((variant(stock("MUG", on_hand=2)), 2))
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    client.get(link(order))
    announce(client, order, mug=1)
    assert "As soon as it is here we send €49.00 back to you, the way you paid." in mails("return_announced")[0]


def test_what_came_is_no_longer_awaited_and_the_rest_is(ada: Client, shipped: Order):
    announce(ada, shipped, mug=1)
    announce(ada, shipped, mug=1, lamp=1)
    mugs = shipped.lines.get(sku="MUG")
    returns.take_back(mugs, 1, reason="withdrawn from", actor=CY, at=NOON)

    assert list(Announcement.objects.order_by("id").values_list("units", "coming")) == [(1, 0), (1, 1), (1, 1)]
    said = words(ada.get(shipped.get_absolute_url()))
    assert "3 have shipped, 2 are to come back 1 has come back to us" in said
    returns.take_back(mugs, 2, reason="withdrawn from", actor=CY, at=NOON)
    assert not Announcement.objects.awaited().filter(line=mugs).exists()


def test_a_whole_order_that_is_withdrawn_from_costs_nothing(ada: Client, shipped: Order):
    announce(ada, shipped, mug=3, lamp=1)
    mugs, lamp = shipped.lines.order_by("id")
    returns.take_back(mugs, 3, reason="withdrawn from", actor=CY, at=NOON)
    assert Payment.objects.get(order=shipped).amount == lamp.unit_price + shipped.shipping_price
    returns.take_back(lamp, 1, reason="withdrawn from", actor=CY, at=NOON)
    assert Payment.objects.get(order=shipped).state == Payment.State.VOID
    said = words(ada.get(shipped.get_absolute_url()))
    assert "4 have come back to us" in said
    assert "have shipped" not in said
    assert "Send something back" not in said


def test_what_nobody_withdrew_from_costs_its_shipping(shipped: Order):
    for line in shipped.lines.order_by("id"):
        returns.take_back(line, line.quantity, reason="too large", actor=CY, at=NOON)
    assert Payment.objects.get(order=shipped).amount == shipped.shipping_price


def test_she_keeps_it_after_all(ada: Client, shipped: Order):
    announce(ada, shipped, mug=2)
    sent = {"keep": "1", "seen": field(ada.get(address(shipped)), "seen")}
    said = words(ada.post(address(shipped), sent, follow=True))
    assert "You keep it: that is noted" in said
    assert "2 kept after all, noted on 21 November 2026" in said
    [mail] = mails("return_dropped")
    assert "On 21 November 2026 you told us that these were to come back to us." in mail
    assert "2 × Mug" in mail
    # All of it can still be announced again, and the page that was open says that it is old.
    again = words(ada.post(address(shipped), sent, follow=True))
    assert "What is to come back changed since you looked" in again
    assert "Up to 3; 0 to keep it." in again


def test_a_second_click_announces_nothing_more(ada: Client, shipped: Order):
    sent = entry(shipped, ada.get(address(shipped)), mug=1)
    for _ in range(2):
        said = words(ada.post(address(shipped), sent, follow=True))
    assert "What you send back changed since you looked: see what is noted, and add to it." in said
    assert Announcement.objects.count() == 1
    assert len(mails("return_announced")) == 1


def test_control_without_what_was_seen_a_second_click_announces_twice(ada: Client, shipped: Order):
    mugs = shipped.lines.get(sku="MUG")
    for _ in range(2):
        announcements.announce(shipped, {mugs.pk: 1}, actor=CUSTOMER, at=NOON)
    assert Announcement.objects.count() == 2


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"mug": 4}, "Enter a whole number from 0 to 3."),
        ({"mug": -1}, "Enter a whole number from 0 to"),
        ({}, "Say of one article at least how many go back: nothing was noted."),
    ],
)
def test_what_cannot_go_back_is_refused_with_a_sentence(
    ada: Client, shipped: Order, entered: dict[str, int], said: str
):
    assert said in announce(ada, shipped, **entered)
    assert not Announcement.objects.exists()


def test_a_form_without_its_fields_changes_nothing(ada: Client, shipped: Order):
    for sent in ({}, {"keep": "1"}, {"keep": "1", "seen": "x"}):
        assert ada.post(address(shipped), sent, follow=True).status_code == 200
    assert not Announcement.objects.exists()


def test_without_the_link_nobody_announces_anything(client: Client, shipped: Order):
    assert client.get(address(shipped)).status_code == 403
    assert client.post(address(shipped), {f"units-{shipped.lines.get(sku='MUG').pk}": 1, "seen": 0}).status_code == 403
    assert not Announcement.objects.exists()


def test_after_the_last_day_it_says_so_and_staff_may_still_be_obliging(ada: Client, shipped: Order):
    mugs = shipped.lines.get(sku="MUG")
    with time_machine.travel(NOON + 30 * DAY, tick=False):
        ada.get(link(shipped))
        assert "Confirm the withdrawal" in words(ada.get(address(shipped)))
    too_late = NOON + 31 * DAY
    with time_machine.travel(too_late, tick=False):
        ada.get(link(shipped))
        said = words(ada.get(address(shipped)))
    assert f"What has left us could be sent back until {long_day(LAST)}" in said
    assert "Confirm the withdrawal" not in said
    with pytest.raises(UnableToAnnounce, match=f"Goods of it could be sent back until {long_day(LAST)}"):
        announcements.announce(shipped, {mugs.pk: 1}, actor=CUSTOMER, at=too_late)
    announcements.announce(shipped, {mugs.pk: 1}, actor=CY, at=too_late, in_time_only=False)
    assert Announcement.objects.get().actor == CY


def test_the_days_count_from_the_last_parcel(client: Client):
    """Directive 2011/83/EU art. 9(2)(b)."""
    item = stock("MUG", on_hand=1)
    inbound(item, 5)
    order = buy((variant(item), 2))
    client.get(link(order))
    assert "Nothing of this order is with you: nothing can be sent back." in words(client.get(address(order)))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert last_day(order) is None
    assert "as long as something is still to ship, and 30 days more" in words(client.get(address(order)))
    # What was still to come does not come any more: from now on they count.
    cancellations.cancel_order(order, actor=CUSTOMER, at=NOON + 60 * DAY)
    assert last_day(order) == TODAY + 90 * DAY


def test_nothing_is_awaited_that_is_not_hers(shipped: Order):
    mugs = shipped.lines.get(sku="MUG")
    returns.take_back(mugs, 2, reason="too large", actor=CY, at=NOON)
    announcements.announce(shipped, {mugs.pk: 1}, actor=CUSTOMER, at=NOON)
    with pytest.raises(UnableToAnnounce, match="At most 0 units of this article can be sent back"):
        announcements.announce(shipped, {mugs.pk: 1}, actor=CUSTOMER, at=NOON)
    other = buy((variant(stock("VASE", on_hand=1)), 1))
    with pytest.raises(UnableToAnnounce, match="At most 0 units of this article can be sent back"):
        announcements.announce(shipped, {other.lines.get().pk: 1}, actor=CUSTOMER, at=NOON)
    with pytest.raises(IntegrityError, match="announcement_of_units"), transaction.atomic():
        Announcement.objects.update(coming=2)


def test_her_record_tells_it_in_her_words_and_not_in_those_of_staff(ada: Client, shipped: Order):
    mugs, lamp = shipped.lines.order_by("id")
    announcements.announce(shipped, {mugs.pk: 1}, reason="Too heavy", actor=CUSTOMER, at=NOON)
    announcements.drop(shipped, actor=CUSTOMER, at=NOON)
    announcements.announce(shipped, {lamp.pk: 1}, actor=CY, at=NOON)
    record = words(ada.get(f"/orders/{shipped.number}/record/"))
    assert "Mug, MUG: 1 to come back “Too heavy” Announced by the customer" in record
    assert "Mug, MUG: 1 kept after all" in record
    assert "Lamp, LAMP: 1 to come back Announced by us" in record
    assert CY not in record


def test_the_page_asks_as_often_for_many_lines_as_for_one(client: Client):
    def queries_of(lines: int) -> int:
        order = buy(*((variant(stock(f"SKU-{lines}-{n}", on_hand=1)), 1) for n in range(lines)))
        fulfilment.ship_ready(order, actor=CY, at=NOON)
        client.get(link(order))
        client.get(address(order))
        with CaptureQueriesContext(connection) as captured:
            assert "Confirm the withdrawal" in words(client.get(address(order)))
        return len(captured)

    assert queries_of(1) == queries_of(6)
