"""A day in the shop in any order: orders, payments, deliveries, cancellations, turns, returns, parcels, late suppliers.

Nothing is modelled twice here: after every step the counters, the recount from the rows, the promises, the bills and
the rules of dispatch must agree with each other.
"""

from datetime import timedelta

import pytest
from django.conf import settings as shop_settings
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from backorders import looking, promises, queue
from backorders import queries as queues
from backorders.models import Claim, Policy
from backorders.turns import UnableToChangeTurn
from inventory import queries as stocks
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from shop import cancellations, checkout, delays, fulfilment, holds, releases, returns, turns
from shop.models import Order, OrderLine, Payment, Return, Sends, ShipmentLine
from tests.cast import CY, NOON, SOON, cart_of, inbound, stock, variant
from tests.properties.undone import Undone

TURNS = ["rank", "hold", "resume", "put off", "back", "split"]
orders, lines, units = st.integers(0, 30), st.integers(0, 30), st.integers(1, 3)


def one_of(rows, number):
    """One of the rows; None when there are none, which is no reason to throw the whole day away."""
    rows = list(rows)
    return rows[number % len(rows)] if rows else None


class ShopMachine(Undone):
    @initialize(on_hand=st.integers(0, 2))
    def open_shop(self, on_hand):
        self.deliveries, self.at = 0, NOON
        self.items = [stock("LAMP", on_hand=on_hand), stock("STOOL", policy=Policy.LEAD_TIME, lead_days=30)]
        self.goods = [variant(item, price="10.00") for item in self.items]
        for late in range(2):
            inbound(self.items[0], 4, SOON + timedelta(days=10 * late))

    @rule(lamps=st.integers(0, 2), stools=st.integers(0, 2), sends=st.sampled_from(Sends), ahead=st.booleans())
    def buy(self, lamps, stools, sends, ahead):
        wanted = [(goods, number) for goods, number in zip(self.goods, (lamps, stools), strict=True) if number]
        if not wanted:
            return
        cart = cart_of(*wanted)
        cart.details["payment"] = "transfer" if ahead else "invoice"
        cart.save()
        review = checkout.review(cart, self.at)
        if review.contents.can_be_ordered:
            checkout.place_order(cart.pk, shown=review.shown, sends=sends, consented=True, user=None, at=self.at)

    @rule(number=lines, arrived=units)
    def receive(self, number, arrived):
        line = one_of(PurchaseOrderLine.objects.inbound().order_by("id"), number)
        if line is None:
            return
        self.deliveries += 1
        goods = [Arrived(line.item_id, arrived)]
        fulfilment.receive(f"D-{self.deliveries}", goods, order=line.order, actor=CY, at=self.at)

    @rule()
    def fill(self):
        ids = [item.pk for item in self.items]
        fulfilment.fill_waiting(ids, actor="worker", at=self.at)
        with transaction.atomic():
            everything = queue.lock(ids)
            promises.revise_all(everything.values(), reason="the plan changed", at=self.at)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(promises, "look", lambda queue, fact, *timeline: (looking.everybody(queue), [fact]))
                assert promises.revise(everything.values(), reason="nothing changed", at=self.at) == []

    @rule(number=lines, given_up=units)
    def cancel(self, number, given_up):
        line = one_of(OrderLine.objects.filter(claim__shipped__lt=F("claim__quantity")).order_by("id"), number)
        if line is None:
            return
        left = line.claim.quantity - line.claim.shipped
        cancellations.cancel_line(line, min(given_up, left), actor="ada", at=self.at)

    @rule(number=orders)
    def ship(self, number):
        order = one_of(Order.objects.filter(lines__claim__in=Claim.objects.holding()).order_by("id"), number)
        if order is None:
            return
        lacks = OrderLine.objects.waiting().filter(order=order).exists()
        is_held = order.payment.state == Payment.State.DUE and order.payment.due_by is not None
        is_bound = order.sends == Sends.TOGETHER and lacks and not order.releases.filter(shipment=None).exists()
        try:
            fulfilment.ship_ready(order, actor=CY, at=self.at)
        except queue.UnableToShip:
            assert is_held or is_bound
        else:
            assert not is_held
            assert not is_bound

    @rule(number=orders)
    def release(self, number):
        order = one_of(Order.objects.filter(sends=Sends.TOGETHER).order_by("id"), number)
        if order is None:
            return
        try:
            releases.ready_part(order)
        except releases.UnableToRelease:
            return
        releases.release(order, shown_price=None, actor=CY, at=self.at)
        assert order.releases.filter(shipment=None).exists()

    @rule(number=lines, damaged=st.integers(0, 1))
    def a_unit_comes_back(self, number, damaged):
        parcel = one_of(ShipmentLine.objects.order_by("id"), number)
        if parcel is None:
            return
        line = parcel.line
        if line is None:
            return
        try:
            returns.take_back(line, 1, damaged=damaged, reason="too large", actor=CY, at=self.at)
        except returns.UnableToTakeBack:
            came_back = sum(line.returns.values_list("units", flat=True))
            assert came_back == line.claim.shipped

    @rule(number=st.integers(0, 1), change=st.integers(-2, 2).filter(bool))
    def correct(self, number, change):
        item = self.items[number]
        item.refresh_from_db()
        change = max(change, -item.on_hand)
        if change:
            fulfilment.correct_stock(item.pk, change, reason="counted again", actor=CY, at=self.at)

    @rule(number=lines, late=st.none() | st.integers(-3, 25))
    def move_a_day(self, number, late):
        line = one_of(PurchaseOrderLine.objects.inbound().order_by("id"), number)
        if line is None:
            return
        day = None if late is None else SOON + timedelta(days=late)
        delays.move_expected_day(line, day, confirmed=True, reason="the ship is late", actor=CY, at=self.at)

    @rule(number=lines, rank=st.integers(-1, 1), what=st.sampled_from(TURNS))
    def change_a_turn(self, number, rank, what):
        claim = one_of(Claim.objects.waiting().order_by("id"), number)
        if claim is None:
            return
        line = PurchaseOrderLine.objects.inbound().filter(item=claim.item_id).order_by("-expected_on", "id").first()
        turn = {
            "rank": turns.rank(claim, rank, reason="she is ill"),
            "hold": turns.hold(claim, reason="the address is checked"),
            "resume": turns.resume(claim, reason="the address is right"),
            "put off": turns.put_off(claim, line, reason="not before May"),
            "back": turns.put_off(claim, None, reason="earlier after all"),
            "split": turns.split(claim, 1 + rank % 2, reason="she travels twice"),
        }[what]
        try:
            seen = turns.preview(turn, actor=CY, at=self.at)
        except UnableToChangeTurn:
            return
        assert turns.change(turn, actor=CY, at=self.at) == seen.outcome

    @rule(number=orders)
    def money_comes(self, number):
        payment = one_of(Payment.objects.awaited().order_by("id"), number)
        if payment is None:
            return
        holds.receive_payment(payment.order, payment.amount, actor=CY, at=self.at)

    @rule(hours=st.sampled_from([1, shop_settings.PAYMENT_HOLD_HOURS]))
    def time_passes(self, hours):
        """Not so long that a supplier's day would pass: that is another story."""
        if self.at + timedelta(hours=hours) < NOON + timedelta(days=15):
            self.at += timedelta(hours=hours)
        for order_id in holds.overdue(self.at, 100):
            assert holds.expire(order_id, at=self.at)

    @invariant()
    def the_recount_finds_nothing(self):
        assert [*stocks.recount(), *queues.recount()] == []

    @invariant()
    def every_open_claim_has_a_promise_for_all_its_units(self):
        wanted = dict(Claim.objects.filter(quantity__gt=0).values_list("pk", "quantity"))
        told = queues.holding(list(wanted))
        assert {pk: sum(p.quantity for p in portions) for pk, (_, portions) in told.items()} == wanted

    @invariant()
    def every_bill_is_what_is_wanted_and_its_shipping(self):
        """Once it is paid, it stays what was paid."""
        for payment in Payment.objects.filter(state=Payment.State.DUE).select_related("order"):
            goods = payment.order.lines.aggregate(all=Sum(F("unit_price") * F("claim__quantity")))["all"]
            came_back = sum(Return.objects.filter(line__order=payment.order).values_list("amount", flat=True))
            assert payment.amount == (goods + payment.order.shipping_price - came_back if goods else 0)

    @invariant()
    def what_was_not_paid_in_time_holds_nothing(self):
        expired = Claim.objects.filter(order_line__order__payment__state=Payment.State.EXPIRED)
        assert not expired.filter(quantity__gt=F("shipped")).exists()

    @invariant()
    def a_claim_has_the_price_of_its_line(self):
        assert not OrderLine.objects.exclude(claim__unit_price=F("unit_price")).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_day_in_the_shop_in_any_order(settings_with_transfer):
    run_state_machine_as_test(
        ShopMachine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_with_transfer(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
