"""A worker killed with -9 between any two steps of a fill or of a letter; stopped workers; an emptied broker.

Afterwards a healthy worker gets the one task that beat sends every minute, the sweep, and all is as if nothing had
happened. A letter may arrive twice only where the kill fell between the mail server's yes and our commit, and then with
the same Message-ID.
"""

import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from backorders import looking
from backorders import queries as queues
from backorders.models import Claim, Notice
from backorders.queries import items_to_tell
from inventory import queries as stocks
from inventory.models import MovementKind, StockItem, StockMovement
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import delays, fulfilment, mailbox
from shop.bench import crowd, goods
from shop.mailbox import MailServer
from shop.models import Heartbeat
from tests.cast import BO, NOON, buy, inbound, stock, variant
from tests.processes import Worker, wait_for, wait_for_wake_ups

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.django_db(transaction=True)]

type StartWorker = Callable[..., Worker]

FILL_FAULTS = [
    "backorders.queue:lock:before",
    "backorders.queue:lock:after",
    "inventory.ledger:allocate:before",
    "inventory.ledger:allocate:after",
    "backorders.queue:serve:after",
    "shop.messages:units_arrived:before",
    "notifications.outbox:write:after",
    "backorders.promises:revise:after",
    "shop.wakeups:_send:before",
    "shop.wakeups:_send:after",
]
LETTER_FAULTS = [
    "notifications.outbox:claim:before",
    "notifications.outbox:claim:after",
    "notifications.rendering:message:after",
    "notifications.delivery:_send:before",
    "notifications.outbox:mark_sent:after",
]
TELL_FAULTS = [
    "backorders.queue:lock:after",
    "backorders.promises:go_on:after",
    "backorders.telling:tell:after",
    "notifications.outbox:write:after",
]
AFTER_THE_SERVERS_YES = ["notifications.delivery:_send:after", "notifications.outbox:mark_sent:before"]


def ada_and_bo_wait_and_four_arrive() -> StockItem:
    """Ada waits for 2, Bo for 3; 4 arrive, and the worker is woken: its task lies in the broker."""
    item = stock()
    line = inbound(item, 10)
    curtains = variant(item)
    buy((curtains, 2))
    buy((curtains, 3), who=BO)
    fulfilment.receive("D-1", [Arrived(item.pk, 4)], order=line.order, actor="cy", at=NOON)
    wait_for_wake_ups()
    return item


def empty_broker() -> None:
    """FLUSHALL, but for the databases of the tests that run beside this one."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def sweep_until_done(worker: Worker) -> None:
    """What beat does every minute."""
    current_app.send_task("shop.tasks.sweep")
    wait_for(
        lambda: Letter.objects.count() == 4 and not Letter.objects.exclude(state=Letter.State.SENT).exists(),
        what=f"all letters to be sent\n{worker.output()}",
    )


def all_is_as_without_a_kill(item: StockItem, server: MailServer, twice: int = 0) -> None:
    item.refresh_from_db()
    assert (item.on_hand, item.allocated, item.queue.waiting) == (4, 4, 1)
    assert list(Claim.objects.order_by("id").values_list("quantity", "allocated")) == [(2, 2), (3, 2)]
    assert StockMovement.objects.filter(kind=MovementKind.ALLOCATE).count() == 2
    assert [*stocks.recount(), *queues.recount()] == []
    letters = Counter(Letter.objects.values_list("template", "recipient"))
    assert letters == {
        (template, f"{name}@example.com"): 1 for template in ("order_placed", "units_arrived") for name in ("ada", "bo")
    }
    arrived = Counter(str(mail.message["Message-ID"]) for mail in mailbox.messages(server.folder))
    assert len(arrived) == 4
    assert sum(arrived.values()) == 4 + twice


def killed_worker(start: StartWorker, fault: str) -> None:
    worker = start(app="tests.worker.faulty:app", pool="solo", FAULT=fault)
    wait_for(worker.has_ended, what=f"the fault\n{worker.output()}")
    assert worker.process.exitcode == -signal.SIGKILL
    # Five minutes pass before the next worker: a letter that was in flight counts as stuck from then on.
    Letter.objects.filter(state=Letter.State.IN_FLIGHT).update(claimed_at=F("claimed_at") - timedelta(minutes=6))


@pytest.mark.parametrize("fault", [*FILL_FAULTS, *LETTER_FAULTS])
def test_a_kill_loses_nothing_and_doubles_nothing(fault, celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()

    killed_worker(celery_worker, fault)
    sweep_until_done(celery_worker())

    all_is_as_without_a_kill(item, smtp_server)


@pytest.mark.parametrize("fault", AFTER_THE_SERVERS_YES)
def test_a_kill_after_the_servers_yes_sends_that_letter_twice_under_one_message_id(fault, celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()

    killed_worker(celery_worker, fault)
    sweep_until_done(celery_worker())

    all_is_as_without_a_kill(item, smtp_server, twice=1)


@pytest.mark.parametrize("fault", TELL_FAULTS)
def test_a_kill_forgets_nobody_whose_day_moved_and_tells_nobody_twice(fault, celery_worker):
    # The worker reads the clock.
    at = timezone.now()
    item = goods.item_of("POPULAR-CURTAINS", at)
    (line,) = goods.on_order(item, 3 * looking.REVISE_CHUNK, at)
    crowd.wait_for([line], goods.variant_of(item), at)
    day = goods.day_of(1, at)
    delays.move_expected_day(line, day, confirmed=True, reason="the ship is late", actor="cy", at=at)
    wait_for_wake_ups()
    assert Notice.objects.count() == looking.REVISE_CHUNK

    killed_worker(celery_worker, fault)
    worker = celery_worker()
    current_app.send_task("shop.tasks.sweep")
    wait_for(lambda: not items_to_tell(1), what=f"everybody to be told\n{worker.output()}")

    claims = list(item.claims.order_by("id").values_list("pk", flat=True))
    assert list(Notice.objects.order_by("id").values_list("claim_id", flat=True)) == claims
    assert Letter.objects.filter(template="days_later").count() == len(claims)
    assert {portion.ships_on for _, told in queues.holding(claims).values() for portion in told} == {day}


def test_without_a_kill(celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()
    worker = celery_worker(concurrency=2)
    wait_for(lambda: Letter.objects.filter(state=Letter.State.SENT).count() == 4, what=f"letters\n{worker.output()}")
    all_is_as_without_a_kill(item, smtp_server)


def test_an_emptied_broker_loses_nothing(celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()
    empty_broker()

    sweep_until_done(celery_worker())

    all_is_as_without_a_kill(item, smtp_server)
    assert Heartbeat.objects.filter(name="sweep").exists()


def test_control_without_the_sweep_an_emptied_broker_does_lose_it(celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()
    empty_broker()

    worker = celery_worker()
    current_app.send_task("notifications.tasks.deliver_letters")
    wait_for(lambda: Letter.objects.filter(state=Letter.State.SENT).count() == 2, what=f"letters\n{worker.output()}")

    item.refresh_from_db()
    assert (item.on_hand, item.allocated) == (4, 0)


def test_control_a_fill_without_a_transaction_is_torn_by_a_kill(celery_worker, smtp_server):
    item = ada_and_bo_wait_and_four_arrive()

    worker = celery_worker(app="tests.worker.torn:app", pool="solo")
    wait_for(worker.has_ended, what=f"the fault\n{worker.output()}")

    item.refresh_from_db()
    assert Claim.objects.exclude(allocated=0).exists()
    assert [*stocks.recount(), *queues.recount()] != []
