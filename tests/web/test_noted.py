"""The log of ways in says who and from where, and holds nothing that opens anything or names anybody."""

import logging
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from shop.models import Order, User
from tests.cast import ADA
from tests.web.reading import link

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-walk-by-the-sea"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "shop.security")
    return caplog


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user(ADA["email"], PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, **typed: str) -> Any:
    return client.post("/accounts/login/", {"login": ADA["email"], "password": PASSWORD} | typed)


def test_who_comes_goes_and_is_refused_is_noted_by_number(client: Client, ada: User, log: pytest.LogCaptureFixture):
    sign_in(client, password="wrong")
    sign_in(client, login="nobody@example.com")
    sign_in(client)
    client.post("/accounts/logout/")
    assert log.messages == [
        f"refused to sign in: account {ada.pk}, from 127.0.0.1",
        "refused to sign in: no account of ours, from 127.0.0.1",
        f"signed in: account {ada.pk}, from 127.0.0.1",
        f"signed out: account {ada.pk}, from 127.0.0.1",
    ]


def test_another_password_is_noted_and_none_is_written(client: Client, ada: User, log: pytest.LogCaptureFixture):
    sign_in(client)
    fresh = "another-walk-by-the-sea"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    assert log.messages[-1] == f"has another password: account {ada.pk}, from 127.0.0.1"
    assert not any(word in log.text for word in (PASSWORD, fresh, ADA["email"]))


def test_the_link_of_a_letter_is_noted_without_its_token(client: Client, order: Order, log: pytest.LogCaptureFixture):
    address = link(order)
    client.get(address)
    assert log.messages == [f"opened by the link of a letter: order {order.number}, from 127.0.0.1"]
    assert address.split("/")[-2] not in log.text


def test_a_link_that_opens_nothing_is_noted_and_not_written(
    client: Client, order: Order, log: pytest.LogCaptureFixture
):
    client.get(f"/orders/{order.number}/open/eyJvcmRlciI6IkEifQ:forged/")
    Order.objects.update(link_version=7)
    client.get(link(order))
    assert [record.message for record in log.records if record.name == "shop.security"] == [
        "refused a link that is not ours, or too old: nobody known, from 127.0.0.1",
        "refused a link that was ended, or is another order's: nobody known, from 127.0.0.1",
    ]


def test_where_a_proxy_says_nothing_the_link_opens_all_the_same(
    client: Client, order: Order, log: pytest.LogCaptureFixture, settings: Any
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    answer = client.get(link(order), headers={"x-forwarded-for": "192.0.2.7"})
    assert answer.headers["Location"] == order.get_absolute_url()
    assert log.messages == [f"opened by the link of a letter: order {order.number}, from nowhere"]
