"""Receiving goods: full, short, over, damaged, unordered, in several deliveries. Idempotent by delivery number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from inventory import ledger
from inventory.locking import lock_items, require_transaction
from inventory.models import Delivery, DeliveryLine, PurchaseOrder, PurchaseOrderLine, StockItem
from inventory.purchasing import follow_state


class UnableToReceive(Exception):
    """The sentence says what is wrong with the delivery and what to do."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of one stock item in a delivery, and how many of them are damaged."""

    item_id: int
    units: int
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery is on the shelf. `is_new` is False when the same delivery had been received before; `line_ids` are the
    purchase lines on which its goods were counted, `damaged_ids` the items of which some arrived damaged."""

    delivery: Delivery
    item_ids: frozenset[int]
    is_new: bool
    line_ids: frozenset[int] = frozenset()
    damaged_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Goods:
    """All of a delivery, by stock item."""

    units: Counter[int]
    damaged: Counter[int]


def receive_delivery(
    number: str,
    arrived: Iterable[Arrived],
    *,
    order: PurchaseOrder | None = None,
    damage: str = "",
    actor: str,
    at: datetime,
) -> Received:
    """Put a delivery on the shelf and count it against the lines of its purchase order, earliest day first.

    The same number with the same goods changes nothing and says so; with other goods it raises UnableToReceive. What is
    delivered beyond the order goes onto the last line of its item; what was not ordered at all is taken onto the shelf.
    What is damaged counts as received and does not come onto the shelf; `damage` says what is wrong with it.
    """
    require_transaction()
    goods = _sum_by_item(arrived)
    number = _checked_number(number)
    if goods.damaged and not damage.strip():
        raise UnableToReceive("Say what is wrong with the damaged units: the supplier's bill is checked by it.")
    items = lock_items(goods.units)
    earlier = Delivery.objects.standing().filter(number=number).first()
    if earlier is not None:
        return _received_before(earlier, goods, order)
    # Two receives of one number with different goods hold different locks; the unique key decides between them.
    with transaction.atomic():
        delivery, is_ours = Delivery.objects.get_or_create(
            number=number, undone_at=None, defaults={"order": order, "received_at": at, "actor": actor}
        )
    if not is_ours:
        return _received_before(delivery, goods, order)
    if order is not None:
        # Locked after the stock items: two deliveries of one order with different goods meet here.
        order = PurchaseOrder.objects.select_for_update().get(pk=order.pk)
    lines = _count_against(order, items, goods.units)
    DeliveryLine.objects.bulk_create(_delivery_lines(delivery, lines, goods.damaged))
    _put_on_shelf(delivery, items, goods, damage.strip(), actor, at)
    if order is not None:
        follow_state(order)
    counted_on = frozenset(line.pk for _, line, _ in lines if line is not None)
    return Received(delivery, frozenset(goods.units), True, counted_on, frozenset(goods.damaged))


def _put_on_shelf(
    delivery: Delivery, items: dict[int, StockItem], goods: _Goods, damage: str, actor: str, at: datetime
) -> None:
    cause = f"delivery {delivery.number}"
    came = [ledger.Entry(items[pk], units, cause) for pk, units in sorted(goods.units.items())]
    ledger.receive(came, actor=actor, at=at)
    damaged = [ledger.Entry(items[pk], units, cause, damage) for pk, units in sorted(goods.damaged.items())]
    ledger.damage(damaged, actor=actor, at=at)


def _delivery_lines(
    delivery: Delivery, lines: Iterable[tuple[int, PurchaseOrderLine | None, int]], damaged: Counter[int]
) -> Iterator[DeliveryLine]:
    left = Counter(damaged)
    for item_id, line, units in lines:
        broken = min(units, left[item_id])
        left[item_id] -= broken
        yield DeliveryLine(delivery=delivery, item_id=item_id, purchase_line=line, quantity=units, damaged=broken)


def _checked_number(number: str) -> str:
    number = number.strip()
    if not number:
        raise UnableToReceive("Give the delivery's number: it is on the supplier's note.")
    if len(number) > 100:
        raise UnableToReceive("The delivery's number is longer than 100 letters: shorten it.")
    return number


def _sum_by_item(arrived: Iterable[Arrived]) -> _Goods:
    units: Counter[int] = Counter()
    damaged: Counter[int] = Counter()
    for goods in arrived:
        if goods.units < 0:
            raise UnableToReceive(f"{goods.units} units cannot arrive: give 0 or more.")
        if not 0 <= goods.damaged <= goods.units:
            raise UnableToReceive(f"{goods.damaged} of {goods.units} units cannot be damaged: count those that came.")
        units[goods.item_id] += goods.units
        damaged[goods.item_id] += goods.damaged
    if not +units:
        raise UnableToReceive("The delivery is empty: give at least one unit.")
    return _Goods(+units, +damaged)


def _received_before(delivery: Delivery, goods: _Goods, order: PurchaseOrder | None) -> Received:
    earlier = _sum_by_item(Arrived(line.item_id, line.quantity, line.damaged) for line in delivery.lines.all())
    if earlier != goods or delivery.order_id != (order.pk if order else None):
        day = timezone.localdate(delivery.received_at)
        raise UnableToReceive(
            f"Delivery {delivery.number} was received on {day:%d %B %Y} with other goods or for another order:"
            " check the number, undo that receipt, or correct the stock instead."
        )
    return Received(delivery, frozenset(goods.units), False)


def _count_against(
    order: PurchaseOrder | None, items: dict[int, StockItem], units: Counter[int]
) -> list[tuple[int, PurchaseOrderLine | None, int]]:
    if order is None:
        return [(item_id, None, count) for item_id, count in sorted(units.items())]
    if order.state == PurchaseOrder.State.DRAFT:
        raise UnableToReceive(f"{order.number} is a draft: send it first, then receive its goods.")
    by_item: dict[int, list[PurchaseOrderLine]] = {pk: [] for pk in items}
    for line in order.lines.filter(item__in=items).order_by("expected_on", "id"):
        by_item[line.item_id].append(line)
    counted: list[tuple[int, PurchaseOrderLine | None, int]] = []
    for item_id, count in sorted(units.items()):
        counted += [(item_id, line, share) for line, share in _spread(count, by_item[item_id])]
    changed = [line for _, line, _ in counted if line is not None]
    PurchaseOrderLine.objects.bulk_update(changed, ["received"])
    return counted


def _spread(count: int, lines: Sequence[PurchaseOrderLine]) -> list[tuple[PurchaseOrderLine | None, int]]:
    if not lines:
        return [(None, count)]
    spread: list[tuple[PurchaseOrderLine | None, int]] = []
    for line in lines:
        share = count if line is lines[-1] else min(count, line.outstanding)
        if share:
            line.received += share
            spread.append((line, share))
            count -= share
    return spread
