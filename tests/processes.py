"""Waiting for a condition, and real Celery workers, for the tests that need the real thing."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from shop import wakeups
from tests.worker import forked

ROOT = Path(__file__).resolve().parent.parent


def wait_for(condition: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> None:
    """Returns as soon as `condition()` is true; fails with `what` in the message when it is not in time."""
    pause, deadline = Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        pause.wait(0.05)


def wait_for_wake_ups() -> None:
    """Wake-ups leave in a thread of their own; returns when all of them have left, or were given up."""
    wait_for(lambda: wakeups._room._value == wakeups._MOST_WAITING, seconds=60, what="the wake-ups to leave")


def database_url() -> str:
    """Where this test's database is."""
    of = connection.settings_dict
    login = f"{quote(of['USER'])}:{quote(of['PASSWORD'])}"
    return f"postgres://{login}@{of['HOST'] or 'localhost'}:{of['PORT'] or 5432}/{of['NAME']}"


def _services() -> dict[str, str]:
    """Where this test's database and Valkey are, for a process of its own."""
    return {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL}


_loaded = multiprocessing.get_context("forkserver")
_loaded.set_forkserver_preload([forked.__name__])
# A worker would check the whole project before it starts: the command that runs the tests has done that.
_NO_CHECKS = {"CELERY_SKIP_CHECKS": "1"}


class Worker:
    """A real `celery worker` process on this test's database and Valkey. `environment` is added to its own.

    `app` may name another Celery app than the shop's: one that has a fault, for the tests that want it.
    """

    def __init__(
        self,
        log: Path,
        *,
        app: str = "shop.celery:app",
        concurrency: int = 1,
        pool: str = "prefork",
        **environment: str,
    ) -> None:
        self.log = log
        options = ["--concurrency", str(concurrency), "--pool", pool, "--loglevel", "INFO"]
        options += ["--without-gossip", "--without-mingle"]
        log.touch()
        known = os.environ | _NO_CHECKS | _services() | environment
        self.process = _loaded.Process(target=forked.work, args=(["-A", app, "worker", *options], known, ROOT, log))
        self.process.start()

    def wait_until_ready(self) -> None:
        wait_for(lambda: " ready." in self.output() or self.has_ended(), what="the worker to start")
        assert " ready." in self.output(), self.output()

    def has_ended(self) -> bool:
        return self.process.exitcode is not None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9 for the worker and all its children, as a power cut would."""
        if not self.has_ended():
            assert self.process.pid
            # One that has hardly begun has no children yet, and no group of its own.
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """The warm shutdown: tasks that run are finished."""
        self.process.terminate()
        self.process.join(30)
        assert self.has_ended(), self.output()
