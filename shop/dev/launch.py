"""Gives each command of manage.py the surroundings it needs, inside `.venv`, before Django reads its settings."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shop.dev.bootstrap import REFUSED, ROOT, CannotRun, refuse

if TYPE_CHECKING:
    from shop.dev.services import Services

HOME = ROOT / ".dibs"
# The demo's house works in Berlin, unless the environment says otherwise.
DEMO_HOUSE = {"SHIPPING_WEEKDAYS": "mon,tue,wed,thu,fri", "PUBLIC_HOLIDAYS": "DE-BE"}
# These speak to no server, so none is started for them.
OFFLINE = {
    *("help", "--help", "-h", "version", "--version", "check", "collectstatic", "findstatic", "diffsettings"),
    *("makemessages", "compilemessages", "mailbox"),
}


def run(command: str, argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    with surroundings(command, argv):
        from django.core.management import execute_from_command_line

        check_settings()
        execute_from_command_line(argv)


def check_settings() -> None:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.INSTALLED_APPS  # noqa: B018  (the first access reads the settings)
    except ImproperlyConfigured as error:
        refuse(str(error), code=REFUSED)


@contextmanager
def surroundings(command: str, argv: list[str]) -> Iterator[None]:
    if command == "test":
        from shop.management.commands.test import surroundings as of_test

        with of_test():
            yield
        return
    if command == "bench":
        from shop.management.commands.bench import surroundings as of_bench

        with of_bench(argv):
            yield
        return
    read_env_file()
    if command == "up":
        from shop.management.commands.up import surroundings as of_up

        with of_up(argv):
            yield
    elif "DATABASE_URL" in os.environ or "DIBS_MODE" in os.environ:
        yield
    elif command in OFFLINE or {"-h", "--help"} & set(argv):
        os.environ["DIBS_MODE"] = "demo"
        yield
    else:
        with demo_servers():
            yield


def read_env_file() -> None:
    import environ

    environ.Env.read_env(ROOT / ".env")


@contextmanager
def demo_servers() -> Iterator[None]:
    """For a single command on a bare machine: the demo's servers, for as long as the command runs."""
    from shop.dev.services import Services

    services = Services(HOME, valkey="REDIS_URL" not in os.environ)
    services.make_home()
    with ended_by_signals():
        services.start()
        try:
            use(services.environment() | mail_environment(services) | DEMO_HOUSE)
            yield
        finally:
            services.stop()


def mail_environment(services: "Services") -> dict[str, str]:
    """Letters go to the demo's own mailbox, unless there is a real mail server."""
    if "EMAIL_URL" in os.environ:
        return {}
    return {"EMAIL_URL": f"smtp://127.0.0.1:{services.mail_port}", "MAILBOX_DIR": str(services.home / "mailbox")}


def use(values: dict[str, str], *, mode: str = "demo") -> None:
    """What the environment already says goes first; the mode is the caller's."""
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.environ["DIBS_MODE"] = mode


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """A terminated command must still stop its servers, so the signal becomes an exception like Ctrl-C's."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    wanted = [signal.SIGINT, signal.SIGTERM]
    # Under nohup the hang-up is ignored on purpose.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """For the way out: an impatient second Ctrl-C must not leave half of the processes running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def refuse_production(command: str) -> None:
    if os.environ.get("DIBS_MODE") == "production":
        raise CannotRun(f"`{command}` runs the demo, but DIBS_MODE is production here (or in .env): unset it first.")


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]
