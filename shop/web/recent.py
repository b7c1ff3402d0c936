"""What a visitor looked at lately: the ids of a few products in a signed cookie that ends with the browser's session.

It names nobody, and the server keeps nothing of it. The product page itself can come from a cache, the same for
everybody: a script asks for this fragment, which also remembers the product. Without a script there is none.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shop import catalog
from shop.web import basket
from shop.web.forms import id_of

MOST = 8
_COOKIE = "recent"


def seen(request: HttpRequest) -> list[int]:
    """Ids of products, the newest first."""
    said = request.get_signed_cookie(_COOKIE, default="", salt=_COOKIE) or ""
    return [pk for text in said.split(".") if (pk := id_of(text)) is not None]


@require_safe
@cache_control(private=True, no_store=True)
def show(request: HttpRequest) -> HttpResponse:
    """What was looked at before the product that is `seen` now."""
    now = id_of(request.GET.get("seen", ""))
    before = [pk for pk in seen(request) if pk != now]
    cards = catalog.cards_of(before, timezone.now(), customer=basket.customers_key(request))
    response = render(request, "_recent.html", {"recent": cards})
    if now is not None:
        _remember(response, [now, *before][:MOST])
    return response


def _remember(response: HttpResponse, ids: list[int]) -> None:
    response.set_signed_cookie(
        _COOKIE,
        ".".join(map(str, ids)),
        salt=_COOKIE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
