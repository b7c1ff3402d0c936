"""Months in a shop whose suppliers are late: days that move, answers, bounces, goods, money, and sweeps in between.

Nothing is modelled twice here. Only time makes anything overdue, and after each sweep the notices, their letters, the
deadlines, the refunds and the books must agree with each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from backorders import queries as queues
from backorders.consent import UnableToAnswer
from backorders.deadlines import Rule, Silence, Standing
from backorders.models import Claim, Consent, Notice, Policy, Promise, Withdrawal
from backorders.turns import UnableToChangeTurn
from inventory import queries as stocks
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import answers, cancellations, checkout, delays, fulfilment, holds, lapses, payments, reminders, turns
from shop.models import Order, OrderLine, Payment, Refund, Sends
from shop.sending import is_together
from tests.cast import CY, LATER, NOON, SOON, cart_of, inbound, stock, variant
from tests.properties.test_shop_machine import one_of
from tests.properties.undone import Undone
from tests.sweeping import SECOND, sweep

numbers, units = st.integers(0, 30), st.integers(1, 2)
# Days that a supplier is late by, counted from today; None: nobody can say.
lateness = st.none() | st.sampled_from([1, 3, 10, 18, 30, 47, 50, 90])
# A sweep comes within minutes, but time goes on in steps like these, or to the edge of the next deadline.
STEPS = [timedelta(hours=1), timedelta(hours=20), timedelta(days=4), timedelta(days=31)]
EDGES = [timedelta(hours=-2), timedelta(), SECOND]
FOREVER = datetime.max.replace(tzinfo=UTC)
NEWS = {"days_later", "days_earlier", "answer_needed"}


class DelayMachine(Undone):
    @initialize(law=st.sampled_from(Rule), on_hand=st.integers(0, 2))
    def open_shop(self, law, on_hand):
        self.settings = override_settings(DELAY_RULE=law, PAYMENT_METHODS=["invoice", "transfer"])
        self.settings.enable()
        self.law, self.at, self.deliveries = law, NOON, 0
        items = [stock("LAMP", on_hand=on_hand), stock("STOOL"), stock("THROW", policy=Policy.LEAD_TIME, lead_days=20)]
        self.goods = [variant(item, price="10.00") for item in items]
        for item, day in ((items[0], SOON), (items[0], LATER), (items[1], SOON)):
            inbound(item, 4, day)
        self.order((2, 1, 0), Sends.AS_READY, ahead=False)
        self.order((1, 1, 0), Sends.TOGETHER, ahead=False)
        self.order((1, 1, 1), Sends.AS_READY, ahead=True)

    @contextmanager
    def at_this_moment(self) -> Iterator[None]:
        """Nothing that happens makes anything overdue, or puts off what was not told or answered."""
        before = {claim.pk: claim for claim in self.still().exclude(due_at=None)}
        yield
        for claim in self.still().filter(pk__in=before).select_related("order_line__order"):
            was = before[claim.pk]
            assert not self.is_over(claim) or self.is_over(was)
            # What she answered she has read, also where its letter had come back.
            has_read = Consent.objects.filter(notice=claim.notice_id, at=self.at).exists()
            is_answered = has_read or claim.standing != was.standing or was.standing == Standing.AGREED
            if not (is_answered or claim.notice_id != was.notice_id or is_together(claim.order_line.order)):
                assert claim.shipped > was.shipped or (claim.due_at or FOREVER) <= (was.due_at or FOREVER)

    def is_over(self, claim: Claim) -> bool:
        return claim.due_at is not None and claim.due_at < self.at

    def still(self) -> QuerySet[Claim]:
        return Claim.objects.filter(shipped__lt=F("quantity"))

    def teardown(self):
        self.settings.disable()
        super().teardown()

    @rule(wanted=st.tuples(*[st.integers(0, 2)] * 3), sends=st.sampled_from(Sends), ahead=st.booleans())
    def buy(self, wanted, sends, ahead):
        if any(wanted):
            self.order(wanted, sends, ahead=ahead)

    def order(self, wanted, sends, *, ahead):
        some = [(goods, number) for goods, number in zip(self.goods, wanted, strict=True) if number]
        cart = cart_of(*some)
        cart.details |= {"payment": "transfer" if ahead else "invoice", "country": "PT" if sum(wanted) % 2 else "DE"}
        cart.save()
        review = checkout.review(cart, self.at)
        if review.contents.can_be_ordered:
            checkout.place_order(cart.pk, shown=review.shown, sends=sends, consented=True, user=None, at=self.at)

    @rule(number=numbers, late=lateness)
    def move_a_day(self, number, late):
        line = one_of(PurchaseOrderLine.objects.inbound().order_by("id"), number)
        day = None if late is None else self.at.date() + timedelta(days=late)
        if line and line.expected_on != day:
            with self.at_this_moment():
                delays.move_expected_day(line, day, confirmed=True, reason="the ship is late", actor=CY, at=self.at)

    @rule(number=numbers, arrived=units)
    def receive(self, number, arrived):
        line = one_of(PurchaseOrderLine.objects.inbound().order_by("id"), number)
        if line is None:
            return
        self.deliveries += 1
        goods = [Arrived(line.item_id, arrived)]
        with self.at_this_moment():
            fulfilment.receive(f"D-{self.deliveries}", goods, order=line.order, actor=CY, at=self.at)
            fulfilment.fill_waiting([line.item_id], actor="worker", at=self.at)

    @rule(number=numbers)
    def keep(self, number):
        order = one_of(Order.objects.filter(lines__claim__notice__isnull=False).distinct().order_by("id"), number)
        if order is None:
            return
        seen = {line.pk: line.claim.notice_id for line in order.lines.select_related("claim") if line.claim.notice_id}
        try:
            with self.at_this_moment():
                answers.keep(order, seen, actor="ada", at=self.at)
        except UnableToAnswer:
            return
        assert not Claim.objects.filter(order_line__in=seen, standing__in=[Standing.ASKED, Standing.ASKED_AGAIN])

    @rule(number=numbers, days=st.integers(1, 40))
    def set_a_last_day(self, number, days):
        line = one_of(OrderLine.objects.filter(claim__notice__isnull=False).order_by("id"), number)
        if line is None:
            return
        day = self.at.date() + timedelta(days=days)
        try:
            with self.at_this_moment():
                answers.set_last_day(line.order, line.pk, day, actor="ada", at=self.at)
        except UnableToAnswer:
            return
        assert Claim.objects.get(pk=line.claim_id).standing == Standing.LAST_DAY

    @rule(number=numbers, given_up=units)
    def cancel(self, number, given_up):
        line = one_of(OrderLine.objects.filter(claim__shipped__lt=F("claim__quantity")).order_by("id"), number)
        if line:
            with self.at_this_moment():
                cancellations.cancel_line(line, min(given_up, line.claim.left), actor="ada", at=self.at)

    @rule(number=numbers)
    def split(self, number):
        """Whoever is asked answers for the whole; a part is told of what the whole was, and is overdue only with it."""
        claim = one_of(Claim.objects.waiting().filter(quantity__gt=1).order_by("id"), number)
        if claim is None:
            return
        try:
            with self.at_this_moment():
                turns.change(turns.split(claim, 1, reason="she travels twice"), actor=CY, at=self.at)
        except UnableToChangeTurn:
            return
        part = Claim.objects.latest("id")
        assert (part.standing, part.notices.count()) == (claim.standing, claim.notices.count())
        assert not self.is_over(part) or self.is_over(claim)

    @rule(number=numbers)
    def ship(self, number):
        order = one_of(Order.objects.filter(lines__claim__in=Claim.objects.holding()).distinct().order_by("id"), number)
        is_bound = order and is_together(order) and order.lines.filter(claim__allocated__lt=F("claim__quantity"))
        if order and not is_bound and not order.payment.is_awaited:
            with self.at_this_moment():
                fulfilment.ship_ready(order, actor=CY, at=self.at)

    @rule(number=numbers)
    def money_comes(self, number):
        payment = one_of(Payment.objects.awaited().order_by("id"), number)
        if payment:
            with self.at_this_moment():
                holds.receive_payment(payment.order, payment.amount, actor=CY, at=self.at)

    @rule(number=numbers)
    def a_letter_comes_back(self, number):
        notice = one_of(Notice.objects.filter(claim__notice=F("pk")).order_by("id"), number)
        if notice:
            Letter.objects.filter(key=notice.letter).update(state=Letter.State.DEAD)

    @rule(step=st.sampled_from(STEPS) | st.sampled_from(EDGES))
    def time_passes(self, step):
        due = Claim.objects.filter(shipped__lt=F("quantity"), due_at__gt=self.at).order_by("due_at").first()
        if step in STEPS:
            self.at += step
        elif due:
            self.at = max(self.at, due.due_at + step)
        for order_id in holds.overdue(self.at, 100):
            assert holds.expire(order_id, at=self.at)
        sweep(self.at)
        reminders.remind(at=self.at)
        reminders.say_that_nothing_moved(at=self.at)
        # What is extended by the first sweep, or asked again, is not due in the next.
        sweep(self.at)
        assert list(self.open_without_a_deadline()) == []
        self.check()

    def open_without_a_deadline(self) -> Any:
        """After a sweep: who waits past her deadline, or without one where there must be one."""
        still = self.still()
        if self.law == Rule.UK_EU:
            late_or_undated = still.filter(due_at=None)
            yield from (claim for claim in late_or_undated if not self.may_be_open(claim))
        else:
            yield from still.filter(due_at=None).exclude(order_line__order__payment__in=Payment.objects.awaited())
        yield from still.filter(due_at__lt=self.at)

    def may_be_open(self, claim: Claim) -> bool:
        """Where nobody asks: it waits for money, was told to be late or without a day, or for such a line."""
        order = claim.order_line.order
        portions = queues.holding([claim.pk])[claim.pk][1]
        return (
            order.payment.is_awaited
            or claim.standing == Standing.LATE
            or (claim.standing == Standing.DELAYED and portions[-1].ships_on is None)
            or is_together(order)
        )

    def check(self) -> None:
        self.every_notice_has_its_letter_and_no_question_has_an_answer_already()
        self.only_who_was_told_another_day_hears_of_one()
        self.what_was_paid_beyond_what_is_owed_is_due_back_in_time()
        self.where_nobody_asks_only_her_last_day_ends_an_order()
        assert [*stocks.recount(), *queues.recount()] == []
        assert not OrderLine.objects.exclude(claim__unit_price=F("unit_price")).exists()

    def every_notice_has_its_letter_and_no_question_has_an_answer_already(self):
        letters = Letter.objects.filter(key=OuterRef("letter"))
        assert not Notice.objects.exclude(Exists(letters)).exists()
        asking = Claim.objects.filter(standing__in=[Standing.ASKED, Standing.ASKED_AGAIN], quantity__gt=F("shipped"))
        assert not asking.filter(notice__answer_by=None).exists()
        assert not asking.filter(notice__consent__isnull=False).exists()

    def only_who_was_told_another_day_hears_of_one(self):
        moved = Promise.objects.filter(
            claim__reference=OuterRef("thread"), version__gt=1, told_at=OuterRef("written_at")
        ).exclude(reason="")
        assert not Letter.objects.filter(template__in=NEWS).exclude(Exists(moved)).exists()

    def what_was_paid_beyond_what_is_owed_is_due_back_in_time(self):
        for payment in Payment.objects.filter(state=Payment.State.PAID).select_related("order"):
            back = payment.order.refunds.aggregate(all=Sum("amount"))["all"] or 0
            assert payment.amount - payments.owed(payment.order) == back
        days = 14 if self.law == Rule.UK_EU else 7
        for refund in Refund.objects.all():
            assert refund.due_since < refund.due_by <= refund.due_since + timedelta(days=days + 1)

    def where_nobody_asks_only_her_last_day_ends_an_order(self):
        if self.law == Rule.UK_EU:
            ended = Withdrawal.objects.filter(actor=lapses.ACTOR)
            assert not ended.exclude(reason=lapses.REASONS[Silence.LAST_DAY_PASSED]).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_months_of_delays_in_any_order():
    run_state_machine_as_test(
        DelayMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
