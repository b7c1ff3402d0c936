from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from shop.demo import large
from shop.demo.furnish import furnish
from shop.demo.people import ADA
from shop.demo.stage import Stage
from shop.demo.story import OPENED, tell
from shop.models import Order, Product, User

# Orders, and how many of them wait.
SIZES = {"S": (0, 0), "M": (10_000, 1_000), "L": (1_000_000, 100_000)}
STAFF = "staff@dibs.example"
# What it opens, e-mail address, password. Public on purpose: the command refuses to run in production.
DEMO_LOGINS = [
    ("staff, for the admin", STAFF, "the-demo-desk"),
    ("Ada, a customer with orders", ADA.email, "adas-demo-orders"),
]


class Command(BaseCommand):
    help = "Fill the shop with the demo's goods, suppliers, customers and orders. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--size",
            choices=SIZES,
            default="S",
            help="S is the demo; M adds 10,000 orders of which 1,000 wait, L 1,000,000 of which 100,000 do.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("seed_demo makes public logins: run it only where DIBS_MODE is demo or test.")
        stage = Stage(timezone.now(), actor=STAFF)
        _open_accounts()
        new = furnish(actor=STAFF, at=stage.at(OPENED, 8))
        tell(stage)
        if new or stage.played:
            self.stdout.write(
                f"The demo is set up: {Product.objects.count()} products, {Order.objects.count()} orders,"
                f" {stage.played} scenes played."
            )
        else:
            self.stdout.write("The demo was set up before; nothing was changed.")
        if options["size"] != "S":
            self._grow(*SIZES[options["size"]])

    def _grow(self, orders: int, waiting: int) -> None:
        if large.is_grown():
            self.stdout.write("The many orders are there already; nothing was added.")
            return
        with tqdm(total=orders, unit=" orders", desc="Writing", disable=None) as bar:
            large.grow(orders, waiting, timezone.now(), bar.update)
        with connection.cursor() as cursor:
            # The planner must hear of so many new rows before the first page is asked for.
            cursor.execute("ANALYZE")
        self.stdout.write(f"{orders:,} orders were added, {waiting:,} of which wait.")


@transaction.atomic
def _open_accounts() -> None:
    """An account that exists keeps its password; a customer's address counts as verified."""
    for _, email, password in DEMO_LOGINS:
        if User.objects.filter(email__iexact=email).exists():
            continue
        make = User.objects.create_superuser if email == STAFF else User.objects.create_user
        user = make(email, password, first_name="Ada" if email == ADA.email else "Demo")
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
