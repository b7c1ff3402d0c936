"""Things that happen at the same time, in threads of their own with connections of their own."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pkgutil import resolve_name
from threading import Barrier, get_ident

import pytest
from django.db import connection

from backorders import queue
from backorders.models import Queue
from inventory.pipelining import draw


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


def lock_by(monkeypatch: pytest.MonkeyPatch, lock: Callable[[Iterable[int]], dict[int, Queue]]) -> None:
    """Another way to lock queues, for newcomers and everybody else."""
    monkeypatch.setattr("backorders.queue._lock", lock)
    monkeypatch.setattr("backorders.queue.lock_for", lambda items, ids: (queue.lock(items), draw(ids)()))


def without_the_lock(monkeypatch: pytest.MonkeyPatch, parties: int, *, read: str = "backorders.queue._lock") -> None:
    """The guard taken out: queues are read without a lock, and nobody goes on until so many came out of `read`."""

    def queues(item_ids):
        rows = Queue.objects.select_related("item").filter(item__in=item_ids).order_by("item_id")
        found = {row.item_id: row for row in rows}
        for row in found.values():
            row.item.is_locked = True
        return found

    lock_by(monkeypatch, queues)
    look, all_have_read, have_read = resolve_name(read), Barrier(parties, timeout=60), set()

    def look_and_wait(*what):
        seen = look(*what)
        if get_ident() not in have_read:
            have_read.add(get_ident())
            all_have_read.wait()
        return seen

    monkeypatch.setattr(read, look_and_wait)
