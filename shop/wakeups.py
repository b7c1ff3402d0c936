"""Waking workers by name, after commit. Losing a wake-up costs a minute: the sweep finds what it left (law 12).

A broker that hangs or is gone must never hold up or fail a checkout: publishing is capped by the broker's socket
timeouts (shop/celery.py), its failure is logged and counted, and never raised.
"""

import logging
from collections.abc import Iterable

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

lost = 0


def wake_fill(item_ids: Iterable[int]) -> None:
    """Units of these items may be free for those who wait."""
    ids = sorted(set(item_ids))
    if ids:
        _wake("shop.tasks.fill_waiting", ids)


def wake_mailer() -> None:
    """Letters were written."""
    _wake("notifications.tasks.deliver_letters")


def _wake(task: str, *args: object) -> None:
    transaction.on_commit(lambda: _send(task, args), robust=True)


def _send(task: str, args: tuple[object, ...]) -> None:
    global lost
    try:
        current_app.send_task(task, args=args)
    except (OperationalError, OSError) as error:
        lost += 1
        logger.warning("Could not wake %s (%d lost since start): %s", task, lost, error)
