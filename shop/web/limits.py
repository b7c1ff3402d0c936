"""How often something is done from one internet address: ACCOUNT_RATE_LIMITS says how often it may be."""

import logging

from allauth.core import ratelimit
from django.http import HttpRequest
from redis import RedisError

from shop.web.origin import address_of

logger = logging.getLogger(__name__)


def is_within(request: HttpRequest, action: str) -> bool:
    """Counts this time too. Who has no address is not counted, and nobody while what counts cannot be reached: a broker
    that is gone never fails a checkout (law 12)."""
    if not address_of(request):
        return True
    try:
        return bool(ratelimit.consume(request, action=action))
    except (RedisError, OSError) as error:
        logger.warning("Could not count how often “%s” is done: %s", action, error)
        return True
