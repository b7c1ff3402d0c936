"""What is asked of the inventory: supply for many items at once, and the recount of its counters."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from inventory.dispatch import working_days
from inventory.models import PurchaseOrderLine, StockItem
from inventory.prepared import Given, IsOneOf, Prepared
from inventory.supply import Arrival


def arrivals(item_ids: Collection[int]) -> dict[int, list[Arrival]]:
    """What suppliers still owe us of each item, in one query; lines without a day included."""
    owed: dict[int, list[Arrival]] = defaultdict(list)
    # Many lines come on the same few days.
    ready = cache(working_days().available_on)
    for item, units, day, handling, line, confirmed in _inbound(items=list(item_ids)):
        owed[item].append(Arrival(units, day, ready(day, handling) if day else None, line, confirmed))
    return owed


_inbound = Prepared(
    lambda: (
        PurchaseOrderLine.objects.inbound()
        .filter(IsOneOf("item_id", Given("items")))
        .annotate(units=F("quantity") - F("written_off") - F("received"))
        .order_by("id")
        .values_list("item_id", "units", "expected_on", "order__supplier__handling_days", "pk", "confirmed")
    )
)


def recount() -> Iterator[str]:
    """Recount every counter from the rows. Yields a sentence for each difference; nothing is written."""
    for item in (
        StockItem.objects.annotate(
            moved=Coalesce(Sum("movements__on_hand_change"), 0),
            set_aside=Coalesce(Sum("movements__allocated_change"), 0),
        )
        .exclude(moved=F("on_hand"), set_aside=F("allocated"))
        .order_by("sku")
    ):
        yield (
            f"{item.sku}: on hand is {item.on_hand} and allocated {item.allocated},"
            f" the movements say {item.moved} and {item.set_aside}."
        )
    for line in (
        PurchaseOrderLine.objects.select_related("order", "item")
        .annotate(
            delivered=Coalesce(Sum("delivery_lines__quantity", filter=Q(delivery_lines__delivery__undone_at=None)), 0)
        )
        .exclude(delivered=F("received"))
        .order_by("id")
    ):
        yield f"{line}: received is {line.received}, the deliveries say {line.delivered}."
