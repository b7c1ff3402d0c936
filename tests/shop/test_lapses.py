"""Deadlines that pass: who is cancelled, refunded, asked once more or told that we are sorry, and who is left alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from backorders.consent import UnableToAnswer
from backorders.deadlines import Kind, Rule, Standing
from backorders.models import Bounce, Claim, Consent, Notice, Withdrawal
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import answers, cancellations, fulfilment, holds, lapses
from shop.models import Order, Payment, Refund, Sends
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.letters import DAY, arrive, bought, keep, move, noon_of, paid, read, waiting
from tests.sweeping import SECOND, midnight_in_berlin, midnight_on_hawaii, midnight_on_the_azores, sweep

pytestmark = pytest.mark.django_db

FAR = SOON + 31 * DAY
THIRTY = SOON + 30 * DAY


def claim_of(order: Order) -> Claim:
    return order.lines.select_related("claim__notice").order_by("id")[0].claim


def written(order: Order) -> list[str]:
    """What she was written since she ordered, except of money."""
    known = Letter.objects.filter(thread=order.number).exclude(template__in=["order_placed", "payment_received"])
    return list(known.order_by("id").values_list("template", flat=True))


def why_gone(order: Order) -> list[tuple[str, str]]:
    given_up = Withdrawal.objects.filter(claim__order_line__order=order).order_by("id")
    return list(given_up.values_list("actor", "reason"))


OUR_SILENCE = (lapses.ACTOR, "we did not tell you in time that it would be late")
HER_SILENCE = (lapses.ACTOR, "your answer did not come in time")
HER_LAST_DAY = (lapses.ACTOR, "the last day that you set has passed")


def lapses_at(order: Order, end: datetime) -> bool:
    """At the very instant nothing is over yet; a second later it is. Sweeps at both."""
    sweep(end)
    assert claim_of(order).left
    sweep(end + SECOND)
    return not claim_of(order).left


# What silence means.


def test_a_day_that_passes_without_a_word_from_us_ends_the_order_with_an_apology():
    order, _ = waiting()
    assert lapses_at(order, midnight_in_berlin(SOON))
    assert why_gone(order) == [OUR_SILENCE]
    assert written(order) == ["order_lapsed"]
    assert Letter.objects.get(template="order_lapsed").context["our_fault"] is True


def test_silence_keeps_a_short_delay_until_its_new_day_which_then_ends_it():
    order, line = waiting()
    move(line, THIRTY)
    sweep(midnight_in_berlin(THIRTY))
    assert written(order) == ["days_later"]
    assert lapses_at(order, midnight_in_berlin(THIRTY))
    assert why_gone(order) == [OUR_SILENCE]


@pytest.mark.parametrize("day", [FAR, None], ids=["a far day", "no day"])
def test_no_yes_to_a_long_delay_within_thirty_days_ends_the_order(day):
    order, line = waiting()
    move(line, day)
    assert lapses_at(order, midnight_in_berlin(THIRTY))
    assert why_gone(order) == [HER_SILENCE]
    assert Letter.objects.get(template="order_lapsed").context["our_fault"] is False


def test_no_yes_to_a_further_delay_by_the_day_that_held_ends_the_order():
    order, line = waiting()
    move(line, SOON + DAY)
    move(line, SOON + 2 * DAY)
    assert lapses_at(order, midnight_in_berlin(SOON + DAY))
    assert why_gone(order) == [HER_SILENCE]


def test_a_yes_keeps_the_order_until_the_day_she_said_yes_to():
    order, line = waiting()
    move(line, FAR)
    keep(order)
    sweep(midnight_in_berlin(THIRTY) + SECOND)
    assert lapses_at(order, midnight_in_berlin(FAR))
    assert why_gone(order) == [OUR_SILENCE]


def test_a_better_day_told_while_she_is_asked_is_a_day_that_we_can_miss():
    order, line = waiting()
    move(line, FAR)
    move(line, SOON + 3 * DAY)
    assert lapses_at(order, midnight_in_berlin(SOON + 3 * DAY))
    assert why_gone(order) == [OUR_SILENCE]


@pytest.mark.parametrize(("after", "is_kept"), [(timedelta(), True), (SECOND, False)])
def test_a_yes_is_in_time_until_the_very_instant_and_not_a_second_later(after, is_kept):
    order, line = waiting()
    move(line, FAR)
    seen = read(order)
    at = midnight_in_berlin(THIRTY) + after
    try:
        answers.keep(order, seen, actor="ada", at=at)
    except UnableToAnswer:
        assert not is_kept
    sweep(at + SECOND)
    assert bool(claim_of(order).left) == is_kept


def test_a_last_day_cannot_be_set_once_the_time_to_answer_is_over():
    order, line = waiting()
    move(line, FAR)
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, order.lines.get().pk, FAR, actor="ada", at=midnight_in_berlin(THIRTY) + SECOND)


@pytest.mark.parametrize(("country", "her_end"), [("PT", midnight_on_the_azores), ("US", midnight_on_hawaii)])
def test_we_owe_by_the_midnight_of_the_house_and_she_may_answer_until_her_own(country, her_end):
    silent = buy((variant(inbound(stock(), 1).item), 1), who=ADA | {"country": country})
    line = inbound(stock("THROW"), 1)
    asked = buy((variant(line.item), 1), who=ADA | {"country": country})
    move(line, None)
    assert lapses_at(silent, midnight_in_berlin(SOON))
    assert lapses_at(asked, her_end(THIRTY))


def test_her_last_day_ends_the_order_in_every_country_of_the_shop():
    order, line = waiting()
    move(line, SOON + 5 * DAY)
    answers.set_last_day(order, order.lines.get().pk, SOON + 2 * DAY, actor="ada", at=NOON)
    assert lapses_at(order, midnight_in_berlin(SOON + 2 * DAY))
    assert why_gone(order) == [HER_LAST_DAY]


# Who waits without a day.


def test_who_agreed_to_wait_without_a_day_is_asked_again_after_thirty_days_and_has_thirty_more():
    order, line = waiting()
    move(line, None)
    keep(order)
    sweep(midnight_in_berlin(TODAY + 30 * DAY))
    assert written(order) == ["answer_needed", "answer_received"]

    sweep(midnight_in_berlin(TODAY + 30 * DAY) + SECOND)

    notice = Notice.objects.latest("id")
    assert (notice.kind, notice.before, notice.version) == (Kind.RENEWED, Standing.AGREED, claim_of(order).told)
    assert written(order)[-1] == "day_passed"
    assert lapses_at(order, midnight_in_berlin(TODAY + 61 * DAY))
    assert why_gone(order) == [HER_SILENCE]


def test_a_yes_to_being_asked_again_waits_for_as_long_once_more():
    order, line = waiting()
    move(line, None)
    keep(order)
    sweep(midnight_in_berlin(TODAY + 30 * DAY) + SECOND)
    keep(order, on=TODAY + 40 * DAY)
    sweep(midnight_in_berlin(TODAY + 70 * DAY) + SECOND)
    assert written(order)[-2:] == ["answer_received", "day_passed"]
    assert claim_of(order).standing == Standing.ASKED_AGAIN


def test_a_day_is_told_to_who_waits_without_one_though_she_was_to_be_asked_just_now():
    order, line = waiting()
    move(line, None)
    keep(order)
    line.refresh_from_db()
    at = TODAY + 31 * DAY

    move(line, FAR, on=at)
    sweep(noon_of(at))

    assert written(order) == ["answer_needed", "answer_received", "days_earlier"]
    assert claim_of(order).due_at == midnight_in_berlin(FAR)


# Money.


@pytest.mark.parametrize(("rule", "days"), [(Rule.HOUSE, 7), (Rule.US, 7), (Rule.UK_EU, 14)])
def test_what_was_paid_goes_back_in_time(settings, rule, days):
    """Here every day is a working day."""
    settings.DELAY_RULE = rule
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    line = inbound(stock(), 2)
    order = paid((variant(line.item), 2))
    move(line, FAR)
    end = midnight_in_berlin(THIRTY)
    if rule == Rule.UK_EU:
        answers.set_last_day(order, order.lines.get().pk, THIRTY, actor="ada", at=NOON)

    sweep(end + SECOND)

    refund = Refund.objects.get()
    assert (refund.order, refund.amount, refund.due_since) == (order, order.total, end + SECOND)
    # In Berlin it is the day after already.
    assert refund.due_by == midnight_in_berlin(THIRTY + DAY + days * DAY)
    assert Letter.objects.get(template="order_lapsed").context["refund"] != ""


def test_of_an_order_with_a_line_that_has_shipped_only_the_other_goes_back(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    late = inbound(stock(), 1)
    order = paid((variant(stock("LAMP", on_hand=1)), 1), (variant(late.item), 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    sweep(midnight_in_berlin(SOON) + SECOND)
    assert Refund.objects.get().amount == Decimal("49.00")


def test_what_nobody_paid_for_owes_nothing_back():
    order, _ = waiting()
    sweep(midnight_in_berlin(SOON) + SECOND)
    assert not Refund.objects.exists()
    assert Payment.objects.get(order=order).state == Payment.State.VOID


def unpaid() -> tuple[Order, PurchaseOrderLine]:
    """It waits for its money, which may come for sixty days."""
    item = stock()
    line = inbound(item, 2, TODAY + DAY)
    return bought((variant(item), 1), payment="transfer"), line


@pytest.fixture
def _may_be_paid_for_sixty_days(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    settings.PAYMENT_HOLD_HOURS = 60 * 24


@pytest.mark.usefixtures("_may_be_paid_for_sixty_days")
def test_nothing_is_due_of_an_order_that_waits_for_its_money():
    order, line = unpaid()
    assert claim_of(order).due_at is None
    move(line, TODAY + 2 * DAY)
    assert claim_of(order).due_at == midnight_in_berlin(TODAY + 2 * DAY)

    sweep(noon_of(TODAY + 5 * DAY))

    assert claim_of(order).due_at is None
    assert written(order) == ["days_later"]


@pytest.mark.usefixtures("_may_be_paid_for_sixty_days")
def test_once_it_is_paid_it_is_due_by_the_day_on_which_it_can_leave():
    order, line = unpaid()
    move(line, TODAY + 2 * DAY)
    sweep(noon_of(TODAY + 5 * DAY))
    holds.receive_payment(order, order.payment.amount, actor=CY, at=noon_of(TODAY + 6 * DAY))
    assert claim_of(order).due_at == midnight_in_berlin(TODAY + 6 * DAY)
    assert lapses_at(order, midnight_in_berlin(TODAY + 6 * DAY))


@pytest.mark.usefixtures("_may_be_paid_for_sixty_days")
@pytest.mark.parametrize("day", [TODAY + 50 * DAY, None], ids=["a far day", "no day"])
def test_who_pays_when_the_time_to_answer_is_over_is_asked_once_more(day):
    order, line = unpaid()
    move(line, day)
    paid_on = TODAY + 35 * DAY
    sweep(noon_of(paid_on))
    holds.receive_payment(order, order.payment.amount, actor=CY, at=noon_of(paid_on))
    sweep(noon_of(paid_on) + SECOND)

    assert claim_of(order).left
    assert written(order) == ["answer_needed", "day_passed"]
    assert Notice.objects.latest("id").kind == Kind.RENEWED
    assert lapses_at(order, midnight_in_berlin(day or paid_on + 30 * DAY))


# Letters that came back.


def lose(order: Order) -> None:
    """The mail server refuses the newest letter for good."""
    newest = Letter.objects.filter(thread=order.number).latest("id")
    Letter.objects.filter(pk=newest.pk).update(state=Letter.State.DEAD, server_answer="550 no such box")


def test_a_notice_that_did_not_arrive_is_no_notice():
    order, line = waiting()
    move(line, FAR)
    lose(order)
    sweep(noon_of(TODAY + DAY))
    assert Bounce.objects.get().answer == "550 no such box"
    assert lapses_at(order, midnight_in_berlin(SOON))
    assert why_gone(order) == [OUR_SILENCE]


def test_of_two_lost_notices_the_day_before_both_counts():
    order, line = waiting()
    for day in (SOON + DAY, SOON + 2 * DAY):
        move(line, day)
        lose(order)
        sweep(noon_of(TODAY + DAY))
    assert claim_of(order).due_at == midnight_in_berlin(SOON)


def test_a_later_portion_that_could_not_be_told_puts_off_no_earlier_one():
    item = stock()
    inbound(item, 1, SOON)
    late = inbound(item, 1, LATER)
    order = buy((variant(item), 2))
    move(late, LATER + DAY)
    lose(order)
    sweep(noon_of(TODAY + DAY))
    assert claim_of(order).due_at == midnight_in_berlin(SOON)


def test_after_a_lost_notice_a_unit_given_up_puts_nothing_off():
    order, line = waiting()
    move(line, THIRTY)
    lose(order)
    sweep(noon_of(TODAY + DAY))
    cancellations.cancel_line(order.lines.get(), 1, actor="ada", at=noon_of(TODAY + 2 * DAY))
    assert claim_of(order).due_at == midnight_in_berlin(SOON)


def test_who_answered_a_lost_notice_has_read_it():
    order, line = waiting()
    move(line, FAR)
    keep(order)
    Letter.objects.filter(template="answer_needed").update(state=Letter.State.DEAD)
    sweep(noon_of(TODAY + DAY))
    assert not Bounce.objects.exists()
    assert claim_of(order).due_at == midnight_in_berlin(FAR)


# Goods that are here and do not leave.


def here_by_tonight() -> tuple[Order, PurchaseOrderLine]:
    order, line = waiting()
    arrive(line, 2, on=SOON)
    return order, line


EVENING = datetime(2026, 12, 9, 20, tzinfo=UTC)


def test_a_parcel_that_will_not_leave_today_gets_two_working_days_and_its_customer_hears_before_the_day_is_over():
    order, _ = here_by_tonight()
    sweep(EVENING - timedelta(hours=1, seconds=1))
    assert written(order) == ["units_arrived"]

    sweep(EVENING)
    sweep(EVENING + SECOND)

    assert written(order) == ["units_arrived", "days_later"]
    assert claim_of(order).standing == Standing.DELAYED
    assert claim_of(order).due_at == midnight_in_berlin(SOON + 2 * DAY)


def test_the_second_time_it_needs_her_yes():
    order, _ = here_by_tonight()
    sweep(EVENING)
    sweep(EVENING + 2 * DAY)
    assert written(order)[-1] == "answer_needed"
    assert claim_of(order).due_at == midnight_in_berlin(SOON + 2 * DAY)


def test_what_waits_for_the_rest_of_its_order_is_not_told_to_be_packed_late():
    lamp, throw = stock("LAMP", on_hand=1), inbound(stock("THROW"), 1)
    order = bought((variant(lamp), 1), (variant(throw.item), 1), sends=Sends.TOGETHER)
    move(throw, SOON + 5 * DAY)

    sweep(EVENING)
    assert written(order) == ["days_later"]
    sweep(midnight_in_berlin(SOON) + SECOND)
    assert written(order) == ["days_later"]
    assert set(Claim.objects.values_list("due_at", flat=True)) == {midnight_in_berlin(SOON + 5 * DAY)}


@pytest.mark.usefixtures("_may_be_paid_for_sixty_days")
def test_what_is_not_paid_is_not_told_to_be_packed_late():
    item = stock()
    line = inbound(item, 2, SOON - DAY)
    order = bought((variant(item), 1), payment="transfer")
    move(line, SOON)
    arrive(line, 2, on=SOON)
    sweep(EVENING)
    assert written(order) == ["days_later", "units_arrived"]


def test_who_set_a_last_day_is_told_no_later_one():
    item = stock()
    early = inbound(item, 1, SOON - DAY)
    inbound(item, 1, LATER)
    order = buy((variant(item), 2))
    move(early, SOON)
    answers.set_last_day(order, order.lines.get().pk, SOON, actor="ada", at=NOON)
    arrive(early, 1, on=SOON)
    sweep(EVENING)
    assert written(order) == ["days_later", "last_day_set", "units_arrived"]
    assert lapses_at(order, midnight_in_berlin(SOON))


# Sent together.


@pytest.fixture
def pair() -> tuple[Order, PurchaseOrderLine, PurchaseOrderLine]:
    """Curtains by SOON and a throw by LATER, sent together."""
    early, late = inbound(stock(), 1, SOON), inbound(stock("THROW"), 1, LATER)
    order = bought((variant(early.item), 1), (variant(late.item), 1), sends=Sends.TOGETHER)
    return order, early, late


def test_a_line_waits_for_the_day_of_the_others_that_was_told(pair):
    order, _, late = pair
    move(late, LATER + 10 * DAY)
    sweep(midnight_in_berlin(LATER) + SECOND)
    assert written(order) == ["days_later"]
    assert lapses_at(order, midnight_in_berlin(LATER + 10 * DAY))


def test_silence_to_the_question_of_one_line_ends_all_of_it_and_that_was_not_our_silence(pair):
    order, _, late = pair
    move(late, None)
    sweep(midnight_in_berlin(LATER) + SECOND)
    assert lapses_at(order, midnight_in_berlin(LATER + 30 * DAY))
    assert why_gone(order) == [HER_SILENCE, HER_SILENCE]
    assert written(order) == ["answer_needed", "order_lapsed"]


def test_who_waits_without_a_day_for_one_line_keeps_the_others(pair):
    order, _, late = pair
    move(late, None)
    keep(order, on=LATER)
    sweep(midnight_in_berlin(LATER) + SECOND)
    for seconds in (1, 2):
        sweep(midnight_in_berlin(LATER + 30 * DAY) + seconds * SECOND)
    assert why_gone(order) == []
    assert written(order) == ["answer_needed", "answer_received", "day_passed"]


def test_a_last_day_of_her_own_is_not_put_off_by_another_line(pair):
    order, early, late = pair
    move(early, LATER + 5 * DAY)
    line = order.lines.order_by("id")[0]
    answers.set_last_day(order, line.pk, LATER + DAY, actor="ada", at=NOON)
    move(late, LATER + 20 * DAY)
    assert lapses_at(order, midnight_in_berlin(LATER + DAY))
    assert why_gone(order) == [HER_LAST_DAY]


# Where the law only informs.


@pytest.fixture
def _uk_eu(settings):
    settings.DELAY_RULE = Rule.UK_EU


@pytest.mark.usefixtures("_uk_eu")
def test_a_day_that_passed_is_apologised_for_once_and_nothing_is_cancelled():
    order, _ = waiting()
    sweep(midnight_in_berlin(SOON))
    assert written(order) == []
    for seconds in (1, 2):
        sweep(midnight_in_berlin(SOON) + seconds * SECOND)
    assert written(order) == ["day_passed"]
    assert (claim_of(order).standing, claim_of(order).due_at) == (Standing.LATE, None)


@pytest.mark.usefixtures("_uk_eu")
def test_a_part_that_leaves_after_the_apology_calls_for_no_second_one():
    order, line = waiting()
    sweep(midnight_in_berlin(SOON) + SECOND)
    arrive(line, 1, on=SOON + 2 * DAY)
    fulfilment.ship_ready(order, actor=CY, at=noon_of(SOON + 2 * DAY))
    sweep(noon_of(SOON + 3 * DAY))
    cancellations.cancel_line(order.lines.get(), 1, actor="ada", at=noon_of(SOON + 4 * DAY))
    assert Notice.objects.filter(kind=Kind.MISSED).count() == 1


@pytest.mark.usefixtures("_uk_eu")
def test_a_new_day_that_is_missed_as_well_is_apologised_for_again():
    order, line = waiting()
    sweep(midnight_in_berlin(SOON) + SECOND)
    move(line, SOON + 5 * DAY, on=SOON + DAY)
    sweep(midnight_in_berlin(SOON + 5 * DAY) + SECOND)
    assert written(order) == ["day_passed", "days_later", "day_passed"]


@pytest.mark.usefixtures("_uk_eu")
def test_after_the_apology_she_may_set_a_last_day():
    order, _ = waiting()
    sweep(midnight_in_berlin(SOON) + SECOND)
    answers.set_last_day(order, order.lines.get().pk, SOON + 3 * DAY, actor="ada", at=noon_of(SOON + DAY))
    assert Consent.objects.get().answer == Consent.Answer.LAST_DAY
    assert lapses_at(order, midnight_in_berlin(SOON + 3 * DAY))


@pytest.mark.usefixtures("_uk_eu")
def test_of_what_leaves_together_only_the_whole_can_be_missed(pair):
    order, early, late = pair
    move(late, None)
    move(early, None)
    arrive(early, 1)
    sweep(noon_of(TODAY + 5 * DAY))
    assert "day_passed" not in written(order)


# The sweep itself.


def test_the_longest_due_come_first_and_no_more_than_asked_for():
    late, later = waiting()[0], buy((variant(inbound(stock("THROW"), 1, LATER).item), 1), who=BO)
    after = midnight_in_berlin(LATER) + SECOND
    assert lapses.orders_due(after, 10) == [late.pk, later.pk]
    assert lapses.orders_due(after, 1) == [late.pk]
    assert lapses.orders_due(midnight_in_berlin(LATER), 10) == [late.pk]


def test_what_has_shipped_is_not_due():
    order, line = waiting()
    arrive(line, 2)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert lapses.orders_due(noon_of(date(2030, 1, 1)), 10) == []


def test_a_second_sweep_of_the_same_order_does_nothing():
    order, _ = waiting()
    after = midnight_in_berlin(SOON) + SECOND
    assert lapses.lapse(order.pk, at=after)
    assert not lapses.lapse(order.pk, at=after)
    assert written(order) == ["order_lapsed"]
