"""What the log says of ways in: who came, who was refused, what changed about a way in (security.md, S28).

Accounts stand there by their number, orders by theirs: no address of a person, no password, no token.
"""

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factor
from django.contrib.auth import get_user_model, signals
from django.dispatch import receiver
from django.http import HttpRequest

from shop.web.origin import address_of

logger = logging.getLogger("shop.security")


def note(what: str, request: HttpRequest | None, who: object = "nobody known") -> None:
    logger.info("%s: %s, from %s", what, who, (request and address_of(request)) or "nowhere")


@receiver(signals.user_logged_in)
def _signed_in(request: HttpRequest, user: Any, **_: object) -> None:
    note("signed in", request, f"account {user.pk}")


@receiver(signals.user_logged_out)
def _signed_out(request: HttpRequest, user: Any, **_: object) -> None:
    if user:
        note("signed out", request, f"account {user.pk}")


@receiver(signals.user_login_failed)
def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    typed = str(credentials.get("email") or credentials.get("username") or "")
    found = get_user_model().objects.filter(email__iexact=typed).values_list("pk", flat=True).first()
    note("refused to sign in", request, f"account {found}" if found else "no account of ours")


@receiver(account.login_code_rejected)
@receiver(factor.authentication_failed)
def _wrong_code(request: HttpRequest, user: Any = None, **_: object) -> None:
    note("refused a code", request, f"account {user.pk}" if user else "nobody known")


@receiver(account.password_changed)
@receiver(account.password_reset)
@receiver(account.password_set)
def _password(request: HttpRequest, user: Any, **_: object) -> None:
    note("has another password", request, f"account {user.pk}")


@receiver(account.email_changed)
def _address(request: HttpRequest, user: Any, **_: object) -> None:
    note("has another address", request, f"account {user.pk}")


@receiver(factor.authenticator_added)
@receiver(factor.authenticator_removed)
@receiver(factor.authenticator_reset)
def _factor(request: HttpRequest, user: Any, **_: object) -> None:
    note("has another second factor", request, f"account {user.pk}")
