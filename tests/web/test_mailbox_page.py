"""The demo's mailbox in the browser."""

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from shop.mailbox import MailServer
from tests.web.reading import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_id(smtp_server: MailServer) -> str:
    mail = EmailMultiAlternatives(
        "Your order <b>", "Look: http://localhost/orders/A/", "us@example.com", ["ada@example.com"]
    )
    mail.attach_alternative("<p style='color:red'>Look</p><script>alert(1)</script>", "text/html")
    mail.send()
    return smtp_server.messages()[0].id


def test_the_list_and_the_mail(client: Client, mail_id: str):
    assert "Your order <b> ada@example.com" in words(client.get("/mailbox/"))
    page = client.get(f"/mailbox/{mail_id}/")
    assert '<a href="http://localhost/orders/A/"' in page.content.decode()
    assert "Your order &lt;b&gt;" in page.content.decode()


def test_the_html_part_stands_alone_in_a_sandbox(client: Client, mail_id: str):
    page = client.get(f"/mailbox/{mail_id}/html/")
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("address", ["/mailbox/nothing/", "/mailbox/nothing/html/"])
def test_an_unknown_mail_is_not_found(client: Client, smtp_server: MailServer, address: str):
    assert client.get(address).status_code == 404


def test_without_a_mailbox_there_is_no_page(client: Client, settings: Any):
    settings.MAILBOX_DIR = ""
    assert client.get("/mailbox/").status_code == 404
    assert "Demo mailbox" not in words(client.get("/"))
