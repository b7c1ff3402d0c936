"""A told day that moves: which notice it becomes, what it asks, and until when."""

from datetime import timedelta

import pytest

from backorders.consent import UnableToAnswer
from backorders.deadlines import Kind, Rule, Standing
from backorders.models import Claim, Notice
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import answers, cancellations, delays, fulfilment
from shop.models import Order, Sends
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.letters import DAY, REASON, arrive, bought, keep, move, noon_of, waiting
from tests.sweeping import SECOND, midnight_in_berlin, midnight_on_hawaii, midnight_on_the_azores, sweep

pytestmark = pytest.mark.django_db

FAR = SOON + 31 * DAY
THIRTY = SOON + 30 * DAY


def claim_of(order: Order) -> Claim:
    return order.lines.select_related("claim__notice").order_by("id")[0].claim


def stands(order: Order) -> tuple[str, object, object]:
    """Where its first line stands, until when she may answer, and by when something is due."""
    claim = claim_of(order)
    return claim.standing, claim.notice.answer_by if claim.notice else None, claim.due_at


def kinds(order: Order) -> list[str]:
    notices = Notice.objects.filter(claim__order_line__order=order)
    return list(notices.order_by("id").values_list("kind", flat=True))


def order_from(country: str) -> tuple[Order, PurchaseOrderLine]:
    item = stock()
    line = inbound(item, 2)
    return buy((variant(item), 1), who=ADA | {"country": country}), line


# What a slip asks.


def test_a_day_that_holds_is_due_at_its_end():
    order, _ = waiting()
    assert stands(order) == (Standing.AS_TOLD, None, midnight_in_berlin(SOON))
    assert kinds(order) == []


def test_thirty_days_more_are_a_short_delay_that_silence_keeps():
    order, line = waiting()
    move(line, THIRTY)
    assert kinds(order) == [Kind.SHORT]
    assert stands(order) == (Standing.DELAYED, None, midnight_in_berlin(THIRTY))


def test_thirty_one_days_more_need_a_yes_within_thirty_days_of_the_first_day():
    order, line = waiting()
    move(line, FAR)
    assert kinds(order) == [Kind.LONG]
    assert stands(order) == (Standing.ASKED, midnight_in_berlin(THIRTY), midnight_in_berlin(THIRTY))


def test_no_day_at_all_needs_the_same_yes():
    order, line = waiting()
    move(line, None)
    notice = claim_of(order).notice
    assert notice is not None
    assert (notice.kind, notice.old_day, notice.new_day, notice.reason) == (Kind.LONG, SOON, None, REASON)
    assert stands(order) == (Standing.ASKED, midnight_in_berlin(THIRTY), midnight_in_berlin(THIRTY))


def test_a_further_delay_needs_a_yes_by_the_day_that_held():
    order, line = waiting()
    move(line, SOON + 5 * DAY)
    move(line, SOON + 6 * DAY)
    assert kinds(order) == [Kind.SHORT, Kind.RENEWED]
    assert stands(order)[:2] == (Standing.ASKED_AGAIN, midnight_in_berlin(SOON + 5 * DAY))


def test_a_further_delay_after_a_yes_needs_another_one():
    order, line = waiting()
    move(line, FAR)
    keep(order)
    move(line, FAR + DAY)
    assert kinds(order) == [Kind.LONG, Kind.RENEWED]
    assert stands(order)[:2] == (Standing.ASKED_AGAIN, midnight_in_berlin(FAR))


def test_a_slip_while_she_is_asked_gives_us_no_more_time():
    order, line = waiting()
    move(line, FAR)
    move(line, FAR + 30 * DAY)
    assert kinds(order) == [Kind.LONG, Kind.LONG]
    assert stands(order) == (Standing.ASKED, midnight_in_berlin(THIRTY), midnight_in_berlin(THIRTY))


def test_a_better_day_that_is_still_late_leaves_the_question_and_binds_us():
    order, line = waiting()
    move(line, FAR)
    move(line, SOON + 3 * DAY)
    assert stands(order) == (Standing.ASKED, midnight_in_berlin(THIRTY), midnight_in_berlin(SOON + 3 * DAY))


