"""Sessions are Django's own, written in one statement each."""

from typing import Any

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session

from shop.web import sessions
from shop.web.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_what_was_written_is_read_again_and_changed(django_assert_num_queries: Any):
    session = SessionStore()
    session["cart"] = "one"
    session.create()
    assert SessionStore(session.session_key)["cart"] == "one"

    session["cart"] = "two"
    with django_assert_num_queries(1):
        session.save()
    assert SessionStore(session.session_key)["cart"] == "two"


def test_a_session_that_was_deleted_meanwhile_does_not_come_back():
    session = SessionStore()
    session.create()
    Session.objects.all().delete()
    session["cart"] = "one"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_two_visitors_never_share_one():
    session = SessionStore()
    session.create()
    with pytest.raises(CreateError):
        SessionStore(session.session_key).save(must_create=True)


def test_a_visitor_without_one_gets_one():
    session = SessionStore()
    session["cart"] = "one"
    session.save()
    assert session.session_key
    assert SessionStore(session.session_key)["cart"] == "one"


def test_a_key_that_somebody_has_already_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    taken = SessionStore()
    taken.create()
    keys = iter([taken.session_key, "another-key"])
    monkeypatch.setattr(sessions, "get_random_string", lambda length, letters: next(keys))
    session = SessionStore()
    session.create()
    assert session.session_key == "another-key"
