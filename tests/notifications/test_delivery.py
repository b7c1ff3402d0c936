import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import CommandError, call_command
from django.db import connection

from notifications import delivery, outbox, tasks
from notifications.models import Letter
from shop.mailbox import CutConnection, MailServer
from tests.notifications.conftest import AT, Written

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """Stands for a process that is gone: nothing catches it."""


def deliver(at: datetime = AT) -> delivery.Tally:
    return delivery.deliver_due(lambda: at)


def states() -> list[tuple[str, str, str]]:
    return list(Letter.objects.order_by("id").values_list("state", "subject", "server_answer"))


def test_a_due_letter_is_sent_and_marked(smtp_server: MailServer, written: Written) -> None:
    written()

    assert str(deliver()) == "1 sent, 0 not sent"
    assert states() == [("sent", "Your order ABCDEFGHJK: it is on its way", "Accepted.")]
    assert [(mail.subject, mail.recipients) for mail in smtp_server.messages()] == [
        ("Your order ABCDEFGHJK: it is on its way", ["ada@example.com"])
    ]
    assert str(deliver()) == "0 sent, 0 not sent"


def test_many_letters_share_a_connection(
    smtp_server: MailServer, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LETTERS_PER_CONNECTION", 2)
    letters_by_port: Counter[int] = Counter()
    handler = type(smtp_server._handler)
    receive = handler.handle_DATA

    async def count(self: Any, server: SMTP, session: Session, envelope: Envelope) -> str:
        letters_by_port[session.peer[1]] += 1  # type: ignore[index]
        return await receive(self, server, session, envelope)

    monkeypatch.setattr(handler, "handle_DATA", count)
    for number in range(5):
        written(f"shipped:{number}")

    assert deliver().sent == 5
    assert list(letters_by_port.values()) == [2, 2, 1]


def test_smtp_is_never_spoken_inside_a_transaction(smtp_server: MailServer, written: Written) -> None:
    open_transactions = []
    send = delivery._send

    def watch(message: EmailMultiAlternatives, mailer: BaseEmailBackend) -> None:
        open_transactions.append(connection.in_atomic_block)
        send(message, mailer)

    written()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_send", watch)
        deliver()

    assert open_transactions == [False]


@pytest.mark.parametrize("words", ["451 4.3.0 try again later", "421 4.3.2 too busy", "554 5.7.1 refused content"])
def test_a_letter_the_server_does_not_take_now_is_tried_again(
    smtp_server: MailServer, written: Written, words: str
) -> None:
    written()
    smtp_server.answer = lambda envelope: words
    assert deliver().failed == 1

    row = Letter.objects.get()
    assert (row.state, row.server_answer) == ("pending", words)
    assert AT + timedelta(minutes=1) <= row.due_at <= AT + timedelta(minutes=1.2)
    smtp_server.answer = lambda envelope: None
    assert deliver(row.due_at).sent == 1


def test_a_recipient_refused_for_good_is_given_up_at_once(refusals: dict[str, str], written: Written) -> None:
    refusals |= {"ada@example.com": "550 5.1.1 no such user", "bo@example.com": "450 4.2.1 mailbox busy"}
    written("a")
    written("b", recipient="bo@example.com")
    written("c", recipient="cy@example.com")

    assert (deliver().sent, Letter.objects.filter(state="dead").count()) == (1, 1)
    assert [(state, answer) for state, _, answer in states()] == [
        ("dead", "550 5.1.1 no such user"),
        ("pending", "450 4.2.1 mailbox busy"),
        ("sent", "Accepted."),
    ]


@pytest.mark.parametrize("kept", [True, False])
def test_a_line_cut_after_the_letter_was_handed_over_is_tried_again(
    smtp_server: MailServer, written: Written, kept: bool
) -> None:
    written("cut")
    written("next", recipient="bo@example.com")

    def cut_once(envelope: Envelope) -> None:
        smtp_server.answer = lambda envelope: None
        raise CutConnection(kept=kept)

    smtp_server.answer = cut_once
    assert str(deliver()) == "1 sent, 1 not sent"
    row = Letter.objects.get(key="cut")
    assert row.state == "pending"
    assert "SMTPServerDisconnected" in row.server_answer
    deliver(row.due_at)

    to_ada = [mail for mail in smtp_server.messages() if mail.recipients == ["ada@example.com"]]
    assert len(to_ada) == (2 if kept else 1)
    assert len({mail.message["Message-ID"] for mail in to_ada}) == 1


def test_a_server_that_is_down_holds_up_one_letter_and_loses_none(no_server: None, written: Written) -> None:
    written("a")
    written("b")

    tally = deliver()

    assert str(tally) == "0 sent, 1 not sent; the mail server cannot be reached, the rest waits"
    first, second = Letter.objects.order_by("id")
    assert (first.state, first.attempts, "refused" in first.server_answer) == ("pending", 1, True)
    assert (second.state, second.attempts) == ("pending", 0)


def test_a_letter_that_cannot_be_rendered_does_not_block_the_others(smtp_server: MailServer, written: Written) -> None:
    written("broken", template="no_such_letter")
    written("poisoned", context={"number": "A\r\nBcc: mallory@example.com"})
    written("nobody", recipient="not an address")
    written("good")

    assert str(deliver()) == "1 sent, 3 not sent"
    broken, poisoned, nobody, good = states()
    assert broken == ("dead", "", "TemplateDoesNotExist: emails/no_such_letter.subject.txt")
    assert (poisoned[0], "ValueError" in poisoned[2]) == ("dead", True)
    assert (nobody[0], "Invalid address" in nobody[2]) == ("dead", True)
    assert good[0] == "sent"
    assert [mail.recipients for mail in smtp_server.messages()] == [["ada@example.com"]]


# Where the killed sender stops, and how many letters arrive in the end.
POINTS = {
    "rendering.message": 1,
    "delivery._send": 1,
    "outbox.mark_sent": 2,
}
SENDER = """
import os, signal
from datetime import datetime
import django
django.setup()
from notifications import delivery, outbox, rendering
{point} = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
delivery.deliver_due(lambda: datetime.fromisoformat("{at}"))
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_killed_with_9_loses_no_letter(smtp_server: MailServer, written: Written, point: str) -> None:
    """A real process, killed for real. Only what the server had taken arrives twice, and under one Message-ID."""
    written()
    database = connection.settings_dict
    killed = subprocess.run(
        [sys.executable, "-c", SENDER.format(point=point, at=AT.isoformat())],
        env=os.environ
        | {
            "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(database),
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_server.port}",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
        },
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert Letter.objects.get().state == "in_flight"

    assert deliver(AT + timedelta(minutes=4)).sent == 0
    late = AT + timedelta(minutes=6)
    assert outbox.revive(late) == 1
    assert deliver(late).sent == 1
    assert deliver(late).sent == 0

    assert Letter.objects.get().state == "sent"
    received = smtp_server.messages()
    assert len(received) == POINTS[point]
    assert len({mail.message["Message-ID"] for mail in received}) == 1


def test_only_the_letter_in_the_hand_is_in_flight(
    smtp_server: MailServer, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        written(f"shipped:{number}")

    def die(message: EmailMultiAlternatives, mailer: BaseEmailBackend) -> None:
        raise Killed

    monkeypatch.setattr(delivery, "_send", die)
    with pytest.raises(Killed):
        deliver()

    assert [state for state, _, _ in states()] == ["in_flight", "pending", "pending"]


def test_the_loop_ends_when_its_time_is_over(smtp_server: MailServer, written: Written) -> None:
    for number in range(5):
        written(f"shipped:{number}")
    minutes = iter(AT + timedelta(seconds=20) * step for step in range(100))

    tally = delivery.deliver_due(lambda: next(minutes), timedelta(seconds=60))

    assert (tally.sent, Letter.objects.filter(state="pending").count()) == (1, 4)


def test_the_task_delivers_what_is_due(smtp_server: MailServer, written: Written) -> None:
    written()
    tasks.deliver_letters.apply(throw=True)

    assert tasks.deliver_letters.name == "notifications.tasks.deliver_letters"
    assert Letter.objects.get().state == "sent"


def test_the_command_revives_sends_and_says_so(
    smtp_server: MailServer, written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    written("stuck")
    outbox.claim(1, AT)
    written("due")

    call_command("send_letters")

    assert capsys.readouterr().out == "1 revived, 2 sent, 0 not sent.\n"


def test_the_command_fails_plainly_without_a_mail_server(no_server: None, written: Written) -> None:
    written()

    with pytest.raises(CommandError, match="check EMAIL_URL"):
        call_command("send_letters")
