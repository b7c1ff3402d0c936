"""What a customer answers when a day slips: to keep it, or to wait until a last day of her own."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from backorders.consent import UnableToAnswer
from backorders.deadlines import Standing
from backorders.models import Claim, Consent, Notice
from backorders.queue import UnableToLeave
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import answers, cancellations, delays, fulfilment, holds, lapses
from shop.models import Order, OrderLine, Variant
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant

pytestmark = pytest.mark.django_db

MUCH_LATER = SOON + timedelta(days=42)
# The question about a long slip of SOON: her yes is in time until the end of this day.
ANSWER_BY = SOON + timedelta(days=30)


@pytest.fixture
def curtains() -> StockItem:
    """One is here."""
    return stock(on_hand=1)


@pytest.fixture
def coming(curtains: StockItem) -> PurchaseOrderLine:
    return inbound(curtains, 8, SOON)


@pytest.fixture
def order(curtains: StockItem, coming: PurchaseOrderLine) -> Order:
    """Three curtains: one is set aside, two come soon."""
    return buy((variant(curtains), 3))


def buy_and_pay(settings: Any, *wanted: tuple[Variant, int]) -> Order:
    """An order that was paid before anything of it ships."""
    settings.PAYMENT_METHODS = ["transfer"]
    order = buy(*wanted)
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    return order


def slip(line: PurchaseOrderLine, day: date | None = MUCH_LATER, *, at: datetime = NOON) -> None:
    delays.move_expected_day(
        PurchaseOrderLine.objects.get(pk=line.pk), day, confirmed=True, reason="the loom broke", actor=CY, at=at
    )


def seen(lines: Iterable[OrderLine]) -> dict[int, int]:
    """The notices as they stand on the page."""
    notices = {line.pk: Claim.objects.get(pk=line.claim_id).notice_id for line in lines}
    return {pk: notice for pk, notice in notices.items() if notice}


def keep(order: Order, at: datetime = NOON) -> list[OrderLine]:
    return answers.keep(order, seen(order.lines.all()), actor="customer", at=at)


def claim_of(order: Order) -> Claim:
    return Claim.objects.select_related("notice__consent").get(order_line__order=order)


def answered() -> list[tuple[str, str]]:
    return list(Consent.objects.order_by("id").values_list("answer", "detail"))


def letters(template: str) -> int:
    return Letter.objects.filter(template=template).count()


def test_a_yes_is_written_down_and_confirmed(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    assert claim_of(order).standing == Standing.ASKED

    assert keep(order) == [order.lines.get()]

    assert claim_of(order).standing == Standing.AGREED
    assert answered() == [("keep", "")]
    assert letters("answer_received") == 1


def test_a_second_click_finds_the_first_answer(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    keep(order)
    due_at = claim_of(order).due_at

    assert keep(order, at=NOON + timedelta(days=1)) == [order.lines.get()]

    assert claim_of(order).due_at == due_at
    assert answered() == [("keep", "")]
    assert letters("answer_received") == 1


def test_where_silence_keeps_it_she_may_say_so_and_nothing_else_changes(order: Order, coming: PurchaseOrderLine):
    slip(coming, LATER)
    before = claim_of(order)
    assert before.standing == Standing.DELAYED

    keep(order)

    after = claim_of(order)
    assert (after.standing, after.due_at) == (Standing.DELAYED, before.due_at)
    assert answered() == [("keep", "")]


def test_a_yes_to_an_older_letter_is_no_yes_to_the_newer(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    read = seen(order.lines.all())
    slip(coming, MUCH_LATER + timedelta(days=20))

    with pytest.raises(UnableToAnswer, match="another day since"):
        answers.keep(order, read, actor="customer", at=NOON)

    assert answered() == []
    assert claim_of(order).standing == Standing.ASKED


def test_a_yes_after_the_deadline_comes_too_late(order: Order, coming: PurchaseOrderLine):
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    slip(coming)
    answer_by = Notice.objects.get().answer_by
    assert answer_by

    with pytest.raises(UnableToAnswer, match="Nothing of this order waits for your answer"):
        keep(order, at=answer_by + timedelta(seconds=1))
    keep(order, at=answer_by)


def test_while_what_is_here_stands_past_its_day_there_is_no_answer(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    with pytest.raises(UnableToAnswer):
        keep(order, at=NOON + timedelta(days=3))


def test_nothing_told_is_nothing_to_answer(order: Order):
    with pytest.raises(UnableToAnswer):
        keep(order)


def test_what_was_cancelled_is_not_kept(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    read = seen(order.lines.all())
    cancellations.cancel_order(order, actor="customer", at=NOON)

    with pytest.raises(UnableToAnswer):
        answers.keep(order, read, actor="customer", at=NOON)

    assert answered() == [("cancel", "")]


def test_what_has_arrived_needs_no_answer(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    fulfilment.receive("D-1", [Arrived(coming.item_id, 8)], order=coming.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([coming.item_id], actor="worker", at=NOON)

    with pytest.raises(UnableToAnswer):
        keep(order)

    assert answered() == []


def test_a_better_day_answers_the_question(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    slip(coming, SOON)
    assert claim_of(order).standing == Standing.AS_TOLD

    with pytest.raises(UnableToAnswer):
        keep(order)


def test_an_answer_for_a_line_of_somebody_else_is_none(order: Order, coming: PurchaseOrderLine):
    other = buy((order.lines.get().variant, 1), who=BO)
    slip(coming)

    with pytest.raises(UnableToAnswer):
        answers.keep(order, seen(other.lines.all()), actor="customer", at=NOON)

    assert answered() == []


def test_several_lines_are_kept_at_once_with_one_letter(coming: PurchaseOrderLine):
    mug = stock("MUG")
    mugs = inbound(mug, 5, SOON)
    order = buy((variant(coming.item), 3), (variant(mug), 1))
    slip(coming)
    slip(mugs, LATER)

    assert len(keep(order)) == 2

    assert answered() == [("keep", ""), ("keep", "")]
    assert letters("answer_received") == 1


def test_a_last_day_is_set_once(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    line, day = order.lines.get(), ANSWER_BY + timedelta(days=3)

    answers.set_last_day(order, line.pk, day, actor="customer", at=NOON)

    assert claim_of(order).standing == Standing.LAST_DAY
    assert answered() == [("last_day", day.isoformat())]
    assert letters("last_day_set") == 1
    with pytest.raises(UnableToAnswer, match="No last day can be set"):
        answers.set_last_day(order, line.pk, day, actor="customer", at=NOON)


@pytest.mark.parametrize("days", [0, -1])
def test_a_last_day_lies_ahead(order: Order, coming: PurchaseOrderLine, days: int):
    slip(coming)
    with pytest.raises(UnableToAnswer, match="after today"):
        answers.set_last_day(order, order.lines.get().pk, TODAY + timedelta(days=days), actor="customer", at=NOON)


def test_no_last_day_before_a_delay_after_its_deadline_or_of_another_order(order: Order, coming: PurchaseOrderLine):
    other = buy((order.lines.get().variant, 1), who=BO)
    line, day = order.lines.get(), SOON + timedelta(days=60)
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, line.pk, day, actor="customer", at=NOON)
    slip(coming)
    answer_by = Notice.objects.get(claim=line.claim).answer_by
    assert answer_by
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, line.pk, day, actor="customer", at=answer_by + timedelta(seconds=1))
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, other.lines.get().pk, day, actor="customer", at=NOON)
    assert answered() == []


def test_the_law_of_the_united_states_knows_no_last_day(order: Order, coming: PurchaseOrderLine, settings: Any):
    settings.DELAY_RULE = "us"
    slip(coming)

    assert not answers.may_set_last_day(claim_of(order), NOON)
    with pytest.raises(UnableToAnswer):
        answers.set_last_day(order, order.lines.get().pk, LATER, actor="customer", at=NOON)


def test_lines_are_cancelled_by_what_was_seen_of_them(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    line = order.lines.get()

    [fact] = cancellations.cancel_lines(order, {line.pk: 3}, actor="customer", at=NOON)

    assert (fact.units, fact.left) == (3, 0)
    assert answered() == [("cancel", "")]
    with pytest.raises(UnableToLeave, match="Nothing is left"):
        cancellations.cancel_lines(order, {line.pk: 3}, actor="customer", at=NOON)


def test_lines_that_changed_since_are_not_cancelled(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    line = order.lines.get()
    cancellations.cancel_line(line, 1, actor="customer", at=NOON)

    with pytest.raises(UnableToLeave, match="changed since you looked"):
        cancellations.cancel_lines(order, {line.pk: 3}, actor="customer", at=NOON)

    assert claim_of(order).quantity == 2


def test_who_gives_up_only_what_is_late_is_asked_no_more_and_keeps_the_rest(order: Order, coming: PurchaseOrderLine):
    slip(coming)
    cancellations.cancel_line(order.lines.get(), 2, actor="customer", at=NOON)

    claim = claim_of(order)
    assert (claim.quantity, claim.ready, claim.standing) == (1, 1, Standing.DELAYED)
    assert claim.due_at
    assert claim.due_at < NOON + timedelta(days=2), "the unit that is here leaves by its own day"
    assert not lapses.lapse(order.pk, at=NOON)
