"""A return is announced in many tabs at once: no more is awaited than the customer has."""

from functools import partial
from threading import Barrier

import pytest

from shop import announcements, fulfilment, payments
from shop.announcements import UnableToAnnounce
from shop.cancellations import CUSTOMER
from shop.models import Announcement, Payment
from tests.cast import CY, NOON, buy, stock, variant
from tests.races.at_once import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TABS, UNITS = 6, 3


def announced_in_tabs() -> int:
    order = buy((variant(stock("MUG", on_hand=UNITS)), UNITS))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    line = order.lines.get()
    announce = partial(announcements.announce, order, {line.pk: UNITS}, actor=CUSTOMER, at=NOON)
    done = at_once(*[announce] * TABS)
    assert all(isinstance(each, list | UnableToAnnounce) for each in done), done
    return sum(row.units for row in Announcement.objects.all())


def test_no_more_is_announced_than_she_has():
    assert announced_in_tabs() == UNITS


def test_control_without_the_lock_of_the_order_more_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(payments, "lock", lambda pk: Payment.objects.select_related("order").get(order=pk))
    read, all_have_read = announcements.Returnable.of, Barrier(TABS, timeout=60)

    def read_and_wait(order, at):
        can = read(order, at)
        all_have_read.wait()
        return can

    monkeypatch.setattr(announcements.Returnable, "of", read_and_wait)
    assert announced_in_tabs() == UNITS * TABS
