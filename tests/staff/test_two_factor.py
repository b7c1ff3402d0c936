"""Getting into the admin where the house wants a second factor."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from shop.models import User
from tests.staff.pages import words

pytestmark = pytest.mark.django_db

DESK = "/admin/"
SET_UP = "/accounts/2fa/totp/activate/"
PASSWORD_AGAIN = "/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
PASSWORD = "a-long-walk-by-the-sea"


@pytest.fixture(autouse=True)
def _second_factor(settings: Any) -> None:
    settings.STAFF_TWO_FACTOR = True


@pytest.fixture
def cy(db: None) -> User:
    user = User.objects.create_superuser("cy@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client) -> Any:
    cache.clear()
    return client.post("/accounts/login/", {"login": "cy@example.com", "password": PASSWORD}, follow=True)


def code(secret: str) -> str:
    """What an authenticator app shows just now, as if it had not been used yet."""
    cache.clear()
    _one_step_ago, now, _in_one_step = yield_hotp_counters_from_time()
    return format_hotp_value(hotp_value(secret, now))


def set_up(client: Client) -> str:
    """Her app's secret, once she has set it up. The password is asked again before."""
    page = client.post(PASSWORD_AGAIN, {"password": PASSWORD}, follow=True)
    [secret] = re.findall(r'value="([A-Z2-7]{32})"', page.content.decode())
    client.post(SET_UP, {"code": code(secret)})
    return secret


def test_a_password_alone_opens_no_page_of_the_admin(client: Client, cy: User) -> None:
    sign_in(client)
    lists = [f"admin:{each._meta.app_label}_{each._meta.model_name}_changelist" for each in admin.site._registry]
    for page in [DESK, *map(reverse, lists)]:
        response = client.get(page)
        assert (response.status_code, response.headers["Location"].startswith("/admin/login/")) == (302, True)


def test_who_has_no_second_factor_is_led_to_one(client: Client, cy: User) -> None:
    sign_in(client)
    page = client.get(DESK, follow=True)
    assert page.redirect_chain[-2:] == [(SET_UP, 302), (PASSWORD_AGAIN, 302)]
    assert "The desk needs a second factor beside your password" in words(page)
    set_up_page = client.post(PASSWORD_AGAIN, {"password": PASSWORD}, follow=True)
    assert "scan the QR code below" in words(set_up_page)


def test_a_code_of_the_app_opens_the_desk(client: Client, cy: User) -> None:
    sign_in(client)
    secret = set_up(client)
    client.logout()

    page = sign_in(client)
    assert page.redirect_chain[-1][0].startswith("/accounts/2fa/authenticate/")
    assert client.get(DESK).status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.get(DESK).status_code == 200


def test_a_wrong_code_opens_nothing_and_is_noted(client: Client, cy: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "shop.security")
    sign_in(client)
    secret = set_up(client)
    client.logout()
    sign_in(client)
    wrong = "000000" if code(secret) != "000000" else "000001"
    page = client.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert "Incorrect code" in words(page)
    assert client.get(DESK).status_code == 302
    assert caplog.messages[-1] == f"refused a code: account {cy.pk}, from 127.0.0.1"


def test_a_session_from_before_the_factor_was_set_up_is_asked_for_it(client: Client, cy: User) -> None:
    other = Client()
    sign_in(other)
    sign_in(client)
    secret = set_up(client)

    asked = other.get(DESK, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")
    assert other.post(asked.redirect_chain[-1][0], {"code": code(secret)}, follow=True).redirect_chain[-1][0] == DESK


def test_a_customer_is_not_let_in_with_one(client: Client, cy: User) -> None:
    User.objects.update(is_staff=False, is_superuser=False)
    sign_in(client)
    set_up(client)
    assert client.get(DESK, follow=True).status_code == 403


def test_the_database_holds_no_secret_that_opens_anything(client: Client, cy: User) -> None:
    sign_in(client)
    secret = set_up(client)
    assert all(secret not in str(row) for row in Authenticator.objects.values_list("data", flat=True))


def test_after_the_shop_changes_its_key_the_factor_still_works(client: Client, cy: User, settings: Any) -> None:
    sign_in(client)
    secret = set_up(client)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, as long as the one before"
    client.logout()
    sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.get(DESK).status_code == 200


def test_where_the_house_does_not_want_it_a_password_is_enough(client: Client, cy: User, settings: Any) -> None:
    settings.STAFF_TWO_FACTOR = False
    sign_in(client)
    assert client.get(DESK).status_code == 200
