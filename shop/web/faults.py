"""The pages for when the shop itself is the trouble. None of them asks the database, which may be it."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from psycopg import errors

type View = Callable[[HttpRequest], HttpResponse]

# Whoever watches the shop hears how it is, not that it is closed.
_HEALTH = ("/livez", "/readyz")
_SOON = timedelta(seconds=30)
_A_WHILE = timedelta(minutes=10)


def maintained(get_response: View) -> View:
    """While the file that the settings name is there, everybody is told that the shop is closed; a time in it, such as
    2026-12-09 14:30, is told as well."""

    def respond(request: HttpRequest) -> HttpResponse:
        until = None if request.path.startswith(_HEALTH) else _closed_until()
        return get_response(request) if until is None else _closed(until)

    return respond


def server_error(request: HttpRequest) -> HttpResponse:
    """Our own fault; or the database's, which is over sooner than a fault of ours."""
    if _is_away(sys.exc_info()[1]):
        return _unavailable(_SOON)
    return _page("500.html", 500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("400.html", 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf.html", 403)


def _is_away(error: BaseException | None) -> bool:
    """Nobody answers at the database, or only to say that it is starting, stopping or full. Whatever else it refuses it
    has a reason for."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) is None or isinstance(
        cause, errors.AdminShutdown | errors.CrashShutdown | errors.CannotConnectNow | errors.TooManyConnections
    )


def is_closed() -> bool:
    """Is the file there that closes the shop?"""
    return os.path.exists(settings.MAINTENANCE_FILE)


def _closed_until() -> str | None:
    """What the file says; None when there is none, as nearly always."""
    if not is_closed():
        return None
    try:
        return Path(settings.MAINTENANCE_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _closed(until: str) -> HttpResponse:
    """Anything but a time that is to come closes the shop without one."""
    with suppress(ValueError):
        back_at = datetime.fromisoformat(until.strip())
        if timezone.is_naive(back_at):
            back_at = timezone.make_aware(back_at)
        if (left := back_at - timezone.now()) > timedelta():
            return _unavailable(left, back_at=back_at)
    return _unavailable(_A_WHILE, is_maintained=True)


def _unavailable(wait: timedelta, **context: Any) -> HttpResponse:
    response = _page("503.html", 503, **context)
    response["Retry-After"] = str(round(wait.total_seconds()))
    response["Cache-Control"] = "no-store"
    return response


def _page(template: str, status: int, **context: Any) -> HttpResponse:
    """With what the settings know, and nothing that a request could bring."""
    known = {"shop_name": settings.SHOP_NAME, "reply_to": settings.MAIL_REPLY_TO}
    return HttpResponse(render_to_string(template, known | context), status=status)
