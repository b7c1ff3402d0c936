from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError
from django.utils import timezone

from inventory.locking import StockBusy
from shop.importing.deliveries import Told, receive_file
from shop.importing.rows import BadRows
from shop.importing.table import UnreadableFile


class Command(BaseCommand):
    help = (
        "Receive goods from a CSV file with SKU, quantity, delivery number and purchase order: all of it, or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            deliveries = receive_file(file, actor="receive_stock", at=timezone.now(), dry_run=dry_run)
        except (UnreadableFile, StockBusy) as error:
            raise CommandError(str(error)) from error
        except DataError as error:
            raise CommandError("The file brings more units than the shop can count. Nothing was received.") from error
        except BadRows as error:
            listed = "\n".join(str(problem) for problem in error.problems)
            raise CommandError(f"Nothing was received from {file.name}:\n{listed}") from error
        for told in deliveries:
            self.stdout.write(_sentence(told))
        if dry_run:
            self.stdout.write("This was a dry run: nothing was kept.")


def _sentence(told: Told) -> str:
    delivery = told.received.delivery
    if not told.received.is_new:
        day = timezone.localtime(delivery.received_at)
        return f"Delivery {delivery.number}: received on {day:%-d %B %Y} already, nothing changed."
    return f"Delivery {delivery.number}: {told.units} units of {len(told.received.item_ids)} SKUs received."
