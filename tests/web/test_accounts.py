"""Signing up and in, with a password or with a code that comes by mail."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from notifications import rendering
from notifications.models import Letter
from shop.mailbox import MailServer
from shop.models import User
from shop.web import account_letters
from tests.cast import ADA, CY, NOON, stock, variant
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
    assert "This address and this password do not go together: check both, or let us mail you a code." in words(page)


def guess(client: Client, password: str, address: str, port: int = 80) -> bool:
    """Was it looked at, or refused for too many guesses before?"""
    page = client.post(
        "/accounts/login/",
        {"login": ADA["email"], "password": password},
        headers={"host": f"localhost:{port}"},
        REMOTE_ADDR=address,
    )
    return "That was tried too often" not in words(page)


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
    assert mail.subject == "Your code to sign in – Dibs"
    code = re.search(r"^ +([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.text, re.MULTILINE)
    assert code
    page = client.post("/accounts/login/code/confirm/", {"code": code[1]}, follow=True)
    assert "Your orders" in words(page)


def test_mails_about_an_account_are_letters_of_the_shop_and_are_kept_nowhere(client: Client, smtp_server: MailServer):
    customer()
    for address, data in (
        ("/accounts/login/code/", {"email": ADA["email"]}),
        ("/accounts/password/reset/", {"email": ADA["email"]}),
        ("/accounts/signup/", {"email": ADA["email"], "password1": PASSWORD}),
        ("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD}),
        ("/accounts/password/reset/", {"email": "nobody@example.com"}),
    ):
        Client().post(address, data)

    mails = smtp_server.messages()

    assert {mail.subject.removesuffix(" – Dibs") for mail in mails} == {
        "Your code to sign in",
        "Choose a new password",
        "You have an account already",
        "Please confirm your address",
        "There is no account for this address",
    }
    for mail in mails:
        assert "Do nothing then, and nothing happens." in " ".join(mail.text.split())
        assert "Kind regards" in (mail.html or "")
        assert mail.message["Auto-Submitted"] == "auto-generated"
    assert not Letter.objects.exists()


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def told() -> list[tuple[list[str], str]]:
    """Letters in the outbox: to whom, and what they say."""
    letters = Letter.objects.order_by("id")
    return [([letter.recipient], " ".join(rendering.preview(letter).text.split())) for letter in letters]


def test_the_owner_hears_when_her_account_is_changed_whether_mail_goes_out_now_or_not(client: Client, settings: Any):
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    sent = {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"}
    page = signed_in(client, customer()).post(
        "/accounts/password/change/", sent, follow=True, REMOTE_ADDR="203.0.113.9"
    )
    assert "Your password is changed." in words(page)
    assert "We could not send" not in words(page)
    ((recipients, text),) = told()
    assert recipients == [ADA["email"]]
    assert "The password of your account was changed. That was on 21 November 2026 at 12:00 CET" in text
    assert "from the internet address 203.0.113.9." in text
    assert "If that was not you, choose a new password at once" in text


def test_whoever_adds_an_address_to_an_account_is_told_of_to_its_owner(client: Client, smtp_server: MailServer):
    signed_in(client, customer()).post("/accounts/email/", {"email": "mallory@evil.example", "action_add": ""})
    (mail,) = smtp_server.messages()
    link = re.search(r"http://[^/]+(/accounts/confirm-email/\S+/)", mail.text)
    assert link
    client.post(link[1])
    ((recipients, text),) = told()
    assert recipients == [ADA["email"]]
    assert "The address mallory@evil.example was added to your account" in text


def test_the_first_address_of_an_account_is_no_news(client: Client, smtp_server: MailServer):
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    link = re.search(r"http://[^/]+(/accounts/confirm-email/\S+/)", smtp_server.messages()[0].text)
    assert link
    client.post(link[1])
    assert EmailAddress.objects.get().verified
    assert told() == []


@pytest.mark.parametrize("occasion", sorted(account_letters._CHANGES))
def test_every_change_of_an_account_has_its_sentence(occasion: str):
    facts = {"timestamp": NOON, "ip": "203.0.113.9", "from_email": "a@x", "to_email": "b@x"}
    account_letters.write(occasion, ADA["email"], facts | {"deleted_email": "c@x", "confirmed": "d@x"})
    ((_, text),) = told()
    assert "{" not in text


def test_an_address_that_no_mail_can_have_is_told(client: Client):
    page = client.post("/accounts/signup/", {"email": f"new@{'ü' * 60}.example", "password1": PASSWORD}, follow=True)
    assert "No mail can be sent to this address: please check it." in words(page)


def test_an_account_has_several_addresses_one_of_which_is_the_main_one(client: Client, smtp_server: MailServer):
    ada = customer()
    signed_in(client, ada)
    EmailAddress.objects.create(user=ada, email="ada@work.example", verified=True)
    text = words(client.get("/accounts/email/"))
    assert "ada@example.com Main address, confirmed" in text
    assert "ada@work.example confirmed" in text
    page = client.post("/accounts/email/", {"email": "ada@work.example", "action_primary": ""}, follow=True)
    assert "Your main address is changed." in words(page)
    page = client.post("/accounts/email/", {"email": "ada@work.example", "action_remove": ""}, follow=True)
    assert "make another one the main one before you remove it" in words(page)
    page = client.post("/accounts/email/", {"email": "ada@new.example", "action_add": ""}, follow=True)
    assert "We have sent a mail to ada@new.example: please confirm the address by its link." in words(page)


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
