"""How people sign up and in: allauth, with the shop's own words and letters, and a plain word when mail fails."""

import base64
import hashlib
import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest

from notifications.rendering import UnableToRender
from shop.web import account_letters

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed: please write to us if that surprises you.",
        "cannot_remove_primary_email": "This is your main address: make another one the main one before you remove it.",
        "duplicate_email": "This address belongs to your account already.",
        "email_password_mismatch": "This address and this password do not go together: check both, or let us mail you"
        " a code.",
        "email_taken": "This address has an account already: sign in to it.",
        "enter_current_password": "This is not your password until now: please type it once more.",
        "incorrect_code": "This is not the code that we sent: check it, or let us send a new one.",
        "incorrect_password": "This is not your password: please type it once more.",
        "max_email_addresses": "An account has at most %d addresses: remove one first.",
        "rate_limited": "That was too often in a short time: please wait a few minutes.",
        "same_as_current": "Nothing would change: choose another one.",
        "too_many_login_attempts": "That was tried too often: please wait a few minutes.",
        "unknown_email": "There is no account of this address.",
        "unverified_primary_email": "Confirm an address before you make it your main one.",
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by account and address: whoever guesses elsewhere keeps nobody out of her own
        account. allauth counts by the host that the browser claims, and each port of it would be another one."""
        return f"{self.get_client_ip(request)} {str(credentials.get('email', '')).lower()}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Most of these mails carry secrets that expire, so they go out at once and are never stored.

        A mail server that is down must not turn signing in into an error page: it is said, and asked to try again.
        """
        if account_letters.is_change(template_prefix):
            account_letters.write(template_prefix, email, context)
            return
        try:
            account_letters.message(template_prefix, email, context).send()
        except UnableToRender:
            logger.exception("A mail about an account (%s) could not be written", template_prefix)
            messages.error(current.request, "No mail can be sent to this address: please check it.")
        except (SMTPException, OSError):
            logger.exception("A mail about an account (%s) could not be sent", template_prefix)
            messages.error(
                current.request, "We could not send you the mail just now. Please try again in a few minutes."
            )


@receiver(email_confirmed)
def _tell_of_another_address(email_address: EmailAddress, **_: Any) -> None:
    """Whoever adds one to an account that is left open has a key to it: its owner hears of that at her own."""
    owner = email_address.user
    if EmailAddress.objects.filter(user=owner, verified=True).exclude(pk=email_address.pk).exists():
        get_adapter().send_notification_mail(
            "account/email/email_confirm", owner, context={"confirmed": email_address.email}
        )


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
