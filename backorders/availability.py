"""The one function that answers "how many, by when?" (law 6). Page, listing, cart, checkout and mail ask it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone

from backorders.models import Policy, Queue
from backorders.plan import Quote, Terms, quote
from inventory.models import StockItem
from inventory.queries import arrivals
from inventory.supply import supply


def quotes(wanted: Mapping[int, int], at: datetime) -> dict[int, Quote]:
    """Quotes for newcomers: units wanted by stock item id -> quote by stock item id.

    Two queries for any number of items, however long their queues. This is what a page shows; it is asked again under
    the lock before anything is placed (law 7).
    """
    return quotes_of(StockItem.objects.filter(pk__in=wanted).select_related("queue"), wanted, at)


def quotes_of(items: Iterable[StockItem], wanted: Mapping[int, int], at: datetime) -> dict[int, Quote]:
    """The same for items that were read already. With items that the caller has locked, the answer can be sold."""
    today = timezone.localdate(at)
    inbound = arrivals(list(wanted))
    return {
        item.pk: quote(
            supply(item.unallocated, inbound.get(item.pk, ()), since=today),
            waiting=waiting_of(item),
            wanted=wanted[item.pk],
            terms=terms_of(item),
            today=today,
        )
        for item in items
    }


def waiting_of(item: StockItem) -> int:
    """Units that the item's queue still lacks; an item without rules has no queue yet."""
    return item.queue.waiting if hasattr(item, "queue") else 0


def terms_of(item: StockItem) -> Terms:
    """The rules for newcomers. An item without a queue is sold from the shelf only."""
    if not hasattr(item, "queue"):
        return Terms()
    queue: Queue = item.queue
    return Terms(
        backorders=queue.policy != Policy.CLOSED,
        lead_days=queue.lead_days if queue.policy == Policy.LEAD_TIME else None,
        cap=queue.cap,
    )
