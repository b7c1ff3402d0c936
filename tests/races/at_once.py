"""Things that happen at the same time, in threads of their own with connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident

import pytest
from django.db import connection

from backorders.models import Queue


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act returned or raised; all of them start together."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(timeout=60)
            return act()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def without_the_lock(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """The guard taken out: each of so many reads its queues without a lock, once all of them have read."""
    all_have_read, have_read = Barrier(parties, timeout=60), set()

    def read(item_ids):
        rows = Queue.objects.select_related("item").filter(item__in=item_ids).order_by("item_id")
        queues = {queue.item_id: queue for queue in rows}
        if get_ident() not in have_read:
            have_read.add(get_ident())
            all_have_read.wait()
        for queue in queues.values():
            queue.item.is_locked = True
        return queues

    monkeypatch.setattr("backorders.queue._lock", read)
