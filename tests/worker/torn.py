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
    from backorders.models import Queue
    from inventory import ledger
    from shop import fulfilment

    def no_lock(ids: Any) -> Any:
        queues = {row.item_id: row for row in Queue.objects.select_related("item").filter(item__in=ids)}
        for row in queues.values():
            row.item.is_locked = True
        return queues

    vars(transaction)["atomic"] = lambda *args, **kwargs: nullcontext()
    # Statements of one pipeline stand and fall together, in a transaction or not.
    vars(fulfilment)["pipelined"] = nullcontext
    vars(fulfilment)["stand_in_line"] = vars(queue)["_lock"] = no_lock
    vars(ledger)["allocate"] = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
