"""Django's sessions in the database. Nearly every page reads one, so the query for it is prepared."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from inventory.prepared import Given, Prepared

_valid = Prepared(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now")))


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        session = _valid.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session
