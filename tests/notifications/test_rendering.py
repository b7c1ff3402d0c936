import csv
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import StringIO
from typing import Any, cast

import pytest
from django.core import signing

from notifications import rendering
from tests.notifications.conftest import letter


def _as_received(**fields: Any) -> EmailMessage:
    sent = rendering.message(letter(**fields)).message(policy=policy.SMTP).as_bytes()
    return message_from_bytes(sent, policy=policy.default)


def _part(message: EmailMessage, kind: str) -> str:
    return str(cast(EmailMessage, message.get_body((kind,))).get_content())


def test_the_plain_part_comes_first_and_the_html_second() -> None:
    message = _as_received()

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_headers_say_who_answers_and_that_no_person_wrote_it(settings: Any) -> None:
    settings.MAIL_REPLY_TO, settings.DEFAULT_FROM_EMAIL = "help@shop.example", "Dibs <orders@shop.example>"
    message = _as_received()

    assert message["Subject"] == "Your order ABCDEFGHJK: it is on its way"
    assert (message["From"], message["To"]) == ("Dibs <orders@shop.example>", "ada@example.com")
    assert message["Reply-To"] == "help@shop.example"
    assert message["Auto-Submitted"] == "auto-generated"


def test_letters_of_a_thread_name_one_root_and_have_ids_of_their_own() -> None:
    first, again, other = _as_received(key="a"), _as_received(key="a"), _as_received(key="b")

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == other["References"]
    assert "References" not in _as_received(thread="")


def test_values_are_escaped_in_html_and_left_alone_in_text() -> None:
    message = _as_received()

    assert "Hello Ada O'Brien & Söhne <b>," in _part(message, "plain")
    assert "2 × “Blue” <curtains>, M & L" in _part(message, "plain")
    assert re.findall(r"&(?:\w+|#\w+);", _part(message, "plain")) == []
    assert "Hello Ada O&#x27;Brien &amp; Söhne &lt;b&gt;," in _part(message, "html")
    assert "2 × “Blue” &lt;curtains&gt;" in _part(message, "html")


def test_control_characters_in_a_name_do_not_keep_the_letter_back() -> None:
    message = _as_received(context={"name": "Ada\x0b\x1b Lovelace"})

    assert "Hello Ada Lovelace," in _part(message, "plain")
    assert "Hello Ada Lovelace," in _part(message, "html")


def test_every_link_is_absolute_and_nothing_is_fetched(settings: Any) -> None:
    settings.SITE_URL = "https://shop.example"
    html = _part(_as_received(), "html")

    addresses = re.findall(r'(?:href|src|url\()="?([^")]+)', html)
    assert addresses
    assert {address.split("/")[2] for address in addresses} == {"shop.example"}
    assert re.findall(r"<(?:img|link|script|iframe)|@import|<mj-", html) == []


def test_the_layout_is_made_for_light_and_dark() -> None:
    html = _part(_as_received(), "html")

    assert '<meta name="color-scheme" content="light dark" />' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert 'lang="en-GB"' in html


def test_lines_of_the_plain_part_are_short_except_for_links() -> None:
    lines = _part(_as_received(), "plain").splitlines()

    assert [line for line in lines if len(line) > rendering.TEXT_WIDTH and "http" not in line] == []


def test_a_link_is_signed_when_the_letter_is_rendered(settings: Any) -> None:
    settings.SITE_URL = "https://shop.example"
    text = _part(_as_received(), "plain")

    [token] = re.findall(r"https://shop\.example/orders/ABCDEFGHJK/open/([^/\s]+)/", text)
    assert signing.loads(token, salt="shop.order-link.view") == {"order": "ABCDEFGHJK", "v": 1}
    with pytest.raises(signing.BadSignature):
        signing.loads(token, salt="shop.order-link.act")


def test_a_preview_opens_nothing() -> None:
    shown = rendering.preview(letter())

    assert "/orders/ABCDEFGHJK/open/preview/" in shown.text
    assert "/orders/ABCDEFGHJK/open/preview/" in shown.html


@pytest.mark.parametrize("path", ["https://evil.example/", "@evil.example/", ".evil.example/"])
def test_a_link_leads_nowhere_but_to_the_shop(path: str) -> None:
    with pytest.raises(rendering.UnableToRender, match="begins with a slash"):
        rendering.message(letter(context={"links": {"order": {"path": path}}}))


@pytest.mark.parametrize("poison", ["\nBcc: mallory@example.com", "\r\nBcc: mallory@example.com", "\rX: 1", "\n\nbody"])
@pytest.mark.parametrize("place", ["number", "recipient"])
def test_no_value_can_add_a_header(poison: str, place: str) -> None:
    poisoned = (
        {"recipient": f"ada@example.com{poison}"} if place == "recipient" else {"context": {"number": f"A{poison} B"}}
    )
    with pytest.raises(rendering.UnableToRender):
        rendering.message(letter(**poisoned))


def test_a_missing_template_is_named() -> None:
    with pytest.raises(rendering.UnableToRender, match=r"emails/no_such_letter\.subject\.txt"):
        rendering.message(letter(template="no_such_letter"))


def test_a_table_is_attached_from_the_letters_own_context() -> None:
    table = {"name": "PO 1/../x.csv", "columns": [["sku", "SKU"], ["units", "Quantity"]], "rows": "goods"}
    goods = [{"sku": sku, "units": -1} for sku in ("=A1", "+1", "-1", "@x", "\tx", "\rx", "\0x", "plain, 1")]

    [file] = _as_received(context={"tables": [table], "goods": goods}).iter_attachments()

    assert file.get_filename() == "PO-1-..-x.csv"
    assert file.get_content_type() == "text/csv"
    [head, *rows] = csv.reader(StringIO(file.get_content().removeprefix("\ufeff"), newline=""))
    assert (head, rows[0], rows[-1]) == (["SKU", "Quantity"], ["'=A1", "-1"], ["plain, 1", "-1"])
    assert [sku[0] for sku, _ in rows[:-1]] == ["'"] * 7


def test_a_table_of_what_the_context_lacks_is_no_letter() -> None:
    with pytest.raises(rendering.UnableToRender):
        rendering.message(letter(context={"tables": [{"name": "x.csv", "columns": [["a", "A"]], "rows": "none"}]}))
