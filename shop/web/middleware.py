"""Headers that depend on where a page lies."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

# Pages about one person: no cache, not even the browser's, may keep them.
PERSONAL = ("/cart/", "/checkout/", "/orders/", "/account/", "/accounts/", "/admin/", "/alerts/", "/mailbox/")
SEARCH = "/search/"
# What search engines shall not list: those, and what they could ask for without end.
UNLISTED = (*PERSONAL, SEARCH)
ADMIN = "/admin/"
# The admin's widgets evaluate expressions and set styles; nobody but staff gets to see them.
ADMIN_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}

type View = Callable[[HttpRequest], HttpResponse]


def sane(get_response: View) -> View:
    """Refuses what no database takes and no browser sends: a NUL in an address or a cookie, a form not in UTF-8."""

    def respond(request: HttpRequest) -> HttpResponse:
        said = (request.path_info, request.META.get("QUERY_STRING", ""), *request.COOKIES.values())
        charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
        if any("\0" in part or "%00" in part for part in said) or charset.lower() not in {"utf-8", "utf8"}:
            return HttpResponseBadRequest("This request cannot be read.", content_type="text/plain")
        return get_response(request)

    return respond


def cookies_are_private(get_response: View) -> View:
    """What everybody may keep carries nobody's cookie: a cache on the way would hand a session to somebody else."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.cookies and "public" in response.get("Cache-Control", ""):
            response["Cache-Control"] = "no-store, private"
        return response

    return respond


def headers(get_response: View) -> View:
    """The admin's own content security policy, `no-store` on every page about one person, and
    `noindex` on those and all else that is nothing to find."""
    admin_response = csp_override(ADMIN_POLICY)(get_response)

    def respond(request: HttpRequest) -> HttpResponse:
        response = admin_response(request) if request.path.startswith(ADMIN) else get_response(request)
        if request.path.startswith(PERSONAL):
            response["Cache-Control"] = "no-store, private"
        if request.path.startswith(UNLISTED):
            response["X-Robots-Tag"] = "noindex"
        return response

    return respond
