"""Forms that were sent with something wrong in them, or that ask once more before they act.

The page that says so is asked for by GET like every other, so that Back, Forward and a reload show it: of an answer to
a POST that no cache may keep (security.md, S18) a browser shows nothing but an error page of its own.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

_SENT = "sent"
_MARK = "again"
# Far above the longest form of ours, a review of hundreds of lines among them.
_MOST_CHARACTERS = 100_000


def sent(request: HttpRequest) -> QueryDict | None:
    """What the form of this page holds: what is being sent, else what was sent last and led here by `ask`."""
    if request.method == "POST":
        request.session.pop(_SENT, None)
        return request.POST
    page, text = request.session.get(_SENT, ("", ""))
    return QueryDict(text) if _MARK in request.GET and page == request.path else None


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
    request.session[_SENT] = page, text
    return redirect(f"{page}?{_MARK}=1{at and f'#{at}'}")
