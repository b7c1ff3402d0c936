"""Every list runs a fixed number of queries, however many rows it shows; the desk counts what its lists show."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders.models import Claim, Policy, Queue
from inventory.models import Delivery, PurchaseOrder, StockItem, StockMovement, Supplier
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import announcements, delays, fulfilment, inquiries
from shop.models import Category, Order, Product, User, Variant
from shop.staff.desk import cards_of
from shop.staff.progress import in_state
from tests.cast import ADA, CY, NOON, TODAY, buy, inbound, stock, variant
from tests.staff.pages import words

LISTS = [
    Order,
    PurchaseOrder,
    Delivery,
    StockItem,
    StockMovement,
    Supplier,
    Queue,
    Claim,
    Product,
    Category,
    Letter,
    User,
]


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_a_search_does_not_multiply_what_a_list_counts(cy: Client) -> None:
    item, other = stock("KETTLE-BLUE"), stock("KETTLE-RED")
    product = variant(item).product
    Variant.objects.create(product=product, stock_item=other, options=[["Colour", "Red"]], price=20)
    arrived = [Arrived(item.pk, 3, damaged=1), Arrived(other.pk, 4)]
    fulfilment.receive("D-1", arrived, damage="dented", actor=CY, at=NOON)

    [row] = cy.get(address(Product, "changelist"), {"q": "kettle"}).context["cl"].result_list
    assert (row.variants_in, row.cheapest) == (2, 20)
    [row] = cy.get(address(Delivery, "changelist"), {"q": "KETTLE"}).context["cl"].result_list
    assert (row.sku_count, row.unit_count, row.damaged_count) == (2, 7, 1)


def test_orders_are_found_by_what_was_ordered(cy: Client) -> None:
    kettle, mug = variant(stock("KETTLE", on_hand=9)), variant(stock("MUG", on_hand=9))
    both = buy((kettle, 1), (mug, 1))
    named = buy((mug, 2), who=ADA | {"name": "Kettle Ketterson"})

    def found(typed: str) -> list[Order]:
        return list(cy.get(address(Order, "changelist"), {"q": typed}).context["cl"].result_list)

    assert found("mug") == found("MUG") == [named, both]
    # Nobody who is called like an article is hidden behind it.
    assert found("kettle") == [named, both]
    assert found("kettle o") == []
    assert found("kettle k") == [named]


def tell(times: int) -> None:
    """The same story that many times, with goods, suppliers and customers of its own each time."""
    for _ in range(times):
        number = StockItem.objects.count() + 1
        item = stock(f"GOODS-{number}", on_hand=1)
        line = inbound(item, 5)
        Supplier.objects.create(name=f"Supplier {number}")
        parent = Category.objects.create(name=f"Parent {number}", slug=f"parent-{number}")
        Category.objects.create(name=f"Child {number}", slug=f"child-{number}", parent=parent)
        user = User.objects.create_user(f"customer{number}@example.com")
        order = buy((variant(item), 4), who=ADA | {"email": user.email})
        Order.objects.filter(pk=order.pk).update(user=user)
        fulfilment.receive(f"D-{number}", [Arrived(item.pk, 1)], order=line.order, actor=CY, at=NOON)
        fulfilment.fill_waiting([item.pk], actor="worker", at=NOON)
        fulfilment.ship_ready(order, carrier="DHL", actor=CY, at=NOON)


def queries_of(client: Client, page: str) -> list[str]:
    """The second time a page is asked for: the first one fills Django's cache of content types."""
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(page)
    assert response.status_code == 200
    return [query["sql"] for query in captured]


@pytest.mark.parametrize("model", LISTS)
def test_a_list_of_three_asks_as_often_as_a_list_of_one(cy: Client, model: type[Model]) -> None:
    tell(1)
    one = queries_of(cy, address(model, "changelist"))
    tell(2)

    three = queries_of(cy, address(model, "changelist"))

    assert len(three) == len(one), "\n".join(three)
    assert len(one) <= 8


