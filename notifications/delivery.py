"""Due letters go to the mail server: one transaction claims a letter, SMTP runs outside any, another one marks it.

One letter is in flight at a time, so a sender that dies leaves exactly one open question, and only that letter is sent
again, with the same Message-ID.
"""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives, mailers
from django.core.mail.backends.base import BaseEmailBackend

from notifications import outbox, rendering
from notifications.models import Letter

# Servers count the letters of a connection, and some hang up beyond a number.
LETTERS_PER_CONNECTION = 50
PATIENCE = timedelta(seconds=60)

logger = logging.getLogger(__name__)


class UnableToConnect(Exception):
    """The mail server cannot be reached or does not let us in; no letter would go through now."""


@dataclass(slots=True)
class Tally:
    sent: int = 0
    failed: int = 0
    reachable: bool = True

    def __str__(self) -> str:
        words = f"{self.sent} sent, {self.failed} not sent"
        return words if self.reachable else f"{words}; the mail server cannot be reached, the rest waits"


def deliver_due(clock: Callable[[], datetime], patience: timedelta = PATIENCE) -> Tally:
    """Send what is due, oldest first, until nothing is, the patience is over, or the server cannot be reached.

    `clock` tells the time anew for every letter: a claim is judged by its age.
    """
    tally, mailer, until = Tally(), mailers["default"], clock() + patience
    try:
        while tally.reachable and (at := clock()) < until and (claimed := outbox.claim(1, at)):
            _deliver(claimed[0], mailer, clock, tally)
            if (tally.sent + tally.failed) % LETTERS_PER_CONNECTION == 0:
                mailer.close()
    finally:
        mailer.close()
    return tally


def _deliver(letter: Letter, mailer: BaseEmailBackend, clock: Callable[[], datetime], tally: Tally) -> None:
    try:
        message = rendering.message(letter)
        _send(message, mailer)
    except (rendering.UnableToRender, ValueError) as error:
        _fail(letter, str(error), clock(), tally, for_good=True)
    except UnableToConnect as error:
        tally.reachable = False
        _fail(letter, str(error), clock(), tally)
    except OSError as error:
        mailer.close()
        _fail(letter, _words(error), clock(), tally, for_good=_refuses_recipient(error))
    else:
        tally.sent += 1
        if not outbox.mark_sent(letter, message, at=clock()):
            logger.warning("Letter %s was sent after its claim had run out; it may arrive twice.", letter.key)


def _send(message: EmailMultiAlternatives, mailer: BaseEmailBackend) -> None:
    try:
        mailer.open()
    except (OSError, ValueError) as error:
        raise UnableToConnect(_words(error)) from error
    mailer.send_messages([message])


def _fail(letter: Letter, answer: str, at: datetime, tally: Tally, *, for_good: bool = False) -> None:
    tally.failed += 1
    logger.warning("Letter %s was not sent: %s", letter.key, answer)
    if not outbox.mark_failed(letter, answer, at=at, for_good=for_good):
        logger.warning("Letter %s failed after its claim had run out; it is being sent by somebody else.", letter.key)


def _refuses_recipient(error: OSError) -> bool:
    """Only a refused recipient is this letter's own fault. Any other "never" may be our set-up, which can be mended."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(500 <= code < 600 for code, _ in error.recipients.values())


def _words(error: Exception) -> str:
    """The server's own words, or the fault's."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return "; ".join(f"{code} {_text(answer)}" for code, answer in refused.values())
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=answer):
            return f"{code} {_text(answer)}"
        case _:
            return f"{type(error).__name__}: {error}"


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer
