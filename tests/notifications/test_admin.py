import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from notifications.models import Letter
from shop.models import User
from tests.notifications.conftest import letter

pytestmark = pytest.mark.django_db

LIST = "admin:notifications_letter_changelist"


def signed_in(*permissions: str) -> Client:
    """A browser in which Cy of the desk is signed in, with these permissions on letters."""
    cy = User.objects.create_user("cy@example.com", "a long password", is_staff=True)
    cy.user_permissions.set(Permission.objects.filter(codename__in=[f"{name}_letter" for name in permissions]))
    client = Client()
    client.force_login(cy)
    return client


@pytest.fixture
def dead() -> Letter:
    row = letter(state="dead", attempts=9, server_answer="550 no such user")
    row.save()
    return row


def test_the_list_shows_what_was_given_up_and_the_servers_words(dead: Letter) -> None:
    letter("sent", state="sent", server_answer="Accepted.").save()
    page = signed_in("view").get(reverse(LIST), {"state__exact": "dead"}).content.decode()

    assert "550 no such user" in page
    assert "Given up" in page
    assert "Accepted." not in page


def test_send_again_revives_what_was_given_up_and_nothing_else(dead: Letter) -> None:
    sent = letter("sent", state="sent")
    sent.save()
    chosen = {"action": "send_again", "_selected_action": [dead.pk, sent.pk]}
    page = signed_in("view", "change").post(reverse(LIST), chosen, follow=True).content.decode()

    assert "1 will be sent again within a minute." in page
    assert "1 were not given up and stay as they are." in page
    assert list(Letter.objects.order_by("id").values_list("state", "attempts")) == [("pending", 0), ("sent", 0)]


def test_who_may_only_look_cannot_send_again(dead: Letter) -> None:
    signed_in("view").post(reverse(LIST), {"action": "send_again", "_selected_action": [dead.pk]})

    assert Letter.objects.get().state == "dead"


def test_letters_are_read_only(dead: Letter) -> None:
    client = signed_in("view", "add", "change", "delete")
    address = reverse("admin:notifications_letter_change", args=[dead.pk])

    assert client.get(reverse("admin:notifications_letter_add")).status_code == 403
    assert client.post(address, {"recipient": "mallory@example.com"}).status_code == 403
    assert client.post(reverse("admin:notifications_letter_delete", args=[dead.pk])).status_code == 403
    assert Letter.objects.get().recipient == "ada@example.com"


def test_a_letter_is_shown_as_text_and_as_html_with_links_that_open_nothing(dead: Letter) -> None:
    client = signed_in("view")
    page = client.get(reverse("admin:notifications_letter_change", args=[dead.pk])).content.decode()
    inner = client.get(reverse("admin:notifications_letter_page", args=[dead.pk]))

    assert "Hello Ada O&#x27;Brien &amp; Söhne &lt;b&gt;," in page
    assert f'src="{reverse("admin:notifications_letter_page", args=[dead.pk])}"' in page
    assert "/orders/ABCDEFGHJK/open/preview/" in inner.content.decode()
    assert "/open/eyJ" not in page + inner.content.decode()
    assert inner["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in inner["Content-Security-Policy"]
    assert "sandbox" in inner["Content-Security-Policy"]


def test_the_page_is_only_for_those_who_may_see_letters(dead: Letter) -> None:
    address = reverse("admin:notifications_letter_page", args=[dead.pk])

    assert signed_in().get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_letter_that_cannot_be_rendered_says_why() -> None:
    row = letter(template="no_such_letter", state="dead")
    row.save()
    page = signed_in("view").get(reverse("admin:notifications_letter_change", args=[row.pk])).content.decode()

    assert "This letter cannot be shown: TemplateDoesNotExist: emails/no_such_letter.subject.txt" in page
