from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import transaction

from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from shop.dev.processes import free_port
from shop.mailbox import LOOPBACK, MailServer

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)

# Writes a letter as a use case does, in a transaction that commits; what is not given is as `letter` has it.
type Written = Callable[..., Letter]


@pytest.fixture
def refusals(smtp_server: MailServer) -> dict[str, str]:
    """What the mail server says to a recipient before it has read the letter; empty at first."""
    replies: dict[str, str] = {}

    async def receive(server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address not in replies:
            envelope.rcpt_tos.append(address)
        return replies.get(address, "250 OK")

    smtp_server._handler.handle_RCPT = receive  # type: ignore[attr-defined]
    return replies


@pytest.fixture
def no_server(settings: Any) -> None:
    """Nothing listens where the mail server should be."""
    options = {"host": LOOPBACK, "port": free_port(), "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


def letter(key: str = "shipped:1", **fields: Any) -> Letter:
    """A parcel's letter to Ada, whose name and article need care in HTML and in headers."""
    context = {
        "number": "ABCDEFGHJK",
        "name": "Ada O'Brien & Söhne <b>",
        "carrier": "Post & Parcel",
        "tracking_number": "00340",
        "items": [{"what": "2 × “Blue” <curtains>", "choice": "M & L", "notes": [], "price": ""}],
        "to_come": [],
        "links": {
            "order": {
                "path": "/orders/ABCDEFGHJK/open/{token}/",
                "salt": "shop.order-link.view",
                "payload": {"order": "ABCDEFGHJK", "v": 1},
            }
        },
    }
    usual = {
        "template": "parcel_shipped",
        "recipient": "ada@example.com",
        "thread": "ABCDEFGHJK",
        "context": context | fields.pop("context", {}),
        "written_at": AT,
        "due_at": AT,
    }
    return Letter(key=key, **(usual | fields))


def draft(key: str = "shipped:1", **fields: Any) -> Draft:
    """The same before it is in the outbox."""
    row = letter(key, **fields)
    return Draft(row.key, row.template, row.recipient, row.thread, row.context)


@pytest.fixture
def written() -> Written:
    def write(key: str = "shipped:1", *, at: datetime = AT, **fields: Any) -> Letter:
        with transaction.atomic():
            outbox.write([draft(key, **fields)], at=at)
        return Letter.objects.get(key=key)

    return write
