"""The demo's mailbox: an SMTP server on loopback that keeps every letter as a file, and functions that read them."""

import re
import secrets
import time
from asyncio import WriteTransport
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

LOOPBACK = "127.0.0.1"
# The envelope is no part of a letter, but only it names who gets a blind copy.
ENVELOPE_FROM, ENVELOPE_TO = "X-Envelope-From", "X-Envelope-To"
FILE_NAME = re.compile(r"\d{20}-[0-9a-f]{8}")

# What the server says to a letter: None takes it, a string is given as the SMTP reply and nothing is kept.
type Answer = Callable[[Envelope], str | None]


class NoSuchMail(LookupError):
    """There is no letter of this id."""


class CutConnection(Exception):
    """Raised by an `Answer`: the line goes dead in place of a reply, with the letter kept or not."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__()
        self.kept = kept


@dataclass(frozen=True)
class Mail:
    """One letter. `id` sorts by arrival; `recipients` are those of the envelope."""

    id: str
    received_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sender(self) -> str:
        return str(self.message["From"] or self.message[ENVELOPE_FROM] or "")

    @property
    def recipients(self) -> list[str]:
        return [address for address in str(self.message[ENVELOPE_TO] or "").split(", ") if address]

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items() if name not in {ENVELOPE_FROM, ENVELOPE_TO}]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        body = self.message.get_body(preferencelist=(kind,))
        return str(body.get_content()) if body else ""


def messages(folder: str | Path | None = None, *, limit: int = 200) -> list[Mail]:
    """The newest letters first; empty when there is no mailbox."""
    box = folder or settings.MAILBOX_DIR
    if not box:
        return []
    names = sorted((path.stem for path in Path(box).glob("*.eml") if FILE_NAME.fullmatch(path.stem)), reverse=True)
    return [read(name, box) for name in names[:limit]]


def read(id: str, folder: str | Path | None = None) -> Mail:
    """The letter of this id, or `NoSuchMail`. An id is never a path: it comes from an address line."""
    box = folder or settings.MAILBOX_DIR
    if not box or not FILE_NAME.fullmatch(id):
        raise NoSuchMail(id)
    try:
        content = (Path(box) / f"{id}.eml").read_bytes()
    except FileNotFoundError:
        raise NoSuchMail(id) from None
    received_at = datetime.fromtimestamp(int(id.split("-")[0]) / 1e9, UTC)
    return Mail(id, received_at, message_from_bytes(content, policy=policy.default))


def keep(envelope: Envelope, folder: Path) -> None:
    """Writes beside and renames, so that a reader never meets half a letter."""
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
    head = f"{ENVELOPE_FROM}: {envelope.mail_from}\r\n{ENVELOPE_TO}: {', '.join(envelope.rcpt_tos)}\r\n"
    unfinished = folder / f"{name}.part"
    unfinished.write_bytes(head.encode() + cast(bytes, envelope.content))
    unfinished.rename(folder / f"{name}.eml")


def accept(envelope: Envelope) -> str | None:
    return None


class Handler:
    def __init__(self, folder: Path, answer: Answer) -> None:
        self.folder, self.answer = folder, answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            reply = self.answer(envelope)
        except CutConnection as cut:
            if cut.kept:
                keep(envelope, self.folder)
            cast(WriteTransport, server.transport).abort()
            return "421 Gone"
        if reply is None:
            keep(envelope, self.folder)
        return reply or "250 Message kept"


class MailServer:
    """The SMTP server in a thread of its own. `answer` may be replaced at any time, to refuse letters or hang up."""

    def __init__(self, folder: Path, port: int, answer: Answer = accept) -> None:
        self.folder, self.port = folder, port
        self._handler = Handler(folder, answer)
        self._controller = Controller(self._handler, hostname=LOOPBACK, port=port, enable_SMTPUTF8=True)

    @property
    def answer(self) -> Answer:
        return self._handler.answer

    @answer.setter
    def answer(self, answer: Answer) -> None:
        self._handler.answer = answer

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    def messages(self) -> list[Mail]:
        return messages(self.folder)
