import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from shop.dev import launch, processes
from shop.dev.bootstrap import ROOT, say
from shop.dev.services import Services

SERIAL = ("-n", "--numprocesses", "--dist", "-d", "--pdb", "--trace", "-s", "--capture=no")


class Command(BaseCommand):
    help = "Runs the tests with pytest on a PostgreSQL and a Valkey of their own. All arguments go to pytest."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """All arguments are pytest's, also those that look like ours."""
        self.handle(pytest_arguments=argv[2:])

    def handle(self, *, pytest_arguments: list[str], **options: Any) -> None:
        say("Collecting static files ...")
        call_command("collectstatic", verbosity=0, interactive=False)
        command = [sys.executable, "-m", "pytest", *parallel(pytest_arguments), *pytest_arguments]
        sys.exit(outcome(subprocess.Popen(command, cwd=ROOT)))


def parallel(arguments: list[str]) -> list[str]:
    """Two workers, unless the caller has an opinion, wants to type into a debugger, or there is but one core."""
    serial = any(argument.startswith(SERIAL) for argument in arguments)
    return [] if serial or (os.cpu_count() or 1) < 2 else ["-n", "2", "--dist", "worksteal"]


def outcome(pytest: subprocess.Popen[bytes]) -> int:
    """Waits for pytest; one that is interrupted gets the time to clean up and to sum up."""
    try:
        return pytest.wait()
    except KeyboardInterrupt as interrupt:
        # Workers that the tests started have sessions of their own: nothing ends them once their test is gone.
        family = processes.family(pytest.pid)
        # Ctrl-C reaches pytest as well, being in the same terminal; any other signal reached only us.
        if interrupt.args != ("SIGINT",):
            pytest.send_signal(signal.SIGINT)
    try:
        return pytest.wait(30)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pytest.kill()
        return 130
    finally:
        processes.stop_all(family, patience=1)


@contextmanager
def surroundings() -> Iterator[None]:
    """The tests' own servers, so that they disturb no running `up`. What .env says about servers is not for tests."""
    services = Services(
        launch.HOME / "test",
        postgres="DATABASE_URL" not in os.environ,
        valkey="REDIS_URL" not in os.environ,
        durable=False,
    )
    services.make_home()
    services.claim("The tests already run in this folder: wait until they end.")
    with launch.ended_by_signals():
        say("Starting PostgreSQL and Valkey for the tests ...")
        services.start()
        os.environ.update(STATIC_ROOT=str(services.home / "static"), MEDIA_ROOT=str(services.home / "media"))
        launch.use(services.environment(), mode="test")
        try:
            yield
        finally:
            services.stop()
