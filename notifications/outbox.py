"""The outbox: letters are written with the fact they tell, claimed by one sender, marked when the server has spoken.

Every mark is an update that also names the claim it belongs to, and its count is checked: a sender that was presumed
dead and comes back changes nothing.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import batched
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from inventory.prepared import planned_once
from notifications.models import Letter

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
# Longer than any send can take: the worker's hard time limit is two minutes.
STUCK_AFTER = timedelta(minutes=5)
# Letters that failed together do not come back together.
JITTER = 0.2

_State = Letter.State

# One statement and one value for thousands of letters: a delivery may serve as many orders at once.
_WRITE = """
INSERT INTO notifications_letter
    (key, template, recipient, context, thread, written_at, due_at, state, attempts,
    subject, message_id, body_hash, server_answer)
SELECT draft.key, alike.template, draft.recipient, alike.shared || draft.context, draft.thread,
    %s::timestamptz, %s::timestamptz, %s, 0, '', '', '', ''
FROM jsonb_to_recordset(%s::jsonb) AS alike (template text, shared jsonb, drafts jsonb),
    jsonb_to_recordset(alike.drafts) AS draft (key text, recipient text, context jsonb, thread text)
ORDER BY draft.key COLLATE "C"
ON CONFLICT (key) DO NOTHING
"""
# So many letters in one statement: none comes near the limit of time.
_BATCH = 5000


_NOTHING: Mapping[str, Any] = {}


class Draft(NamedTuple):
    """A letter that is not in the outbox yet; its fields are those of the letter.

    Its context has what is `shared` as well. Letters that say the same hold one and the same mapping there: it is
    written down once for thousands of them.
    """

    key: str
    template: str
    recipient: str
    thread: str
    context: Mapping[str, Any]
    shared: Mapping[str, Any] = _NOTHING


def write(drafts: Iterable[Draft], *, at: datetime) -> None:
    """Put letters into the outbox, due at once, in the transaction of the fact that they tell.

    A letter whose key is already there is left out: that fact has been told. Keys are written in sorted order, so that
    two transactions that tell the same facts wait for each other and never in a circle.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("A letter is written in the transaction of the fact that it tells.")
    with planned_once() as cursor:
        for some in batched(sorted(drafts, key=attrgetter("key")), _BATCH):
            # The database reads every character.
            text = json.dumps(_alike(some), ensure_ascii=False, separators=(",", ":"))
            cursor.execute(_WRITE, [at, at, _State.PENDING.value, text])


def _alike(drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    alike: dict[tuple[str, int], dict[str, Any]] = {}
    for key, template, recipient, thread, context, shared in drafts:
        same = template, id(shared)
        if same not in alike:
            alike[same] = {"template": template, "shared": shared, "drafts": []}
        alike[same]["drafts"].append({"key": key, "recipient": recipient, "context": context, "thread": thread})
    return list(alike.values())


def forget(threads: Iterable[str]) -> int:
    """The letters of these threads are gone, sent or not, with the addresses in them; returns how many."""
    gone: int = Letter.objects.filter(thread__in=list(threads)).delete()[0]
    return gone


def claim(limit: int, at: datetime) -> list[Letter]:
    """Take up to `limit` due letters, oldest first, that no other sender holds, and commit that they are in flight.

    Refuses to run inside a transaction: the claim must be on the disk before the mail server hears of the letter.
    """
    with transaction.atomic(durable=True):
        due = Letter.objects.filter(state=_State.PENDING, due_at__lte=at).order_by("due_at", "id")
        letters = list(due.select_for_update(skip_locked=True)[:limit])
        for letter in letters:
            letter.state, letter.claimed_at, letter.attempts = _State.IN_FLIGHT, at, letter.attempts + 1
        Letter.objects.bulk_update(letters, ["state", "claimed_at", "attempts"])
    return letters


def mark_sent(letter: Letter, message: EmailMessage, *, at: datetime) -> bool:
    """The server said yes to this message. False when the claim is no longer ours: it was revived meanwhile."""
    return _mark(
        letter,
        state=_State.SENT,
        sent_at=at,
        subject=str(message.subject)[:255],
        message_id=message.extra_headers["Message-ID"],
        body_hash=hashlib.sha256(str(message.body).encode()).hexdigest(),
        server_answer="Accepted.",
    )


def mark_failed(letter: Letter, answer: str, *, at: datetime, for_good: bool = False) -> bool:
    """Try again after a pause that grows with each attempt; give up after the longest, or at once if it is for good.

    `answer` is what the server, or the fault, said. False when the claim is no longer ours.
    """
    answer = answer.replace("\0", "")[:500]
    if for_good or letter.attempts > len(PAUSES):
        return _mark(letter, state=_State.DEAD, server_answer=answer)
    pause = PAUSES[letter.attempts - 1] * random.uniform(1, 1 + JITTER)
    return _mark(letter, state=_State.PENDING, due_at=at + pause, claimed_at=None, server_answer=answer)


def revive(at: datetime) -> int:
    """Letters whose sender vanished are due again; returns how many.

    A letter that has used up its attempts is given up instead: it may be the letter that stops its senders.
    """
    stuck = Letter.objects.filter(state=_State.IN_FLIGHT, claimed_at__lt=at - STUCK_AFTER)
    stuck.filter(attempts__gt=len(PAUSES)).update(
        state=_State.DEAD, server_answer="Every attempt to send this letter stopped before the server answered."
    )
    return stuck.update(
        state=_State.PENDING,
        due_at=at,
        claimed_at=None,
        server_answer="The sender stopped before the server answered.",
    )


def requeue(letters: Iterable[Letter], at: datetime) -> int:
    """Dead letters among these are due again, with all their attempts; returns how many."""
    dead = Letter.objects.filter(pk__in=[letter.pk for letter in letters], state=_State.DEAD)
    return dead.update(state=_State.PENDING, due_at=at, attempts=0, claimed_at=None)


def _mark(letter: Letter, **changes: object) -> bool:
    ours = Letter.objects.filter(pk=letter.pk, state=_State.IN_FLIGHT, claimed_at=letter.claimed_at)
    return ours.update(**changes) == 1
