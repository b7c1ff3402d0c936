import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shop.mailbox import LOOPBACK, MailServer


class Command(BaseCommand):
    help = "Catches the shop's letters: an SMTP server on this machine that delivers nothing and keeps every letter."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="where to listen (default: the port of EMAIL_URL)")
        parser.add_argument("--dir", type=Path, help="where to keep the letters (default: MAILBOX_DIR)")

    def handle(self, *, port: int | None, dir: Path | None, **options: Any) -> None:
        port = port or settings.MAILERS["default"]["OPTIONS"]["port"]
        folder = dir or settings.MAILBOX_DIR
        if not folder:
            raise CommandError("There is no folder for the letters: set MAILBOX_DIR or give --dir.")
        # Blocked before the server's thread starts, which inherits the mask: sigwait then gets the signal for sure.
        ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        server = MailServer(Path(folder), port)
        try:
            server.start()
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {LOOPBACK}:{port} ({error.strerror}): give another --port."
            ) from error
        self.stdout.write(f"Catching letters on {LOOPBACK}:{port} into {folder}, Ctrl-C stops it.")
        signal.sigwait(ends)
        server.stop()