@pytest.mark.parametrize("first", [SOON + 5 * DAY, FAR, None], ids=["short", "long", "no day"])
def test_the_first_day_told_again_undoes_the_delay(first):
    order, line = waiting()
    move(line, first)
    move(line, SOON)
    assert stands(order)[0] == Standing.AS_TOLD
    assert stands(order)[2] == midnight_in_berlin(SOON)


def test_what_she_gave_up_does_not_make_a_late_unit_one_in_time():
    """Of two units by different days the later one was given up; the earlier one is late, whatever the later was."""
    item = stock()
    early = inbound(item, 1, SOON)
    inbound(item, 1, LATER)
    order = buy((variant(item), 2))
    move(early, None)
    cancellations.cancel_line(order.lines.get(), 1, actor="ada", at=NOON)

    move(early, LATER - 2 * DAY)

    assert stands(order)[0] == Standing.ASKED


def test_of_two_portions_the_first_day_that_slips_sets_the_deadline():
    item = stock()
    early, late = inbound(item, 1, SOON), inbound(item, 1, LATER)
    order = buy((variant(item), 2))

    move(late, LATER + 90 * DAY)
    assert stands(order) == (
        Standing.ASKED,
        midnight_in_berlin(LATER + 30 * DAY),
        midnight_in_berlin(SOON),
    )
    move(early, LATER + 80 * DAY)
    assert stands(order)[1] == midnight_in_berlin(LATER + 30 * DAY)
    assert stands(order)[2] == midnight_in_berlin(LATER + 30 * DAY)


@pytest.mark.parametrize(
    ("country", "her_end"), [("DE", midnight_in_berlin), ("PT", midnight_on_the_azores), ("US", midnight_on_hawaii)]
)
def test_our_day_ends_in_the_house_and_hers_with_her_last_zone(country, her_end):
    order, line = order_from(country)
    assert stands(order)[2] == midnight_in_berlin(SOON)
    move(line, FAR)
    assert stands(order)[1:] == (her_end(THIRTY), her_end(THIRTY))


@pytest.mark.parametrize(("day", "kind"), [(SOON + DAY, Kind.SHORT), (FAR, Kind.SHORT), (None, Kind.LONG)])
def test_where_delays_are_told_and_not_asked_about_silence_always_keeps(settings, day, kind):
    settings.DELAY_RULE = Rule.UK_EU
    order, line = waiting()
    move(line, day)
    assert kinds(order) == [kind]
    assert stands(order) == (Standing.DELAYED, None, day and midnight_in_berlin(day))


# In time, and once.


@pytest.mark.parametrize(("after", "is_told"), [(timedelta(), True), (SECOND, False)])
def test_a_notice_is_in_time_until_the_very_instant_at_which_the_day_ends(after, is_told):
    order, line = waiting()
    at = midnight_in_berlin(SOON) + after
    line.refresh_from_db()

    delays.move_expected_day(line, LATER, confirmed=True, reason=REASON, actor=CY, at=at)

    assert (kinds(order) == [Kind.SHORT]) == is_told
    assert Letter.objects.filter(thread=order.number, template="days_later").exists() == is_told


def test_nobody_without_a_moved_day_hears_anything():
    item = stock()
    inbound(item, 1, SOON)
    second = inbound(item, 1, LATER)
    curtains = variant(item)
    ada, bo = buy((curtains, 1)), buy((curtains, 1), who=BO)
    eve = buy((variant(stock("LAMP", on_hand=1)), 1))

    move(second, LATER + DAY)

    assert (kinds(ada), kinds(bo), kinds(eve)) == ([], [Kind.SHORT], [])
    assert list(Letter.objects.exclude(template="order_placed").values_list("thread", flat=True)) == [bo.number]


def test_each_notice_names_its_letter():
    order, line = waiting()
    for day in (SOON + DAY, SOON + 2 * DAY, None, SOON):
        move(line, day)
    named = set(Notice.objects.values_list("letter", flat=True))
    assert len(named) == 3
    assert named <= set(Letter.objects.filter(thread=order.number).values_list("key", flat=True))


# What arrives.


def test_who_got_everything_need_not_answer_and_her_goods_leave_by_the_day_of_the_question():
    order, line = waiting()
    move(line, FAR)
    arrive(line, 2, on=TODAY + DAY)
    assert stands(order)[0] == Standing.DELAYED
    assert stands(order)[2] == midnight_in_berlin(THIRTY)
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, order.lines.get().pk, FAR, actor="ada", at=NOON)


