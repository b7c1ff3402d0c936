"""What was told and when: the page of an order, and the public figures."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from backorders.models import Claim, Notice
from notifications.delivery import deliver_due
from notifications.models import Letter
from shop import analytics, answers, cancellations, delays, fulfilment, lapses, records, turns
from shop.dossiers import Dossier
from shop.mailbox import MailServer
from shop.models import Goodwill, Order, Refund, User
from shop.web.access import _GRANTS
from tests.cast import CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.letters import noon_of, paid
from tests.web.reading import words

pytestmark = pytest.mark.django_db


def opened(client: Client, order: Order) -> Client:
    session = client.session
    session[_GRANTS] = {order.number: order.link_version}
    session.save()
    return client


@pytest.fixture
def asked() -> Order:
    """Ada was promised a day, then told that nobody can give one, and said that she waits."""
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 2))
    delays.move_expected_day(line, None, confirmed=False, reason="the loom broke", actor=CY, at=NOON)
    ordered = order.lines.select_related("claim").get()
    notice = Notice.objects.get()
    answers.keep(order, {ordered.pk: notice.pk}, actor="customer", at=NOON + timedelta(days=1))
    return order


def test_the_record_tells_the_whole_story_in_order(client: Client, asked: Order) -> None:
    said = words(opened(client, asked).get(f"/orders/{asked.number}/record/"))

    story = [
        f"Order {asked.number} was placed by Ada Lovelace, ada@example.com",
        "promised 2 ship by 9 December 2026",
        "promised anew 2 waiting: we cannot give a day yet Reason: the loom broke",
        "notice of a delay (long) The day had been 9 December 2026 The new day: none could be given",
        "Without a yes by 8 January 2027 it would be cancelled",
        "answered “Keep it and wait” Written down by the customer",
    ]
    places = [said.index(words) for words in story]
    assert places == sorted(places)
    assert "SHA-256 of what the page showed" in said


def test_a_letter_is_on_record_with_its_message_id_and_the_servers_answer(
    asked: Order, smtp_server: MailServer
) -> None:
    deliver_due(lambda: NOON + timedelta(days=1))

    letter = Letter.objects.get(template="answer_needed")
    (entry,) = [
        entry
        for entry in records.record_of(Dossier(asked))
        if ("letter", letter.key) in entry.proof and "sent" in entry.what
    ]
    assert dict(entry.proof)["Message-ID"] == letter.message_id != ""
    assert len(dict(entry.proof)["SHA-256"]) == 64
    assert "Accepted" in entry.details[0]


def test_the_record_is_for_its_customer_and_for_staff_who_may_see_orders(client: Client, asked: Order) -> None:
    address = f"/orders/{asked.number}/record/"
    assert client.get(address).status_code == 403

    client.force_login(User.objects.create_user("packer@example.com", is_staff=True))
    assert client.get(address).status_code == 403

    client.force_login(User.objects.create_superuser("owner@example.com"))
    assert client.get(address).status_code == 200


def test_what_staff_noted_for_themselves_is_not_for_the_customer(client: Client) -> None:
    order = buy((variant(stock(on_hand=1)), 1))
    cancellations.cancel_order(order, reason="she called twice", actor=CY, at=NOON)
    address = f"/orders/{order.number}/record/"

    said = words(opened(client, order).get(address))
    assert "By us" in said
    assert "she called twice" not in said
    assert CY not in said

    client.force_login(User.objects.create_superuser("owner@example.com"))
    assert f"Reason: she called twice By {CY}" in words(client.get(address))


def test_a_reason_for_staff_is_not_told_as_one_of_a_promise_or_a_refund(client: Client, settings: Any) -> None:
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    order = paid((variant(stock(on_hand=3)), 3))
    cancellations.cancel_line(order.lines.get(), 1, reason="she called twice", actor=CY, at=NOON)
    address = f"/orders/{order.number}/record/"

    said = words(opened(client, order).get(address))
    assert "became due back To be sent by" in said
    assert "Reason: fewer units wanted" in said
    assert "she called twice" not in said

    client.force_login(User.objects.create_superuser("owner@example.com"))
    assert words(client.get(address)).count("Reason: she called twice") == 2


def test_a_part_that_is_split_again_loses_nothing_of_what_was_told_of_it(client: Client) -> None:
    item = stock()
    line = inbound(item, 5)
    order = buy((variant(item), 4))
    day = timedelta(days=1)
    whole = order.lines.select_related("claim").get().claim
    turns.change(turns.split(whole, 2, reason="she travels"), actor=CY, at=NOON + day)
    part = Claim.objects.get(part_of=whole)
    delays.move_expected_day(line, LATER, confirmed=True, reason="the loom broke", actor=CY, at=NOON + 2 * day)
    part.refresh_from_db()
    assert part.notice_id
    answers.keep(order, {part.order_line.pk: part.notice_id}, actor="customer", at=NOON + 3 * day)
    part.refresh_from_db()
    turns.change(turns.split(part, 1, reason="she travels again"), actor=CY, at=NOON + 4 * day)

    said = words(opened(client, order).get(f"/orders/{order.number}/record/"))

    assert said.count("split, 2 of it on a line of its own") == 1
    assert said.count("split, 1 of it on a line of its own") == 1
    assert said.count("notice of a delay") == 2
    assert said.count("answered “Keep it and wait”") == 1


def test_what_was_told_of_a_claim_before_it_was_split_is_on_record_once(client: Client, asked: Order) -> None:
    claim, at = asked.lines.select_related("claim").get().claim, NOON + timedelta(days=2)
    turns.change(turns.split(claim, 1, reason="she travels twice"), actor=CY, at=at)

    said = words(opened(client, asked).get(f"/orders/{asked.number}/record/"))

    once = ("promised 2 ship by 9 December 2026", "notice of a delay (long)", "answered “Keep it and wait”")
    assert [said.count(words) for words in once] == [1, 1, 1]
    assert said.count("promised anew 1 waiting: we cannot give a day yet Reason: split off") == 2
    assert "split, 1 of it on a line of its own No day moved by it By us" in said
    assert "she travels twice" not in said
    (split,) = [entry for entry in records.record_of(Dossier(asked), for_staff=True) if "split, 1 of it" in entry.what]
    assert split.details == ("No day moved by it", "Reason: she travels twice", f"By {CY}")


def test_the_record_costs_the_same_however_long_the_story(
    asked: Order, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(14):
        records.record_of(Dossier(Order.objects.select_related("payment").get(pk=asked.pk)))


def test_the_figures_count_what_was_kept_warned_and_broken(client: Client, settings: Any) -> None:
    settings.PUBLIC_FIGURES = True
    kept = buy((variant(stock("SHELF", on_hand=1)), 1))
    fulfilment.ship_ready(kept, actor=CY, at=NOON)
    broken = buy((variant(stock("BROKEN", on_hand=1)), 1))
    fulfilment.correct_stock(broken.lines.get().claim.item_id, -1, reason="it fell", actor=CY, at=NOON)
    late = NOON + timedelta(days=60)
    lapses.lapse(broken.pk, at=late)

    with time_machine.travel(late):
        said = words(client.get("/promises/"))

    assert "Shipped by the day that was promised first 100% 1 of 1 order lines" in said
    assert "Delays that we told before the day was over 100% 1 of 1" in said
    assert "silent past the day 0" in said


def test_a_refund_counts_once_it_is_sent_or_its_day_is_over(db: None) -> None:
    order = buy((variant(stock("SHELF", on_hand=1)), 1))
    late = {"amount": 1, "reason": "cancelled", "due_since": NOON, "due_by": NOON + timedelta(days=9)}
    Refund.objects.create(order=order, **late)
    Refund.objects.create(order=order, **late, sent_at=NOON + timedelta(hours=2), sent_by=CY)
    for hours, counted in ((3, 1), (25, 2)):
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            figures = analytics.figures(NOON)
        assert (figures.refunded, figures.refunds) == (1, counted)


def test_a_split_changes_no_figure(asked: Order) -> None:
    claim = asked.lines.select_related("claim").get().claim
    since, late = NOON - timedelta(days=1), NOON + timedelta(days=30)
    turns.change(turns.split(claim, 1, reason="she travels"), actor=CY, at=NOON + timedelta(days=2))
    with time_machine.travel(late):
        found = analytics.figures(since)
    assert (found.delayed, found.warned, [times for _, times in found.answers]) == (1, 1, [1])


def test_a_line_is_kept_by_the_last_day_of_the_units_that_were_kept() -> None:
    item = stock(on_hand=1)
    inbound(item, 1)
    order = buy((variant(item), 2))
    line = order.lines.get()
    cancellations.cancel_line(line, 1, actor=cancellations.CUSTOMER, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=noon_of(SOON))
    with time_machine.travel(noon_of(SOON)):
        found = analytics.figures(NOON - timedelta(days=1))
    assert (found.shipped, found.kept) == (1, 0)


def test_the_figures_are_hidden_unless_the_house_shows_them(client: Client, settings: Any) -> None:
    settings.PUBLIC_FIGURES = False
    assert client.get("/promises/").status_code == 404


@pytest.mark.parametrize(("limit", "given"), [(0, []), (20, [("voucher", 26)]), (26, [])])
def test_a_long_delay_is_made_good_once_if_the_house_says_so(settings: Any, limit: int, given: list[object]) -> None:
    settings.GOODWILL_AFTER_DAYS = limit
    item = stock()
    line = inbound(item, 5)
    buy((variant(item), 2))

    delays.move_expected_day(line, LATER, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    assert list(Goodwill.objects.values_list("kind", "days_late")) == given

    delays.move_expected_day(line, LATER + timedelta(days=9), confirmed=True, reason="again", actor=CY, at=NOON)
    assert Goodwill.objects.count() == (1 if limit else 0)
    assert (LATER - SOON).days == 26
