"""Django's sessions in the database. Nearly every page reads one, so the query for it is prepared; many write one, and
a statement that stands alone needs no transaction."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from inventory.prepared import Given, Prepared, planned_once

_INSERT = """
INSERT INTO django_session (session_data, expire_date, session_key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_UPDATE = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"

_valid = Prepared(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now")))


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        session = _valid.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session

    def _get_new_session_key(self) -> str:
        """A key that somebody has already is found out when it is written, see `create`."""
        return get_random_string(32, VALID_KEY_CHARS)

    def save(self, must_create: bool = False) -> None:
        own: Any = self
        if own.session_key is None:
            own.create()
            return
        row = own.create_model_instance(own._get_session(no_load=must_create))
        with planned_once() as cursor:
            cursor.execute(_INSERT if must_create else _UPDATE, [row.session_data, row.expire_date, row.session_key])
            if not cursor.rowcount:
                raise CreateError if must_create else UpdateError
