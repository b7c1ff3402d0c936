"""Who has a page still hears so without Django, while nothing was written, and never once something was."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.test import Client, RequestFactory
from time_machine import TimeMachineFixture

from shop import shown
from shop.models import Variant
from shop.web.unchanged import Headers, answering
from tests.cast import BO, NOON, buy, stock, variant
from tests.web.reading import put_into_cart

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PRODUCT, SHELF = "/products/popular-curtains/", "/c/home/"


class Shop:
    """The shop as a web server asks it. `reached` counts the questions that Django was asked."""

    def __init__(self) -> None:
        self.reached = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.more: Headers = []
        self._django = get_wsgi_application()
        self._application = answering(self._asked)

    def _asked(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.reached += 1
        self.meanwhile()
        return self._django(environ, lambda status, headers, *failed: start_response(status, [*headers, *self.more]))

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        said: list[Any] = []
        environ = RequestFactory().get(path, headers=headers).environ
        answer: Any = self._application(environ, lambda *begun: said.extend(begun))
        list(answer)
        if hasattr(answer, "close"):
            answer.close()
        return int(said[0].split()[0]), dict(said[1])

    def learn(self, path: str, cookie: str = "") -> dict[str, str]:
        """What a browser asks by that has the page, and has asked before. Tests that run beside this one write to the
        same server, which counts: so until the answer comes past Django."""
        for _ in range(300):
            _, headers = self.ask(path, cookie=cookie)
            asks = {"cookie": cookie or headers.get("Set-Cookie", "").split(";")[0], "if-none-match": headers["ETag"]}
            if self.is_known(path, asks):
                return asks
        pytest.fail("There was no moment in which nothing was written to this server.")

    def quietly[Said](self, act: Callable[[], Said]) -> Said:
        """What came of it while nothing was written: whatever is, Django is asked."""
        for _ in range(300):
            before = shown.snapshot_at_hand()
            said = act()
            if before and shown.snapshot_at_hand() == before:
                return said
        pytest.fail("There was no moment in which nothing was written to this server.")

    def is_known(self, path: str, asks: dict[str, str]) -> bool:
        self.ask(path, **asks)
        return self.hears(path, asks) == (304, False)

    def hears(self, path: str, asks: dict[str, str]) -> tuple[int, bool]:
        """The answer, and whether Django gave it."""
        before = self.reached
        status, _ = self.ask(path, **asks)
        return status, self.reached > before


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    # A connection is kept from one request to the next, as in production.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    connection.close()
    return Shop()


@pytest.fixture
def curtains() -> Variant:
    return variant(stock(on_hand=2))


@pytest.mark.parametrize("path", [PRODUCT, SHELF])
def test_who_has_it_still_hears_so_past_django_until_something_is_sold(shop: Shop, curtains: Variant, path: str):
    asks = shop.learn(path)
    buy((curtains, 1), who=BO)
    assert shop.hears(path, asks)[1]
    buy((curtains, 1), who=BO)
    assert shop.hears(path, asks) == (200, True)


def test_control_whoever_does_not_ask_the_database_says_so_of_an_old_page(
    shop: Shop, curtains: Variant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shown, "snapshot", lambda: "as ever")
    monkeypatch.setattr(shown, "snapshot_at_hand", lambda: "as ever")
    monkeypatch.setattr(shown, "state_of", lambda products: shown.State("as ever", "as ever"))
    asks = shop.learn(PRODUCT)
    buy((curtains, 2), who=BO)
    assert shop.hears(PRODUCT, asks) == (304, False)


def test_what_is_written_while_the_answer_is_made_is_not_passed_over(shop: Shop, curtains: Variant):
    def touch() -> None:
        Variant.objects.update(price=curtains.price)

    touch()
    asks = shop.learn(SHELF)
    shop.meanwhile = touch
    touch()
    assert [shop.hears(SHELF, asks) for _ in range(3)] == [(304, True)] * 3


def test_it_says_again_only_what_a_browser_needs(shop: Shop, curtains: Variant):
    asks = shop.learn(PRODUCT)
    status, headers = shop.quietly(lambda: [shop.ask(PRODUCT, **asks) for _ in range(3)][-1])
    assert (status, headers) == (
        304,
        {"ETag": asks["if-none-match"], "Cache-Control": "private, no-cache", "Vary": "HX-Request, Cookie"},
    )


@pytest.mark.parametrize(
    "other", [{"cookie": "csrftoken=another"}, {"host": "127.0.0.1"}, {"hx-request": "true"}, {"if-none-match": "W/x"}]
)
def test_another_question_is_asked_of_django(shop: Shop, curtains: Variant, other: dict[str, str]):
    asks = shop.learn(PRODUCT)
    known, reached = shop.quietly(lambda: (shop.is_known(PRODUCT, asks), shop.hears(PRODUCT, asks | other)[1]))
    assert (known, reached) == (True, True)


def test_another_address_is_asked_of_django(shop: Shop, curtains: Variant):
    asks = shop.learn(PRODUCT)
    known, reached = shop.quietly(lambda: (shop.is_known(PRODUCT, asks), shop.hears(f"{PRODUCT}?quantity=2", asks)[1]))
    assert (known, reached) == (True, True)


def test_a_cart_changes_what_its_visitor_has(shop: Shop, curtains: Variant):
    shopper = Client()
    put_into_cart(shopper, curtains, 1)
    asks = shop.learn(SHELF, "; ".join(f"{name}={morsel.value}" for name, morsel in shopper.cookies.items()))
    put_into_cart(shopper, curtains, 1)
    assert shop.hears(SHELF, asks) == (200, True)


def test_no_answer_lasts_longer_than_its_minute(shop: Shop, curtains: Variant, time_machine: TimeMachineFixture):
    hours = count()

    def turn() -> tuple[bool, bool]:
        hour = NOON + timedelta(hours=next(hours))
        time_machine.move_to(hour, tick=False)
        asks = {"cookie": "", "if-none-match": [shop.ask(SHELF) for _ in range(3)][-1][1]["ETag"]}
        known = shop.is_known(SHELF, asks)
        time_machine.move_to(hour + timedelta(minutes=1), tick=False)
        return known, shop.hears(SHELF, asks)[1]

    assert shop.quietly(turn) == (True, True)


def test_a_closed_shop_says_so(shop: Shop, curtains: Variant, settings: Any, tmp_path: Path):
    asks = shop.learn(PRODUCT)
    settings.MAINTENANCE_FILE = tmp_path / "closed"
    settings.MAINTENANCE_FILE.touch()
    assert shop.hears(PRODUCT, asks) == (503, True)


@pytest.mark.parametrize("header", [("Vary", "Accept-Language"), ("Set-Cookie", "seen=1")])
def test_an_answer_for_one_of_many_is_not_kept(shop: Shop, curtains: Variant, header: tuple[str, str]):
    asks = shop.learn(SHELF)
    shop.more = [header]
    another = asks | {"cookie": "another=1"}
    assert shop.quietly(lambda: [shop.hears(SHELF, another) for _ in range(3)]) == [(304, True)] * 3


def test_a_connection_that_has_ended_is_opened_anew(shop: Shop, curtains: Variant):
    asks = shop.learn(PRODUCT)
    connection.connection.close()
    assert shop.hears(PRODUCT, asks)[1]
    assert shop.is_known(PRODUCT, shop.learn(PRODUCT, asks["cookie"]))


def test_a_rollback_keeps_nobody_from_being_asked(shop: Shop, curtains: Variant):
    shop.learn(PRODUCT)
    for _ in range(5):
        shop.ask(PRODUCT)
    with transaction.atomic():
        Variant.objects.update(price="51.00")
        transaction.set_rollback(True)
    assert shown.snapshot_at_hand()


def test_what_begins_in_one_minute_and_ends_in_the_next_lasts_no_longer_than_the_first(
    shop: Shop, curtains: Variant, time_machine: TimeMachineFixture, monkeypatch: pytest.MonkeyPatch
):
    """The page itself may be shown for another half minute, and is looked at again."""
    hours, blink, ask = count(), timedelta(microseconds=1), shown.snapshot

    def asked_at(moment: datetime) -> str:
        time_machine.move_to(moment, tick=False)
        return ask()

    def turn() -> tuple[tuple[int, bool], bool]:
        minute = NOON + timedelta(hours=next(hours), minutes=1)
        time_machine.move_to(minute - timedelta(seconds=30), tick=False)
        etag = [shop.ask(SHELF) for _ in range(3)][-1][1]["ETag"]
        asks = {"cookie": f"hour={minute:%d%H}", "if-none-match": etag}
        time_machine.move_to(minute - blink, tick=False)
        with monkeypatch.context() as patch:
            patch.setattr(shown, "snapshot", lambda: asked_at(minute + blink))
            first = shop.hears(SHELF, asks)
        time_machine.move_to(minute + timedelta(seconds=15), tick=False)
        return first, shop.hears(SHELF, asks)[1]

    assert shop.quietly(turn) == ((304, True), True)
