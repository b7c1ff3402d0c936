"""An answer, a delivery, a deadline and another day meet in the same instant; each with its control."""

from collections.abc import Callable
from itertools import count

import pytest

from backorders import queries as queues
from backorders.consent import UnableToAnswer
from backorders.deadlines import Kind, Rule, Standing
from backorders.models import Claim, Consent, Notice, Withdrawal
from inventory import queries as stocks
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import answers, delays, fulfilment, lapses, sending
from shop.models import Order
from tests.cast import CY, NOON, SOON, buy, days_told, inbound, stock, variant
from tests.letters import DAY, REASON, move, read
from tests.races.at_once import at_once, without_the_lock
from tests.sweeping import SECOND, midnight_in_berlin

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 6
FAR = SOON + 31 * DAY
ANSWER_BY = midnight_in_berlin(SOON + 30 * DAY)
# What every act here reads before it decides; a control in which one read what the other wrote would show nothing.
LINES = "shop.cancellations.lock_all"
numbers = count(1)


def waits() -> tuple[Order, PurchaseOrderLine]:
    line = inbound(stock(f"LAMP-{next(numbers)}"), 2)
    return buy((variant(line.item), 2)), line


def asked() -> tuple[Order, PurchaseOrderLine]:
    """Her yes is needed by ANSWER_BY."""
    order, line = waits()
    move(line, FAR)
    return order, line


def saying_yes(order: Order) -> Callable[[], object]:
    """To what she reads now, in the last instant."""
    seen = read(order)
    return lambda: answers.keep(order, seen, actor="ada", at=ANSWER_BY)


def moving(line: PurchaseOrderLine, days: int) -> Callable[[], object]:
    line.refresh_from_db()
    day = FAR + days * DAY
    return lambda: delays.move_expected_day(line, day, confirmed=True, reason=REASON, actor=CY, at=NOON)


def claim_of(order: Order) -> Claim:
    return order.lines.select_related("claim__notice").get().claim


def written(order: Order) -> list[str]:
    known = Letter.objects.filter(thread=order.number).exclude(template="order_placed")
    return sorted(known.values_list("template", flat=True))


def faults() -> list[str]:
    """What the books say, and promises that are not for as many units as are wanted."""
    found = [*stocks.recount(), *queues.recount()]
    wanted = dict(Claim.objects.filter(quantity__gt=0).values_list("pk", "quantity"))
    told = {pk: sum(each.quantity for each in portions) for pk, (_, portions) in queues.holding(list(wanted)).items()}
    return found + ([] if told == wanted else [f"told {told}, wanted {wanted}"])


# A yes, and the end of the time for it.


def answer_when_it_is_over(order: Order) -> tuple[bool, bool]:
    """Was her yes taken, and was the order cancelled?"""
    yes, lapsed = at_once(saying_yes(order), lambda: lapses.lapse(order.pk, at=ANSWER_BY + SECOND))
    return not isinstance(yes, UnableToAnswer), lapsed is True


def test_either_her_yes_keeps_the_order_or_the_deadline_ends_it():
    for _ in range(ROUNDS):
        order, _line = asked()
        is_kept, is_cancelled = answer_when_it_is_over(order)
        claim = claim_of(order)
        assert is_kept != is_cancelled
        assert bool(claim.left) == is_kept == Consent.objects.filter(notice__claim=claim).exists()
        assert written(order) == sorted(["answer_needed", "answer_received" if is_kept else "order_lapsed"])
    assert faults() == []


def test_control_without_the_lock_the_order_is_kept_and_cancelled(monkeypatch):
    order, _ = asked()
    without_the_lock(monkeypatch, 2, read=LINES)
    assert answer_when_it_is_over(order) == (True, True)
    assert written(order) == ["answer_needed", "answer_received", "order_lapsed"]


# A yes, and the goods.


def answer_while_it_arrives() -> tuple[Order, bool]:
    """The order, and whether her yes was taken."""
    order, line = asked()
    goods = [Arrived(line.item_id, 2)]
    fulfilment.receive(f"D-{line.pk}", goods, order=line.order, actor=CY, at=NOON)
    yes, _ = at_once(
        saying_yes(order), lambda: fulfilment.fill_waiting([line.item_id], actor="worker", at=ANSWER_BY - SECOND)
    )
    return order, not isinstance(yes, UnableToAnswer)


