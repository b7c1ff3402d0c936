"""What is packed now, on paper: a slip for each parcel, and a list to pick the goods of many orders by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from backorders.plan import after
from backorders.queries import holding
from shop.models import Order, OrderLine
from shop.staff.effects import in_words
from shop.staff.progress import in_state, ready_lines
from shop.web.forms import id_of

# So many parcels are packed, printed and shipped at a time.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Later:
    """Units of a line that are not in the parcel, and by when they follow."""

    line: OrderLine
    words: str


@dataclass(frozen=True, slots=True)
class Slip:
    """What of an order can leave now, which is nothing while it waits, and what follows."""

    order: Order
    goods: tuple[OrderLine, ...]
    later: tuple[Later, ...]

    @property
    def units(self) -> int:
        return sum(line.claim.ready for line in self.goods)


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of one SKU to take from the shelf, and whose they are."""

    sku: str
    title: str
    units: int
    orders: tuple[tuple[Order, int], ...]


def chosen(request: HttpRequest) -> list[Order]:
    """The orders that an address names by their ids, oldest first; without ids those that are ready to ship."""
    orders: QuerySet[Order] = Order.objects.select_related("payment").order_by("placed_at", "id")
    if "ids" in request.GET:
        ids = filter(None, map(id_of, request.GET["ids"].split(",")))
        return list(orders.filter(pk__in=list(ids))[:AT_ONCE])
    return list(in_state(orders, "ready", timezone.now())[:AT_ONCE])


def is_full(orders: Sequence[Order]) -> bool:
    """Are these all that go at a time, so that there may be more?"""
    return len(orders) == AT_ONCE


def ids_of(orders: Iterable[Order]) -> str:
    """The part of an address that names these orders."""
    return f"ids={','.join(str(order.pk) for order in orders)}"


def slips_of(orders: Sequence[Order]) -> list[Slip]:
    """In the order given. Three queries, however many."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("claim").order_by("id"):
        lines[line.order_id].append(line)
    ready = set(ready_lines().filter(order__in=orders).values_list("pk", flat=True))
    told = holding([line.claim_id for of_one in lines.values() for line in of_one if line.claim.left])
    return [
        Slip(
            order,
            tuple(line for line in lines[order.pk] if line.pk in ready),
            tuple(
                # What is ready but may not leave yet is not in the parcel either.
                Later(line, in_words(after(told[line.claim_id][1], gone)))
                for line in lines[order.pk]
                if (gone := line.claim.allocated if line.pk in ready else line.claim.shipped) < line.claim.quantity
            ),
        )
        for order in orders
    ]


def picks_of(slips: Iterable[Slip]) -> list[Pick]:
    """Sorted by SKU, as the shelves are."""
    wanted: dict[str, list[tuple[Order, OrderLine]]] = defaultdict(list)
    for slip in slips:
        for line in slip.goods:
            wanted[line.sku].append((slip.order, line))
    return [
        Pick(
            sku,
            rows[0][1].article,
            sum(line.claim.ready for _, line in rows),
            tuple((order, line.claim.ready) for order, line in rows),
        )
        for sku, rows in sorted(wanted.items())
    ]
