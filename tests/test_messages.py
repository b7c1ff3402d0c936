"""Facts become letters. Each letter is read as its recipient reads it: rendered, in plain text."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.db import transaction

from backorders import consent, promises
from backorders.facts import Filled, Joined, Moved, Withdrawn
from backorders.models import Claim, Promise
from backorders.plan import Portion
from inventory.models import StockItem
from notifications import rendering
from notifications.models import Letter
from shop import delay_letters, messages, notices
from shop.models import Category, Order, OrderLine, Payment, Product, Shipment, ShipmentLine, Variant
from tests import letters

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
TODAY, FIFTH, NINTH, TWELFTH = date(2026, 11, 21), date(2026, 12, 5), date(2026, 12, 9), date(2026, 12, 12)


def now(quantity: int) -> Portion:
    return Portion(quantity, TODAY, now=True)


def by(quantity: int, day: date | None, *, confirmed: bool = True) -> Portion:
    return Portion(quantity, day, confirmed=confirmed, basis="purchase line 1")


@pytest.fixture
def curtains() -> Variant:
    item = StockItem.objects.create(sku="POPULAR-CURTAINS", name="Linen curtains", on_hand=1000, allocated=500)
    product = Product.objects.create(title="Linen curtains", slug="linen-curtains", category=Category.objects.create())
    return Variant.objects.create(
        product=product, stock_item=item, options=[["Size", "M"], ["Colour", "Blue"]], price=Decimal("39.50")
    )


def place(variant: Variant, *told: tuple[Portion, ...], name: str = "Ada O'Brien", **fields: Any) -> Order:
    """An order with one line for each promise, as the checkout leaves it before it writes the letter."""
    total = sum((variant.price * sum(portion.quantity for portion in portions) for portions in told), Decimal(0))
    order = Order.objects.create(
        cart_key=uuid4(),
        placed_at=AT,
        email="ada@example.com",
        name=name,
        line1="1 Elm Row",
        postcode="10115",
        city="Berlin",
        country="DE",
        shipping_name="Parcel",
        shipping_price=Decimal("4.90"),
        goods_total=total,
        currency="EUR",
        **fields,
    )
    Payment.objects.create(order=order, gateway="invoice", amount=order.total, created_at=AT)
    for portions in told:
        wanted = sum(portion.quantity for portion in portions)
        allocated = sum(portion.quantity for portion in portions if portion.now)
        claim = Claim.objects.create(
            item=variant.stock_item, quantity=wanted, allocated=allocated, reference=order.number, told=1, placed_at=AT
        )
        promise(claim, 1, portions)
        OrderLine.objects.create(
            order=order,
            variant=variant,
            claim=claim,
            sku=variant.sku,
            title=variant.product.title,
            choice=variant.choice,
            unit_price=variant.price,
            quantity=wanted,
        )
    return order


def promise(claim: Claim, version: int, portions: Iterable[Portion]) -> None:
    Promise.objects.bulk_create(
        Promise(
            claim=claim,
            version=version,
            quantity=portion.quantity,
            ships_on=portion.ships_on,
            confirmed=portion.confirmed,
            basis=portion.basis,
            told_at=AT,
        )
        for portion in portions
    )


def claims(order: Order) -> list[Claim]:
    return list(Claim.objects.filter(order_line__order=order).order_by("id"))


def joined(order: Order, *told: tuple[Portion, ...]) -> list[tuple[OrderLine, Joined]]:
    lines = order.lines.select_related("claim").order_by("id")
    facts = zip(lines, told, strict=True)
    return [(line, Joined(line.claim_id, line.claim.item_id, portions)) for line, portions in facts]


def fill(claim: Claim, units: int) -> Filled:
    claim.allocated += units
    claim.save()
    return Filled(claim.pk, claim.item_id, units, claim.lacks)


def move(order: Order, old: Portion, new: Portion, *, version: int = 2, reason: str = "Held at customs.") -> Moved:
    [claim] = claims(order)
    promise(claim, version, [new])
    return Moved(claim.pk, claim.item_id, version, (old,), (new,), reason, (new,))


def read() -> tuple[str, str]:
    """The subject of the one letter there is, and its words, with runs of white space as one space."""
    mail = rendering.message(Letter.objects.get())
    return str(mail.subject), re.sub(r"\s+", " ", str(mail.body))


def test_the_confirmation_gives_a_day_for_every_portion(curtains: Variant) -> None:
    told = ((now(1), by(2, NINTH, confirmed=False)), (now(2),))
    order = place(curtains, *told, consent_text="I agree that 2 ship by 9 December 2026.", consented_at=AT)
    messages.order_placed(order, joined(order, *told), at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: complete by 9 December 2026 (estimated)"
    assert (
        "3 × Linen curtains, M, Blue: €118.50 1 ships now 2 ship by 9 December 2026 (estimated) "
        "2 × Linen curtains, M, Blue: €79.00 2 ship now "
        "Goods: €197.50 Shipping, Parcel: €4.90 Total, tax included: €202.40" in words
    )
    assert "WHERE IT GOES Ada O'Brien 1 Elm Row 10115 Berlin Germany" in words
    assert "You pay by invoice" in words
    assert "HOW YOU CANCEL Free of charge" in words
    assert "WHAT YOU AGREED TO on 21 November 2026 at 11:30 CET" in words
    assert "I agree that 2 ship by 9 December 2026." in words


def test_the_confirmation_of_what_is_in_stock_does_not_speak_of_waiting(curtains: Variant) -> None:
    order = place(curtains, (now(2),))
    messages.order_placed(order, joined(order, (now(2),)), at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: everything ships now"
    assert "IF A DAY CHANGES" not in words
    assert "Estimated" not in words
    assert "AGREED" not in words


def test_the_letter_opens_the_order_and_its_stored_form_does_not(curtains: Variant) -> None:
    order = place(curtains, (now(1),))
    messages.order_placed(order, joined(order, (now(1),)), at=AT)

    _, words = read()
    [token] = re.findall(rf"/orders/{order.number}/open/([^/\s]+)/", words)
    assert signing.loads(token, salt="shop.order-link.view") == {"order": order.number, "v": 1}
    assert token not in json.dumps(Letter.objects.get().context)
    assert f"/orders/{order.number}/open/{{token}}/" in json.dumps(Letter.objects.get().context)


@pytest.mark.parametrize("times", [1, 2])
def test_an_order_is_confirmed_once(curtains: Variant, times: int) -> None:
    order = place(curtains, (now(1),))
    for _ in range(times):
        messages.order_placed(order, joined(order, (now(1),)), at=AT)

    assert Letter.objects.values_list("key", "thread").get() == (f"placed:{order.number}", order.number)


def test_an_arrival_says_what_is_set_aside_and_what_still_waits(curtains: Variant) -> None:
    order = place(curtains, (now(1), by(1, FIFTH), by(2, NINTH, confirmed=False)), (by(1, TWELFTH),))
    first, _ = claims(order)
    messages.units_arrived([fill(first, 2)], at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: 2 in stock and being packed, the rest to come"
    assert "2 × Linen curtains, M, Blue with what was set aside before: 3 in all STILL TO COME" in words
    assert (
        "STILL TO COME 1 × Linen curtains, M, Blue 1 ships by 9 December 2026 (estimated) "
        "1 × Linen curtains, M, Blue 1 ships by 12 December 2026 Your place" in words
    )


def test_what_is_set_aside_keeps_its_day_in_the_letter_of_a_cancellation(curtains: Variant) -> None:
    order = place(curtains, (by(2, FIFTH), by(1, TWELFTH)))
    [claim] = claims(order)
    fill(claim, 2)
    claim.quantity = 2
    claim.save()
    promise(claim, 2, [by(2, FIFTH)])
    Claim.objects.update(told=2)
    gone = Withdrawn(claim.pk, claim.item_id, 1, 0, 2)
    messages.units_withdrawn(order, [gone], refund=Decimal(0), at=AT)

    assert "2 × Linen curtains, M, Blue 2 set aside for you, ship by 5 December 2026" in read()[1]


@pytest.mark.parametrize(
    ("written_on", "says"),
    [(FIFTH, "2 set aside for you, ship by 5 December 2026"), (FIFTH + timedelta(1), "2 set aside for you")],
)
def test_what_is_set_aside_keeps_its_first_day_until_that_has_passed(
    curtains: Variant, written_on: date, says: str
) -> None:
    order = place(curtains, (by(1, FIFTH), by(2, TWELFTH)))
    [claim] = claims(order)
    fill(claim, 2)
    Claim.objects.update(quantity=2)
    gone = Withdrawn(claim.pk, claim.item_id, 1, 0, 2)
    messages.units_withdrawn(order, [gone], refund=Decimal(0), at=AT + (written_on - TODAY))

    words = read()[1]
    assert says in words
    assert (written_on > FIFTH) is ("ship by" not in words)


def test_an_arrival_that_completes_the_order_says_so(curtains: Variant) -> None:
    order = place(curtains, (by(2, NINTH),))
    messages.units_arrived([fill(claims(order)[0], 2)], at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: in stock and being packed"
    assert f"Nothing else of your order {order.number} is waiting." in words


def test_lines_that_arrive_together_are_one_letter(curtains: Variant) -> None:
    order = place(curtains, (by(2, NINTH),), (by(1, NINTH),))
    messages.units_arrived([fill(claim, claim.lacks) for claim in claims(order)], at=AT)

    _, words = read()
    assert words.count("× Linen curtains") == 2


def test_units_that_were_taken_away_and_come_again_are_told_again(curtains: Variant) -> None:
    order = place(curtains, (by(2, NINTH),))
    [claim] = claims(order)
    messages.units_arrived([fill(claim, 2)], at=AT)
    claim.allocated = 0
    again = fill(claim, 2)
    messages.units_arrived([again], at=AT.replace(hour=15))
    messages.units_arrived([again], at=AT.replace(hour=15))

    assert Letter.objects.count() == 2


def test_each_of_many_reads_what_she_would_read_alone(curtains: Variant) -> None:
    one, two = (by(1, NINTH),), (by(2, NINTH),)
    orders = [
        *(place(curtains, one), place(curtains, one, name="Bo"), place(curtains, two), place(curtains, one, one)),
        *(
            place(curtains, (now(1), *one)),
            place(curtains, one, (by(1, TWELFTH),)),
            place(curtains, one, sends="together"),
        ),
        place(curtains, one),
    ]
    Payment.objects.filter(order=orders[-1]).update(
        gateway="transfer", state=Payment.State.DUE, due_by=AT + timedelta(days=7)
    )
    facts = [fill(claim, claim.lacks) for order in orders for claim in claims(order) if claim.pk != last_of(orders[5])]

    def written(*at_once: list[Filled]) -> dict[str, Any]:
        with transaction.atomic():
            for some in at_once:
                messages.units_arrived(some, at=AT)
            told = {letter.thread: letter.context for letter in Letter.objects.all()}
            transaction.set_rollback(True)
        return told

    alone = written(*([fact for fact in facts if fact.claim_id in {c.pk for c in claims(order)}] for order in orders))
    assert written(facts) == alone
    assert {told["name"] for told in alone.values()} == {"Ada O'Brien", "Bo"}
    assert len({json.dumps(told["items"] + [told["paying"], told["to_come"]]) for told in alone.values()}) == 6


def last_of(order: Order) -> int:
    return claims(order)[-1].pk


@pytest.mark.parametrize("orders", [1, 30])
def test_queries_do_not_grow_with_the_orders(curtains: Variant, orders: int, django_assert_num_queries: Any) -> None:
    facts = [fill(claim, 1) for _ in range(orders) for claim in claims(place(curtains, (by(2, NINTH),)))]
    with django_assert_num_queries(3):
        messages.units_arrived(facts, at=AT)

    assert Letter.objects.count() == orders


def test_a_parcel_tells_how_to_follow_it_and_what_is_still_to_come(curtains: Variant) -> None:
    order = place(curtains, (now(1), by(2, NINTH)))
    [claim] = claims(order)
    claim.shipped = 1
    claim.save()
    shipment = Shipment.objects.create(order=order, carrier="Post", tracking_number="00340", shipped_at=AT, actor="Cy")
    ShipmentLine.objects.create(shipment=shipment, line=order.lines.get(), quantity=1)
    messages.parcel_shipped(shipment, returnable_until=None, at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: a part of it is on its way"
    assert "Carrier: Post Tracking number: 00340 IN THE PARCEL 1 × Linen curtains, M, Blue" in words
    assert "The goods in this parcel come to €" in words
    assert "STILL TO COME 2 × Linen curtains, M, Blue 2 ship by 9 December 2026" in words
    assert "send it back without a reason: say so on your order page within 30 days after the last parcel." in words
    assert Letter.objects.get().key == f"shipped:{shipment.pk}"


def test_a_delay_begins_with_both_days_and_the_reason_and_offers_the_choice(curtains: Variant) -> None:
    order = place(curtains, (by(2, FIFTH),))
    notices.tell([move(order, by(2, FIFTH), by(2, TWELFTH, confirmed=False))], at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: 2 × Linen curtains delayed, now by 12 December 2026 (estimated)"
    assert (
        "We told you that 2 × Linen curtains would ship by 5 December 2026; that day has moved to 12 December 2026 "
        "(estimated), and the reason is “Held at customs”. We are sorry." in words
    )
    assert "Was: 2 ship by 5 December 2026 Now: 2 ship by 12 December 2026 (estimated)" in words
    assert (
        "YOU NEED DO NOTHING Without an answer we keep your order, with your place in the queue, until 12 December "
        "2026 (estimated), and ship by then. OR CANCEL WITH A FULL REFUND It is free and needs no reason" in words
    )


def test_a_delay_without_a_new_day_says_so(curtains: Variant) -> None:
    order = place(curtains, (by(1, FIFTH),))
    notices.tell([move(order, by(1, FIFTH), by(1, None))], at=AT)

    subject, words = read()
    assert subject == (
        f"Your order {order.number}: please answer by 4 January 2027; 1 × Linen curtains delayed, and we cannot give a "
        "day yet"
    )
    assert "we cannot keep that day, and cannot give a new one yet, and the reason is “Held at customs”." in words
    assert "Now: 1 waiting: we cannot give a day yet PLEASE ANSWER BY 4 January 2027" in words
    assert "Without a day we do not take silence for a yes. Without your yes by 4 January 2027 we cancel it" in words
    assert (
        "KEEP IT AND WAIT Your place in the queue stays yours, and we write to you as soon as we have a day." in words
    )


@pytest.mark.parametrize(
    ("scene", "rule", "subject", "words"),
    [
        (
            "a long delay",
            "house",
            "please answer by 8 January 2027; 2 × Popular curtains delayed, now by 23 January 2027",
            "PLEASE ANSWER BY 8 January 2027 It is a long delay, and so we do not take silence for a yes. Without your"
            " yes by 8 January 2027 we cancel it, unless it has left us, and send back in full and promptly what you "
            "have paid for it. KEEP IT AND WAIT Your place in the queue stays yours, and it ships by 23 January 2027.",
        ),
        (
            "a long delay",
            "uk_eu",
            "2 × Popular curtains delayed, now by 23 January 2027",
            "YOU NEED DO NOTHING Without an answer we keep your order, with your place in the queue, until 23 January "
            "2027, and ship by then.",
        ),
        (
            "a long delay of an order that is sent together",
            "house",
            "please answer by 8 January 2027; everything delayed, now by 23 January 2027",
            "Without your yes by 8 January 2027 we cancel the whole order, which is sent together, unless",
        ),
        (
            "a further delay",
            "house",
            "please answer by 19 December 2026; 2 × Popular curtains delayed, now by 29 December 2026",
            "It is a further delay, and so we do not take silence for a yes.",
        ),
        (
            "two articles of which one is asked about",
            "house",
            "please answer by 19 December 2026; 2 articles delayed, now by 23 December 2026",
            "Now: 2 ship by 23 December 2026 Without your yes by 19 December 2026 we cancel it 1 × Lamp, LAMP Was: 1 "
            "ships by 9 December 2026 Now: 1 ships by 13 December 2026 Without an answer we keep it until 13 December "
            "2026",
        ),
        (
            "a day got better and still needs an answer",
            "house",
            "please answer by 8 January 2027; 2 × Popular curtains sooner than we said, now by 16 January 2027",
            "It is still later than we first told you, and so we do not take silence for a yes.",
        ),
        (
            "a day got better and needs no answer any more",
            "house",
            "2 × Popular curtains sooner than we said, now by 9 December 2026",
            "The question of our earlier letter needs no answer any more: your order stays.",
        ),
        (
            "she keeps it",
            "house",
            "kept, now by 23 January 2027",
            "On 21 November 2026 at 12:00 CET you chose to keep this and wait: 2 × Popular curtains, POPULAR-CURTAINS "
            "2 ship by 23 January 2027 It ships by 23 January 2027",
        ),
        (
            "she keeps it without a day and is asked again",
            "house",
            "please answer by 22 January 2027; we still cannot give a day for 2 × Popular curtains",
            "You agreed to wait for 2 × Popular curtains without a day, and we still cannot give you one.",
        ),
        (
            "she sets a last day",
            "house",
            "we ship by your last day, 14 December 2026, or cancel",
            "If it has not left us by the end of that day, we cancel it without a further word from you",
        ),
        (
            "she takes something else",
            "house",
            "2 × Plain curtains instead of 2 × Popular curtains",
            "2 × Plain curtains, PLAIN-CURTAINS 2 ship now The price stays the same.",
        ),
        (
            "she takes something cheaper and had paid",
            "uk_eu",
            "€20.00 is on its way back to you",
            "We sent €20.00 back to you on 22 November 2026, the way you paid.",
        ),
        (
            "she is reminded",
            "house",
            "please answer by 8 January 2027: do you still want to wait?",
            "We told you that 2 × Popular curtains would ship by 9 December 2026; the day that we can keep is 23 "
            "January 2027, and the reason is “Held at customs in Ulm”. We asked whether you still want to wait, and "
            "have no answer from you yet.",
        ),
        (
            "she is reminded of two articles",
            "house",
            "please answer by 8 January 2027: do you still want to wait?",
            "Now: 2 waiting: we cannot give a day yet Without your yes by 8 January 2027 we cancel it 1 × Lamp, LAMP "
            "Was: by 11 December 2026 Now: 1 ships by 23 January 2027 Without your yes by 10 January 2027 we cancel it",
        ),
        (
            "nothing has moved",
            "house",
            "still on time, by 3 February 2027",
            "Nothing has changed: what you wait for is still on time, and ships by 3 February 2027.",
        ),
        (
            "no answer came",
            "house",
            "cancelled, no answer has reached us",
            "We asked whether you still want to wait for this, and needed your yes by 8 January 2027.",
        ),
        (
            "we were silent",
            "house",
            "cancelled, and we are sorry",
            "We told you that this would ship by 9 December 2026; it did not, and we did not tell you in time that it "
            "would be late. That is our fault, and we are sorry.",
        ),
        (
            "we were silent",
            "uk_eu",
            "2 × Popular curtains late, and we cannot give a new day yet",
            "We told you that 2 × Popular curtains would ship by 9 December 2026; it has not left us, and we cannot "
            "give a new day yet. We are sorry.",
        ),
        (
            "her last day passed",
            "uk_eu",
            "cancelled, your last day has passed",
            "You set 14 December 2026 as the last day for this, and it has not left us by then. We are sorry.",
        ),
        (
            "she keeps it without a day",
            "uk_eu",
            "kept, we write as soon as we have a day",
            "Your place in the queue stays yours. We write to you as soon as we have a day. You can still cancel",
        ),
        (
            "a part of it will never come",
            "house",
            "a part of it will not come any more, and is cancelled",
            "2 × Popular curtains, POPULAR-CURTAINS Was: 2 ship by 9 December 2026 You owe €53.90 in all now.",
        ),
        (
            "it will never come",
            "house",
            "a part of it will not come any more, and is cancelled",
            "We told you that this would ship by 9 December 2026; it will not come any more, and the reason is “The "
            "weaver gave up her loom”. We are sorry.",
        ),
    ],
)
def test_a_delay_and_what_follows_it_in_words(scene: str, rule: str, subject: str, words: str, settings: Any) -> None:
    letter = letters.write(scene, rule, settings)[-1]
    mail = rendering.message(letter)

    assert str(mail.subject) == f"Your order {letter.thread}: {subject}"
    assert words in " ".join(str(mail.body).split())


@pytest.mark.parametrize("orders", [1, 10])
def test_queries_of_delays_do_not_grow_with_the_orders(
    curtains: Variant, orders: int, django_assert_num_queries: Any
) -> None:
    moved = [move(place(curtains, (by(1, FIFTH),)), by(1, FIFTH), by(1, None)) for _ in range(orders)]
    # Orders with their lines, claims, notices with where the claims stand, letters.
    with django_assert_num_queries(4):
        notices.tell(moved, at=AT)
    asked = {notice.claim.order_line.order_id: [notice] for notice in consent.open_questions()}
    # Lines with their orders and claims, promises, letters.
    with django_assert_num_queries(3):
        delay_letters.answer_reminders(asked, 7, at=AT)

    assert Letter.objects.count() == 2 * orders


def test_a_day_that_got_better_asks_nothing(curtains: Variant) -> None:
    order = place(curtains, (by(1, NINTH),))
    notices.tell([move(order, by(1, NINTH), by(1, FIFTH), reason="")], at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: 1 × Linen curtains sooner than we said, now by 5 December 2026"
    assert "You need not do anything." in words
    assert "reason" not in words.lower()
    assert "refund" not in words


def test_a_unit_that_slips_is_a_delay_even_if_the_last_one_holds(curtains: Variant) -> None:
    order = place(curtains, (by(1, FIFTH), by(1, TWELFTH)))
    [claim] = claims(order)
    moved = Moved(
        claim.pk,
        claim.item_id,
        2,
        (by(1, FIFTH), by(1, TWELFTH)),
        (by(2, TWELFTH),),
        "Half a crate broke",
        (by(2, TWELFTH),),
    )
    notices.tell([moved], at=AT)

    subject, words = read()
    assert subject.endswith("part of 2 × Linen curtains delayed, now by 12 December 2026")
    assert "We told you that part of 2 × Linen curtains would ship by 5 December 2026; that day has moved to" in words


def test_later_and_earlier_are_two_letters(curtains: Variant) -> None:
    order = place(curtains, (by(1, FIFTH),), (by(1, TWELFTH),))
    first, second = claims(order)
    moved = [
        Moved(first.pk, first.item_id, 2, (by(1, FIFTH),), (by(1, NINTH),), "Late", (by(1, NINTH),)),
        Moved(second.pk, second.item_id, 2, (by(1, TWELFTH),), (by(1, NINTH),), "Early", (by(1, NINTH),)),
    ]
    notices.tell(moved, at=AT)

    assert sorted(Letter.objects.values_list("template", flat=True)) == ["days_earlier", "days_later"]


def test_a_cancellation_is_acknowledged_with_content_day_and_time(curtains: Variant) -> None:
    order = place(curtains, (by(3, NINTH),))
    [claim] = claims(order)
    claim.quantity = 2
    promises.shorten([claim], reason="fewer units wanted", at=AT)
    claim.save()
    messages.units_withdrawn(order, [Withdrawn(claim.pk, claim.item_id, 1, 0, 2)], refund=Decimal(0), at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: a part of it is cancelled"
    assert "was cancelled on 21 November 2026 at 11:30 CET" in words
    assert "1 × Linen curtains, M, Blue You owe €123.40 in all now." in words
    assert "STILL TO COME 2 × Linen curtains, M, Blue 2 ship by 9 December 2026" in words


def test_a_cancelled_order_owes_nothing(curtains: Variant) -> None:
    order = place(curtains, (by(3, NINTH),))
    [claim] = claims(order)
    claim.quantity = 0
    claim.save()
    messages.units_withdrawn(order, [Withdrawn(claim.pk, claim.item_id, 3, 0, 0)], refund=Decimal(0), at=AT)

    subject, words = read()
    assert subject == f"Your order {order.number}: cancelled"
    assert "You owe us nothing, shipping included." in words
    assert "STILL TO COME" not in words


def test_what_leaves_on_one_day_is_one_parcel(curtains: Variant) -> None:
    told = ((Portion(1, NINTH, now=True),), (by(2, NINTH),))
    order = place(curtains, *told)
    messages.order_placed(order, joined(order, *told), at=AT)

    assert "parcels" not in read()[1]


def test_a_letter_stays_under_100_kb_however_long_the_order(curtains: Variant) -> None:
    curtains.product.title = "Linen curtains with a very long name " * 6
    told = [(now(1), by(2, FIFTH), by(3, NINTH, confirmed=False))] * 150
    order = place(curtains, *told)
    messages.order_placed(order, joined(order, *told), at=AT)

    mail = rendering.message(Letter.objects.get())
    assert len(mail.message().as_bytes()) < 100_000
    assert "90 more lines: your order page shows everything." in str(mail.body)


def test_nothing_is_written_outside_a_transaction(transactional_db: None, curtains: Variant) -> None:
    order = place(curtains, (now(1),))
    with pytest.raises(transaction.TransactionManagementError):
        messages.order_placed(order, joined(order, (now(1),)), at=AT)
