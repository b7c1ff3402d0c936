"""Sent as it gets ready, or together: what it costs, when it leaves, what holds it back and what lets it go."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.queue import UnableToShip
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import cancellations, checkout, delays, fulfilment, payments, releases
from shop.checkout import AnswersMissing, PromiseMoved
from shop.models import Order, Payment, Release, Sends, ShippingMethod
from shop.releases import DearerThanShown, UnableToRelease
from shop.sending import shipping_price
from tests.cast import CY, LATER, NOON, SOON, TODAY, buy, cart_of, inbound, order_cart, shipping, stock, variant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _each_parcel_costs(db: None) -> None:
    """The first parcel costs 4.90, each further one 2.90."""
    shipping()
    ShippingMethod.objects.update(further_parcel_price="2.90")


@pytest.fixture
def lamp() -> StockItem:
    return stock("LAMP", on_hand=1)


@pytest.fixture
def stool() -> StockItem:
    return stock("STOOL")


@pytest.fixture
def coming(stool: StockItem) -> PurchaseOrderLine:
    return inbound(stool, 5, SOON)


@pytest.fixture
def together(lamp: StockItem, stool: StockItem, coming: PurchaseOrderLine) -> Order:
    """A lamp that is here and two stools that come soon, to be sent together."""
    return buy((variant(lamp), 1), (variant(stool), 2), sends=Sends.TOGETHER)


def arrive(line: PurchaseOrderLine, units: int) -> None:
    number = f"D-{line.order.number}-{PurchaseOrderLine.objects.get(pk=line.pk).received}"
    fulfilment.receive(number, [Arrived(line.item_id, units)], order=line.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([line.item_id], actor="worker", at=NOON)


def ship(order: Order) -> dict[str, int]:
    """What went into the parcel: units by SKU."""
    shipment = fulfilment.ship_ready(order, actor=CY, at=NOON)
    return {row.line.sku: row.quantity for row in shipment.lines.select_related("line")}


def release(order: Order, shown: str | None = "2.90") -> Release:
    price = None if shown is None else Decimal(shown)
    return releases.release(order, shown_price=price, actor="customer", at=NOON)


def read(template: str) -> tuple[str, str]:
    """The newest letter of that kind: its subject, and its words on one line."""
    mail = rendering.message(Letter.objects.filter(template=template).latest("id"))
    return str(mail.subject), re.sub(r"\s+", " ", str(mail.body))


def owes(order: Order) -> tuple[Decimal, Decimal]:
    order.refresh_from_db()
    return order.shipping_price, payments.lock(order.pk).amount


# What it costs, and what is asked.


@given(
    price=st.decimals(0, 99, places=2),
    further=st.decimals(0, 99, places=2),
    parcels=st.integers(1, 40),
)
def test_a_parcel_more_never_costs_less_and_one_costs_the_price(price: Decimal, further: Decimal, parcels: int) -> None:
    method = ShippingMethod(name="Parcel", price=price, further_parcel_price=further)

    assert shipping_price(method, 1) == price
    assert 0 <= shipping_price(method, parcels) <= shipping_price(method, parcels + 1)


def test_a_review_of_three_days_offers_three_parcels_or_one() -> None:
    item = stock(on_hand=1)
    inbound(item, 1, SOON)
    inbound(item, 4, LATER, confirmed=False)

    as_ready, at_once = checkout.review(cart_of((variant(item), 3)), NOON).options

    assert [len(option.way.parcels) for option in (as_ready, at_once)] == [3, 1]
    assert [str(option.shipping_price) for option in (as_ready, at_once)] == ["10.70", "4.90"]
    assert [option.way.last.ships_on for option in (as_ready, at_once)] == [LATER, LATER]
    assert (as_ready.way.first.now, at_once.way.first.now) == (True, False)
    assert [option.total for option in (as_ready, at_once)] == [3 * 49 + Decimal("10.70"), 3 * 49 + Decimal("4.90")]
    assert at_once.consent_text == (
        "I agree to wait for what is not on the shelf: everything ships together by 4 January 2027 (estimated)."
    )


@pytest.mark.parametrize("sends", [None, *Sends])
def test_what_ships_on_one_day_is_not_asked_about(sends: Sends | None, coming: PurchaseOrderLine) -> None:
    cart = cart_of((variant(coming.item), 2))
    shown = checkout.review(cart, NOON).shown

    order = checkout.place_order(cart.pk, shown=shown, sends=sends, consented=True, user=None, at=NOON)

    assert (order.sends, str(order.shipping_price)) == (Sends.AS_READY, "4.90")


def test_without_an_answer_nothing_is_placed_and_both_questions_are_asked_at_once() -> None:
    item = stock(on_hand=1)
    inbound(item, 5)
    cart = cart_of((variant(item), 2))
    shown = checkout.review(cart, NOON).shown

    with pytest.raises(AnswersMissing) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=None, consented=False, user=None, at=NOON)

    assert list(stopped.value.asks) == ["sends", "consent"]
    assert (Order.objects.count(), cart.lines.count()) == (0, 1)


@pytest.mark.parametrize(("sends", "price"), [(Sends.AS_READY, "7.80"), (Sends.TOGETHER, "4.90")])
def test_the_choice_its_price_and_its_sentence_are_kept(sends: Sends, price: str) -> None:
    item = stock(on_hand=1)
    inbound(item, 5)

    order = buy((variant(item), 2), sends=sends)

    assert (order.sends, str(order.shipping_price), order.payment.amount) == (sends, price, order.total)
    assert ("everything ships together" in order.consent_text) == (sends == Sends.TOGETHER)


@pytest.mark.parametrize("chosen", Sends)
def test_either_way_that_got_dearer_is_shown_and_asked(chosen: Sends) -> None:
    item = stock(on_hand=1)
    inbound(item, 5)
    cart = cart_of((variant(item), 2))
    shown = checkout.review(cart, NOON).shown
    ShippingMethod.objects.update(further_parcel_price="3.90")

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, sends=chosen, consented=True, user=None, at=NOON)

    (change,) = stopped.value.shipping
    assert (change.option.sends, str(change.old_price)) == (Sends.AS_READY, "7.80")
    assert str(change.option.shipping_price) == "8.80"


def test_a_way_that_got_cheaper_is_taken_as_it_is() -> None:
    item = stock(on_hand=1)
    inbound(item, 5)
    cart = cart_of((variant(item), 2))
    shown = checkout.review(cart, NOON).shown
    ShippingMethod.objects.update(further_parcel_price="1.00")

    order = checkout.place_order(cart.pk, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=NOON)

    assert str(order.shipping_price) == "5.90"


def test_a_better_day_that_makes_a_second_parcel_is_asked_about(coming: PurchaseOrderLine) -> None:
    cart = cart_of((variant(coming.item), 2))
    shown = checkout.review(cart, NOON).shown
    inbound(coming.item, 1, TODAY.replace(day=28))

    with pytest.raises(PromiseMoved) as stopped:
        checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)
    assert (stopped.value.changes, len(stopped.value.shipping)) == ((), 1)

    ShippingMethod.objects.update(further_parcel_price=0)
    with pytest.raises(AnswersMissing):
        checkout.place_order(cart.pk, shown=shown, consented=True, user=None, at=NOON)


def test_together_stays_together_when_all_of_it_can_meanwhile_ship_on_one_day(lamp: StockItem) -> None:
    line = inbound(lamp, 5)
    cart = cart_of((variant(lamp), 2))
    shown = checkout.review(cart, NOON).shown
    arrive(line, 5)

    order = checkout.place_order(cart.pk, shown=shown, sends=Sends.TOGETHER, consented=True, user=None, at=NOON)

    assert (order.sends, str(order.shipping_price)) == (Sends.TOGETHER, "4.90")


# What leaves when.


def test_sent_as_ready_what_is_ready_leaves(lamp: StockItem, stool: StockItem, coming: PurchaseOrderLine) -> None:
    order = buy((variant(lamp), 1), (variant(stool), 2))

    assert ship(order) == {"LAMP": 1}
    arrive(coming, 5)
    assert ship(order) == {"STOOL": 2}


def test_sent_together_the_ready_part_waits_and_all_of_it_leaves_in_one_parcel(
    together: Order, coming: PurchaseOrderLine
) -> None:
    with pytest.raises(UnableToShip, match=r"2 units are still missing \(promised by 9 December 2026\)"):
        ship(together)
    arrive(coming, 1)
    with pytest.raises(UnableToShip, match="1 unit is still missing"):
        ship(together)

    arrive(coming, 4)

    assert ship(together) == {"LAMP": 1, "STOOL": 2}
    assert owes(together) == (Decimal("4.90"), together.total)


def test_a_released_part_leaves_and_the_rest_stays_together(together: Order, coming: PurchaseOrderLine) -> None:
    opened = release(together)
    assert ship(together) == {"LAMP": 1}
    assert releases.open_release(together) is None
    opened.refresh_from_db()
    assert opened.shipment == together.shipments.get()

    arrive(coming, 1)
    with pytest.raises(UnableToShip, match="1 unit is still missing"):
        ship(together)
    arrive(coming, 4)
    assert ship(together) == {"STOOL": 2}
    assert owes(together) == (Decimal("7.80"), 3 * 49 + Decimal("7.80"))


def test_a_second_click_finds_the_first_release_and_charges_once(together: Order) -> None:
    assert release(together) == release(together)
    assert owes(together) == (Decimal("7.80"), 3 * 49 + Decimal("7.80"))


def test_staff_gives_the_further_parcel_away(together: Order) -> None:
    assert release(together, None).price == 0
    assert owes(together) == (Decimal("4.90"), 3 * 49 + Decimal("4.90"))


@pytest.mark.parametrize(("now", "charged"), [("1.90", "1.90"), ("2.90", "2.90")])
def test_never_dearer_than_shown(together: Order, now: str, charged: str) -> None:
    ShippingMethod.objects.update(further_parcel_price=now)
    assert str(release(together).price) == charged


def test_a_price_that_rose_releases_nothing(together: Order) -> None:
    ShippingMethod.objects.update(further_parcel_price="3.90")
    with pytest.raises(DearerThanShown):
        release(together)
    assert not Release.objects.exists()
    assert owes(together) == (Decimal("4.90"), 3 * 49 + Decimal("4.90"))


def test_a_method_that_is_gone_cannot_name_a_price(together: Order) -> None:
    ShippingMethod.objects.update(name="Another")
    assert release(together).price == 0


def test_a_further_parcel_that_was_never_needed_is_not_paid_for(together: Order, coming: PurchaseOrderLine) -> None:
    release(together)
    arrive(coming, 5)

    assert ship(together) == {"LAMP": 1, "STOOL": 2}
    assert owes(together) == (Decimal("4.90"), 3 * 49 + Decimal("4.90"))


def test_there_is_not_always_something_to_release(
    lamp: StockItem, stool: StockItem, coming: PurchaseOrderLine, together: Order
) -> None:
    as_ready = buy((variant(stock("MUG", on_hand=1)), 1), (together.lines.get(sku="STOOL").variant, 1))
    inbound(stool, 1, LATER)
    later = order_cart(cart_of((together.lines.get(sku="STOOL").variant, 3)), sends=Sends.TOGETHER)

    for order, sentence in ((as_ready, "sent as it gets ready"), (later, "Nothing of this order is set aside yet")):
        with pytest.raises(UnableToRelease, match=sentence):
            release(order)
    arrive(coming, 5)
    with pytest.raises(UnableToRelease, match="there is no part to release"):
        release(together)


def test_a_parcel_that_never_leaves_is_not_paid_though_another_is_still_to_come(
    lamp: StockItem, stool: StockItem, coming: PurchaseOrderLine
) -> None:
    """The lamp is here, the throw comes today: they leave together. Only the stools are a parcel of their own."""
    throw = stock("THROW")
    inbound(throw, 1, TODAY)
    order = buy((variant(lamp), 1), (variant(throw), 1), (variant(stool), 2))
    assert owes(order)[0] == Decimal("7.80")

    cancellations.cancel_line(order.lines.get(sku="STOOL"), 2, actor="customer", at=NOON)

    assert owes(order)[0] == Decimal("4.90")


def test_cancelling_what_is_missing_completes_the_order(together: Order) -> None:
    cancellations.cancel_line(together.lines.get(sku="STOOL"), 2, actor="customer", at=NOON)

    assert "With that your order is complete: we are packing it." in read("units_withdrawn")[1]
    assert ship(together) == {"LAMP": 1}


def test_cancelling_the_last_piece_brings_the_day_of_the_rest_forward(together: Order) -> None:
    item = stock("THROW")
    inbound(item, 1, LATER)
    order = buy(
        (variant(stock("MUG", on_hand=1)), 1),
        (together.lines.get(sku="STOOL").variant, 1),
        (variant(item), 1),
        sends=Sends.TOGETHER,
    )

    cancellations.cancel_line(order.lines.get(sku="THROW"), 1, actor="customer", at=NOON)

    assert "It is sent together, as you chose: by 9 December 2026." in read("units_withdrawn")[1]


def test_a_loss_makes_a_complete_order_wait_again(together: Order, coming: PurchaseOrderLine) -> None:
    arrive(coming, 2)
    fulfilment.correct_stock(coming.item_id, -1, reason="broken", actor=CY, at=NOON)

    with pytest.raises(UnableToShip, match="1 unit is still missing"):
        ship(together)


# What the letters say.


def test_the_confirmation_says_how_it_is_sent(together: Order, lamp: StockItem) -> None:
    _, words = read("order_placed")
    assert "1 on our shelf" in words
    assert "2 here by 9 December 2026" in words
    assert "HOW WE SEND IT Everything together, as you chose: in one parcel, by 9 December 2026." in words
    assert "leaves us on that day" not in words

    buy((variant(stock("MUG", on_hand=1)), 1), (together.lines.get(sku="STOOL").variant, 2))
    _, words = read("order_placed")
    assert "Each part as soon as it is ready, as you chose: in 2 parcels, the last by 9 December 2026." in words

    buy((variant(stock("BOWL", on_hand=1)), 1))
    assert "HOW WE SEND IT" not in read("order_placed")[1]


def test_an_arrival_says_whether_it_waits_here_or_is_packed(together: Order, coming: PurchaseOrderLine) -> None:
    arrive(coming, 1)
    subject, words = read("units_arrived")
    assert subject == f"Your order {together.number}: 1 in stock and set aside, the rest to come"
    assert "You chose to get everything together, so it waits here until the rest is in, by 9 December 2026." in words
    assert "1 here by 9 December 2026" in words
    assert "packing" not in words

    arrive(coming, 4)
    subject, words = read("units_arrived")
    assert subject == f"Your order {together.number}: in stock and being packed"
    assert "your order is complete. All of it is set aside for you, and we are packing it into one parcel." in words


def test_a_parcel_that_goes_ahead_says_so(together: Order) -> None:
    release(together)
    ship(together)
    _, words = read("parcel_shipped")
    assert "It goes ahead of the rest, as you asked; this further parcel costs €2.90." in words
    assert "2 here by 9 December 2026 It is sent together, as you chose: by 9 December 2026." in words


@pytest.fixture
def of_two_suppliers(together: Order) -> tuple[Order, PurchaseOrderLine, PurchaseOrderLine]:
    """A stool by SOON and a throw by LATER, together."""
    early, late = inbound(stock("BENCH"), 1, SOON), inbound(stock("THROW"), 1, LATER)
    order = buy((variant(early.item), 1), (variant(late.item), 1), sends=Sends.TOGETHER)
    Letter.objects.all().delete()
    return order, early, late


def move(line: PurchaseOrderLine, day: date | None) -> None:
    delays.move_expected_day(line, day, confirmed=True, reason="the loom broke", actor=CY, at=NOON)


def test_a_line_that_moves_within_the_day_of_all_is_no_news(of_two_suppliers: Any) -> None:
    _, early, late = of_two_suppliers
    move(early, date(2026, 12, 20))
    move(early, date(2026, 12, 1))
    move(late, LATER.replace(day=3))
    assert not Letter.objects.exists()


def test_the_day_of_all_that_moves_is_told_with_the_old_and_the_new_day(of_two_suppliers: Any) -> None:
    order, early, late = of_two_suppliers
    move(early, date(2027, 1, 20))
    subject, words = read("days_later")
    assert subject == f"Your order {order.number}: everything delayed, now by 20 January 2027"
    assert (
        "We told you that everything would ship by 4 January 2027; that day has moved to 20 January 2027, and the"
        " reason is “the loom broke”. You chose to get everything together: the last piece sets the day." in words
    )
    assert "Was: 1 here by 9 December 2026 Now: 1 here by 20 January 2027" in words

    move(early, date(2026, 12, 1))
    subject, words = read("days_earlier")
    assert subject == f"Your order {order.number}: everything sooner than we said, now by 4 January 2027"
    assert Letter.objects.count() == 2

    move(late, None)
    assert "delayed, and we cannot give a day yet" in read("answer_needed")[0]


def test_a_parcel_that_never_leaves_is_not_paid_for(lamp: StockItem, stool: StockItem):
    inbound(stool, 1)
    order = buy((variant(lamp), 1), (variant(stool), 1))
    assert order.shipping_price == Decimal("7.80")

    cancellations.cancel_line(order.lines.get(sku="STOOL"), 1, actor="ada", at=NOON)

    order.refresh_from_db()
    assert order.shipping_price == Decimal("4.90")
    assert Payment.objects.get(order=order).amount == Decimal("53.90")
    assert Letter.objects.get(template="units_withdrawn").context["owed"] == "€53.90"


def test_what_is_on_the_shelf_goes_along_with_what_arrives_for_the_same_day(lamp: StockItem):
    inbound(lamp, 1, TODAY)

    contents = checkout.review(cart_of((variant(lamp), 2)), NOON).contents

    assert [(parcel.ships_on, parcel.units) for parcel in contents.parcels] == [(TODAY, 2)]
    assert len(contents.ways) == 1
