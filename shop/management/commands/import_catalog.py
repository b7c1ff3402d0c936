from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from inventory.locking import StockBusy
from shop.importing.apply import apply
from shop.importing.fetching import fetch_missing
from shop.importing.outcome import Outcome
from shop.importing.reading import read_sheet
from shop.importing.rows import BadRows, Sheet
from shop.importing.table import UnreadableFile
from shop.importing.whole import UnableToImport

_REASONS_SHOWN = 5


class Command(BaseCommand):
    help = "Import products from Shopify's or WooCommerce's product CSV: the whole file, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--no-pictures", action="store_true", help="do not fetch pictures")

    def handle(self, *, file: Path, dry_run: bool, no_pictures: bool, **options: Any) -> None:
        try:
            sheet = read_sheet(file, timezone.now())
            outcome = self._apply(sheet, dry_run)
        except (UnreadableFile, UnableToImport, StockBusy) as error:
            raise CommandError(str(error)) from error
        except BadRows as error:
            listed = "\n".join(str(problem) for problem in error.problems)
            raise CommandError(f"Nothing was imported from {file.name}:\n{listed}") from error
        self._tell(sheet, outcome)
        if dry_run:
            self.stdout.write("This was a dry run: nothing was kept.")
        elif not no_pictures:
            self._fetch_pictures(outcome)

    def _apply(self, sheet: Sheet, dry_run: bool) -> Outcome:
        total = sum(len(product.variants) for product in sheet.products)
        with tqdm(total=total, unit=" variants", desc="Importing", disable=None) as bar:
            return apply(sheet, actor="import_catalog", at=timezone.now(), dry_run=dry_run, progress=bar.update)

    def _tell(self, sheet: Sheet, outcome: Outcome) -> None:
        self.stdout.write(f"{sheet.format} file with {len(sheet.products)} products.")
        for sentence in (*sheet.remarked(), *outcome.sentences()):
            self.stdout.write(sentence)

    def _fetch_pictures(self, outcome: Outcome) -> None:
        with tqdm(unit=" pictures", desc="Fetching", disable=None) as bar:
            fetched = fetch_missing(outcome.product_ids, progress=bar.update)
        if fetched.kept or fetched.failed:
            self.stdout.write(f"Pictures: {fetched.kept} fetched, {fetched.failed} could not be fetched.")
        for reason, times in fetched.failures.most_common(_REASONS_SHOWN):
            self.stdout.write(f"  {times}: {reason}")
        if fetched.failed:
            self.stdout.write("A drawn placeholder stands for these; the next import tries again.")
