"""The border of a use case: one durable transaction, tried again when the database lost a race."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from inventory.locking import StockBusy
from inventory.pipelining import pipelined

_until_committed: ContextVar[ExitStack] = ContextVar("until_committed")
_TRIES = 3


def use_case[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Run the function in a durable transaction of its own.

    A deadlock, a lost race or a lock that is not to be had is tried again twice, after a short random pause; then
    StockBusy says to try again in a moment. Nothing is half done in between.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for left in reversed(range(_TRIES)):
            try:
                with ExitStack() as stack, transaction.atomic(durable=True), _until_committed_is(stack):
                    return function(*args, **kwargs)
            except StockBusy:
                if not left:
                    raise
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable | SerializationFailure):
                    raise
                if not left:
                    raise StockBusy("Too many people want this at once. Try again in a moment.") from error
            time.sleep(random.uniform(0.01, 0.1))
        raise AssertionError("unreachable: the last try returns or raises")

    return run


@contextmanager
def _until_committed_is(stack: ExitStack) -> Iterator[None]:
    """What is entered there ends after the commit; but before a rollback, which needs to know what became of it all."""
    before = _until_committed.set(stack)
    try:
        yield
    except BaseException:
        stack.__exit__(*sys.exc_info())
        raise
    finally:
        _until_committed.reset(before)


def pipelined_until_committed() -> None:
    """From here on nothing is waited for but what is read (inventory.pipelining), and the use case commits in the same
    breath: the locks are free one round trip earlier. What runs after the commit should not ask the database.
    """
    _until_committed.get().enter_context(pipelined())


def check_references_at_once() -> None:
    """In the running transaction a row that refers to another one is checked by the statement that writes it, and not
    with all others at the commit, for which everybody waits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def leave_the_disk_to_others() -> None:
    """The running transaction ends, and its locks are free, before it is on the disk: for chunks that a sweep repeats.

    Whoever commits later waits for the disk, and the disk keeps the order: an order that was placed on top of a chunk,
    or a letter of it that a sender has claimed, is never there without it. A power cut loses the last chunks whole, and
    the sweep does them again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
