"""The rules of a queue: who may join, how many, for how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders.availability import quotes
from backorders.models import Policy, Queue
from inventory.models import StockItem
from shop import delays, turns
from shop.models import Order
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, words

RULES = {"policy": Policy.INBOUND, "lead_days": 28, "cap": "", "per_order": "", "per_customer": "", "longest_wait": ""}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def save(client: Client, item: StockItem, **changes: object) -> Any:
    address = reverse("admin:backorders_queue_change", args=[Queue.objects.get(item=item).pk])
    return client.post(address, RULES | changes, follow=True)


def test_every_limit_is_set_and_lifted_again(cy: Client) -> None:
    item = stock()
    rules = Queue.objects.filter(item=item).values_list("cap", "per_order", "per_customer", "longest_wait")

    save(cy, item, cap=40, per_order=5, per_customer=6, longest_wait=90)
    assert rules.get() == (40, 5, 6, 90)

    save(cy, item)
    assert rules.get() == (None, None, None, None)


def test_a_limit_is_obeyed_by_the_next_quote(cy: Client) -> None:
    item = stock()
    inbound(item, 50)

    save(cy, item, per_order=2)

    assert quotes({item.pk: 3}, NOON)[item.pk].promised == 2


@pytest.mark.parametrize("limit", ["cap", "per_order", "per_customer", "longest_wait"])
def test_a_limit_of_nought_means_that_nothing_waits_and_says_so(cy: Client, limit: str) -> None:
    item = stock()

    page = save(cy, item, **{limit: 0})

    assert getattr(Queue.objects.get(item=item), limit) == 0
    assert "POPULAR-CURTAINS has a limit of 0: nothing waits, it is sold from the shelf only." in words(page)


@pytest.mark.parametrize("days", [0, 366, 30000])
def test_a_lead_time_that_nobody_means_gets_a_sentence(cy: Client, days: int) -> None:
    item = stock()

    assert "Give a lead time from 1 to 365 days." in words(save(cy, item, lead_days=days))
    assert Queue.objects.get(item=item).lead_days == 28


def test_rules_that_contradict_each_other_are_refused(cy: Client) -> None:
    item = stock()

    page = save(cy, item, policy=Policy.LEAD_TIME, longest_wait=10)

    assert "A lead time of 28 days would never be promised" in words(page)
    assert Queue.objects.get(item=item).policy == Policy.INBOUND


def judged_queue() -> tuple[StockItem, Order]:
    """A queue that was looked at: its one claim was told the lead time, as nothing was on order."""
    item = stock(policy=Policy.LEAD_TIME, lead_days=40)
    order = buy((variant(item), 2))
    inbound(item, 1, LATER + timedelta(days=30))
    turns.change(turns.rank(order.lines.get().claim, -1, reason="a replacement"), actor=CY, at=NOON)
    assert Queue.objects.get(item=item).judged is not None
    return item, order


@pytest.mark.parametrize("change", [{"policy": Policy.INBOUND}, {"lead_days": 10}])
def test_other_rules_are_held_against_everybody_at_the_next_revision(cy: Client, change: dict[str, object]) -> None:
    item, _ = judged_queue()

    save(cy, item, **{"policy": Policy.LEAD_TIME, "lead_days": 40} | change)

    assert Queue.objects.get(item=item).judged is None


def test_a_lead_time_that_is_offered_now_is_told_by_the_next_revision(cy: Client) -> None:
    item = stock()
    line = inbound(item, 2, LATER, confirmed=False)
    order = buy((variant(item), 2))
    delays.move_expected_day(line, LATER, confirmed=True, reason="", actor=CY, at=NOON)
    save(cy, item, policy=Policy.LEAD_TIME, lead_days=10)

    delays.move_expected_day(line, LATER, confirmed=False, reason="", actor=CY, at=NOON)

    assert days_told(order) == [(2, TODAY + timedelta(days=10))]


def test_a_limit_alone_leaves_the_judgement_and_the_counters_as_they_are(cy: Client) -> None:
    item, _ = judged_queue()
    before = Queue.objects.filter(item=item).values("judged", "waiting", "passed_over", "put_off", "filled", "freed")
    was = before.get()

    save(cy, item, policy=Policy.LEAD_TIME, lead_days=40, cap=9)

    assert before.get() == was
    assert Queue.objects.get(item=item).cap == 9


def test_the_list_shows_limits_and_who_is_passed_over(cy: Client) -> None:
    item = stock(cap=40)
    inbound(item, 9, SOON)
    order, _ = buy((variant(item), 2)), stock("FREE")
    Queue.objects.filter(item=item).update(per_order=5, longest_wait=90)
    turns.change(turns.hold(order.lines.get().claim, reason="moves house"), actor=CY, at=NOON)

    text = words(cy.get(reverse("admin:backorders_queue_changelist")))
    passed = words(cy.get(reverse("admin:backorders_queue_changelist") + "?waits=passed"))

    assert (
        "POPULAR-CURTAINS Popular curtains Against what is on order – 40 in all, 5 an order, 90 days ahead 2 2" in text
    )
    assert "FREE" in text
    assert "FREE" not in passed
    assert " 1 result" in passed


def test_each_group_of_rules_says_what_it_means(cy: Client) -> None:
    item = stock()

    text = words(cy.get(reverse("admin:backorders_queue_change", args=[Queue.objects.get(item=item).pk])))

    assert "Whoever waits already keeps her place, whatever the rules become." in text
    assert "0 means that nothing waits." in text


def test_who_may_only_look_sees_the_rules_and_cannot_save_them(clerk: SignIn) -> None:
    item = stock(cap=7)
    inbound(item, 9)
    buy((variant(item), 1), who=BO)
    looks = clerk("backorders.view_queue")
    address = reverse("admin:backorders_queue_change", args=[Queue.objects.get().pk])

    page, refused = looks.get(address), looks.post(address, RULES | {"cap": 1})

    assert (page.status_code, refused.status_code) == (200, 403)
    assert 'name="cap"' not in page.content.decode()
    assert Queue.objects.get().cap == 7
