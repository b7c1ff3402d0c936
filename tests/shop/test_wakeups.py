"""Waking never holds up who wakes: not a hung broker, not one that is gone."""

import socket
from collections.abc import Iterator

import pytest
from celery import current_app

from shop import wakeups
from shop.models import Order
from shop.processes import free_port
from tests.cast import buy, stock, variant
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def speak_to(broker: str) -> None:
    current_app.conf.broker_url = current_app.conf.broker_write_url = broker
    current_app.pool.force_close_all()
    current_app.__dict__.pop("_pool", None)
    current_app.amqp.__dict__.pop("_producer_pool", None)
    current_app.set_current()


@pytest.fixture
def own_broker(settings) -> Iterator[None]:
    yield
    speak_to(settings.REDIS_URL)


@pytest.fixture
def hung_broker(own_broker: None) -> Iterator[socket.socket]:
    """It takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        speak_to(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        yield server


def test_an_order_is_placed_while_the_broker_hangs(hung_broker: socket.socket):
    order = buy((variant(stock(on_hand=1)), 1))

    assert Order.objects.get() == order
    assert wakeups._room._value < wakeups._MOST_WAITING, (
        "the wake-up was sent, or given up, before the order was placed"
    )
    before = wakeups.lost
    wait_for(lambda: wakeups.lost > before, seconds=60, what="the wake-up to be given up")


def test_a_broker_that_is_gone_costs_a_wake_up_and_no_more(own_broker: None):
    speak_to(f"redis://127.0.0.1:{free_port()}/0")
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
