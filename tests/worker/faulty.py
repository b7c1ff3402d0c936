"""The shop's worker with one fault: it kills itself with -9 before or after the function that FAULT names.

FAULT is module:function:before or module:function:after. The fault stands here and not in the product.
"""

import os
import signal
from functools import wraps
from importlib import import_module
from typing import Any

from celery.signals import worker_ready

from shop.celery import app

__all__ = ["app"]


@worker_ready.connect
def plant(**_: Any) -> None:
    module_name, name, moment = os.environ["FAULT"].split(":")
    module = import_module(module_name)
    function = getattr(module, name)

    @wraps(function)
    def fatal(*args: Any, **kwargs: Any) -> None:
        if moment == "after":
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, fatal)
