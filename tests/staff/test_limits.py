"""The rules of a queue: who may join, how many, for how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders.availability import quotes
from backorders.models import Policy, Queue
from inventory.models import StockItem
from notifications.models import Letter
from shop import turns
from shop.models import Order
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

RULES = {
    "policy": Policy.INBOUND,
    "lead_days": 28,
    "cap": "",
    "per_order": "",
    "per_customer": "",
    "longest_wait": "",
    "reason": "a new season",
}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def save(client: Client, item: StockItem, **changes: object) -> Any:
    address = reverse("admin:backorders_queue_change_rules", args=[Queue.objects.get(item=item).pk])
    page = client.post(address, RULES | changes | {"preview": "1"})
    if 'name="seal"' not in page.content.decode():
        return page
    return confirm(client, address, RULES | changes)


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


def waits_for_a_ship() -> tuple[StockItem, Order]:
    """Promised by what is on order, later than the lead time that the tests offer."""
    item = stock()
    inbound(item, 2, LATER)
    return item, buy((variant(item), 2))


def test_a_lead_time_that_is_offered_now_is_told_at_once_to_who_waits(cy: Client) -> None:
    item, order = waits_for_a_ship()

    page = save(cy, item, policy=Policy.LEAD_TIME, lead_days=10)

    assert days_told(order) == [(2, TODAY + timedelta(days=10))]
    assert list(Letter.objects.filter(thread=order.number).values_list("template", flat=True))[-1] == "days_earlier"
    assert f"The promised day changed for {order.number} ; each customer gets a letter." in words(page)


def test_the_preview_says_what_changes_and_who_hears_and_changes_nothing(cy: Client) -> None:
    item, order = waits_for_a_ship()
    told = days_told(order)
    address = reverse("admin:backorders_queue_change_rules", args=[item.queue.pk])

    rules = RULES | {"policy": Policy.LEAD_TIME, "lead_days": 10, "preview": "1"}
    text = words(cy.post(address, rules))

    assert "Lead time in days 28 → 10" in text
    assert order.number in text
    assert Queue.objects.get(item=item).lead_days == 28
    assert days_told(order) == told


def test_a_lead_time_that_was_told_stands_whatever_the_rules_become(cy: Client) -> None:
    item, order = judged_queue()
    told = days_told(order)

    save(cy, item, policy=Policy.INBOUND, lead_days=40)

    assert days_told(order) == told
    assert Queue.objects.get(item=item).policy == Policy.INBOUND


def test_rules_that_somebody_else_changed_meanwhile_are_shown_again(cy: Client) -> None:
    item = stock()
    address = reverse("admin:backorders_queue_change_rules", args=[item.queue.pk])
    preview = cy.post(address, RULES | {"cap": 4, "preview": "1"})
    Queue.objects.filter(item=item).update(per_order=2)

    page = cy.post(address, RULES | {"cap": 4, "confirm": "1", "seal": seal_of(preview)}, follow=True)

    assert "Something changed since you looked." in words(page)
    assert Queue.objects.get(item=item).cap is None


def test_the_same_rules_again_are_no_change(cy: Client) -> None:
    assert "Nothing would change: these are its rules already." in words(save(cy, stock()))


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
