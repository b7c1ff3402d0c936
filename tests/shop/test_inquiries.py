"""What a customer asks about her order, and what the desk replies: each once, in order, and by mail."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from notifications.models import Letter
from shop import inquiries, records
from shop.dossiers import Dossier
from shop.inquiries import UnableToAsk, UnableToReply
from shop.models import Inquiry, Order, Reply
from tests.cast import BO, CY, NOON, buy, stock, variant

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def order() -> Order:
    return buy((variant(stock(on_hand=2)), 1))


def reply(order: Order, text: str = "They do.") -> Reply:
    seen = inquiries.length(inquiries.of_order(order))
    return inquiries.reply(order, text, seen=seen, actor=CY, at=NOON)


def test_the_same_question_is_asked_once_until_somebody_replies(order: Order):
    first = inquiries.ask(order, "Do they come with hooks?", at=NOON)
    assert inquiries.ask(order, "Do they come with hooks?", at=NOON + MINUTE) == first
    reply(order)
    assert inquiries.ask(order, "Do they come with hooks?", at=NOON + 2 * MINUTE) != first


def test_five_questions_in_an_hour_are_enough_of_one_order(order: Order):
    other = buy((order.lines.get().variant, 1), who=BO)
    for number in range(5):
        inquiries.ask(order, f"Question {number}", at=NOON + number * MINUTE)

    with pytest.raises(UnableToAsk, match="Please give us a little time"):
        inquiries.ask(order, "Question 6", at=NOON + timedelta(minutes=59))

    assert inquiries.ask(other, "Question 1", at=NOON).order == other
    assert inquiries.ask(order, "Question 6", at=NOON + timedelta(minutes=60)).text == "Question 6"


def test_a_reply_answers_all_that_was_asked_before_it_and_nothing_after(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    inquiries.ask(order, "And with rings?", at=NOON)
    assert Inquiry.objects.unanswered().count() == 2
    reply(order)
    assert not Inquiry.objects.unanswered().exists()
    later = inquiries.ask(order, "Of brass?", at=NOON)
    assert list(Inquiry.objects.unanswered()) == [later]


def test_a_reply_to_one_order_leaves_the_questions_of_others_open(order: Order):
    other = buy((order.lines.get().variant, 1), who=BO)
    hers, his = (inquiries.ask(each, "Do they come with hooks?", at=NOON) for each in (order, other))
    reply(order)
    assert (list(Inquiry.objects.unanswered()), hers.pk < his.pk) == ([his], True)


def test_nobody_replies_to_what_she_has_not_read(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    inquiries.ask(order, "And with rings?", at=NOON)
    with pytest.raises(UnableToReply, match="Something was said since you looked"):
        inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    assert not Reply.objects.exists()


def test_a_second_click_replies_nothing_more(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    with pytest.raises(UnableToReply):
        inquiries.reply(order, "They do.", seen=1, actor=CY, at=NOON)
    assert Letter.objects.filter(template="inquiry_replied").count() == 1


def test_where_nothing_was_asked_there_is_nothing_to_reply_to(order: Order):
    with pytest.raises(UnableToReply, match="Nobody asked anything"):
        inquiries.reply(order, "They do.", seen=0, actor=CY, at=NOON)


def test_a_preview_shows_the_letter_and_writes_nothing(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    letter = inquiries.preview_reply(order, "They do.", seen=1, actor=CY, at=NOON)
    assert (letter.recipient, letter.thread, letter.context["reply"]) == (order.email, order.number, ["They do."])
    assert not Reply.objects.exists()
    assert not Letter.objects.filter(template="inquiry_replied").exists()


def test_the_letter_belongs_to_the_thread_of_its_order(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    reply(order)
    assert Letter.objects.get(template="inquiry_replied").thread == order.number


def test_the_record_has_both_and_names_staff_to_staff_only(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    reply(order)

    def said(*, for_staff: bool) -> list[tuple[str, ...]]:
        return [
            entry.details
            for entry in records.record_of(Dossier(order), for_staff=for_staff)
            if "question" in entry.what
        ]

    assert said(for_staff=False) == [("“Do they come with hooks?”",), ("“They do.”", "By us")]
    assert said(for_staff=True)[1] == ("“They do.”", f"By {CY}")


def test_what_was_said_cannot_be_changed_or_taken_away(order: Order):
    inquiries.ask(order, "Do they come with hooks?", at=NOON)
    reply(order)
    for rows in (Inquiry.objects.all(), Reply.objects.all()):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            rows.update(text="Never mind")
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            rows._raw_delete(rows.db)
