"""Forms that were sent with something wrong in them, or that ask once more before they act.

The page that says so is asked for by GET like every other, so that Back, Forward and a reload show it: of an answer to
a POST that no cache may keep (security.md, S18) a browser shows nothing but an error page of its own.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone

_SENT = "sent"
_MARK = "again"
# What somebody typed is hers: it is shown for so long, of so many pages, and to nobody who signs in after her.
_KEPT = timedelta(hours=1)
_MOST_PAGES = 3
# Far above the longest form of ours, a review of hundreds of lines among them.
_MOST_CHARACTERS = 100_000


def sent(request: HttpRequest, page: str = "") -> QueryDict | None:
    """What the form of this page holds, or of another one: what is being sent, else what was sent last and led there
    by `ask`. What is being sent is not kept."""
    page = page or request.path
    kept: dict[str, list[Any]] = request.session.get(_SENT, {})
    if request.method == "POST":
        if page in kept:
            request.session[_SENT] = {other: each for other, each in kept.items() if other != page}
        return request.POST
    text, at = kept.get(page, ("", 0.0))
    is_fresh = timezone.now().timestamp() - at < _KEPT.total_seconds()
    return QueryDict(text) if _MARK in request.GET and is_fresh else None


def ask(request: HttpRequest, page: str = "", *, at: str = "", **more: str) -> HttpResponse:
    """To the page that shows what was sent, and `more`, and what is wrong with it: this one, or another, `at` a place
    in it."""
    page = page or request.path
    data = request.POST.copy()
    data.pop("csrfmiddlewaretoken", None)
    data.update(more)
    text = data.urlencode()
    if len(text) > _MOST_CHARACTERS:
        messages.error(request, "That was far more text than fits here: please shorten it. Nothing was changed.")
        return redirect(page)
    kept: dict[str, list[Any]] = request.session.get(_SENT, {})
    kept.pop(page, None)
    newest = [*kept.items(), (page, [text, timezone.now().timestamp()])][-_MOST_PAGES:]
    request.session[_SENT] = dict(newest)
    return redirect(f"{page}?{_MARK}=1{at and f'#{at}'}")


@receiver(user_logged_in)
def _forget(request: HttpRequest, **_: object) -> None:
    request.session.pop(_SENT, None)