def test_what_had_no_day_gets_one_when_it_is_here():
    order, line = waiting()
    move(line, None)
    arrive(line, 2, on=TODAY + DAY)
    assert stands(order)[0] == Standing.DELAYED
    assert stands(order)[2] == midnight_in_berlin(TODAY + 3 * DAY)


def test_goods_that_come_with_the_last_day_to_answer_put_no_deadline_off():
    order, line = waiting()
    move(line, None)
    arrive(line, 2, on=THIRTY)
    assert stands(order)[2] == midnight_in_berlin(THIRTY)


# Sent together.


def of_two(second: str = "THROW") -> tuple[Order, PurchaseOrderLine, PurchaseOrderLine]:
    """Curtains by SOON and a throw by LATER, sent together."""
    early, late = inbound(stock(), 1, SOON), inbound(stock(second), 1, LATER)
    order = bought((variant(early.item), 1), (variant(late.item), 1), sends=Sends.TOGETHER)
    return order, early, late


def dues(order: Order) -> list[object]:
    return list(order.lines.order_by("id").values_list("claim__due_at", flat=True))


def standings(order: Order) -> list[str]:
    return list(order.lines.order_by("id").values_list("claim__standing", flat=True))


def test_what_leaves_together_is_due_together():
    order, *_ = of_two()
    assert dues(order) == [midnight_in_berlin(LATER)] * 2


def test_the_day_of_all_sets_the_deadline_of_the_line_that_moved():
    order, early, _ = of_two()
    move(early, LATER)
    assert kinds(order) == []
    move(early, LATER + 31 * DAY)
    assert kinds(order) == [Kind.LONG]
    assert stands(order)[:2] == (Standing.ASKED, midnight_in_berlin(LATER + 30 * DAY))


def test_the_day_of_all_told_again_withdraws_the_question_whichever_line_brings_it():
    order, early, late = of_two()
    move(early, LATER + 41 * DAY)
    move(late, LATER + 40 * DAY)
    assert standings(order) == [Standing.ASKED, Standing.AS_TOLD]

    move(early, LATER)
    assert standings(order) == [Standing.ASKED, Standing.AS_TOLD]
    move(late, LATER)

    assert standings(order) == [Standing.AS_TOLD, Standing.AS_TOLD]
    assert dues(order) == [midnight_in_berlin(LATER)] * 2


def test_a_line_that_slips_while_another_is_asked_about_shares_its_question():
    order, early, late = of_two()
    move(late, LATER + 31 * DAY)
    move(early, LATER + 40 * DAY)

    assert standings(order) == [Standing.ASKED, Standing.ASKED]
    assert dues(order) == [midnight_in_berlin(LATER + 30 * DAY)] * 2


@pytest.mark.parametrize("agrees", [False, True], ids=["silence kept it", "she agreed"])
def test_a_line_that_slips_after_another_did_is_a_further_delay(agrees):
    order, early, late = of_two()
    move(late, LATER + (31 if agrees else 3) * DAY)
    if agrees:
        keep(order)
    told = order.lines.get(claim__item=late.item).claim.due_at
    move(early, LATER + 45 * DAY)

    assert standings(order)[0] == Standing.ASKED_AGAIN
    assert kinds(order)[-1] == Kind.RENEWED
    assert dues(order)[0] == told


def test_what_waited_for_a_line_that_is_given_up_leaves_soon_and_not_yesterday():
    item = stock("LAMP", on_hand=1)
    late = inbound(stock("THROW"), 1, LATER)
    order = bought((variant(item), 1), (variant(late.item), 1), sends=Sends.TOGETHER)
    cancellations.cancel_line(order.lines.get(sku="THROW"), 1, actor="ada", at=noon_of(TODAY + 9 * DAY))

    assert claim_of(order).due_at == midnight_in_berlin(TODAY + 11 * DAY)
    sweep(noon_of(TODAY + 10 * DAY))
    assert fulfilment.ship_ready(order, actor=CY, at=noon_of(TODAY + 10 * DAY)).lines.count() == 1