def test_who_says_yes_while_the_goods_arrive_is_told_of_them_once_and_asked_nothing_more():
    for _ in range(ROUNDS):
        order, is_kept = answer_while_it_arrives()
        claim = claim_of(order)
        assert claim.allocated == 2
        assert claim.standing == (Standing.AGREED if is_kept else Standing.DELAYED)
        assert written(order) == sorted(["answer_needed", "units_arrived", *["answer_received"][:is_kept]])
    assert faults() == []


# A yes, and another day.


def answer_while_the_day_moves(order: Order, line: PurchaseOrderLine) -> bool:
    """Was her yes taken?"""
    yes, _ = at_once(saying_yes(order), moving(line, 9))
    return not isinstance(yes, UnableToAnswer)


def test_nobody_says_yes_to_a_day_that_she_did_not_read():
    for _ in range(ROUNDS):
        order, line = asked()
        is_kept = answer_while_the_day_moves(order, line)
        claim = claim_of(order)
        assert claim.standing == (Standing.ASKED_AGAIN if is_kept else Standing.ASKED)
        assert not Consent.objects.filter(notice=claim.notice).exists()
        assert written(order) == sorted(["answer_needed", "answer_needed", *["answer_received"][:is_kept]])
    assert faults() == []


def test_control_without_the_lock_her_yes_goes_for_a_day_that_she_did_not_read(monkeypatch):
    """The day moves after her yes has been checked, and before it is written down."""
    order, line = asked()
    yes, move_it, next_days = saying_yes(order), moving(line, 9), sending.next_days

    def move_and_go_on(*what):
        at_once(move_it)
        return next_days(*what)

    without_the_lock(monkeypatch, 1)
    monkeypatch.setattr(sending, "next_days", move_and_go_on)
    yes()
    assert claim_of(order).standing == Standing.AGREED
    assert Consent.objects.get().notice != Notice.objects.latest("id")


# Two sweeps.


def sweep_twice(order: Order) -> list[object]:
    at = midnight_in_berlin(SOON) + SECOND
    return at_once(*[lambda: lapses.lapse(order.pk, at=at)] * 2)


def test_of_two_sweeps_one_cancels():
    for _ in range(ROUNDS):
        order, _line = waits()
        assert sorted(map(str, sweep_twice(order))) == ["False", "True"]
        assert written(order) == ["order_lapsed"]
        assert Withdrawal.objects.filter(claim=claim_of(order)).count() == 1
    assert faults() == []


def test_of_two_sweeps_one_apologises(settings):
    settings.DELAY_RULE = Rule.UK_EU
    for _ in range(ROUNDS):
        order, _line = waits()
        assert sorted(map(str, sweep_twice(order))) == ["False", "True"]
        assert written(order) == ["day_passed"]
        assert list(Notice.objects.filter(claim=claim_of(order)).values_list("kind", flat=True)) == [Kind.MISSED]


@pytest.mark.parametrize("rule", [Rule.HOUSE, Rule.UK_EU])
def test_control_without_the_lock_the_second_sweep_trips_over_what_the_first_did(monkeypatch, settings, rule):
    settings.DELAY_RULE = rule
    order, _ = waits()
    without_the_lock(monkeypatch, 2, read=LINES)
    one, other = sweep_twice(order)
    assert isinstance(one, Exception) != isinstance(other, Exception)


# Two days.


def waits_for_two_lines() -> tuple[Order, PurchaseOrderLine, PurchaseOrderLine]:
    """One unit comes with each."""
    item = stock(f"LAMP-{next(numbers)}")
    early, late = inbound(item, 1, SOON), inbound(item, 1, SOON + DAY)
    return buy((variant(item), 2)), early, late


def move_both(early: PurchaseOrderLine, late: PurchaseOrderLine) -> list[object]:
    return at_once(moving(early, 0), moving(late, 9))


def test_two_days_that_move_at_once_are_told_one_after_the_other():
    for _ in range(ROUNDS):
        order, early, late = waits_for_two_lines()
        move_both(early, late)
        assert claim_of(order).told == 3
        assert days_told(order) == [(1, FAR), (1, FAR + 9 * DAY)]
        assert len(written(order)) == 2
        assert Notice.objects.filter(claim=claim_of(order)).count() == 2
    assert faults() == []


def test_control_without_the_lock_both_make_the_same_promise(monkeypatch):
    def is_told_wrong() -> bool:
        order, *both = waits_for_two_lines()
        with monkeypatch.context() as patch:
            without_the_lock(patch, 2)
            problems = [answer for answer in move_both(*both) if isinstance(answer, Exception)]
        return bool(problems or faults()) or days_told(order) != [(1, FAR), (1, FAR + 9 * DAY)]

    assert any(is_told_wrong() for _ in range(ROUNDS))
