"""A cart outlives the session that led to it: a cookie of its own leads back to it, and so does signing in.

Whoever comes by keeps it: once in twenty-four hours her cookie is made anew, and the cart learns that she was here.

Signing out takes it off the machine: the cart has an address in it, and waits for its owner.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shop import carts
from shop.models import User
from shop.web import basket

# Whoever comes with a cookie that is older than this gets a new one, and her cart learns of it.
_FRESH = timedelta(days=1)
_SALT = "shop.web.kept_cart"


def keep(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware behind the session's. It costs nothing for who has no cart."""
    name = "__Host-cart" if settings.SESSION_COOKIE_SECURE else "cart"

    def respond(request: HttpRequest) -> HttpResponse:
        kept = request.get_signed_cookie(name, default="", salt=_SALT, max_age=carts.KEPT)
        if kept and not basket.key(request):
            basket.take_up(request, UUID(kept))
        response = get_response(request)
        if kept or request.session.modified:
            held = str(basket.key(request) or "")
            if held == kept and held and not request.get_signed_cookie(name, default="", salt=_SALT, max_age=_FRESH):
                carts.seen(UUID(held), timezone.localdate())
                kept = ""
            if held and held != kept:
                response.set_signed_cookie(
                    name,
                    held,
                    salt=_SALT,
                    max_age=carts.KEPT,
                    secure=settings.SESSION_COOKIE_SECURE,
                    httponly=True,
                    samesite="Lax",
                )
            elif kept and not held:
                response.delete_cookie(name, samesite="Lax")
        return response

    return respond


@receiver(user_logged_in)
def _bring(request: HttpRequest, user: Any, **_: Any) -> None:
    if isinstance(user, User):
        basket.join(request, user)
