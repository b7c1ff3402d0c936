"""Sets the scene before pytest-django reads the settings: a Valkey database for each xdist worker, and a test's mode.

Loaded by `-p tests.environment` in pyproject.toml.
"""

import os
from urllib.parse import urlsplit, urlunsplit

import pytest

# Workers count in strides, so that they also stay apart from others who number their databases 0, 1, 2 ...
STRIDE = 8


def valkey_of_worker(url: str, worker: str) -> str:
    """The address of this xdist worker's own database; `worker` is gw0, gw1 ... or empty."""
    parts = urlsplit(url)
    number = int(parts.path.strip("/") or 0) + STRIDE * int(worker.removeprefix("gw") or 0)
    return urlunsplit(parts._replace(path=f"/{number}"))


for name in ("DATABASE_URL", "REDIS_URL"):
    if name not in os.environ:
        raise pytest.UsageError(f"{name} is not set: run the tests with `python3 manage.py test`, which sets it.")

os.environ["DIBS_MODE"] = "test"
# The cast's days are plain days; what working days do to a promise has tests of its own.
os.environ |= {"SHIPPING_WEEKDAYS": "mon,tue,wed,thu,fri,sat,sun", "CUTOFF_HOUR": "24"}
# The coordinator sets nothing: its workers inherit its environment and would count twice.
if worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    os.environ["REDIS_URL"] = valkey_of_worker(os.environ["REDIS_URL"], worker)
# Playwright leaves an event loop in the main thread, in which Django would refuse every query of the tests after it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
