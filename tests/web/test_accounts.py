"""Signing up and in, with a password or with a code that comes by mail."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from shop.mailbox import MailServer
from shop.models import User
from tests.cast import ADA, CY, stock, variant
from tests.web.reading import put_into_cart, words

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"


def customer(email: str = ADA["email"], **fields: Any) -> User:
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def sign_in(client: Client, email: str, password: str, address: str = "/accounts/login/") -> Any:
    cache.clear()
    return client.post(address, {"login": email, "password": password}, follow=True)


def test_a_customer_signs_in_with_a_password_in_any_case_of_the_address(client: Client):
    customer()
    page = sign_in(client, ADA["email"].upper(), PASSWORD)
    assert page.redirect_chain == [("/account/orders/", 302)]
    assert "Sign out" in words(page)


def test_a_wrong_password_is_told_in_a_sentence(client: Client):
    customer()
    page = sign_in(client, ADA["email"], "something else entirely")
    assert "The email address and/or password you specified are not correct." in words(page)


def guess(client: Client, password: str, address: str, port: int = 80) -> bool:
    """Was it looked at, or refused for too many guesses before?"""
    page = client.post(
        "/accounts/login/",
        {"login": ADA["email"], "password": password},
        headers={"host": f"localhost:{port}"},
        REMOTE_ADDR=address,
    )
    return "Too many failed login attempts" not in words(page)


def test_who_guesses_a_password_is_stopped_whatever_host_she_claims_and_its_owner_gets_in(client: Client):
    customer()
    guesses = [guess(client, f"no {turn}", "203.0.113.9", 8000 + turn) for turn in range(9)]
    assert guesses == [True] * 5 + [False] * 4
    guess(client, PASSWORD, "198.51.100.7")
    assert "Sign out" in words(client.get("/"))


def test_links_in_mails_about_an_account_lead_to_the_shop_whatever_host_was_claimed(
    client: Client, smtp_server: MailServer, settings: Any
):
    settings.SITE_URL = "https://dibs.example"
    customer()
    claimed = {"host": "localhost:6666"}
    client.post("/accounts/password/reset/", {"email": ADA["email"]}, headers=claimed)
    client.post("/accounts/signup/", {"email": "newer@example.com", "password1": PASSWORD}, headers=claimed)
    texts = [mail.text for mail in smtp_server.messages()]
    assert len(texts) == 2
    assert all("https://dibs.example/accounts/" in text and "6666" not in text for text in texts)


def test_a_code_comes_by_mail_and_signs_in(client: Client, smtp_server: MailServer):
    customer()
    client.post("/accounts/login/code/", {"email": ADA["email"]}, follow=True)
    mail = smtp_server.messages()[0]
    assert mail.subject == "Sign-In Code – Dibs"
    code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.text, re.MULTILINE)
    assert code
    page = client.post("/accounts/login/code/confirm/", {"code": code[1]}, follow=True)
    assert "Your orders" in words(page)


def test_signing_up_asks_to_confirm_the_address(client: Client, smtp_server: MailServer):
    page = client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD}, follow=True)
    assert page.redirect_chain[-1] == ("/accounts/confirm-email/", 302)
    mail = smtp_server.messages()[0]
    link = re.search(r"http://[^/]+(/accounts/confirm-email/\S+/)", mail.text)
    assert link
    client.post(link[1])
    assert EmailAddress.objects.get().verified


def test_a_short_password_is_refused(client: Client):
    page = client.post("/accounts/signup/", {"email": "new@example.com", "password1": "short"})
    assert "at least 12 characters" in words(page)


def test_a_mail_server_that_is_down_is_no_error_page(client: Client, settings: Any):
    customer()
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    page = client.post("/accounts/login/code/", {"email": ADA["email"]}, follow=True)
    assert page.status_code == 200
    assert "We could not send you the mail just now." in words(page)


def test_the_cart_comes_along_when_a_visitor_signs_in(client: Client):
    customer()
    put_into_cart(client, variant(stock("MUG", on_hand=9)), 2)
    sign_in(client, ADA["email"], PASSWORD)
    assert "2 × €49.00" in words(client.get("/cart/"))


def test_staff_sign_in_where_customers_do(client: Client):
    customer(CY, is_staff=True, is_superuser=True)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=")
    page = sign_in(client, CY, PASSWORD, "/accounts/login/?next=/admin/")
    assert page.redirect_chain == [("/admin/", 302)]


def test_signing_in_leads_nowhere_else(client: Client):
    customer()
    page = sign_in(client, ADA["email"], PASSWORD, "/accounts/login/?next=https://evil.example/")
    assert page.redirect_chain == [("/account/orders/", 302)]


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/login/code/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/confirm-email/",
        "/accounts/inactive/",
    ],
)
def test_the_doors_look_like_the_shop(client: Client, address: str):
    page = client.get(address)
    assert page.status_code == 200
    assert 'class="brand"' in page.content.decode()


@pytest.mark.parametrize("address", ["/accounts/email/", "/accounts/password/change/", "/accounts/logout/"])
def test_the_rooms_behind_them_too(client: Client, address: str):
    client.force_login(customer(), "allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(address)
    assert page.status_code == 200
    assert 'class="brand"' in page.content.decode()
