"""The control's worker: its fill runs without a transaction, and it kills itself in the middle of it."""

import os
import signal
from contextlib import nullcontext
from typing import Any

from celery.signals import worker_ready

from shop.celery import app

__all__ = ["app"]


@worker_ready.connect
def plant(**_: Any) -> None:
    from django.db import transaction

    from backorders import queue
    from inventory import ledger
    from inventory.models import StockItem

    def no_lock(ids: Any) -> Any:
        items = StockItem.objects.in_bulk(list(ids))
        for item in items.values():
            item.is_locked = True
        return items

    transaction.atomic = lambda *args, **kwargs: nullcontext()  # type: ignore[assignment]
    queue.lock_items = no_lock  # type: ignore[attr-defined]
    ledger.allocate = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
