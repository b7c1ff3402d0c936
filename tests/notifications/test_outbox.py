from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from tests.notifications.conftest import AT, Written, draft

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_is_refused_outside_a_transaction() -> None:
    with pytest.raises(TransactionManagementError):
        outbox.write([draft()], at=AT)


def test_a_letter_vanishes_with_the_fact_that_it_tells() -> None:
    with transaction.atomic():
        outbox.write([draft()], at=AT)
        transaction.set_rollback(True)

    assert not Letter.objects.exists()


def test_a_fact_that_was_told_is_not_told_again(written: Written) -> None:
    first = written("placed:A", recipient="ada@example.com")
    again = written("placed:A", recipient="bo@example.com")

    assert (again.pk, again.recipient) == (first.pk, "ada@example.com")


def test_a_repeated_fact_does_not_hold_back_the_others() -> None:
    with transaction.atomic():
        outbox.write([draft("b"), draft("a"), draft("b")], at=AT)

    assert list(Letter.objects.order_by("id").values_list("key", flat=True)) == ["a", "b"]


def test_letters_that_share_what_they_say_say_the_rest_for_themselves() -> None:
    shared, other = {"greeting": "Good day", "units": 2}, {"greeting": "Good day", "units": 3}
    drafts = [
        Draft(key, "parcel_shipped", f"{key}@example.com", key.upper(), {"name": key, **own}, said)
        for key, own, said in [("c", {}, shared), ("b", {}, other), ("a", {"units": 1}, shared)]
    ]
    with transaction.atomic():
        outbox.write(drafts, at=AT)

    written = Letter.objects.order_by("id").values_list("key", "recipient", "thread", "context")
    assert list(written) == [
        ("a", "a@example.com", "A", {"greeting": "Good day", "units": 1, "name": "a"}),
        ("b", "b@example.com", "B", {"greeting": "Good day", "units": 3, "name": "b"}),
        ("c", "c@example.com", "C", {"greeting": "Good day", "units": 2, "name": "c"}),
    ]


def test_a_thousand_letters_are_written_in_one_statement(django_assert_num_queries: Any) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        outbox.write([draft(f"arrived:{number}") for number in range(1000)], at=AT)


def test_only_due_letters_are_claimed_oldest_first(written: Written) -> None:
    written("later", at=AT + timedelta(seconds=1))
    written("second", at=AT)
    written("first", at=AT - timedelta(hours=1))

    claimed = outbox.claim(10, AT)

    assert [letter.key for letter in claimed] == ["first", "second"]
    assert [(row.state, row.attempts, row.claimed_at) for row in Letter.objects.filter(due_at__lte=AT)] == [
        ("in_flight", 1, AT),
        ("in_flight", 1, AT),
    ]
    assert outbox.claim(10, AT) == []


def test_a_claim_is_refused_inside_a_transaction(written: Written) -> None:
    written()
    with transaction.atomic(), pytest.raises(RuntimeError):
        outbox.claim(1, AT)


def test_two_senders_at_once_get_different_letters(written: Written) -> None:
    for number in range(40):
        written(f"shipped:{number}")

    claimed = _at_once(lambda: [letter.pk for letter in outbox.claim(20, AT)])

    assert sorted(claimed[0] + claimed[1]) == sorted(Letter.objects.values_list("pk", flat=True))


def test_without_the_lock_two_senders_get_the_same_letters(written: Written) -> None:
    """The control: it is SKIP LOCKED that keeps them apart."""
    for number in range(40):
        written(f"shipped:{number}")
    both_have_read = Barrier(2, timeout=10)

    def claim_without_lock() -> list[int]:
        due = list(Letter.objects.filter(state="pending", due_at__lte=AT).order_by("due_at", "id")[:20])
        both_have_read.wait()
        Letter.objects.filter(pk__in=[letter.pk for letter in due]).update(state="in_flight", claimed_at=AT)
        return [letter.pk for letter in due]

    claimed = _at_once(claim_without_lock)

    assert claimed[0] == claimed[1]


def test_pauses_grow_and_then_the_letter_is_given_up(written: Written) -> None:
    written()
    now, pauses = AT, []
    while claimed := outbox.claim(1, now):
        outbox.mark_failed(claimed[0], "451 try later", at=now)
        row = Letter.objects.get()
        pauses.append(row.due_at - now)
        now = row.due_at

    *waits, _ = pauses
    assert row.state == "dead"
    assert row.attempts == len(outbox.PAUSES) + 1
    assert row.server_answer == "451 try later"
    assert all(least <= wait <= least * (1 + outbox.JITTER) for least, wait in zip(outbox.PAUSES, waits, strict=True))


def test_a_failure_for_good_is_given_up_at_once(written: Written) -> None:
    written()
    [claimed] = outbox.claim(1, AT)
    assert outbox.mark_failed(claimed, "550 no such user\0" + "x" * 600, at=AT, for_good=True)

    row = Letter.objects.get()
    assert (row.state, row.attempts) == ("dead", 1)
    assert row.server_answer.startswith("550 no such userx")


def test_a_letter_whose_sender_vanished_is_due_again_after_five_minutes(written: Written) -> None:
    written()
    outbox.claim(1, AT)

    assert outbox.revive(AT + outbox.STUCK_AFTER) == 0
    late = AT + outbox.STUCK_AFTER + timedelta(seconds=1)
    assert outbox.revive(late) == 1
    assert [letter.attempts for letter in outbox.claim(1, late)] == [2]


def test_a_letter_that_stops_its_senders_is_given_up_in_the_end(written: Written) -> None:
    written()
    now = AT
    while outbox.claim(1, now):
        now += outbox.STUCK_AFTER + timedelta(seconds=1)
        outbox.revive(now)

    row = Letter.objects.get()
    assert (row.state, row.attempts) == ("dead", len(outbox.PAUSES) + 1)
    assert row.server_answer == "Every attempt to send this letter stopped before the server answered."


def mail(subject: str) -> EmailMessage:
    return EmailMessage(subject, "Hello", headers={"Message-ID": "<1@dibs.example>"})


def test_a_sender_that_was_presumed_dead_changes_nothing(written: Written) -> None:
    written()
    [stale] = outbox.claim(1, AT)
    late = AT + timedelta(minutes=6)
    outbox.revive(late)
    [fresh] = outbox.claim(1, late)

    assert not outbox.mark_sent(stale, mail("Old"), at=late)
    assert not outbox.mark_failed(stale, "timeout", at=late)
    assert outbox.mark_sent(fresh, mail("New"), at=late)
    assert Letter.objects.values_list("state", "subject", "message_id").get() == ("sent", "New", "<1@dibs.example>")
    assert not outbox.mark_sent(fresh, mail("Twice"), at=late)


def test_only_what_was_given_up_is_sent_again_and_with_all_its_attempts(written: Written) -> None:
    dead, sent = written("dead"), written("sent")
    Letter.objects.filter(pk=dead.pk).update(state="dead", attempts=9)
    Letter.objects.filter(pk=sent.pk).update(state="sent")

    assert outbox.requeue([dead, sent], AT) == 1
    assert set(Letter.objects.values_list("key", "state", "attempts")) == {("dead", "pending", 0), ("sent", "sent", 0)}


def _at_once(function: Callable[[], list[int]]) -> list[list[int]]:
    """What two threads got, each with a connection of its own, started at the same moment."""
    start = Barrier(2, timeout=10)

    def run(_: int) -> list[int]:
        try:
            connection.ensure_connection()
            start.wait()
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))
