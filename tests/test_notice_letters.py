"""Every letter is read by a linter, as it is sent: what the law and good manners ask of it, in both of its parts.

What a notice has to say is read from its rows, not from the letter's own context.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from backorders.models import Notice, Promise
from notifications import rendering
from notifications.models import Letter
from shop import wording
from shop.formats import long_day
from shop.models import OrderLine, Product, User
from tests.letters import CASES, write

pytestmark = pytest.mark.django_db

# Letters that tell of a delay and leave the choice to the customer; a day that got better may still need her answer.
NOTICES = {"days_later", "answer_needed", "day_passed", "answer_reminder"}
# The one letter that names other goods: a person chose them instead of those that the order waits for.
OFFERS = {"alternative_proposed"}
# Letters by which we cancel.
ENDINGS = {"order_lapsed", "never_coming"}
# It goes to staff, of many orders at once: tests/shop/test_staff_alerts.py reads it.
TO_STAFF = {"staff_alert"}
# It goes to a supplier: tests/staff/test_ordering.py reads it.
TO_SUPPLIERS = {"purchase_order"}
# They are about no order: see tests/shop/test_stock_alerts.py and tests/web/test_accounts.py.
TO_SHOPPERS = {"account", "alert_asked", "back_in_stock"}

KEEP, CANCEL = "Keep it and wait", "Cancel with a full refund"
# The law's words: the right to cancel, that it costs nothing, all of the money, at once, and all of it after a yes too.
RIGHTS = [
    "Or cancel with a full refund",
    "It is free and needs no reason",
    "also after you chose to keep it",
    "we send back in full and promptly",
]
PROMOTION = re.compile(
    r"/products/|/c/|\b(?:sale|discount|voucher|coupon|newsletter|bestseller|recommend\w*|% off|you may also like)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Read:
    """A letter as its reader gets it: `words` of the plain part, `page` of the HTML, with white space as one space."""

    template: str
    number: str
    subject: str
    words: str
    page: str
    source: str
    reply_to: tuple[str, ...]
    size: int


def read(letter: Letter) -> Read:
    mail = rendering.message(letter)
    source = str(mail.alternatives[0][0])
    return Read(
        letter.template,
        letter.thread,
        str(mail.subject),
        _on_one_line(str(mail.body)),
        _visible(source),
        source,
        tuple(mail.reply_to),
        len(mail.message().as_bytes()),
    )


def _visible(source: str) -> str:
    """The words of an HTML letter, without those of its head, its wordmark, its headline and the line for the inbox."""
    source = re.sub(r"<head>.*?</head>|<!--.*?-->|<h1.*?</h1>", " ", source, flags=re.DOTALL)
    source = re.sub(r'<div style="display:none.*?</div>|<a [^>]*class="plain".*?</a>', " ", source, flags=re.DOTALL)
    return _on_one_line(html.unescape(re.sub(r"<[^>]*>", " ", source)))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _bare(words: str) -> tuple[list[str], list[str]]:
    """Words in their order, and prices, which a table sets apart.

    A heading in capitals, a colon and a link are the plain part's own way to set off what it says.
    """
    prices = sorted(re.findall(r"€[\d.,]*\d", words))
    rest = re.sub(r"https?://\S+|€[\d.,]*\d", " ", words).replace("’", "'").lower()
    return re.findall(r"[\w']+", rest), prices


def faults(mail: Read, notices: list[Notice]) -> list[str]:
    """What is wrong with a letter, each in a few words. `notices` are those that it tells or calls to mind."""
    found = list(_faults_of_any(mail))
    if mail.template in NOTICES:
        found += [*_faults_of_the_days(mail, notices), *_faults_of_the_choice(mail, notices)]
    elif notices:
        found += _faults_of_the_choice(mail, notices)
    elif mail.template in ENDINGS:
        found += _faults_of_an_ending(mail)
    return found


def _faults_of_any(mail: Read) -> Iterator[str]:
    site = f"{django_settings.SITE_URL}/"
    links = [*re.findall(r'href="([^"]*)"', mail.source), *re.findall(r"https?://\S+", mail.words)]
    if not mail.subject.startswith(f"Your order {mail.number}: ") or "!" in mail.subject:
        yield "subject"
    if mail.size >= 100_000:
        yield "100 KB"
    if not links or any(not html.unescape(link).startswith(site) for link in links):
        yield "a link that leaves the shop"
    if any('target="_blank"' not in link for link in re.findall(r"<a [^>]*>", mail.source)):
        yield "a link that takes the letter's place"
    if re.search(r"\ssrc=|url\(|<(?:img|script|link|iframe|form)\b", mail.source):
        yield "something is fetched"
    if "Just reply to this letter" not in mail.words or mail.reply_to != (django_settings.MAIL_REPLY_TO,):
        yield "contact"
    if not any(f"/orders/{mail.number}/{page}/" in mail.words for page in ("open", "answer")):
        yield "link"
    if _bare(mail.words) != _bare(mail.page):
        yield "text and HTML differ"
    if PROMOTION.search(mail.words) or (mail.template not in OFFERS and _titles_of_others(mail)):
        yield "promotion"


def _titles_of_others(mail: Read) -> list[str]:
    """Goods in the letter that are not part of its order."""
    own = OrderLine.objects.filter(order__number=mail.number).values("title")
    return [
        title for title in Product.objects.exclude(title__in=own).values_list("title", flat=True) if title in mail.words
    ]


def _faults_of_the_days(mail: Read, notices: list[Notice]) -> Iterator[str]:
    if not notices:
        yield "tells of no notice"
    if not any(words in mail.subject for notice in notices for words in _news(notice)):
        yield "subject of a notice"
    for notice in notices:
        new, *_ = _news(notice)
        if notice.old_day and long_day(notice.old_day) not in mail.words:
            yield "old day"
        if new not in mail.words:
            yield "new day"
        if notice.reason and f"“{notice.reason.rstrip('.')}”" not in mail.words:
            yield "reason"
    if len(notices) == 1 and not _begins_with_the_days(mail, notices[0]):
        yield "first sentence"


def _begins_with_the_days(mail: Read, notice: Notice) -> bool:
    first = re.sub(r"Hello [^,]*, ", "", mail.words).partition(". ")[0]
    old = long_day(_old_day(notice)) if _old_day(notice) else "without a day"
    new, *_ = _news(notice)
    return old in first and (new in first or "cannot give" in first)


def _news(notice: Notice) -> list[str]:
    """The new day in words, and the deadline if there is one."""
    new = long_day(notice.new_day) if notice.new_day else "cannot give"
    return [new, f"please answer by {wording.until(notice.answer_by)}"] if notice.answer_by else [new]


def _old_day(notice: Notice) -> date | None:
    """A notice that no slip called for leaves the promise as it is: that is the day that was missed."""
    promised = Promise.objects.filter(claim=notice.claim_id, version=notice.version).order_by("ships_on")
    return notice.old_day or promised.values_list("ships_on", flat=True).last()


def _faults_of_the_choice(mail: Read, notices: list[Notice]) -> Iterator[str]:
    if any(_silence(notice) not in mail.words for notice in notices):
        yield "effect of silence"
    yield from (right for right in RIGHTS if right.lower() not in mail.words.lower())
    if "€" in mail.words and "STILL TO PAY" not in mail.words:
        yield "a price"
    yield from _faults_of_the_buttons(mail)


def _silence(notice: Notice) -> str:
    if notice.answer_by:
        return f"Without your yes by {wording.until(notice.answer_by)} we cancel"
    return f"until {long_day(notice.new_day)}" if notice.new_day else "Without an answer we keep"


def _faults_of_the_buttons(mail: Read) -> Iterator[str]:
    """Both lead to the same page and look the same, and both stand in the plain part as well."""
    tables = re.findall(r"<table[^>]*>(?:(?!<table).)*?/answer/.*?</table>", mail.source, flags=re.DOTALL)
    labels = [_on_one_line(re.sub(r"<[^>]*>", " ", table)) for table in tables]
    if labels != [KEEP, CANCEL]:
        yield "buttons"
    elif len({table.replace(label, "") for table, label in zip(tables, labels, strict=True)}) != 1:
        yield "buttons of unequal weight"
    for label in (KEEP, CANCEL):
        if not re.search(rf"{label}: \S+/answer/", mail.words):
            yield "buttons in the plain part"


def _faults_of_an_ending(mail: Read) -> Iterator[str]:
    if "cancelled it on" not in mail.words or "cancelled" not in mail.subject:
        yield "that it is cancelled"
    if "Was: " not in mail.words:
        yield "old day"
    if not re.search(
        r"we transfer €[\d.,]+ back to you. The money leaves us by \d|we send that money back in full", mail.words
    ):
        yield "full refund"
    if "needed your yes by" not in mail.words and "We are sorry" not in mail.words and "we are sorry" not in mail.words:
        yield "apology"


# --- The letters of the shop ----------------------------------------------------------------------------------


def told(letter: Letter) -> list[Notice]:
    """The notices that a letter tells; of a reminder those that are open; of a better day those that stay open."""
    if letter.template == "answer_reminder" or (letter.template == "days_earlier" and letter.context["answer_by"]):
        return list(Notice.objects.filter(claim__reference=letter.thread, answer_by__isnull=False))
    return list(Notice.objects.filter(letter=letter.key))


@pytest.mark.parametrize(("rule", "name", "kind"), CASES)
def test_a_letter_says_what_it_must_and_nothing_else(rule: str, name: str, kind: str, settings: Any) -> None:
    found = {letter.template: faults(read(letter), told(letter)) for letter in write(name, rule, settings)}

    assert kind in found
    assert {template: wrong for template, wrong in found.items() if wrong} == {}


def test_every_kind_of_letter_is_read() -> None:
    folder = Path(django_settings.BASE_DIR) / "templates" / "emails"

    assert {kind for _, _, kind in CASES} | TO_STAFF | TO_SUPPLIERS | TO_SHOPPERS == {
        file.name.removesuffix(".subject.txt") for file in folder.glob("[!_]*.subject.txt")
    }


def without(mail: Read, words: str) -> Read:
    """The letter with something taken out of both of its parts."""
    assert words in mail.words
    return replace(mail, words=mail.words.replace(words, ""), page=mail.page.replace(words, ""))


@pytest.fixture
def asked(settings: Any) -> tuple[Read, list[Notice]]:
    """The letter about a long delay, which says all that a notice can have to say."""
    letter = write("a long delay", "house", settings)[-1]
    return read(letter), told(letter)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("9 December 2026", "old day"),
        ("23 January 2027", "new day"),
        ("“Held at customs in Ulm”", "reason"),
        ("Without your yes by 8 January 2027 we cancel it", "effect of silence"),
        ("It is free and needs no reason", "It is free and needs no reason"),
        ("also after you chose to keep it", "also after you chose to keep it"),
        ("we send back in full and promptly", "we send back in full and promptly"),
        ("Just reply to this letter", "contact"),
        ("Keep it and wait: ", "buttons in the plain part"),
    ],
)
def test_control_what_is_missing_is_found(asked: tuple[Read, list[Notice]], words: str, fault: str) -> None:
    mail, notices = asked

    assert faults(mail, notices) == []
    assert fault in faults(without(mail, words), notices)


def test_control_what_does_not_belong_is_found(asked: tuple[Read, list[Notice]]) -> None:
    mail, notices = asked
    lamp = "Our lamp is on sale"
    stranger = mail.source.replace("</body>", '<a href="http://mallory.example/" target="_blank">Click</a></body>')
    replacing = mail.source.replace(' target="_blank"', "", 1)
    paler = mail.source.replace("background:#1f3d36", "background:#fff", 1)

    def found(**changes: Any) -> list[str]:
        return faults(replace(mail, **changes), notices)

    assert found(words=f"{mail.words} {lamp}") == ["text and HTML differ", "promotion"]
    assert found(words=f"{mail.words} {lamp}", page=f"{mail.page} {lamp}") == ["promotion"]
    assert found(words=f"{mail.words} €5", page=f"{mail.page} €5") == ["a price"]
    assert found(source=stranger) == ["a link that leaves the shop"]
    assert found(source=replacing) == ["a link that takes the letter's place"]
    assert found(source=paler) == ["buttons of unequal weight"]
    assert found(source=f'{mail.source}<img src="/logo.png">') == ["something is fetched"]
    assert found(subject="Great news!") == ["subject", "subject of a notice"]
    assert found(size=100_000) == ["100 KB"]
    assert found(reply_to=()) == ["contact"]


def test_an_ending_without_its_apology_or_its_money_is_found(settings: Any) -> None:
    mail = read(write("we were silent", "house", settings)[-1])

    assert faults(mail, []) == []
    assert faults(without(mail, "and we are sorry"), []) == ["apology"]
    assert faults(without(mail, "The money leaves us by 18 December 2026 at the latest"), []) == ["full refund"]


@pytest.mark.parametrize("name", ["a long delay", "we were silent", "she takes something else", "nothing has moved"])
def test_staff_can_look_at_a_letter_before_and_after_it_is_sent(name: str, settings: Any) -> None:
    letter = write(name, "house", settings)[-1]
    client = Client()
    client.force_login(User.objects.create_superuser("cy@example.com", "a long password"))
    page = client.get(reverse("admin:notifications_letter_change", args=[letter.pk])).content.decode()
    inner = client.get(reverse("admin:notifications_letter_page", args=[letter.pk])).content.decode()
    shown = _bare(_visible(inner))

    assert "cannot be shown" not in page + inner
    assert f"Subject: {read(letter).subject}" in html.unescape(page)
    assert shown == _bare(read(letter).page)
    assert "/answer/eyJ" not in page + inner
