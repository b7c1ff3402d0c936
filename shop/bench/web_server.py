"""The web server of the bench: processes, each of which answers one request at a time, as behind a proxy."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.conf import settings

from shop.bench.browser import Browser
from shop.dev import processes
from shop.dev.bootstrap import CannotRun
from shop.dev.supervisor import Child, python

# Threads would hold connections: now and then one of two processes gets all of them, and the other has nothing to do.
SIZE = "--worker-class=sync --workers=2"
# Buyers make a process wait for the database, and another one can work meanwhile: as many as gunicorn's own guide
# advises for two cores.
FOR_BUYERS = "--worker-class=sync --workers=5"
# A browser holds connections on which it asks nothing: as `manage.py up` serves it.
FOR_A_BROWSER = "--worker-class=gthread --workers=2 --threads=4"
PATIENCE = 60


@contextmanager
def serving(application: str, path: str, *, size: str = SIZE) -> Iterator[int]:
    """Serves a WSGI application until the block ends; the port it listens on. `path` is asked for until it answers."""
    home, port = Path(settings.STATIC_ROOT).parent, processes.free_port()
    name = application.split(":")[0]
    options = [
        *size.split(),
        "--preload",
        "--no-control-socket",
        f"--bind=127.0.0.1:{port}",
        f"--worker-tmp-dir={home}",
    ]
    server = Child(name, python("gunicorn", application, *options), home / "log" / f"{name}.log")
    server.start()
    assert server.process
    try:
        _wait(server, port, path)
        yield port
    finally:
        if server.process.poll() is None:
            processes.stop(psutil.Process(server.process.pid), patience=5)


def _wait(server: Child, port: int, path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(port, path):
        if server.has_died() or time.monotonic() > deadline:
            raise CannotRun(f"The web server does not answer:\n{processes.last_lines(server.log)}")
        # gunicorn tells nobody that it listens; nothing is measured yet.
        time.sleep(0.05)


def _answers(port: int, path: str) -> bool:
    try:
        Browser(port).get(path)
    except OSError:
        return False
    return True
