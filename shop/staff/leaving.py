"""Whoever leaves the desk open is signed out (security.md, S15): after half an hour without a page, and after a day's
work in any case."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shop.models import User
from shop.web.middleware import ADMIN

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# A session is written no oftener than this.
_ONCE_IN = timedelta(minutes=1)
_AT_THE_DESK = "at_the_desk"


def sign_out(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The session keeps since when, and when last, its owner was at the desk, in seconds."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ADMIN) and isinstance(request.user, User) and request.user.is_staff:
            _look_after(request, timezone.now().timestamp())
        return get_response(request)

    return respond


def _look_after(request: HttpRequest, now: float) -> None:
    since, last = request.session.get(_AT_THE_DESK, (now, 0.0))
    if last and (now - last > IDLE.total_seconds() or now - since > LONGEST.total_seconds()):
        logout(request)
        messages.info(request, "You were signed out of the desk, as it was left alone or open for long. Sign in again.")
    elif now - last > _ONCE_IN.total_seconds():
        request.session[_AT_THE_DESK] = since, now
