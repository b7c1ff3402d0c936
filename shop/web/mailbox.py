"""The demo's mailbox in the browser: the letters that the shop sent, as their recipients would see them."""

from types import ModuleType
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

# A letter brings its own styles and no scripts; its links open beside the mailbox.
LETTER_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "mailbox/index.html", {"mails": _mailbox().messages()})


@require_safe
def show(request: HttpRequest, mail_id: str) -> HttpResponse:
    return render(request, "mailbox/mail.html", {"mail": _read(mail_id)})


@require_safe
@xframe_options_sameorigin
@csp_override(LETTER_POLICY)
def html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The letter's HTML part, alone in a sandbox."""
    body = _read(mail_id).html
    if not body:
        raise Http404
    return HttpResponse(body)


def _read(mail_id: str) -> Any:
    mailbox = _mailbox()
    try:
        return mailbox.read(mail_id)
    except mailbox.NoSuchMail as missing:
        raise Http404 from missing


def _mailbox() -> ModuleType:
    if not settings.MAILBOX_DIR:
        raise Http404
    # Its SMTP library is installed with the demo only.
    from shop import mailbox

    return mailbox
