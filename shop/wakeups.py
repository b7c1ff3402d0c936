"""Waking workers by name, after commit. Losing a wake-up costs a minute: the sweep finds what it left (law 12).

A broker that hangs or is gone must never hold up or fail a checkout. So the message leaves in a thread of its own, a
bounded number of them wait there, and what cannot be sent is logged and counted, never raised.
"""

import logging
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import batched
from threading import BoundedSemaphore

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

_MOST_WAITING = 100
# Their pictures are fetched well within the time that a task has.
_PRODUCTS_AT_ONCE = 100
# The shortest time between two equal wake-ups of one process, in seconds; whoever asks meanwhile shares the later one.
# To send one takes as long as a good part of an order.
_REST = 0.3
_room = BoundedSemaphore(_MOST_WAITING)

lost = 0


def wake_fill(item_ids: Iterable[int]) -> None:
    """Units of these items may be free for those who wait."""
    ids = sorted(set(item_ids))
    if ids:
        _wake("shop.tasks.fill_waiting", ids)


def wake_tell(item_ids: Iterable[int]) -> None:
    """Days of these items moved for more of those who wait than one transaction tells."""
    ids = sorted(set(item_ids))
    if ids:
        _wake("shop.tasks.tell_waiting", ids)


def wake_pictures(product_ids: Sequence[int]) -> None:
    """An import named pictures of these products. What is not fetched stays a placeholder until the next import."""
    for some in batched(product_ids, _PRODUCTS_AT_ONCE):
        _wake("shop.tasks.fetch_pictures", list(some))


def wake_mailer() -> None:
    """Letters were written."""
    _wake("notifications.tasks.deliver_letters")


def _wake(task: str, *args: object) -> None:
    transaction.on_commit(lambda: _hand_over(task, args), robust=True)


def _hand_over(task: str, args: tuple[object, ...]) -> None:
    waiting, wake_up = _waiting(os.getpid()), (task, repr(args))
    if wake_up in waiting:
        # One that has not left yet leaves after this commit as well: it wakes for both.
        return
    if _room.acquire(blocking=False):
        waiting.add(wake_up)
        _messenger(os.getpid()).submit(_send, task, args)
    else:
        _lose(task, "too many wake-ups wait for the broker")


def _send(task: str, args: tuple[object, ...]) -> None:
    wake_up = (task, repr(args))
    _rest_before(wake_up)
    _waiting(os.getpid()).discard(wake_up)
    try:
        current_app.send_task(task, args=args)
    except Exception as error:  # whatever the broker's client raises, the sweep makes up for it
        _lose(task, error)
    finally:
        _room.release()


def _rest_before(wake_up: tuple[str, str]) -> None:
    """Until _REST seconds after the last one that was equal; only the thread of wake-ups waits."""
    left, now = _left(os.getpid()), time.monotonic()
    for sent, at in list(left.items()):
        if at <= now:
            del left[sent]
    rest = max(0.0, left.get(wake_up, now) - now)
    time.sleep(rest)
    left[wake_up] = now + rest + _REST


def _lose(task: str, why: object) -> None:
    global lost
    lost += 1
    logger.warning("Could not wake %s (%d lost since start): %s", task, lost, why)


@cache
def _waiting(pid: int) -> set[tuple[str, str]]:
    """The wake-ups of this process that have not left yet."""
    return set()


@cache
def _left(pid: int) -> dict[tuple[str, str], float]:
    """The wake-ups of this process that left a moment ago, with the time from which the next may follow."""
    return {}


@cache
def _messenger(pid: int) -> ThreadPoolExecutor:
    """One thread per process: a forked child inherits no threads, so it must not inherit the pool either."""
    return ThreadPoolExecutor(1, thread_name_prefix="wake")
