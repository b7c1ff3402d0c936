"""A customer's double click, and two of the staff who reply in one instant; with what the lock of the order is for."""

from functools import partial

import pytest
from django.db import transaction

from notifications.models import Letter
from shop import inquiries
from shop.inquiries import UnableToAsk, UnableToReply
from shop.models import Inquiry, Order, Reply
from tests.cast import CY, NOON, buy, stock, variant
from tests.races.at_once import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


@pytest.fixture
def order() -> Order:
    return buy((variant(stock(on_hand=2)), 1))


def test_a_double_click_asks_once(order: Order):
    for number in range(ROUNDS):
        first, second = at_once(*[partial(inquiries.ask, order, f"Question {number}", at=NOON)] * 2)
        assert first == second
    assert Inquiry.objects.count() == ROUNDS


def test_many_clicks_do_not_get_past_the_limit(order: Order):
    results = at_once(*(partial(inquiries.ask, order, f"Question {number}", at=NOON) for number in range(8)))
    assert sum(isinstance(result, UnableToAsk) for result in results) == 3
    assert Inquiry.objects.count() == 5


def test_one_of_two_replies_goes_out_and_the_other_is_refused(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    for number in range(ROUNDS):
        seen = 1 + number
        results = at_once(*[partial(inquiries.reply, order, "They do.", seen=seen, actor=CY, at=NOON)] * 2)
        assert sum(isinstance(result, UnableToReply) for result in results) == 1
        assert Reply.objects.count() == Letter.objects.filter(template="inquiry_replied").count() == 1 + number


def test_control_a_look_without_the_lock_misses_a_question_that_is_just_being_asked(order: Order):
    with transaction.atomic():
        Inquiry.objects.create(order=order, text="Do they come with hooks?", at=NOON)
        (found,) = at_once(partial(Inquiry.objects.filter(text="Do they come with hooks?").exists))
    assert found is False
