"""A desk that is left alone signs its owner out; one that is worked at does not, before the day is over."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from shop.models import User
from shop.staff.leaving import IDLE, LONGEST
from tests.cast import ADA, NOON
from tests.staff.pages import words

pytestmark = pytest.mark.django_db

DESK = "/admin/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def at_the_desk(client: Client) -> Client:
    with time_machine.travel(NOON, tick=False):
        client.force_login(User.objects.create_superuser("cy@example.com", "a-long-walk-by-the-sea"))
        assert client.get(DESK).status_code == 200
    return client


def works_on(client: Client, after: timedelta) -> bool:
    with time_machine.travel(NOON + after, tick=False):
        return client.get(DESK).status_code == 200


def test_who_comes_back_in_time_works_on(at_the_desk: Client):
    assert [works_on(at_the_desk, IDLE * times) for times in (1, 2, 3)] == [True] * 3


def test_who_was_away_for_longer_signs_in_again_and_is_told_why(at_the_desk: Client):
    with time_machine.travel(NOON + IDLE + MINUTE, tick=False):
        page = at_the_desk.get(DESK, follow=True)
    assert page.redirect_chain[0][0].startswith("/admin/login/")
    assert "You were signed out, as you were away or here for long." in words(page)


def test_after_twelve_hours_it_is_over_however_busy(at_the_desk: Client):
    half_hours = int(LONGEST / IDLE)
    assert all(works_on(at_the_desk, IDLE * number) for number in range(1, half_hours + 1))
    assert not works_on(at_the_desk, LONGEST + MINUTE)


def test_a_minute_of_work_writes_the_session_once(at_the_desk: Client):
    written = at_the_desk.session["at_work"]
    assert works_on(at_the_desk, MINUTE / 2)
    assert at_the_desk.session["at_work"] == written
    assert works_on(at_the_desk, MINUTE * 2)
    assert at_the_desk.session["at_work"] != written


def test_who_never_opened_the_desk_is_signed_out_as_well(client: Client):
    with time_machine.travel(NOON, tick=False):
        client.force_login(User.objects.create_superuser("cy@example.com", "a-long-walk-by-the-sea"))
    assert not works_on(client, timedelta(days=3))


def test_what_staff_sees_outside_the_desk_is_closed_too(at_the_desk: Client):
    with time_machine.travel(NOON + IDLE + MINUTE, tick=False):
        assert at_the_desk.get("/pieces/").status_code == 404


def test_customers_stay_signed_in(client: Client):
    with time_machine.travel(NOON, tick=False):
        client.force_login(User.objects.create_user(ADA["email"], "a-long-walk-by-the-sea"))
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        client.get(DESK)
        assert client.get("/account/orders/").status_code == 200
