"""The Celery application: broker settings from faults.md and the whole beat timetable."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_after_setup

from shop import loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

from django.conf import settings  # the settings module must be named first

app = Celery("dibs")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
    },
    visibility_timeout=300,
    # Both limits stay below the visibility timeout, or a slow task would be handed out twice.
    task_time_limit=120,
    task_soft_time_limit=90,
    # A killed child loses its task with either of the two alone (measured, faults.md).
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    accept_content=["json"],
    worker_soft_shutdown_timeout=20,
    broker_pool_acquire_timeout=2,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_step": 0, "interval_max": 0.1},
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule={
        "sweep: fill free units, revive and send letters, show that the beat lives": {
            "task": "shop.tasks.sweep",
            "schedule": 60.0,
            "options": {"expires": 55},
        },
        "remind: open questions, and that nothing has moved": {
            "task": "shop.tasks.remind",
            "schedule": 3600.0,
            "options": {"expires": 3500},
        },
        "tidy: sessions that are over, and carts that nobody comes back to": {
            "task": "shop.tasks.tidy",
            "schedule": 3600.0,
            "options": {"expires": 3500},
        },
    },
)


@celeryd_after_setup.connect
def keep_what_is_loaded(**_: Any) -> None:
    """Before the worker's processes are forked."""
    loaded.keep()


@beat_init.connect
def sweep_at_once(**_: Any) -> None:
    """A shop that starts again does not wait a minute for the first sweep."""
    app.send_task("shop.tasks.sweep", expires=55)


app.autodiscover_tasks(["shop", "notifications"])
