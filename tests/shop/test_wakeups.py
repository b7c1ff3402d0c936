"""Waking never holds up who wakes: not a hung broker, not one that is gone."""

import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest
import redis
from celery import Celery, current_app
from django.conf import settings

from shop import wakeups
from shop.dev.processes import free_port
from shop.models import Order
from tests.cast import buy, stock, variant
from tests.processes import wait_for, wait_for_wake_ups

pytestmark = pytest.mark.django_db(transaction=True)


type SpeakTo = Callable[[int], None]

# What decides how long a wake-up may take.
PATIENCE = ("broker_transport_options", "broker_pool_acquire_timeout", "task_publish_retry_policy")


@pytest.fixture
def speak_to(monkeypatch: pytest.MonkeyPatch) -> SpeakTo:
    """Wake-ups go to the broker on this port, with the shop's own settings."""

    def turn(port: int) -> None:
        app = Celery("dibs", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
        app.conf.update({name: current_app.conf[name] for name in PATIENCE})
        monkeypatch.setattr(wakeups, "current_app", app)

    return turn


@pytest.fixture
def hung_broker(speak_to: SpeakTo) -> Iterator[None]:
    """It takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        speak_to(server.getsockname()[1])
        yield


def test_an_order_is_placed_while_the_broker_hangs(hung_broker: None):
    before = wakeups.lost

    order = buy((variant(stock(on_hand=1)), 1))

    assert Order.objects.get() == order
    assert wakeups._room._value < wakeups._MOST_WAITING, (
        "the wake-up was sent, or given up, before the order was placed"
    )
    before = wakeups.lost
    wait_for(lambda: wakeups.lost > before, seconds=60, what="the wake-up to be given up")


def test_a_broker_that_is_gone_costs_a_wake_up_and_no_more(speak_to: SpeakTo):
    speak_to(free_port())
    before = wakeups.lost

    order = buy((variant(stock(on_hand=1)), 1))

    assert Order.objects.get() == order
    wait_for(lambda: wakeups.lost == before + 1, seconds=60, what="the wake-up to be counted as lost")


def test_more_wake_ups_than_can_wait_are_dropped_and_counted():
    before = wakeups.lost
    for _ in range(wakeups._MOST_WAITING):
        assert wakeups._room.acquire(timeout=30)
    try:
        wakeups._hand_over("notifications.tasks.deliver_letters", ())
    finally:
        wakeups._room.release(wakeups._MOST_WAITING)
    assert wakeups.lost == before + 1


def test_a_wake_up_that_has_not_left_yet_wakes_for_all_who_ask(hung_broker: None):
    before, room = wakeups.lost, wakeups._room._value
    wakeups._hand_over("notifications.tasks.deliver_letters", ())
    wait_for(lambda: not wakeups._waiting(os.getpid()), seconds=30, what="the first to be on its way")

    for _ in range(5):
        wakeups._hand_over("notifications.tasks.deliver_letters", ())

    assert room - wakeups._room._value == 2, "one is on its way, and one waits for all five"
    wait_for(lambda: wakeups.lost == before + 2, seconds=60, what="both to be given up")


def test_equal_wake_ups_leave_with_a_rest_between_them(monkeypatch: pytest.MonkeyPatch):
    app = Celery("dibs", broker=settings.REDIS_URL, set_as_current=False)
    app.conf.task_default_queue = f"wake-ups of {os.getpid()}"
    monkeypatch.setattr(wakeups, "current_app", app)
    broker = redis.Redis.from_url(settings.REDIS_URL)

    began = time.monotonic()
    for _ in range(10):
        wakeups._hand_over("notifications.tasks.deliver_letters", ())
        wait_for(lambda: not wakeups._waiting(os.getpid()), what="the wake-up to leave")
    took = time.monotonic() - began
    wait_for_wake_ups()

    assert broker.llen(app.conf.task_default_queue) == 10
    assert took >= 9 * wakeups._REST
    broker.delete(app.conf.task_default_queue)


def test_control_without_the_thread_the_order_waits_for_the_hung_broker(
    hung_broker: None, monkeypatch: pytest.MonkeyPatch
):
    def send_at_once(task: str, args: tuple[object, ...]) -> None:
        wakeups._room.acquire()
        wakeups._send(task, args)

    monkeypatch.setattr(wakeups, "_hand_over", send_at_once)
    before = wakeups.lost

    buy((variant(stock(on_hand=1)), 1))

    assert wakeups.lost == before + 1
