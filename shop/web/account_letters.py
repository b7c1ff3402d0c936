"""Mails about an account, in the look and the words of the shop's letters.

What opens an account for a while goes out at once and is kept nowhere. That an account was changed is a letter like any
other: it waits in the outbox until the mail server takes it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from notifications import outbox, rendering
from notifications.models import Letter
from notifications.outbox import Draft
from shop import wakeups
from shop.formats import long_moment

_TEMPLATE = "account"
_NOT_YOU = "Somebody else may have typed this address by mistake. Do nothing then, and nothing happens."
_WATCH_OUT = "If that was not you, choose a new password at once, and write to us."

# What happened to an account, by the name that the library has for it.
_CHANGES = {
    "account/email/password_changed": "The password of your account was changed.",
    "account/email/password_reset": "The password of your account was changed by a link from a mail.",
    "account/email/password_set": "Your account has a password now.",
    "account/email/email_changed": "The main address of your account was changed from {from_email} to {to_email}.",
    "account/email/email_confirm": "The address {confirmed} was added to your account, and signs in to it.",
    "account/email/email_deleted": "The address {deleted_email} was removed from your account.",
    "mfa/email/totp_activated": "Your account now asks for a code of an app at each sign-in.",
    "mfa/email/totp_deactivated": "Your account does not ask for a code of an app any more.",
    "mfa/email/recovery_codes_generated": "Your account has new recovery codes; those before open nothing any more.",
}


class _Mail(NamedTuple):
    """`to` is where its button leads: what the library tells under this name, or a page of the shop of this name."""

    about: str
    says: str = ""
    act: str = ""
    to: str = ""


_CHANGED = _Mail("Your account was changed", act="Choose a new password", to="account_reset_password")
_CONFIRM = _Mail(
    "Please confirm your address",
    "This address was given for an account. Confirm that it is yours, and it can be used.",
    "Yes, it is mine",
    "activate_url",
)
# What opens an account, or would.
_MAILS = {
    "account/email/login_code": _Mail(
        "Your code to sign in", "Type this code on the page where you asked for it. It lasts ten minutes."
    ),
    "account/email/email_confirmation": _CONFIRM,
    "account/email/email_confirmation_signup": _CONFIRM,
    "account/email/password_reset_key": _Mail(
        "Choose a new password",
        "You asked for a new password. This link lets you choose one, once.",
        "Choose a new password",
        "password_reset_url",
    ),
    "account/email/account_already_exists": _Mail(
        "You have an account already",
        "An account was to be made for this address, and there is one. Sign in to it; if you do not know the password"
        " any more, let us mail you a code there.",
        "Sign in",
        "account_login",
    ),
    "account/email/unknown_account": _Mail(
        "There is no account for this address",
        "Somebody tried to get into an account of this address, and there is none. You may have ordered without one, or"
        " with another address.",
        "Make an account",
        "account_signup",
    ),
}


def is_change(occasion: str) -> bool:
    return occasion in _CHANGES


def write(occasion: str, address: str, told: Mapping[str, Any]) -> None:
    """The owner of an account hears that it was changed. `told` is what the library tells of it."""
    draft = Draft(f"account:{uuid4()}", _TEMPLATE, address, thread="", context=_words(occasion, told))
    with transaction.atomic():
        outbox.write([draft], at=told["timestamp"])
        wakeups.wake_mailer()


def message(occasion: str, address: str, told: Mapping[str, Any]) -> EmailMessage:
    """What the mail server gets. Raises notifications.rendering.UnableToRender for an address that no mail can have."""
    letter = Letter(key=f"account:{uuid4()}", template=_TEMPLATE, recipient=address, context=_words(occasion, told))
    return rendering.message(letter)


def _words(occasion: str, told: Mapping[str, Any]) -> dict[str, str]:
    """`told` may have a code, and the address that the letter leads to."""
    if change := _CHANGES.get(occasion):
        when = f"That was on {long_moment(told['timestamp'])}, from the internet address {told['ip']}."
        mail, also = _CHANGED._replace(says=f"{change.format_map(told)} {when}"), _WATCH_OUT
    else:
        mail, also = _MAILS[occasion], _NOT_YOU
    link = _at_home(told.get(mail.to) or reverse(mail.to)) if mail.to else ""
    code = str(told.get("code", ""))
    return {"about": mail.about, "says": mail.says, "code": code, "act": mail.act, "link": link, "also": also}


def _at_home(address: str) -> str:
    """A secret is never mailed in a link to where the browser says that it is."""
    return settings.SITE_URL + urlsplit(address).path
