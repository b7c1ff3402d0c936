import re
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.test import TestCase, override_settings
from django.utils import timezone

import backorders.queries
import inventory.queries
from backorders.availability import quotes
from backorders.consent import open_questions
from backorders.models import Promise
from backorders.plan import Limit
from inventory.models import PurchaseOrder, PurchaseOrderLine, StockItem
from notifications.models import Letter
from shop import carts, fulfilment
from shop.demo.catalog import GOODS, SHELVES
from shop.demo.people import JONAS
from shop.demo.stage import Stage
from shop.demo.stock import OPENING, QUEUES, SUPPLIERS
from shop.lapses import orders_due
from shop.management.commands.seed_demo import DEMO_LOGINS
from shop.models import Category, Order, OrderLine, Payment, Product, User
from shop.staff.progress import late_lines

DRAWINGS = Path(settings.BASE_DIR) / "shop" / "static" / "shop" / "drawings"
SKUS = {choice.sku for goods in GOODS for choice in goods.choices}
DRAWN = {name for goods in GOODS for name in (goods.slug, *(choice.drawing for choice in goods.choices)) if name}


def seed() -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


def everything() -> dict[str, list[Any]]:
    """All rows of the shop's own apps, as they are in the database."""
    own = [model for app in ("shop", "backorders", "inventory", "notifications") for model in _models(app)]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in own}


def _models(app: str) -> list[type[models.Model]]:
    return list(apps.get_app_config(app).get_models())


def told() -> list[tuple[Any, ...]]:
    """What the story comes to, without the numbers that are drawn anew each time."""
    lines = OrderLine.objects.select_related("order", "claim").order_by("order__placed_at", "order__name", "sku")
    return [
        (line.order.name, line.sku, line.claim.quantity, line.claim.allocated, line.claim.shipped) for line in lines
    ]


def answers(units: int, *skus: str) -> list[str]:
    """What a shopper reads who wants so many: state, units now, days from today until the rest, whether confirmed."""
    items = {sku: StockItem.objects.get(sku=sku) for sku in skus}
    now = timezone.now()
    found = quotes({item.pk: units for item in items.values()}, now)
    result = []
    for sku, item in items.items():
        answer = found[item.pk]
        days = [(p.ships_on - timezone.localdate(now)).days for p in answer.later if p.ships_on]
        words = f"{answer.state.value}, {answer.now} now, rest in {days}" if answer.portions else answer.state.value
        result.append(f"{sku}: {words}{'' if answer.confirmed else ', estimated'}")
    return result


def limit_of(units: int, sku: str) -> tuple[int, Limit | None]:
    """How many of so many units can be promised, and why not more."""
    item = StockItem.objects.get(sku=sku)
    answer = quotes({item.pk: units}, timezone.now())[item.pk]
    return answer.promised, answer.limit


