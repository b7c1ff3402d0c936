"""Every letter of the shop, written by the shop's own functions from orders that were placed, delayed and answered.

`SCENES` has, by a name that says what happened, a function after which the outbox holds the letters of it.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from backorders.deadlines import Rule
from inventory.models import PurchaseOrderLine, Supplier
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import (
    addresses,
    alternatives,
    announcements,
    answers,
    cancellations,
    delays,
    endings,
    fulfilment,
    holds,
    inquiries,
    lapses,
    refunds,
    releases,
    reminders,
    resending,
    returns,
    tracking,
)
from shop.models import Order, OrderLine, Payment, Refund, Sends, Variant
from tests.cast import CY, LATER, NOON, SOON, TODAY, cart_of, inbound, order_cart, stock, variant

REASON = "Held at customs in Ulm"
DAY = timedelta(days=1)
LONG = SOON + 45 * DAY
ADA = "customer"

SCENES: dict[str, Callable[[], object]] = {}
# Rule, name and the kind of letter that it is about, of every scene that can be played.
CASES: list[tuple[str, str, str]] = []


def scene(kind: str, *, uk_eu: str | None = "") -> Callable[[Callable[[], object]], None]:
    """What happens is told by a letter of this kind, or of another one by the rule of the United Kingdom and the Union.

    Nobody is asked by that rule: where she says yes, or says nothing to a question, there is no such scene.
    """

    def keep_scene(function: Callable[[], object]) -> None:
        name = function.__name__.replace("_", " ")
        SCENES[name] = function
        CASES.append((Rule.HOUSE, name, kind))
        if uk_eu is not None:
            CASES.append((Rule.UK_EU, name, uk_eu or kind))

    return keep_scene


def write(name: str, rule: str, settings: Any) -> list[Letter]:
    """The letters of a scene, in the order in which they were written, by the rule of a house that takes transfers."""
    settings.DELAY_RULE = rule
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    SCENES[name]()
    return list(Letter.objects.order_by("id"))


def noon_of(day: date) -> datetime:
    return NOON + (day - TODAY)


def move(
    line: PurchaseOrderLine, day: date | None, *, on: date = TODAY, reason: str = REASON, confirmed: bool = True
) -> None:
    line.refresh_from_db()
    delays.move_expected_day(line, day, confirmed=confirmed, reason=reason, actor=CY, at=noon_of(on))


def curtains() -> tuple[Variant, PurchaseOrderLine]:
    item = stock()
    return variant(item), inbound(item, 2, SOON)


def waiting(
    *more: tuple[Variant, int], units: int = 2, sends: Sends = Sends.AS_READY
) -> tuple[Order, PurchaseOrderLine]:
    """Ada waits for curtains that come soon, and for whatever else."""
    wanted, line = curtains()
    return bought((wanted, units), *more, sends=sends), line


def paid(*wanted: tuple[Variant, int]) -> Order:
    """An order that was paid by transfer before anything ships."""
    order = bought(*wanted, payment="transfer")
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    return order


def bought(*wanted: tuple[Variant, int], sends: Sends = Sends.AS_READY, payment: str = "invoice") -> Order:
    """What the customer ordered, where an order can be paid in both ways."""
    cart = cart_of(*wanted)
    cart.details["payment"] = payment
    cart.save()
    return order_cart(cart, sends=sends)


def arrive(line: PurchaseOrderLine, units: int, *, on: date = TODAY) -> None:
    number = f"D-{line.order.number}-{on}"
    fulfilment.receive(number, [Arrived(line.item_id, units)], order=line.order, actor=CY, at=noon_of(on))
    fulfilment.fill_waiting([line.item_id], actor="worker", at=noon_of(on))


def read(order: Order) -> dict[int, int]:
    """The notices that she read, by line, as the answer page sends them back."""
    lines = OrderLine.objects.filter(order=order).select_related("claim").order_by("id")
    return {line.pk: line.claim.notice_id for line in lines if line.claim.notice_id}


def keep(order: Order, *, on: date = TODAY) -> None:
    answers.keep(order, read(order), actor=ADA, at=noon_of(on))


# --- Orders, parcels and money -----------------------------------------------------------------------------


@scene("order_placed")
def everything_is_here() -> None:
    bought((variant(stock(on_hand=2)), 2))


@scene("units_arrived")
def ordered_to_wait_and_arrived() -> None:
    lamp = variant(stock("LAMP", on_hand=1))
    order, line = waiting((lamp, 1))
    fulfilment.ship_ready(order, carrier="Post", tracking_number="00340", actor=CY, at=NOON)
    arrive(line, 1)
    arrive(line, 1, on=SOON - DAY)


@scene("parcel_shipped")
def sent_together() -> None:
    lamp = variant(stock("LAMP", on_hand=1))
    order, line = waiting((lamp, 1), sends=Sends.TOGETHER)
    arrive(line, 1)
    releases.release(order, shown_price=releases.ready_part(order).price, actor=ADA, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=NOON)


@scene("payment_received")
def paid_in_advance() -> None:
    paid((curtains()[0], 2))


@scene("payment_missed")
def never_paid() -> None:
    order = bought((curtains()[0], 2), payment="transfer")
    holds.expire(order.pk, at=NOON + timedelta(hours=settings.PAYMENT_HOLD_HOURS))


@scene("units_withdrawn")
def she_cancelled_a_part() -> None:
    order, _ = waiting()
    cancellations.cancel_line(order.lines.get(), 1, actor=ADA, at=NOON)


def shipped(*wanted: tuple[Variant, int]) -> OrderLine:
    """What was bought has left whole."""
    order = bought(*wanted)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    line: OrderLine = order.lines.order_by("id")[0]
    return line


@scene("return_announced")
def she_sends_a_part_back() -> None:
    line = shipped((variant(stock(on_hand=2)), 2), (variant(stock("LAMP", on_hand=1)), 1))
    announcements.announce(line.order, {line.pk: 1}, reason="Too long for our windows", actor=ADA, at=NOON)


@scene("return_announced")
def she_sends_back_what_she_paid_for() -> None:
    order = paid((variant(stock(on_hand=2)), 2))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    announcements.announce(order, {order.lines.get().pk: 2}, actor=ADA, at=NOON)


@scene("return_dropped")
def she_keeps_it_after_all() -> None:
    line = shipped((variant(stock(on_hand=2)), 2))
    announcements.announce(line.order, {line.pk: 2}, actor=ADA, at=NOON)
    announcements.drop(line.order, actor=ADA, at=NOON + DAY)


@scene("refund_sent")
def she_cancelled_and_had_paid() -> None:
    order = paid((curtains()[0], 2))
    cancellations.cancel_order(order, actor=ADA, at=NOON)
    refunds.mark_sent(Refund.objects.get().pk, actor=CY, at=NOON + DAY)


# --- Delays ---------------------------------------------------------------------------------------------------


@scene("days_later")
def a_short_delay() -> None:
    _, line = waiting()
    move(line, SOON + 10 * DAY)


@scene("days_later")
def a_short_delay_of_one_unit_of_two() -> None:
    item = stock()
    first, _ = inbound(item, 1, SOON), inbound(item, 1, SOON + 14 * DAY)
    bought((variant(item), 2))
    move(first, SOON + 7 * DAY, confirmed=False)


@scene("days_later")
def a_short_delay_of_an_order_that_is_not_paid_yet() -> None:
    wanted, line = curtains()
    bought((wanted, 2), payment="transfer")
    move(line, SOON + 10 * DAY)


@scene("days_later")
def a_short_delay_of_an_order_that_is_sent_together() -> None:
    lamp = variant(stock("LAMP", on_hand=1))
    _, line = waiting((lamp, 1), sends=Sends.TOGETHER)
    move(line, SOON + 10 * DAY)


@scene("answer_needed", uk_eu="days_later")
def a_long_delay() -> None:
    _, line = waiting()
    move(line, LONG)


@scene("answer_needed", uk_eu="days_later")
def no_day_can_be_given() -> None:
    _, line = waiting()
    move(line, None)


@scene("answer_needed", uk_eu="days_later")
def a_long_delay_of_an_order_that_is_sent_together() -> None:
    lamp = variant(stock("LAMP", on_hand=1))
    _, line = waiting((lamp, 1), sends=Sends.TOGETHER)
    move(line, LONG)


@scene("answer_needed", uk_eu="days_later")
def a_further_delay() -> None:
    _, line = waiting()
    move(line, SOON + 10 * DAY)
    move(line, SOON + 20 * DAY, on=TODAY + 3 * DAY, reason="The lorry broke down")


@scene("answer_needed", uk_eu="days_later")
def a_further_delay_while_the_question_is_open() -> None:
    _, line = waiting()
    move(line, LONG)
    move(line, LONG + 10 * DAY, on=TODAY + 3 * DAY, reason="The lorry broke down")


@scene("answer_needed", uk_eu="days_later")
def two_articles_of_which_one_is_asked_about() -> None:
    item, other = stock(), stock("LAMP")
    line = inbound(item, 2, SOON)
    inbound(other, 1, SOON)
    bought((variant(item), 2), (variant(other), 1))
    move(line, SOON + 10 * DAY)
    delays.change_handling_days(Supplier.objects.get(), 4, reason="Stocktaking", actor=CY, at=NOON + DAY)


@scene("days_earlier")
def a_day_got_better() -> None:
    _, line = waiting()
    move(line, SOON - 7 * DAY, reason="An earlier ship")


@scene("days_earlier")
def a_day_got_better_and_still_needs_an_answer() -> None:
    _, line = waiting()
    move(line, LONG)
    move(line, LONG - 7 * DAY, on=TODAY + DAY, reason="An earlier ship")


@scene("days_earlier")
def a_day_got_better_and_needs_no_answer_any_more() -> None:
    _, line = waiting()
    move(line, LONG)
    move(line, SOON, on=TODAY + DAY, reason="An earlier ship")


# --- Answers and reminders ------------------------------------------------------------------------------------


@scene("day_passed", uk_eu=None)
def she_pays_when_the_time_to_answer_is_over() -> None:
    wanted, line = curtains()
    order = bought((wanted, 1), payment="transfer")
    Payment.objects.update(due_by=noon_of(SOON + 60 * DAY))
    move(line, LONG)
    holds.receive_payment(order, order.payment.amount, actor=CY, at=noon_of(SOON + 31 * DAY))


@scene("answer_received")
def she_keeps_it() -> None:
    order, line = waiting()
    move(line, LONG)
    keep(order)


@scene("answer_received")
def she_keeps_it_without_a_day() -> None:
    order, line = waiting()
    move(line, None)
    keep(order)


@scene("day_passed", uk_eu=None)
def she_keeps_it_without_a_day_and_is_asked_again() -> None:
    order, line = waiting()
    move(line, None)
    keep(order)
    lapses.lapse(order.pk, at=NOON + 32 * DAY)


@scene("last_day_set")
def she_sets_a_last_day() -> None:
    order, line = waiting()
    move(line, SOON + 10 * DAY)
    answers.set_last_day(order, order.lines.get().pk, SOON + 5 * DAY, actor=ADA, at=NOON)


@scene("alternative_taken")
def she_takes_something_else() -> None:
    order, line = waiting()
    instead(order, line, price="49.00")


@scene("alternative_taken")
def she_takes_something_cheaper_and_had_paid() -> None:
    wanted, line = curtains()
    instead(paid((wanted, 2)), line, price="39.00")
    refunds.mark_sent(Refund.objects.get().pk, actor=CY, at=NOON + DAY)


def instead(order: Order, line: PurchaseOrderLine, *, price: str) -> None:
    move(line, LONG)
    other = variant(stock("PLAIN-CURTAINS", on_hand=5), price=price)
    alternatives.take(order, order.lines.get().pk, other.pk, seen_units=2, seen_price=other.price, actor=ADA, at=NOON)


@scene("answer_reminder", uk_eu=None)
def she_is_reminded() -> None:
    _, line = waiting()
    move(line, LONG)
    reminders.remind(at=noon_of(SOON + 24 * DAY))


@scene("answer_reminder", uk_eu=None)
def she_is_reminded_of_two_articles() -> None:
    item, other = stock(), stock("LAMP")
    first, second = inbound(item, 2, SOON), inbound(other, 1, SOON + 2 * DAY)
    bought((variant(item), 2), (variant(other), 1))
    move(first, None)
    move(second, LONG, reason="The lorry broke down")
    reminders.remind(at=noon_of(SOON + 26 * DAY))


@scene("still_on_time")
def nothing_has_moved() -> None:
    waiting()
    item = stock("LAMP")
    inbound(item, 1, LATER + 30 * DAY)
    bought((variant(item), 1))
    reminders.say_that_nothing_moved(at=NOON + (settings.STILL_ON_TIME_DAYS + 1) * DAY)


@scene("alternative_proposed")
def something_else_is_offered() -> None:
    order, _ = waiting()
    cotton = variant(stock("COTTON", on_hand=5), price="39.00")
    alternatives.propose(order.lines.get(), cotton.pk, actor=CY, at=NOON)


@scene("address_changed")
def it_goes_elsewhere() -> None:
    order, _ = waiting()
    addresses.change(order, addresses.address_of(order) | {"line1": "14 Engine Lane"}, seen=0, actor=CY, at=NOON)


@scene("tracking_corrected")
def its_number_was_wrong() -> None:
    order = bought((variant(stock("MUG", on_hand=1)), 1))
    parcel = fulfilment.ship_ready(order, carrier="DHL", tracking_number="JD01", actor=CY, at=NOON)
    tracking.correct(parcel.pk, carrier="DHL", tracking_number="JD014", seen=0, actor=CY, at=NOON)


@scene("units_returned")
def she_sends_it_back() -> None:
    order = bought((variant(stock("MUG", on_hand=2)), 2))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    returns.take_back(order.lines.get(), 1, reason="too large", actor=CY, at=NOON)


@scene("units_returned")
def she_sends_back_what_she_has_paid_for() -> None:
    order = bought((variant(stock("MUG", on_hand=2)), 2), payment="transfer")
    holds.receive_payment(order, order.payment.amount, actor=CY, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    returns.take_back(order.lines.get(), 2, damaged=1, reason="too large", actor=CY, at=NOON)


@scene("units_returned")
def nothing_goes_back_for_it() -> None:
    order = bought((variant(stock("MUG", on_hand=1)), 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    returns.take_back(order.lines.get(), 1, damaged=1, amount=Decimal(0), reason="worn out", actor=CY, at=NOON)


@scene("order_link")
def her_mails_are_gone() -> None:
    order, _ = waiting()
    resending.send_link(order.number, order.email, at=NOON)


@scene("inquiry_replied")
def she_asks_and_gets_a_reply() -> None:
    order, _ = waiting()
    inquiries.ask(order, "Do they come with hooks?\n\nAnd are the hooks <b>brass</b>?", at=NOON)
    inquiries.reply(order, "They do.\nThe hooks are of steel & wood.", seen=1, actor=CY, at=NOON)


# --- Ends -----------------------------------------------------------------------------------------------------


@scene("order_lapsed", uk_eu=None)
def no_answer_came() -> None:
    order, line = waiting()
    move(line, None)
    lapses.lapse(order.pk, at=noon_of(SOON + 32 * DAY))


@scene("order_lapsed", uk_eu="day_passed")
def we_were_silent() -> None:
    wanted, _ = curtains()
    lapses.lapse(paid((wanted, 2)).pk, at=noon_of(SOON + 2 * DAY))


@scene("order_lapsed", uk_eu="day_passed")
def the_day_passed() -> None:
    """Cancelled by the rule of the house, an apology by that of the United Kingdom and the Union."""
    lamp = variant(stock("LAMP", on_hand=1))
    order, _ = waiting((lamp, 1))
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    lapses.lapse(order.pk, at=noon_of(SOON + 2 * DAY))


@scene("order_lapsed")
def her_last_day_passed() -> None:
    order, line = waiting()
    move(line, SOON + 10 * DAY)
    answers.set_last_day(order, order.lines.get().pk, SOON + 5 * DAY, actor=ADA, at=NOON)
    lapses.lapse(order.pk, at=noon_of(SOON + 20 * DAY))


@scene("never_coming")
def it_will_never_come() -> None:
    lamp = variant(stock("LAMP", on_hand=1))
    _, line = waiting((lamp, 1))
    endings.never_coming(line.item_id, reason="The weaver gave up her loom.", actor=CY, at=NOON)


@scene("never_coming")
def a_part_of_it_will_never_come() -> None:
    item = stock(on_hand=1)
    inbound(item, 2, SOON)
    bought((variant(item), 3))
    endings.never_coming(item.pk, reason="The weaver gave up her loom.", actor=CY, at=NOON)
