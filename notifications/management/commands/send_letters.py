from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import outbox
from notifications.delivery import deliver_due


class Command(BaseCommand):
    help = "Sends the letters that are due now: for cron, or to see what the mail server says."

    def handle(self, *args: Any, **options: Any) -> None:
        revived = outbox.revive(timezone.now())
        tally = deliver_due(timezone.now)
        self.stdout.write(f"{revived} revived, {tally}.")
        if not tally.reachable:
            raise CommandError("No connection to the mail server: check EMAIL_URL and try again.")
