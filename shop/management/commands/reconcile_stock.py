from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from backorders import queries as backorders
from inventory import queries as inventory


class Command(BaseCommand):
    help = "Recount every counter of stock and queues from its rows. Writes nothing; fails if anything differs."

    def handle(self, **options: Any) -> None:
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if is_outermost:
                self._read_one_snapshot()
            differences = list(chain(inventory.recount(), backorders.recount()))
        for difference in differences:
            self.stdout.write(difference)
        if differences:
            raise CommandError(f"{len(differences)} counters differ from their rows.")
        self.stdout.write("Every counter agrees with its rows.")

    def _read_one_snapshot(self) -> None:
        """All recounts see the same moment, so that a sale between two of them is no difference."""
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # A recount holds no lock, so it may take longer than a request.
            cursor.execute("SET LOCAL statement_timeout = 0")
