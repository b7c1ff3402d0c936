"""Runs rows one after the other and prints each as soon as it is measured."""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection

from shop import loaded
from shop.bench import scene, table
from shop.bench.rows import MEASURES
from shop.bench.scene import Scene
from shop.bench.table import Outcome

_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")


def machine() -> str:
    """What the figures were measured on."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join('current_setting(%s)' for _ in _SETTINGS)}", _SETTINGS)
        values = cursor.fetchone()
    settings = ", ".join(f"{name} {value}" for name, value in zip(_SETTINGS, values, strict=True))
    load = f"load average {os.getloadavg()[0]:.1f} before it began"
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}\nPostgreSQL: {settings}\n"


def measure(names: Sequence[str], *, scale: float, at: datetime, say: Callable[[str], object]) -> bool:
    """False if a rule of the shop was broken in any row, or a row could not be measured to its end."""
    # As the worker does, whose work some rows do.
    loaded.keep()
    say("\n".join(table.head()))
    sound = True
    for place, name in enumerate(names, start=1):
        _tell(f"{name} ({place} of {len(names)}) ...")
        outcome = _measure(name, Scene(scale, at))
        _tell("")
        say("\n".join(table.lines(name, outcome, judged=scale == 1)))
        sound = sound and not outcome.violations
    if scale != 1:
        say(f"\nThe numbers were shrunk to {scale:g} of the real ones: targets are not judged.")
    return sound


def _measure(name: str, here: Scene) -> Outcome:
    scene.clear()
    try:
        return MEASURES[name](here)
    except Exception as error:  # the other rows are measured all the same
        return Outcome((), (), (f"{name} could not be measured: {type(error).__name__}: {error}".strip(),))


def _tell(progress: str) -> None:
    """For whoever looks on; the line is wiped when the row is there."""
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr, flush=True)
