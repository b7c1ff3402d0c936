"""Celery tasks: load, call one function. Each is safe to run twice, late or not at all: there is the sweep."""

import logging
from collections.abc import Callable, Iterable

from celery import shared_task
from django.utils import timezone

from backorders.queries import items_to_fill, items_to_tell
from notifications import outbox
from notifications.delivery import deliver_due
from shop import fulfilment, holds, lapses, reminders, retention, settling, staff_alerts, stock_alerts
from shop.importing.fetching import fetch_missing
from shop.models import Heartbeat

logger = logging.getLogger(__name__)

_ITEMS_OF_A_SWEEP = 500
_ORDERS_OF_A_SWEEP = 200


@shared_task(name="shop.tasks.fill_waiting")
def fill_waiting(item_ids: list[int]) -> None:
    fulfilment.fill_waiting(item_ids, actor="worker", at=timezone.now())


@shared_task(name="shop.tasks.tell_waiting")
def tell_waiting(item_ids: list[int]) -> None:
    for item_id in item_ids:
        settling.tell_waiting(item_id, clock=timezone.now)


@shared_task(name="shop.tasks.fetch_pictures")
def fetch_pictures(product_ids: list[int]) -> None:
    fetch_missing(product_ids)


@shared_task(name="shop.tasks.sweep")
def sweep() -> None:
    """Find what a lost wake-up, a killed worker or an emptied broker left behind (law 12)."""
    at = timezone.now()
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": at})
    outbox.revive(at)
    for item_id in items_to_fill(_ITEMS_OF_A_SWEEP):
        try:
            fulfilment.fill_waiting([item_id], actor="sweep", at=at)
        except Exception:
            # One item's trouble must not keep the others, or the letters, from being found.
            logger.exception("The sweep could not fill the queue of stock item %d.", item_id)
    untold = items_to_tell(_ITEMS_OF_A_SWEEP)
    _each("tell those who wait for stock item %d", untold, settling.tell_waiting, clock=timezone.now)
    here = stock_alerts.items_to_tell(_ITEMS_OF_A_SWEEP)
    _each("tell that stock item %d is here", here, stock_alerts.tell, at=at)
    deliver_due(timezone.now)
    _each("give back what the unpaid order %d holds", holds.overdue(at, _ORDERS_OF_A_SWEEP), holds.expire, at=at)
    _each("note that notice %d did not arrive", lapses.never_delivered(_ORDERS_OF_A_SWEEP), lapses.note_bounce, at=at)
    _each("forget alert %d, which reaches nobody", stock_alerts.undelivered(_ITEMS_OF_A_SWEEP), stock_alerts.give_up)
    late = lapses.parcels_left_behind(at, _ORDERS_OF_A_SWEEP)
    _each("tell that the parcel of order %d leaves later", late, lapses.give_packing_another_day, at=at)
    if due := lapses.orders_due(at, _ORDERS_OF_A_SWEEP):
        _each("end the deadlines of order %d", due, lapses.lapse, at=at)
        staff_alerts.we_were_silent(at=at)


@shared_task(name="shop.tasks.remind")
def remind() -> None:
    """Letters that the passing of days calls for: open questions, that nothing moved, and what staff must know."""
    at = timezone.now()
    reminders.remind(at=at)
    reminders.say_that_nothing_moved(at=at)
    staff_alerts.we_were_silent(at=at)
    staff_alerts.this_morning(at=at)


@shared_task(name="shop.tasks.tidy")
def tidy() -> None:
    """Throw away what nobody comes back to."""
    retention.throw_away(timezone.now())


def _each(what: str, ids: Iterable[int], act: Callable[..., object], **known: object) -> None:
    """One row's trouble must not keep the others from being dealt with."""
    for pk in ids:
        try:
            act(pk, **known)
        except Exception:
            logger.exception(f"The sweep could not {what}.", pk)
