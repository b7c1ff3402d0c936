"""Is it alive, is it ready: for whoever watches the shop. Says what is wrong, never how to reach it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from shop.models import Heartbeat

_SECONDS = 2
_OLDEST_BEAT = timedelta(minutes=5)


def livez(request: HttpRequest) -> JsonResponse:
    """This process answers. It asks nobody else, so that a broken neighbour does not get it restarted."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker and the age of the latest sweep; 503 when any of them would let a customer down."""
    at = timezone.now()
    beat, database = _ask(_latest_beat)
    _, broker = _ask(_ping)
    age = (at - beat).total_seconds() if beat else None
    beating = age is not None and age <= _OLDEST_BEAT.total_seconds()
    ready = database and broker and beating
    return JsonResponse(
        {
            "status": "ready" if ready else "not ready",
            "database": "ok" if database else "unreachable",
            "broker": "ok" if broker else "unreachable",
            "beat": "ok" if beating else "late",
            "beat_age_seconds": None if age is None else round(age),
        },
        status=200 if ready else 503,
    )


def _ask[T](question: Callable[[], T]) -> tuple[T | None, bool]:
    try:
        return question(), True
    except (psycopg.Error, redis.RedisError, OSError):
        return None, False


def _latest_beat() -> datetime | None:
    """On a connection of its own: the pooled one has no limit on how long a hung server may keep it waiting."""
    parameters = connection.get_connection_params()
    parameters |= {"connect_timeout": _SECONDS, "options": f"-c statement_timeout={_SECONDS}s", "cursor_factory": None}
    beat = Heartbeat.objects.filter(name="sweep").values("at").query
    sql, values = beat.sql_with_params()
    with psycopg.connect(**parameters) as direct:
        row = direct.execute(sql, values).fetchone()
    return row[0] if row else None


def _ping() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as broker:
        broker.ping()
