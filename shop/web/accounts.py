"""How people sign up and in: allauth, with the shop's own name in its mails and a plain word when mail fails."""

import base64
import hashlib
import logging
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def format_email_subject(self, subject: str) -> str:
        return f"{subject.strip()} – {settings.SHOP_NAME}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _at_home(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmation) -> str:
        return _at_home(super().get_email_confirmation_url(request, emailconfirmation))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by account and address: whoever guesses elsewhere keeps nobody out of her own
        account. allauth counts by the host that the browser claims, and each port of it would be another one."""
        return f"{self.get_client_ip(request)} {str(credentials.get('email', '')).lower()}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """These mails carry secrets that expire, so they go out at once and are never stored.

        A mail server that is down must not turn signing in into an error page: it is said, and asked to try again.
        """
        # There is no sites table; allauth would greet with the host that the visitor's browser claims.
        site = SimpleNamespace(name=settings.SHOP_NAME, domain=urlsplit(settings.SITE_URL).netloc)
        try:
            super().send_mail(template_prefix, email, {**context, "current_site": site})
        except (SMTPException, OSError):
            logger.exception("A mail about an account (%s) could not be sent", template_prefix)
            messages.error(
                current.request, "We could not send you the mail just now. Please try again in a few minutes."
            )


def _at_home(url: str) -> str:
    """A secret is never mailed in a link to where the browser says that it is."""
    return settings.SITE_URL + urlsplit(url).path


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are useless to who reads the database without knowing the shop's own key."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    """The newest key encrypts, those before it still decrypt."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(f"second factors {key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
