"""The page of all pieces is for staff."""

import pytest
from django.test import Client

from backorders.plan import Limit
from shop.models import User
from tests.web.reading import words

pytestmark = pytest.mark.django_db


def test_it_shows_every_state_to_staff(client: Client):
    client.force_login(User.objects.create_user("cy@example.com", is_staff=True))
    page = words(client.get("/pieces/"))
    for says in ("In stock", "Backorder, ships", "Out of stock", "any number", "in 5 deliveries", Limit.FULL.value):
        assert says in page


def test_for_others_it_is_not_there(client: Client):
    assert client.get("/pieces/").status_code == 404
    client.force_login(User.objects.create_user("ada@example.com"))
    assert client.get("/pieces/").status_code == 404
