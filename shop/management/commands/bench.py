import logging
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shop.bench import servers
from shop.bench.catalogue import ROWS
from shop.dev.bootstrap import CannotRun


class Command(BaseCommand):
    help = "Measures the shop beside the limits of this machine, on servers of its own that are wiped afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "rows", nargs="*", type=row, metavar="ROW", help="what to measure, see --list (default: all of it)"
        )
        parser.add_argument("--list", action="store_true", dest="only_list", help="say which rows there are")
        parser.add_argument(
            "--scale", type=share, default=1.0, help="shrink all numbers, to see that it runs (default: 1)"
        )

    def handle(self, *, rows: list[str], only_list: bool, scale: float, **options: Any) -> None:
        if only_list:
            self.stdout.write("\n".join(f"{name:<12} {what}" for name, what in ROWS.items()))
            return
        # Only now: models can be imported when Django has read its settings.
        from shop.bench.run import machine, measure

        # Whoever signs in here is the bench itself.
        logging.getLogger("shop.security").setLevel(logging.WARNING)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(machine())
        if not measure(rows or [*ROWS], scale=scale, at=timezone.now(), say=self._say):
            sys.exit(1)

    def _say(self, lines: str) -> None:
        self.stdout.write(lines)
        self.stdout.flush()


def row(name: str) -> str:
    if name not in ROWS:
        raise ArgumentTypeError(f"there is no row {name!r}: `bench --list` says which there are")
    return name


def share(text: str) -> float:
    with suppress(ValueError):
        if 0 < (number := float(text)) <= 1:
            return number
    raise ArgumentTypeError(f"{text!r} is no scale: give a number above 0 and up to 1, such as 0.01")


@contextmanager
def surroundings(argv: list[str]) -> Iterator[None]:
    """Refuses wrong arguments, and lists rows, before any server starts."""
    try:
        options = Command().create_parser(argv[0], "bench").parse_args(argv[2:])
    except CommandError as error:
        raise CannotRun(str(error)) from error
    if options.only_list:
        os.environ["DIBS_MODE"] = "demo"
        yield
    else:
        with servers.surroundings():
            yield
