"""What a process has loaded is not looked through again for garbage."""

import gc
import subprocess
import sys
import weakref

import pytest

from shop import loaded
from shop.dev.bootstrap import ROOT


class Knot:
    """Two of these that know each other are garbage that only the collector finds."""

    other: "Knot"


@pytest.mark.parametrize(
    "start",
    [
        "import shop.wsgi",
        "from celery import signals; from shop.celery import app; app.loader.init_worker();"
        " signals.celeryd_after_setup.send(sender='worker')",
    ],
    ids=["web", "worker"],
)
def test_a_process_that_begins_keeps_what_it_has_loaded(start: str) -> None:
    script = f"import gc; {start}; print(gc.get_freeze_count(), len(gc.get_objects()))"
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    kept, looked_through = map(int, said.split())
    assert kept > 100_000
    assert looked_through < kept / 100


def test_garbage_that_is_made_later_is_still_found() -> None:
    loaded.keep()
    one, two = Knot(), Knot()
    one.other, two.other = two, one
    gone = weakref.ref(one)
    del one, two

    assert gone()
    gc.collect()
    assert not gone()
