"""Letters that only the passing of time calls for: an answer that is missing, and that nothing has moved."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.deadlines import Rule
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import answers, cancellations, fulfilment, reminders
from shop.models import Order
from tests.cast import CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.letters import DAY, arrive, bought, keep, move, noon_of, waiting
from tests.sweeping import SECOND, midnight_in_berlin, sweep

pytestmark = pytest.mark.django_db

FAR = SOON + 31 * DAY
ANSWER_BY = midnight_in_berlin(SOON + 30 * DAY)
WEEK = timedelta(days=7)


def reminders_of(order: Order) -> list[tuple[datetime, str]]:
    """When she was reminded, and of which number of days left."""
    letters = Letter.objects.filter(thread=order.number, template="answer_reminder").order_by("id")
    return [(letter.written_at, letter.key.split(":")[0]) for letter in letters]


def remind_daily(start: datetime, days: int) -> None:
    for day in range(days):
        reminders.remind(at=start + timedelta(days=day))


# Questions.


def test_a_question_is_called_to_mind_seven_and_two_days_before_it_is_over():
    order, line = waiting()
    move(line, FAR)
    for day in range(10, -1, -1):
        reminders.remind(at=ANSWER_BY - day * DAY)
    assert reminders_of(order) == [(ANSWER_BY - WEEK, "reminder7"), (ANSWER_BY - 2 * DAY, "reminder2")]


def test_a_second_before_it_is_too_early():
    _, line = waiting()
    move(line, FAR)
    assert reminders.remind(at=ANSWER_BY - WEEK - SECOND) == 0
    assert reminders.remind(at=ANSWER_BY - WEEK) == 1


def test_days_that_were_missed_are_made_up_for():
    order, line = waiting()
    move(line, FAR)
    remind_daily(ANSWER_BY - 5 * DAY, 3)
    assert [left for _, left in reminders_of(order)] == ["reminder7"]


def test_who_was_asked_just_now_is_not_reminded_at_once():
    order, line = waiting()
    move(line, SOON + DAY)
    asked_on = SOON + DAY - 8 * DAY
    move(line, SOON + 2 * DAY, on=asked_on)
    remind_daily(noon_of(asked_on), 9)
    assert [left for _, left in reminders_of(order)] == ["reminder7", "reminder2"]

    late, line = buy_throws()
    move(line, SOON + DAY)
    move(line, SOON + 2 * DAY, on=SOON - DAY)
    remind_daily(noon_of(SOON - DAY), 3)
    assert reminders_of(late) == []


def buy_throws() -> tuple[Order, PurchaseOrderLine]:
    line = inbound(stock("THROW"), 2)
    return buy((variant(line.item), 1)), line


@pytest.mark.parametrize("answer", ["a yes", "a cancellation", "a delivery", "a lapse"])
def test_what_is_not_asked_any_more_is_not_called_to_mind(answer):
    order, line = waiting()
    move(line, FAR)
    match answer:
        case "a yes":
            keep(order)
        case "a cancellation":
            cancellations.cancel_order(order, actor="ada", at=NOON)
        case "a delivery":
            arrive(line, 2)
        case "a lapse":
            sweep(ANSWER_BY + SECOND)
    reminders.remind(at=ANSWER_BY - DAY)
    assert reminders_of(order) == []


def test_once_it_is_over_it_is_too_late_to_remind():
    order, line = waiting()
    move(line, FAR)
    assert reminders.remind(at=ANSWER_BY) == 0
    assert reminders_of(order) == []


def test_a_short_delay_needs_no_answer_and_no_reminder():
    order, line = waiting()
    move(line, SOON + 5 * DAY)
    remind_daily(noon_of(SOON - 10 * DAY), 16)
    assert reminders_of(order) == []


def of_two_days(apart: int) -> Order:
    """Curtains and a throw that were promised so many days apart, and that nobody can give a day for."""
    early, late = inbound(stock(), 1, SOON), inbound(stock("THROW"), 1, SOON + apart * DAY)
    order = bought((variant(early.item), 1), (variant(late.item), 1))
    move(early, None)
    move(late, None)
    return order


def test_two_questions_with_one_deadline_are_one_reminder():
    order = of_two_days(0)
    reminders.remind(at=ANSWER_BY - WEEK)
    assert len(reminders_of(order)) == 1
    assert len(Letter.objects.get(template="answer_reminder").context["items"]) == 2


def test_two_questions_five_days_apart_each_have_their_reminders():
    order = of_two_days(5)
    for day in range(10, -7, -1):
        reminders.remind(at=ANSWER_BY - day * DAY)
    assert reminders_of(order) == [
        (ANSWER_BY - WEEK, "reminder7"),
        (ANSWER_BY - 2 * DAY, "reminder7"),
        (ANSWER_BY - 2 * DAY, "reminder2"),
        (ANSWER_BY + 3 * DAY, "reminder2"),
    ]


# Nothing has moved.


def told_so(order: Order) -> list[datetime]:
    letters = Letter.objects.filter(thread=order.number, template="still_on_time")
    return list(letters.order_by("id").values_list("written_at", flat=True))


@pytest.fixture
def waits_long() -> tuple[Order, PurchaseOrderLine]:
    """It was ordered for a day ninety days off."""
    item = stock()
    line = inbound(item, 2, TODAY + 90 * DAY)
    return buy((variant(item), 1)), line


def ask_daily(days: int) -> None:
    for day in range(25, days + 1):
        reminders.say_that_nothing_moved(at=NOON + timedelta(days=day))


def test_who_waits_long_hears_once_a_month_that_nothing_has_changed(waits_long):
    order, _ = waits_long
    ask_daily(95)
    # The third month ends with the day itself.
    assert told_so(order) == [NOON + timedelta(days=30), NOON + timedelta(days=60)]


def test_a_house_can_say_how_often_or_never(waits_long, settings):
    order, _ = waits_long
    settings.STILL_ON_TIME_DAYS = 0
    ask_daily(70)
    assert told_so(order) == []
    settings.STILL_ON_TIME_DAYS = 40
    ask_daily(70)
    assert told_so(order) == [NOON + timedelta(days=40)]


def test_any_other_letter_says_it_as_well(waits_long):
    order, line = waits_long
    move(line, TODAY + 95 * DAY, on=TODAY + 20 * DAY)
    ask_daily(55)
    assert told_so(order) == [NOON + timedelta(days=50)]


def test_who_is_asked_is_not_told_that_nothing_moved(waits_long):
    order, line = waits_long
    move(line, None)
    ask_daily(70)
    assert told_so(order) == []


def test_who_is_asked_about_one_of_two_lines_is_not_told_that_nothing_moved():
    first, second = inbound(stock(), 1, TODAY + 90 * DAY), inbound(stock("THROW"), 1, TODAY + 90 * DAY)
    order = buy((variant(first.item), 1), (variant(second.item), 1))
    move(second, None)
    ask_daily(70)
    assert told_so(order) == []


def test_who_waits_for_one_of_two_lines_in_three_days_is_not_told_yet():
    first, second = inbound(stock(), 1, TODAY + 32 * DAY), inbound(stock("THROW"), 1, LATER + 20 * DAY)
    order = buy((variant(first.item), 1), (variant(second.item), 1))
    ask_daily(31)
    assert told_so(order) == []


def test_who_waits_for_nothing_is_not_written_to(waits_long):
    lamp = variant(stock("LAMP", on_hand=1))
    order = buy((lamp, 1), (variant(stock("THROW", on_hand=1)), 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    ask_daily(40)
    assert told_so(order) == []


def test_who_missed_her_day_is_not_told_that_nothing_moved(settings):
    settings.DELAY_RULE = Rule.UK_EU
    first, second = inbound(stock(), 1, SOON), inbound(stock("THROW"), 1, TODAY + 90 * DAY)
    order = buy((variant(first.item), 1), (variant(second.item), 1))
    sweep(midnight_in_berlin(SOON) + SECOND)
    ask_daily(70)
    assert told_so(order) == []


def test_who_agreed_to_wait_without_a_day_is_asked_and_not_comforted():
    order, line = waiting()
    move(line, None)
    keep(order)
    for day in range(25, 40):
        at = noon_of(TODAY + day * DAY)
        sweep(at)
        reminders.say_that_nothing_moved(at=at)
    assert told_so(order) == []
    assert Letter.objects.filter(thread=order.number, template="day_passed").count() == 1


def test_her_last_day_stands_when_nothing_moved(waits_long):
    order, line = waits_long
    move(line, TODAY + 95 * DAY)
    answers.set_last_day(order, order.lines.get().pk, TODAY + 97 * DAY, actor="ada", at=NOON)
    ask_daily(40)
    assert told_so(order) == [NOON + timedelta(days=30)]


def test_the_number_of_queries_does_not_depend_on_the_number_of_orders():
    item = stock()
    inbound(item, 9, TODAY + 90 * DAY)
    curtains = variant(item)
    counted = []
    for month, orders in ((1, 1), (2, 3)):
        for _ in range(orders):
            buy((curtains, 1))
        with CaptureQueriesContext(connection) as queries:
            reminders.say_that_nothing_moved(at=NOON + month * timedelta(days=30))
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert Letter.objects.filter(template="still_on_time").count() == 5