def test_the_desk_asks_a_fixed_number_of_times(cy: Client) -> None:
    tell(1)
    one = queries_of(cy, reverse("admin:index"))
    tell(2)

    assert len(queries_of(cy, reverse("admin:index"))) == len(one)
    assert len(one) <= 20


def test_a_purchase_order_of_three_lines_asks_as_often_as_one_of_one(cy: Client) -> None:
    line = inbound(stock("A"), 5)
    one = queries_of(cy, address(PurchaseOrder, "change", line.order_id))
    for sku in ("B", "C"):
        order = line.order
        order.lines.create(item=stock(sku), quantity=3)

    assert len(queries_of(cy, address(PurchaseOrder, "change", line.order_id))) == len(one)


def test_the_number_on_every_card_is_the_number_of_rows_behind_it(cy: Client, rf: RequestFactory) -> None:
    tell(2)
    late_item = stock("LATE", policy=Policy.INBOUND)
    inbound(late_item, 2, TODAY - timedelta(days=1))
    buy((variant(late_item), 1), at=NOON - timedelta(days=3))
    open_ended = stock("OPEN", policy=Policy.LEAD_TIME)
    buy((variant(open_ended), 1))
    on_the_shelf = buy((variant(stock("SHELF", on_hand=1)), 1))
    inquiries.ask(on_the_shelf, "Does it fold?", at=NOON)
    inquiries.ask(on_the_shelf, "And is it blue?", at=NOON)
    sent = buy((variant(stock("SENT", on_hand=2)), 2))
    fulfilment.ship_ready(sent, actor=CY, at=NOON)
    announcements.announce(sent, {sent.lines.get().pk: 2}, actor="customer", at=NOON)
    Letter.objects.filter(template="parcel_shipped").update(state=Letter.State.DEAD)
    request = rf.get("/")
    request.user = User.objects.get(email=CY)

    cards = {card.title: card for card in cards_of(request)}

    assert {title: card.number for title, card in cards.items()} == {
        "Late now": 1,
        "Due within a day": 2,
        "Needs an answer": 0,
        "Questions": 1,
        "Not told": 0,
        "Refunds to send": 0,
        "To come back": 1,
        "Ready to ship": 1,
        "Waiting": 4,
        "Arriving": 1,
        "Overpromised": 1,
        "Mail failed": 3,
    }
    for card in cards.values():
        shown = f" {card.number} result" if card.number else "No results found"
        assert shown in words(cy.get(card.address)), card.title


def test_what_is_waited_for_is_worth_what_it_was_sold_for(cy: Client) -> None:
    item = stock()
    inbound(item, 5)
    curtains = variant(item, price="49.00")
    buy((curtains, 2))
    Variant.objects.update(price=99)

    assert "2 units, €98.00; the oldest since 21 November 2026" in words(cy.get(reverse("admin:index")))


def test_orders_are_found_by_their_state(cy: Client) -> None:
    item = stock(on_hand=2)
    inbound(item, 5)
    curtains = variant(item)
    ready, waiting = buy((curtains, 2)), buy((curtains, 1))

    assert [list(in_state(Order.objects.all(), state, NOON)) for state in ("ready", "waiting", "shipped", "late")] == [
        [ready],
        [waiting],
        [],
        [],
    ]
    fulfilment.ship_ready(ready, actor=CY, at=NOON)
    assert list(in_state(Order.objects.all(), "shipped", NOON)) == [ready]
    assert list(in_state(Order.objects.all(), "late", NOON + timedelta(days=60))) == [waiting]


def test_an_orders_page_tells_its_whole_story(cy: Client) -> None:
    item = stock(on_hand=1)
    line = inbound(item, 5)
    order = buy((variant(item), 3))
    delays.move_expected_day(
        line, TODAY + timedelta(days=44), confirmed=True, reason="the loom broke", actor=CY, at=NOON
    )

    text = words(cy.get(address(Order, "change", order.pk)))

    assert "1 ready to ship 2 waiting , place 1 in the queue" in text
    assert "1 by 21 November 2026, 2 by 4 January 2027" in text
    assert "changed: the loom broke" in text
    assert "was 1 by 21 November 2026, 2 by 9 December 2026" in text
    assert "order_placed" in text
    assert "days_later" in text
