"""A letter becomes a message: subject, a plain part written by hand, and HTML made of MJML.

Of a letter's template `order_placed` there are `emails/order_placed.subject.txt`, `.txt` and `.mjml`.

What is attached is written from the letter's own context, as a CSV file for each of its `tables`: a file's `name`, its
`columns` as pairs of a key and a heading, and under `rows` the name of the list in the context that it shows. Nothing
is read from a disk.
"""

import hashlib
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit

import mrml
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template

from notifications.models import Letter
from notifications.tables import csv_text

TEXT_WIDTH = 76

# MJML does not parse with control characters in it, and no reader misses them.
# What no XML may hold, and so no MJML: control characters and the two that are no characters at all.
_WITHOUT_CONTROLS = dict.fromkeys([code for code in range(32) if chr(code) not in "\t\n"] + [0xFFFE, 0xFFFF])

type Link = Mapping[str, Any]


class UnableToRender(Exception):
    """The letter cannot become a message; the words say why. Trying again would not help."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A CSV file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    subject: str
    text: str
    html: str
    attached: tuple[Attachment, ...] = ()


def message(letter: Letter) -> EmailMultiAlternatives:
    """What the mail server gets. Raises UnableToRender, also for a line break in a header."""
    try:
        links = _links(letter, _sign)
        rendered = _parts(letter, links)
        mail = EmailMultiAlternatives(
            rendered.subject,
            rendered.text,
            settings.DEFAULT_FROM_EMAIL,
            [letter.recipient],
            reply_to=[settings.MAIL_REPLY_TO],
            headers=_headers(letter, links),
        )
        mail.attach_alternative(rendered.html, "text/html")
        for attachment in rendered.attached:
            mail.attach(attachment.name, attachment.text, "text/csv")
        # Building it once in full brings every fault of the letter to light here, not amid the talk with the server.
        mail.message(policy=SMTP).as_bytes()
    except Exception as error:
        raise UnableToRender(f"{type(error).__name__}: {error}") from error
    return mail


def preview(letter: Letter) -> Parts:
    """The letter as staff may read it: its links open nothing. Raises UnableToRender."""
    try:
        return _parts(letter, _links(letter, lambda link: "preview"))
    except Exception as error:
        raise UnableToRender(f"{type(error).__name__}: {error}") from error


def _sign(link: Link) -> str:
    return signing.dumps(link["payload"], salt=link["salt"])


def _links(letter: Letter, token: Callable[[Link], str]) -> dict[str, str]:
    return {name: _absolute(link, token) for name, link in letter.context.get("links", {}).items()}


def _parts(letter: Letter, links: Mapping[str, str]) -> Parts:
    context = {**letter.context, "links": links, "shop_name": settings.SHOP_NAME, "site_url": settings.SITE_URL}
    subject = _plain(f"emails/{letter.template}.subject.txt", context).strip()
    text = _wrapped(_plain(f"emails/{letter.template}.txt", context).translate(_WITHOUT_CONTROLS))
    mjml = get_template(f"emails/{letter.template}.mjml").render({**context, "subject": subject})
    # Without this a font that MJML knows would be fetched from its maker when the letter is opened.
    options = mrml.RenderOptions(fonts={})
    html = mrml.to_html(mjml.translate(_WITHOUT_CONTROLS), render_options=options).content
    attached = tuple(_table(table, letter.context) for table in letter.context.get("tables", []))
    return Parts(subject, text, html, attached)


def _table(table: Mapping[str, Any], context: Mapping[str, Any]) -> Attachment:
    keys, headings = zip(*table["columns"], strict=True)
    rows = ([row[key] for key in keys] for row in context[table["rows"]])
    return Attachment(re.sub(r"[^\w.-]+", "-", table["name"]), csv_text(headings, rows))


def message_id(name: str) -> str:
    """The same for the same name, so that a letter that is sent again is known as the same letter."""
    return f"<{hashlib.sha256(name.encode()).hexdigest()[:32]}@{urlsplit(settings.SITE_URL).hostname}>"


def _headers(letter: Letter, links: Mapping[str, str]) -> dict[str, str]:
    """A letter with a link named `unsubscribe` is one that a mail program can end by one POST to it (RFC 8058)."""
    headers = {"Message-ID": message_id(f"letter {letter.key}"), "Auto-Submitted": "auto-generated"}
    if letter.thread:
        root = message_id(f"thread {letter.thread}")
        headers |= {"In-Reply-To": root, "References": root}
    if "unsubscribe" in links:
        headers |= {
            "List-Unsubscribe": f"<{links['unsubscribe']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers


def _absolute(link: Link, token: Callable[[Link], str]) -> str:
    if not link["path"].startswith("/"):
        raise ValueError(f"A link's path begins with a slash, this one is {link['path']!r}.")
    signed = link["path"].replace("{token}", token(link)) if "salt" in link else link["path"]
    return f"{settings.SITE_URL}{signed}"


def _plain(template: str, context: Mapping[str, Any]) -> str:
    """Rendered without HTML escapes: nobody wants to read &amp; in plain text."""
    backend: Any = get_template(template)
    return str(backend.template.render(Context(dict(context), autoescape=False)))


def _wrapped(text: str) -> str:
    """Lines of a readable width, at most one empty line in a row; a link is never broken."""
    lines: list[str] = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        folded = textwrap.wrap(
            line.strip(),
            TEXT_WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        if folded or (lines and lines[-1]):
            lines += folded or [""]
    return "\n".join(lines).strip() + "\n"
