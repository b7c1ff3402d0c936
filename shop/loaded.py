"""What a process loaded once and keeps until it ends."""

import gc
from importlib import import_module

from django.conf import settings

# So many new objects until the young ones are looked through: those of a few pages, and not of each.
_YOUNG = 20_000


def keep() -> None:
    """Python's garbage collector does not look through all modules again and again.

    It takes a tenth of a second each time, in which a shopper waits, or everybody who wants what a fill has locked.
    Called when all is loaded and before the process forks: then its children share that memory.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
