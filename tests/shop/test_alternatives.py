"""Instead of waiting: something like it that is on the shelf."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backorders import queries
from backorders.consent import UnableToAnswer
from backorders.models import Claim, Consent
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import alternatives, cancellations
from shop.models import Order, OrderLine, Payment, Product, Refund, Sends, Variant
from tests.cast import BO, NOON, SOON, buy, inbound, stock, variant
from tests.shop.test_answers import buy_and_pay, slip

pytestmark = pytest.mark.django_db


@pytest.fixture
def linen() -> Variant:
    return variant(stock("LINEN"), price="49.00")


@pytest.fixture
def coming(linen: Variant) -> PurchaseOrderLine:
    return inbound(linen.stock_item, 8, SOON)


@pytest.fixture
def cotton() -> Variant:
    """Cheaper, and enough of it on the shelf."""
    return variant(stock("COTTON", on_hand=3), price="39.00")


@pytest.fixture
def order(linen: Variant, coming: PurchaseOrderLine) -> Order:
    """Two that were to come soon, and come much later."""
    order = buy((linen, 2))
    slip(coming)
    return order


def offered(order: Order) -> list[tuple[str, int, Decimal]]:
    lines = order.lines.select_related("claim")
    found = alternatives.for_lines(lines, NOON)
    return [(each.variant.sku, each.units, each.saves) for line in lines for each in found.get(line.pk, ())]


def take(order: Order, instead: Variant, *, line: OrderLine | None = None, price: str = "") -> OrderLine:
    return alternatives.take(
        order,
        (line or order.lines.order_by("id")[0]).pk,
        instead.pk,
        seen_units=2,
        seen_price=Decimal(price or instead.price),
        actor="customer",
        at=NOON,
    )


def test_offered_is_what_is_like_it_on_the_shelf_and_no_dearer_nearest_in_price_first(order: Order, linen: Variant):
    variant(stock("SILK", on_hand=9), price="49.01")
    variant(stock("TOO-FEW", on_hand=1), price="45.00")
    inbound((waited_for := stock("WAITED-FOR")), 9)
    variant(waited_for)
    hidden = variant(stock("HIDDEN", on_hand=9))
    Product.objects.filter(pk=hidden.product_id).update(published=False)
    elsewhere = variant(stock("ELSEWHERE", on_hand=9))
    Product.objects.filter(pk=elsewhere.product_id).update(category=None)
    for sku, price in (("A", "20.00"), ("B", "49.00"), ("C", "30.00"), ("D", "40.00")):
        variant(stock(sku, on_hand=2), price=price)

    assert offered(order) == [("B", 2, Decimal(0)), ("D", 2, Decimal(18)), ("C", 2, Decimal(38))]


def test_what_others_wait_for_is_not_offered(order: Order, cotton: Variant):
    buy((cotton, 2), who=BO)
    assert offered(order) == []


def test_nothing_is_offered_for_what_is_not_waited_for_any_more(order: Order, cotton: Variant):
    assert offered(order) == [("COTTON", 2, Decimal(20))]
    cancellations.cancel_order(order, actor="customer", at=NOON)
    assert offered(order) == []


def test_one_query_finds_them_for_any_number_of_lines(cotton: Variant, django_assert_num_queries: Any):
    goods = [variant(stock(f"KIND-{number}"), price="49.00") for number in range(3)]
    for kind in goods:
        inbound(kind.stock_item, 5)
    order = buy(*((kind, 1) for kind in goods))
    lines = list(order.lines.select_related("claim"))
    for some in (lines[:1], lines):
        with django_assert_num_queries(1):
            found = alternatives.for_lines(some, NOON)
            assert [each.variant.product.title for line in some for each in found[line.pk]] == ["Cotton"] * len(some)
    with django_assert_num_queries(0):
        assert alternatives.for_lines([], NOON) == {}


def test_it_takes_the_place_of_what_was_waited_for(order: Order, linen: Variant, cotton: Variant):
    taken = take(order, cotton)

    old, new = Claim.objects.filter(order_line__order=order).order_by("id")
    assert (old.quantity, new.quantity, new.ready) == (0, 2, 2)
    assert new.due_at
    assert new.due_at < NOON + timedelta(days=2), "it leaves by the day of the shelf"
    assert (taken.unit_price, taken.quantity, taken.title) == (Decimal(39), 2, "Cotton")
    assert new.unit_price == taken.unit_price
    assert Consent.objects.values_list("answer", "detail").get() == ("alternative", "COTTON")
    assert Letter.objects.filter(template="alternative_taken").count() == 1
    assert not Letter.objects.filter(template="units_withdrawn").exists()
    assert list(queries.recount()) == []


def test_before_payment_the_bill_falls_and_nothing_goes_back(order: Order, cotton: Variant):
    take(order, cotton)

    payment = Payment.objects.get(order=order)
    assert (payment.state, payment.amount) == (Payment.State.DUE, Decimal("82.90"))
    assert not Refund.objects.exists()


def test_after_payment_the_difference_is_due_back(
    linen: Variant, coming: PurchaseOrderLine, cotton: Variant, settings: Any
):
    order = buy_and_pay(settings, (linen, 2))
    slip(coming)

    take(order, cotton)

    refund = Refund.objects.get(order=order)
    assert (refund.amount, refund.reason) == (Decimal(20), "Cotton instead")
    assert Payment.objects.get(order=order).amount == Decimal("102.90"), "what was paid stays written down"


def test_at_the_same_price_nothing_is_due_back(linen: Variant, coming: PurchaseOrderLine):
    same = variant(stock("SAME", on_hand=2), price="49.00")
    order = buy((linen, 2))
    Payment.objects.filter(order=order).update(state=Payment.State.PAID)
    slip(coming)

    take(order, same)

    assert not Refund.objects.exists()


def test_only_the_units_that_are_late_are_replaced(cotton: Variant):
    item = stock("PART", on_hand=1)
    coming = inbound(item, 8, SOON)
    order = buy((variant(item), 3))
    slip(coming)

    take(order, cotton)

    old, new = Claim.objects.filter(order_line__order=order).order_by("id")
    assert (old.quantity, old.ready, new.quantity) == (1, 1, 2)
    assert not old.is_asked, "what is left of it is here: nothing is asked any more"


def test_an_order_that_is_sent_together_is_complete_by_it(linen: Variant, coming: PurchaseOrderLine, cotton: Variant):
    order = buy((variant(stock("LAMP", on_hand=1)), 1), (linen, 2), sends=Sends.TOGETHER)
    slip(coming)

    take(order, cotton, line=order.lines.get(sku="LINEN"))

    claims = Claim.objects.filter(order_line__order=order, quantity__gt=0)
    assert [claim.lacks for claim in claims] == [0, 0]
    assert len({claim.due_at for claim in claims}) == 1, "all of it leaves in one parcel"
    assert all(claim.due_at and claim.due_at < NOON + timedelta(days=2) for claim in claims)


def test_a_second_click_takes_nothing_more(order: Order, cotton: Variant):
    take(order, cotton)

    with pytest.raises(UnableToAnswer, match="changed since you looked"):
        take(order, cotton)

    assert order.lines.count() == 2
    assert Claim.objects.filter(item=cotton.stock_item_id).count() == 1


def test_what_somebody_else_took_meanwhile_is_not_taken(order: Order, cotton: Variant):
    buy((cotton, 2), who=BO)

    with pytest.raises(UnableToAnswer, match="Somebody just took the last of it"):
        take(order, cotton)

    assert order.lines.count() == 1
    assert not Consent.objects.exists()


def test_what_got_dearer_is_shown_again(order: Order, cotton: Variant):
    Variant.objects.filter(pk=cotton.pk).update(price="44.00")
    with pytest.raises(UnableToAnswer, match="price rose"):
        take(order, cotton)
    Variant.objects.filter(pk=cotton.pk).update(price="30.00")
    assert take(order, cotton).unit_price == Decimal(30), "what got cheaper is taken for the new price"


@pytest.mark.parametrize("what", ["dearer", "hidden", "the same", "unknown"])
def test_what_is_not_offered_is_not_taken(order: Order, linen: Variant, cotton: Variant, what: str):
    match what:
        case "dearer":
            Variant.objects.filter(pk=cotton.pk).update(price="49.01")
        case "hidden":
            Product.objects.filter(pk=cotton.product_id).update(published=False)
        case "the same":
            cotton = variant(linen.stock_item, product=cotton.product)
        case "unknown":
            cotton.pk = 0

    with pytest.raises(UnableToAnswer, match="not offered instead any more"):
        take(order, cotton, price="49.01")

    assert order.lines.count() == 1


def test_a_line_of_somebody_else_is_not_replaced(order: Order, linen: Variant, cotton: Variant):
    other = buy((linen, 2), who=BO)
    with pytest.raises(UnableToAnswer):
        take(order, cotton, line=other.lines.get())
    assert not Consent.objects.exists()
