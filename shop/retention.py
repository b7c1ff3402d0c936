"""What nobody comes back to is thrown away: sessions that are over, carts, which hold a name and an address, and the
addresses of alerts.

What was promised, told and paid is kept: see the records of an order.
"""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from shop import carts, stock_alerts

# So many rows go in one statement: nobody waits for it, and none runs into the limit of time, as Django's own
# `clear_expired` would where years of them are left.
_AT_ONCE = 1_000
# Whoever is just coming back to a cart keeps it.
_DISCARD = """
WITH old AS MATERIALIZED (
    SELECT id FROM shop_cart WHERE seen_on < %(seen_on)s LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), lines AS (
    DELETE FROM shop_cartline WHERE cart_id IN (SELECT id FROM old)
)
DELETE FROM shop_cart WHERE id IN (SELECT id FROM old)
"""


def throw_away(at: datetime) -> tuple[int, int, int]:
    """Sessions that are over, carts whose owner was not seen for as long as they are kept, and alerts that were not
    confirmed or are written: how many of each."""
    return _sessions(at), _carts(at), stock_alerts.throw_away(at)


def _sessions(at: datetime) -> int:
    gone = 0
    while keys := list(Session.objects.filter(expire_date__lt=at).values_list("pk", flat=True)[:_AT_ONCE]):
        gone += Session.objects.filter(pk__in=keys).delete()[0]
    return gone


def _carts(at: datetime) -> int:
    gone, first_kept = 0, timezone.localdate(at) - carts.KEPT
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DISCARD, {"seen_on": first_kept, "limit": _AT_ONCE})
            gone += cursor.rowcount
            if cursor.rowcount < _AT_ONCE:
                return gone
