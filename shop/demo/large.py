"""A year of trade by a few set-based statements: a million orders to look at how the desk bears them.

Everything that the shop's own functions would have written is there, and the counters agree with the rows. Only the
letters are short.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from backorders import consent
from backorders.models import Claim, Policy, Promise, Queue
from inventory import ledger, purchasing
from inventory.dispatch import working_days
from inventory.locking import lock_items
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem, StockMovement, Supplier
from inventory.queries import arrivals
from notifications.models import Letter
from shop.demo.people import ADA
from shop.demo.repeat import repeat
from shop.gateways.invoice import Invoice
from shop.models import Category, Departure, Order, OrderLine, Payment, Product, Shipment, ShipmentLine, Variant

ACTOR = "seed_demo"
_ARTICLES, _SUPPLIERS, _WEEKS = 200, 20, 8
# So many orders are written at once: their rows fit into memory, and the bar moves.
_AT_ONCE = 50_000
_PRICE, _SHIPPING = Decimal("49.00"), Decimal("4.90")
_YEAR = timedelta(days=365)
# Everybody buys five times.
_CUSTOMERS = 200_000


@dataclass(frozen=True, slots=True)
class _Goods:
    """Articles whose ids follow each other, so that the i-th order buys one by a sum. `days` are told to who waits."""

    items: range
    variants: range
    a_week: int
    days: Sequence[date]


@transaction.atomic
def grow(orders: int, waiting: int, at: datetime, say: Callable[[int], object]) -> None:
    """Write so many orders, of which so many wait, or none; `say` hears of every batch how many it was."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
    goods = _furnish(orders - waiting, waiting, at)
    for done, count in _batches(orders - waiting):
        _sold(goods, done, count, orders - waiting, at)
        say(count)
    for done, count in _batches(waiting):
        _joined(goods, done, count, at)
        say(count)
    _count(goods)


def is_grown() -> bool:
    return StockItem.objects.filter(sku="ARTICLE-001").exists()


def _batches(orders: int) -> Iterator[tuple[int, int]]:
    for done in range(0, orders, _AT_ONCE):
        yield done, min(_AT_ONCE, orders - done)


