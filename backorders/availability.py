"""The one function that answers "how many, by when?" (law 6). Page, listing, cart, checkout and mail ask it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import F, Sum
from django.utils import timezone

from backorders.models import Claim, Policy, Queue
from backorders.plan import Need, Quote, Terms, quote
from inventory.dispatch import overdue_before, ready_on, working_days
from inventory.models import StockItem
from inventory.prepared import Given, IsOneOf, Prepared
from inventory.queries import arrivals
from inventory.supply import Arrival, supply


def quotes(wanted: Mapping[int, int], at: datetime, *, customer: str = "") -> dict[int, Quote]:
    """Quotes for newcomers: units wanted by stock item id -> quote by stock item id.

    Two queries for any number of items, however long their queues; a third where somebody was put off to a later
    delivery, and a fourth where a limit counts what this customer waits for already. This is what a page shows; it is
    asked again under the lock before anything is placed (law 7).
    """
    return quotes_of(_items(items=list(wanted)), wanted, at, customer=customer)


def quotes_of(
    items: Iterable[StockItem], wanted: Mapping[int, int], at: datetime, *, customer: str = ""
) -> dict[int, Quote]:
    """The same for items that were read already. With items that the caller has locked, the answer can be sold.

    What suppliers owe is only asked for items of which the shelf holds too few.
    """
    items = list(items)
    queues = {item.pk: queue_of(item) for item in items}
    short = [
        item.pk
        for item in items
        if item.unallocated - queues[item.pk].waiting < wanted[item.pk] and is_open(queues[item.pk])
    ]
    inbound = arrivals(short) if short else {}
    put_off = _put_off([pk for pk in short if queues[pk].put_off], inbound)
    waits_for = _waits_for([pk for pk in short if queues[pk].per_customer is not None], customer)
    since, ready, today = overdue_before(at), ready_on(at), timezone.localdate(at)
    return {
        item.pk: quote(
            supply(item.unallocated, inbound.get(item.pk, ()), since=since),
            waiting=queues[item.pk].waiting,
            wanted=wanted[item.pk],
            terms=terms_of(queues[item.pk], today, waits_for.get(item.pk, 0)),
            ready_on=ready,
            put_off=put_off.get(item.pk, ()),
        )
        for item in items
    }


_items = Prepared(lambda: StockItem.objects.filter(IsOneOf("id", Given("items"))).select_related("queue"))


def queue_of(item: StockItem) -> Queue:
    """The item's queue; an item without rules is sold from the shelf only."""
    return item.queue if hasattr(item, "queue") else Queue(item=item)


def is_open(queue: Queue) -> bool:
    return queue.policy != Policy.CLOSED


def lead_on(queue: Queue, today: date) -> date | None:
    """The day that the queue's lead time means today; None when it has none."""
    if queue.policy != Policy.LEAD_TIME:
        return None
    return working_days().first_from(today + timedelta(days=queue.lead_days))


def terms_of(queue: Queue, today: date, customer_waits_for: int = 0) -> Terms:
    """The rules for a newcomer who waits for so many units already."""
    return Terms(
        backorders=is_open(queue),
        lead_on=lead_on(queue, today),
        cap=queue.cap,
        per_order=queue.per_order,
        customers_rest=None if queue.per_customer is None else max(0, queue.per_customer - customer_waits_for),
        latest=None if queue.longest_wait is None else today + timedelta(days=queue.longest_wait),
    )


def put_off_since(line: int | None, inbound: Iterable[Arrival]) -> date | None:
    """The day from which a claim takes units that was put off to a purchase line; None for one that was not.

    A line without a day gives it nothing that a promise could rest on.
    """
    if line is None:
        return None
    return next((each.available_on for each in inbound if each.line == line and each.available_on), date.max)


def _put_off(item_ids: Sequence[int], inbound: Mapping[int, Sequence[Arrival]]) -> dict[int, list[Need]]:
    needs: dict[int, list[Need]] = defaultdict(list)
    if item_ids:
        claims = Claim.objects.waiting().filter(item__in=item_ids, put_off_to__isnull=False).in_order()
        for item_id, line, units in claims.values_list("item_id", "put_off_to", F("quantity") - F("allocated")):
            needs[item_id].append(Need(units, put_off_since(line, inbound.get(item_id, ()))))
    return needs


def _waits_for(item_ids: Sequence[int], customer: str) -> dict[int, int]:
    """Units by item that a customer waits for; nobody in particular waits for nothing."""
    if not item_ids or not customer:
        return {}
    claims = Claim.objects.waiting().filter(item__in=item_ids, customer=customer).order_by().values("item")
    return dict(claims.annotate(units=Sum(F("quantity") - F("allocated"))).values_list("item", "units"))
