import os
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from shop.dev import launch, processes
from shop.dev.bootstrap import CannotRun, disk_full, is_disk_full, say
from shop.dev.services import Services
from shop.dev.supervisor import Child, Supervisor, python

_services: Services | None = None


class Command(BaseCommand):
    help = "Runs the whole demo shop on this machine: servers, web, worker, beat and a mailbox. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port_number, default=8000, help="where the shop listens (default: 8000)")
        parser.add_argument("--fresh", action="store_true", help="wipe the demo's data first and seed it anew")

    def handle(self, *, port: int, **options: Any) -> None:
        services = _services
        if services is None:
            raise CommandError("Run this as `python3 manage.py up`.")
        supervisor = Supervisor(services.home / "children.json")
        try:
            prepare()
            web, *others = children(services, port)
            say("Starting web, worker and beat ...")
            # The others would slow the web server's start down, and nobody waits for them.
            supervisor.start(web)
            wait_for_web(supervisor, port)
            for child in others:
                supervisor.start(child)
            welcome(services)
            while True:
                time.sleep(0.5)
                for server in services.revive_if_dead():
                    say(f"{server} had stopped: it was started again, see {services.home / 'log'}.")
                supervisor.restart_the_dead()
        except KeyboardInterrupt:
            say("\nStopping ...")
        finally:
            launch.ignore_signals()
            supervisor.stop()
            services.stop()
        say("Stopped. Start again with `python3 manage.py up`, or wipe the data with `--fresh`.")


def port_number(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError(text)
    return number


@contextmanager
def surroundings(argv: list[str]) -> Iterator[None]:
    """Starts the servers before Django reads its settings, because the settings say where the servers are."""
    global _services
    options = Command().create_parser(argv[0], "up").parse_args(argv[2:])
    launch.refuse_production("up")
    services = Services(launch.HOME, postgres="DATABASE_URL" not in os.environ, valkey="REDIS_URL" not in os.environ)
    services.make_home()
    services.claim("Dibs already runs in this folder: stop that one with Ctrl-C first, or use it.")
    with launch.ended_by_signals():
        if Supervisor(services.home / "children.json").clear_orphans():
            say("Stopped what an earlier run had left behind.")
        check_port(options.port)
        if options.fresh:
            say("Wiping the demo's data ...")
            services.wipe()
        say("Starting PostgreSQL and Valkey ...")
        services.web_port = options.port
        services.start()
        launch.use(services.environment() | launch.mail_environment(services) | launch.DEMO_HOUSE)
        _services = services
        try:
            yield
        finally:
            services.stop()


def check_port(port: int) -> None:
    reason = processes.why_not_to_bind(port)
    if isinstance(reason, PermissionError):
        raise CannotRun(f"Port {port} is only for root: choose one above 1023, such as `--port 8000`.")
    if reason:
        raise CannotRun(f"Port {port} is taken by another program: choose another one, such as `--port {port + 1}`.")


def prepare() -> None:
    say("Bringing the database up to date ...")
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        reason = str(error)
        raise CannotRun(disk_full() if is_disk_full(reason) else f"The database does not work: {reason}") from error
    say("Collecting static files ...")
    call_command("collectstatic", verbosity=0, interactive=False)
    say("Seeding the demo shop ...")
    call_command("seed_demo")


def children(services: Services, port: int) -> list[Child]:
    log = services.home / "log"
    address = f"--bind=127.0.0.1:{port} --no-control-socket"
    size = "--worker-class=gthread --workers=2 --threads=4 --preload --graceful-timeout=5"
    web = python(
        "gunicorn", "shop.wsgi:application", *address.split(), *size.split(), f"--worker-tmp-dir={services.home}"
    )
    celery = python("celery", "-A", "shop.celery:app")
    schedule = str(services.home / "beat" / "schedule")
    found = [
        Child("web server", web, log / "web.log"),
        Child("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"], log / "worker.log"),
        Child("beat", [*celery, "beat", "--schedule", schedule, "--pidfile=", "--loglevel", "INFO"], log / "beat.log"),
    ]
    if "MAILBOX_DIR" in os.environ:
        found.insert(1, Child("mailbox", launch.manage("mailbox"), log / "mailbox.log"))
    return found


def wait_for_web(supervisor: Supervisor, port: int, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not is_serving(port):
        if time.monotonic() > deadline:
            raise CannotRun("The web server does not answer: see .dibs/log/web.log.")
        supervisor.restart_the_dead()
        time.sleep(0.1)


def is_serving(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def welcome(services: Services) -> None:
    from shop.management.commands.seed_demo import DEMO_LOGINS

    site = os.environ["SITE_URL"].rstrip("/")
    lines = [f"Shop     {site}/", f"Admin    {site}/admin/"]
    if "MAILBOX_DIR" in os.environ:
        lines.append(f"Mailbox  {site}/mailbox/")
    logins = [f"Login    {what}: {email}, password {password}" for what, email, password in DEMO_LOGINS]
    say(
        "\n".join(
            ["", "Dibs is running.", "", *lines, *logins, f"Logs     {services.home / 'log'}", "", "Ctrl-C stops it."]
        )
    )
