"""Celery tasks: load, call one function. Each is safe to run twice, late or not at all: there is the sweep."""

import logging

from celery import shared_task
from django.utils import timezone

from backorders.queries import items_to_fill
from notifications import outbox
from notifications.delivery import deliver_due
from shop import fulfilment, holds
from shop.models import Heartbeat

logger = logging.getLogger(__name__)

_ITEMS_OF_A_SWEEP = 500
_ORDERS_OF_A_SWEEP = 200


@shared_task(name="shop.tasks.fill_waiting")
def fill_waiting(item_ids: list[int]) -> None:
    fulfilment.fill_waiting(item_ids, actor="worker", at=timezone.now())


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
    deliver_due(timezone.now)
    for order_id in holds.overdue(at, _ORDERS_OF_A_SWEEP):
        try:
            holds.expire(order_id, at=at)
        except Exception:
            logger.exception("The sweep could not give back what the unpaid order %d holds.", order_id)
