"""Who asks once more whether a page has changed hears that it has not, while nothing at all was written meanwhile.

All that such an answer is made of lies in the database or in the question: the page's goods, the session, the cart. So
the same question has the same answer for as long as the database names the same snapshot, and until the clock may say
something else. That is asked before Django begins, which takes several times as long to come to the same answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from shop import shown
from shop.web import faults

type Headers = list[tuple[str, str]]
type Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_LASTS = "shop.web.unchanged"
# All that an answer may depend on of a question, by the names that WSGI gives it.
_ASKED = (
    *("REQUEST_METHOD", "wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"),
    *("HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_COOKIE", "HTTP_HX_REQUEST"),
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"),
)
_MAY_VARY = {"cookie", "hx-request"}
# What a browser needs to hear again (RFC 9110, 15.4.5); all else it has.
_REPEATED = {"cache-control", "etag", "vary"}
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Lasts:
    """An answer that holds while the database names this snapshot, and no longer than `until`."""

    snapshot: str
    until: datetime


@dataclass(frozen=True, slots=True)
class _Answer:
    lasts: _Lasts
    headers: Headers


def lasts(request: HttpRequest, snapshot: str, at: datetime, until: datetime) -> None:
    """The answer to this request is made of nothing but the request, the clock `at` some moment, and what the database
    held at `snapshot`."""
    # By the clock pages change at full minutes.
    minute = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    request.META[_LASTS] = _Lasts(snapshot, min(until, minute))


def answering(application: Application) -> Application:
    """Goes around Django's application, and answers for it what it has answered already."""
    answers: dict[tuple[Any, ...], _Answer] = {}
    # These are asked of no database.
    files = (settings.STATIC_URL, settings.MEDIA_URL)

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" not in environ or environ["PATH_INFO"].startswith(files):
            return application(environ, start_response)
        question = tuple(map(environ.get, _ASKED))
        # Asked before anything else is read: an answer that is kept below is made of nothing older.
        snapshot, known = shown.snapshot_at_hand(), answers.get(question)
        if known and snapshot == known.lasts.snapshot and timezone.now() < known.lasts.until and not faults.is_closed():
            start_response("304 Not Modified", [*known.headers])
            return ()

        def start(status: str, headers: Headers, *failed: Any) -> Any:
            made: _Lasts | None = environ.get(_LASTS)
            if made and made.snapshot == snapshot and status.startswith("304 ") and _is_for_all_who_ask_so(headers):
                if len(answers) >= _MOST:
                    answers.clear()
                answers[question] = _Answer(made, [part for part in headers if part[0].lower() in _REPEATED])
            return start_response(status, headers, *failed)

        return application(environ, start)

    return respond


def _is_for_all_who_ask_so(headers: Headers) -> bool:
    """It gives no cookie, and depends on no header that is not looked at here."""
    said = {name.lower(): value for name, value in headers}
    varies = {name.strip().lower() for name in said.get("vary", "").split(",") if name.strip()}
    return "set-cookie" not in said and varies <= _MAY_VARY
