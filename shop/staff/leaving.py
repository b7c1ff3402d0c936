"""Staff who leave are signed out (security.md, S15): after half an hour without a page, and after a day's work in any
case."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shop.models import User
from shop.web.middleware import PERSONAL

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# A session is written no oftener than this.
_ONCE_IN = timedelta(minutes=1)
_AT_WORK = "at_work"
_WATCHED = (*PERSONAL, "/pieces/")


def sign_out(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """On pages about a person, the desk and what else staff alone may see: others are the same for everybody.

    The session keeps since when, and when last, somebody of the staff was here, in seconds.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_WATCHED) and isinstance(request.user, User) and request.user.is_staff:
            _look_after(request, timezone.now().timestamp())
        return get_response(request)

    return respond


def _look_after(request: HttpRequest, now: float) -> None:
    since, last = request.session.get(_AT_WORK, (0.0, 0.0))
    if now - last > IDLE.total_seconds() or now - since > LONGEST.total_seconds():
        logout(request)
        messages.info(request, "You were signed out, as you were away or here for long. Please sign in again.")
    elif now - last > _ONCE_IN.total_seconds():
        request.session[_AT_WORK] = since, now


@receiver(user_logged_in)
def _begin(request: HttpRequest, user: Any, **_: object) -> None:
    if user.is_staff:
        now = timezone.now().timestamp()
        request.session[_AT_WORK] = now, now
