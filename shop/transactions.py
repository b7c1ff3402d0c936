"""The border of a use case: one durable transaction, tried again when the database lost a race."""

import random
import time
from collections.abc import Callable
from functools import wraps

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from inventory.locking import StockBusy

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
                with transaction.atomic(durable=True):
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
