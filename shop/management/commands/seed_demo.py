from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from shop.demo.furnish import furnish
from shop.demo.people import ADA
from shop.demo.stage import Stage
from shop.demo.story import OPENED, tell
from shop.models import Order, Product, User

STAFF = "staff@dibs.example"
# What it opens, e-mail address, password. Public on purpose: the command refuses to run in production.
DEMO_LOGINS = [
    ("staff, for the admin", STAFF, "the-demo-desk"),
    ("Ada, a customer with orders", ADA.email, "adas-demo-orders"),
]


class Command(BaseCommand):
    help = "Fill the shop with the demo's goods, suppliers, customers and orders. A second run changes nothing."

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


@transaction.atomic
def _open_accounts() -> None:
    """An account that exists keeps its password; a customer's address counts as verified."""
    for _, email, password in DEMO_LOGINS:
        if User.objects.filter(email__iexact=email).exists():
            continue
        make = User.objects.create_superuser if email == STAFF else User.objects.create_user
        user = make(email, password, first_name="Ada" if email == ADA.email else "Demo")
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