class TheDemo(TestCase):
    said: str

    @classmethod
    def setUpTestData(cls) -> None:
        cls.said = seed()

    def test_it_says_in_one_line_what_it_made(self) -> None:
        assert self.said == "The demo is set up: 24 products, 16 orders, 45 scenes played.\n"

    def test_a_second_run_changes_nothing(self) -> None:
        before = everything()
        assert seed() == "The demo was set up before; nothing was changed.\n"
        assert everything() == before

    def test_every_counter_is_the_sum_of_its_rows(self) -> None:
        assert [*inventory.queries.recount(), *backorders.queries.recount()] == []

    def test_each_state_is_there_at_first_sight(self) -> None:
        skus = "MUG-STONE-OCHRE", "CURTAINS-LINEN-NATURAL-240", "STOOL-OAK-NATURAL", "LAMP-DESK-TERRACOTTA"
        assert answers(3, *skus) == [
            "MUG-STONE-OCHRE: In stock, 3 now, rest in []",
            "CURTAINS-LINEN-NATURAL-240: Backorder, 1 now, rest in [9]",
            "STOOL-OAK-NATURAL: Backorder, 0 now, rest in [12]",
            "LAMP-DESK-TERRACOTTA: Out of stock",
        ]

    def test_days_that_are_estimates_say_so(self) -> None:
        assert answers(1, "CURTAINS-LINEN-SAGE-280", "PLANTER-CLAY-LARGE") == [
            "CURTAINS-LINEN-SAGE-280: Backorder, 0 now, rest in [75], estimated",
            "PLANTER-CLAY-LARGE: Backorder, 0 now, rest in [28], estimated",
        ]

    def test_an_answer_has_three_steps_and_a_lead_time_has_no_end(self) -> None:
        assert answers(33, "CURTAINS-LINEN-NATURAL-240", "PLANTER-CLAY-LARGE") == [
            "CURTAINS-LINEN-NATURAL-240: Backorder, 1 now, rest in [9, 40], estimated",
            "PLANTER-CLAY-LARGE: Backorder, 0 now, rest in [28], estimated",
        ]

    def test_where_no_more_is_taken_the_limit_says_why(self) -> None:
        assert [limit_of(units, sku) for units, sku in ((1, "LAMP-DESK-CREAM"), (7, "POT-ENAMEL-5L-GREEN"))] == [
            (0, Limit.FULL),
            (6, Limit.PER_ORDER),
        ]

    def test_an_overdue_delivery_is_no_supply_for_newcomers(self) -> None:
        assert answers(8, "PLATES-DINNER-MIXED") == ["PLATES-DINNER-MIXED: Out of stock, 7 now, rest in []"]

    def test_orders_stand_in_every_state(self) -> None:
        states: Counter[str] = Counter()
        for order in Order.objects.prefetch_related("lines__claim"):
            claims = [line.claim for line in order.lines.all()]
            words = {
                "cancelled": not any(claim.quantity for claim in claims),
                "shipped": any(claim.shipped for claim in claims),
                "ready": any(claim.ready for claim in claims),
                "waiting": any(claim.lacks for claim in claims),
            }
            states[" and ".join(word for word, holds in words.items() if holds)] += 1
        assert states == {
            "shipped": 4,
            "shipped and waiting": 3,
            "waiting": 5,
            "ready": 1,
            "ready and waiting": 2,
            "cancelled": 1,
        }

    def test_who_waits_longer_than_was_promised_first_heard_of_it_before(self) -> None:
        assert not late_lines(timezone.localdate()).exists()
        first = Promise.objects.filter(version=1, ships_on__lt=timezone.localdate())
        late = OrderLine.objects.waiting().filter(claim__in=first.values("claim"), claim__shipped=0)
        assert [(line.order.name, line.sku) for line in late] == [("Bo Martens", "THROW-WOOL-OCHRE")]
        assert Letter.objects.filter(template="days_later", thread=late.get().order.number).exists()

    def test_one_customer_has_to_answer_a_delay(self) -> None:
        (notice,) = open_questions().select_related("claim__order_line__order")
        assert notice.claim.order_line.order.name == "Inês Duarte"

    def test_the_first_sweep_cancels_nothing(self) -> None:
        assert orders_due(timezone.now(), 100) == []

    def test_one_delivery_is_due_today(self) -> None:
        due = PurchaseOrderLine.objects.inbound().filter(expected_on=timezone.localdate())
        assert set(due.values_list("order__number", flat=True)) == {"NE-2041"}

    def test_those_whose_day_was_moved_were_told_why(self) -> None:
        moved = OrderLine.objects.filter(claim__promises__reason__startswith="The oak").distinct().order_by("id")
        assert [line.order.name for line in moved] == ["Dario Conti", "Ada Lindqvist"]

    def test_a_draft_counts_for_nothing(self) -> None:
        assert PurchaseOrder.objects.get(number="HL-9").state == PurchaseOrder.State.DRAFT
        assert not PurchaseOrderLine.objects.inbound().filter(order__number="HL-9").exists()

    def test_nothing_happens_later_than_now(self) -> None:
        now = timezone.now()
        assert not Order.objects.filter(placed_at__gt=now).exists()
        assert not StockItem.objects.filter(movements__at__gt=now).exists()

    def test_the_printed_logins_open_the_doors(self) -> None:
        passwords = {email: password for _, email, password in DEMO_LOGINS}
        users = {user.email: user for user in User.objects.filter(email__in=passwords)}
        assert {email: check_password(passwords[email], user.password) for email, user in users.items()} == {
            "staff@dibs.example": True,
            "ada@example.com": True,
        }
        assert [users[email].is_superuser for email in passwords] == [True, False]
        assert users["ada@example.com"].orders.count() == 3


@pytest.mark.django_db
@override_settings(PAYMENT_METHODS=["invoice", "transfer"])
def test_where_transfers_are_taken_one_is_awaited_and_one_never_came() -> None:
    seed()
    transfers = Payment.objects.filter(gateway="transfer").order_by("id")
    assert [payment.state for payment in transfers] == ["expired", "due"]
    before = everything()
    seed()
    assert everything() == before


class Killed(Exception):
    pass


def _die(*args: object, **kwargs: object) -> None:
    raise Killed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "step"),
    [(carts, "add"), (fulfilment, "fill_waiting"), (Stage, "move")],
)
def test_a_seeding_that_was_cut_short_is_told_to_its_end(where: Any, step: str) -> None:
    clean = transaction.savepoint_create()
    seed()
    whole = told()
    transaction.savepoint_rollback(clean)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, step, _die)
        with pytest.raises(Killed):
            seed()
    seed()
    assert told() == whole


@pytest.mark.django_db
def test_it_stands_beside_what_the_shop_has() -> None:
    theirs = Product.objects.create(title="A stool of ours", slug="oak-stool")
    Category.objects.create(name="Our kitchen", slug="kitchen")
    seed()
    assert Product.objects.get(slug="oak-stool") == theirs
    assert Product.objects.get(slug="oak-stool-demo").title == "Oak Stool"
    assert Category.objects.get(slug="kitchen").name == "Our kitchen"


@pytest.mark.django_db
@override_settings(PRODUCTION=True)
def test_production_gets_no_public_logins() -> None:
    with pytest.raises(CommandError, match="public logins"):
        seed()
    assert not User.objects.exists()
    assert not Product.objects.exists()


def test_the_range_is_written_down_without_slips() -> None:
    assert len(GOODS) == len({goods.slug for goods in GOODS}) == 24
    assert len(SKUS) == sum(len(goods.choices) for goods in GOODS)
    assert {goods.shelf for goods in GOODS} <= {shelf.slug for shelf in SHELVES}
    assert set(OPENING) | set(QUEUES) <= SKUS
    assert not [
        goods.slug for goods in GOODS for choice in goods.choices if (choice.compare_at or 10**6) <= choice.price
    ]
    assert JONAS.details["country"] == "DE"
    assert set(SUPPLIERS) <= {goods.vendor for goods in GOODS}


@pytest.mark.parametrize("name", [*sorted(DRAWN), "placeholder"])
def test_each_drawing_is_small_and_self_contained(name: str) -> None:
    drawing = (DRAWINGS / f"{name}.svg").read_text()
    assert len(drawing) < 4096
    assert 'viewBox="0 0 800 800"' in drawing
    assert not re.search(r"<(script|style|text|image|foreignObject)|href|style=|url\((?!#)", drawing)