def _furnish(sold: int, waiting: int, at: datetime) -> _Goods:
    shelf, _ = Category.objects.get_or_create(slug="warehouse", defaults={"name": "Warehouse", "position": 99})
    numbers = range(1, _ARTICLES + 1)
    items = StockItem.objects.bulk_create(StockItem(sku=f"ARTICLE-{n:03}", name=f"Article {n}") for n in numbers)
    products = Product.objects.bulk_create(
        Product(title=f"Article {n}", slug=f"article-{n}", category=shelf, description="<p>Of many.</p>")
        for n in numbers
    )
    variants = Variant.objects.bulk_create(
        Variant(product=product, stock_item=item, price=_PRICE) for product, item in zip(products, items, strict=True)
    )
    Queue.objects.bulk_create(Queue(item=item, policy=Policy.INBOUND) for item in items)
    opening = -(-sold // _ARTICLES)
    locked = lock_items(item.pk for item in items)
    year_ago = at - _YEAR - timedelta(days=1)
    ledger.opening([ledger.Entry(item, opening, "opening") for item in locked.values()], actor=ACTOR, at=year_ago)
    a_week = max(1, -(-waiting // (_ARTICLES * (_WEEKS - 1))))
    _order(items, a_week, at)
    told = [arrival.available_on for arrival in arrivals([items[0].pk])[items[0].pk] if arrival.available_on]
    return _Goods(
        range(items[0].pk, items[-1].pk + 1), range(variants[0].pk, variants[-1].pk + 1), a_week, tuple(sorted(told))
    )


def _order(items: Sequence[StockItem], a_week: int, at: datetime) -> None:
    """Each supplier brings its articles, each of them weekly; the last week is not confirmed yet."""
    share = len(items) // _SUPPLIERS
    suppliers = Supplier.objects.bulk_create(Supplier(name=f"Supplier {n}") for n in range(1, _SUPPLIERS + 1))
    for place, supplier in enumerate(suppliers):
        order = PurchaseOrder.objects.create(number=f"BULK-{place + 1:03}", supplier=supplier)
        PurchaseOrderLine.objects.bulk_create(
            PurchaseOrderLine(
                order=order,
                item=item,
                quantity=a_week,
                expected_on=working_days().first_from(timezone.localdate(at) + timedelta(weeks=week)),
                confirmed=week < _WEEKS,
            )
            for item in items[place * share : (place + 1) * share]
            for week in range(1, _WEEKS + 1)
        )
        purchasing.send(order, on=timezone.localdate(at - timedelta(days=20)))


def _orders(count: int, number: str, placed_at: str, at: datetime) -> range:
    order = Order(
        **ADA.details,
        placed_at=at,
        shipping_name="Parcel",
        shipping_price=_SHIPPING,
        goods_total=_PRICE,
        currency="EUR",
        consented_at=at,
        consent_text="I agree to wait for what is not on the shelf.",
    )
    return repeat(
        order,
        count,
        number=number,
        placed_at=placed_at,
        cart_key="gen_random_uuid()",
        email=_customer(),
        name=f"'Customer ' || mod(i, {_CUSTOMERS})",
    )


def _sold(goods: _Goods, done: int, count: int, of: int, at: datetime) -> None:
    """Orders of one unit that left on the day after they were placed, evenly over the year."""
    step = _YEAR / of
    ago = f"interval '{step.total_seconds()} seconds' * ({of - done} - i)"
    placed = f"timestamptz '{at.isoformat()}' - {ago}"
    place = f"mod({done} + i, {_ARTICLES})"
    number = f"'S' || lpad(({done} + i)::text, 9, '0')"
    orders = _orders(count, number, f"{placed} - interval '1 day'", at)
    claim = Claim(quantity=1, allocated=1, shipped=1, told=1, country="DE", unit_price=_PRICE)
    columns = {"item_id": f"{goods.items.start} + {place}", "placed_at": f"{placed} - interval '1 day'"}
    claims = repeat(claim, count, reference=number, customer=_customer(), **columns)
    promise = Promise(version=1, quantity=1, confirmed=True, basis="shelf")
    left_on = f"(({placed}) AT TIME ZONE '{settings.TIME_ZONE}')::date"
    repeat(promise, count, claim_id=_counted(claims), ships_on=left_on, told_at=f"{placed} - interval '1 day'")
    lines = _lines(goods, place, orders, claims, count)
    paid = Payment(gateway=Invoice.name, amount=_PRICE + _SHIPPING, state=Payment.State.PAID, settled_by=ACTOR)
    repeat(paid, count, order_id=_counted(orders), created_at=columns["placed_at"], settled_at=placed)
    parcels = repeat(Shipment(carrier="DHL", actor=ACTOR), count, order_id=_counted(orders), shipped_at=placed)
    repeat(ShipmentLine(quantity=1), count, shipment_id=_counted(parcels), line_id=_counted(lines))
    left = Departure(wait=timedelta(days=1), kept=True, awaited=0)
    repeat(left, count, line_id=_counted(lines), item_id=columns["item_id"], left_on=left_on)
    cause = f"'claim ' || ({_counted(claims)})"
    allocated = StockMovement(kind="allocate", on_hand_change=0, allocated_change=1, actor=ACTOR)
    repeat(allocated, count, item_id=columns["item_id"], cause=cause, at=columns["placed_at"])
    shipped = StockMovement(kind="ship", on_hand_change=-1, allocated_change=-1, actor=ACTOR)
    repeat(shipped, count, item_id=columns["item_id"], cause=cause, at=placed)
    _confirmations(number, count, columns["placed_at"], at)


def _joined(goods: _Goods, done: int, count: int, at: datetime) -> None:
    """Orders of one unit that wait for the deliveries to come, in the order of their places."""
    place, turn = f"mod({done} + i, {_ARTICLES})", f"(({done} + i) / {_ARTICLES})"
    number = f"'W' || lpad(({done} + i)::text, 9, '0')"
    placed = f"timestamptz '{at.isoformat()}' - interval '20 days' + interval '1 second' * ({done} + i)"
    orders = _orders(count, number, placed, at)
    week = f"1 + least({turn} / {goods.a_week}, {len(goods.days) - 1})"
    ends = [consent.due_at(day, "DE") for day in goods.days]
    columns = {
        "item_id": f"{goods.items.start} + {place}",
        "placed_at": placed,
        "due_at": f"({_array(ends, 'timestamptz')})[{week}]",
    }
    claim = Claim(quantity=1, told=1, country="DE", unit_price=_PRICE)
    claims = repeat(claim, count, reference=number, customer=_customer(), **columns)
    promise = Promise(version=1, quantity=1, confirmed=True, basis="a delivery")
    ships_on = f"({_array(goods.days, 'date')})[{week}]"
    repeat(promise, count, claim_id=_counted(claims), ships_on=ships_on, told_at=placed)
    _lines(goods, place, orders, claims, count)
    due = Payment(gateway=Invoice.name, amount=_PRICE + _SHIPPING)
    repeat(due, count, order_id=_counted(orders), created_at=placed)
    _confirmations(number, count, placed, at)


def _lines(goods: _Goods, place: str, orders: range, claims: range, count: int) -> range:
    line = OrderLine(unit_price=_PRICE, quantity=1)
    article = f"lpad(({place} + 1)::text, 3, '0')"
    return repeat(
        line,
        count,
        order_id=_counted(orders),
        claim_id=_counted(claims),
        variant_id=f"{goods.variants.start} + {place}",
        sku=f"'ARTICLE-' || {article}",
        title=f"'Article ' || ({place} + 1)",
    )


def _confirmations(number: str, count: int, written_at: str, at: datetime) -> None:
    letter = Letter(
        template="order_placed",
        state=Letter.State.SENT,
        due_at=at,
        sent_at=at,
        subject="Your order",
        server_answer="Accepted.",
        context={"items": []},
    )
    repeat(
        letter,
        count,
        key=f"'placed:' || {number}",
        thread=number,
        recipient=_customer(),
        written_at=written_at,
        message_id=f"'<' || {number} || '@example.com>'",
    )


def _count(goods: _Goods) -> None:
    """The counters as the rows have them."""
    ids = [goods.items.start, goods.items.stop]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_stockitem AS item SET on_hand = sums.on_hand, allocated = sums.allocated FROM (
                SELECT item_id, sum(on_hand_change) AS on_hand, sum(allocated_change) AS allocated
                FROM inventory_stockmovement WHERE item_id >= %s AND item_id < %s GROUP BY item_id
            ) AS sums WHERE sums.item_id = item.id
            """,
            ids,
        )
        cursor.execute(
            """
            UPDATE backorders_queue AS queue SET waiting = sums.waiting FROM (
                SELECT item_id, sum(quantity - allocated) AS waiting
                FROM backorders_claim WHERE item_id >= %s AND item_id < %s GROUP BY item_id
            ) AS sums WHERE sums.item_id = queue.item_id
            """,
            ids,
        )


def _customer() -> str:
    return f"'customer' || mod(i, {_CUSTOMERS}) || '@example.com'"


def _counted(ids: range) -> str:
    return f"{ids.start - 1} + i"


def _array(values: Sequence[date | datetime | None], kind: str) -> str:
    listed = ", ".join(f"'{value.isoformat()}'" if value else "NULL" for value in values)
    return f"ARRAY[{listed}]::{kind}[]"
