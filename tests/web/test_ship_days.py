"""What lies on the shelf ships on the next day on which a parcel leaves, and the page says which day that is."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from notifications.models import Letter
from shop import turns
from shop.formats import near_day
from tests.cast import BO, CY, buy, days_told, inbound, shipping, stock, variant
from tests.web.reading import fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db

CURTAINS = "/products/popular-curtains/"
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _a_house_in_berlin(settings: Any) -> None:
    """It works from Monday to Friday, keeps the holidays, and sends today what is ordered before two."""
    settings.SHIPPING_WEEKDAYS, settings.CUTOFF_HOUR = [0, 1, 2, 3, 4], 14
    settings.HOLIDAYS_COUNTRY, settings.HOLIDAYS_SUBDIVISION = "DE", "BE"


def page_at(client: Client, day: date, hour: int, minute: int = 0, **asked: str) -> Any:
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)
    with time_machine.travel(moment, tick=False):
        return client.get(CURTAINS, asked)


@pytest.mark.parametrize(
    ("day", "hour", "says"),
    [
        (FRIDAY, 13, "1 ships today"),
        (FRIDAY, 14, "1 ships on Monday 23 November"),
        (SATURDAY, 9, "1 ships on Monday 23 November"),
        (date(2026, 11, 22), 9, "1 ships tomorrow"),
        (date(2026, 11, 23), 15, "1 ships tomorrow"),
        (date(2026, 12, 24), 16, "1 ships on Monday 28 December"),
    ],
)
def test_a_unit_from_the_shelf_ships_on_the_next_day_of_work(client: Client, day: date, hour: int, says: str):
    variant(stock(on_hand=1))
    page = words(page_at(client, day, hour))
    assert says in page
    assert "In stock" in page


@pytest.mark.parametrize(("day", "hour", "offered"), [(FRIDAY, 13, True), (FRIDAY, 14, False), (SATURDAY, 9, False)])
def test_what_ships_today_is_looked_for_while_something_can(client: Client, day: date, hour: int, offered: bool):
    variant(stock(on_hand=1))
    with time_machine.travel(datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN), tick=False):
        assert ('value="today"' in client.get("/c/home/").content.decode()) is offered
        assert 'value="today" checked' in client.get("/c/home/?ships=today").content.decode()


def test_the_day_is_there_for_machines_too(client: Client):
    variant(stock(on_hand=1))
    body = page_at(client, SATURDAY, 9).content.decode()
    assert '<time datetime="2026-11-23">on Monday 23 November</time>' in body


def test_handling_days_move_the_day(client: Client, settings: Any):
    settings.HANDLING_DAYS = 2
    variant(stock(on_hand=1))
    assert "1 ships on Tuesday 24 November" in words(page_at(client, FRIDAY, 9))


def test_an_arrival_on_a_saturday_ships_on_monday(client: Client):
    item = stock()
    inbound(item, 2, date(2026, 11, 28))
    variant(item)
    assert "1 ships by 30 November 2026" in words(page_at(client, FRIDAY, 9))


@pytest.mark.parametrize(
    ("day", "hour", "minute", "is_said"),
    [
        (FRIDAY, 10, 59, False),
        (FRIDAY, 11, 0, True),
        (FRIDAY, 13, 59, True),
        (FRIDAY, 14, 0, False),
        (SATURDAY, 13, 0, False),
        (date(2026, 12, 25), 13, 0, False),
    ],
)
def test_the_hour_is_named_when_it_is_near_and_true(client: Client, day: date, hour: int, minute: int, is_said: bool):
    variant(stock(on_hand=1))
    page = words(page_at(client, day, hour, minute))
    assert ("Order before 14:00 and it ships today." in page) is is_said


def test_no_hour_is_named_where_not_all_of_it_ships_today(client: Client, settings: Any):
    item = stock(on_hand=1)
    inbound(item, 5)
    variant(item)
    assert "Order before" not in words(page_at(client, FRIDAY, 13, quantity="2"))
    settings.HANDLING_DAYS = 1
    assert "Order before" not in words(page_at(client, FRIDAY, 13))
    settings.HANDLING_DAYS, settings.CUTOFF_HOUR = 0, 24
    assert "Order before" not in words(page_at(client, FRIDAY, 13))


def test_the_cart_says_the_day_unless_it_is_today(client: Client):
    put_into_cart(client, variant(stock(on_hand=1)))
    moment = datetime(2026, 11, 21, 9, tzinfo=BERLIN)
    with time_machine.travel(moment, tick=False):
        assert "Ships on Monday 23 November €49.00" in words(client.get("/cart/"))
    with time_machine.travel(moment.replace(day=20), tick=False):
        assert "Ships now €49.00" in words(client.get("/cart/"))


def test_near_days_are_said_as_people_say_them():
    assert [near_day(date(2026, 12, day), date(2026, 12, 30)) for day in (30, 31)] == ["today", "tomorrow"]
    assert near_day(date(2027, 1, 4), date(2026, 12, 30)) == "on Monday 4 January"


def test_who_ordered_after_the_hour_is_never_told_that_it_ships_today():
    """Whatever is looked at anew afterwards: goods that come today are packed on Monday."""
    item = stock()
    inbound(item, 5, FRIDAY)
    curtains = variant(item)
    at = datetime(2026, 11, 20, 15, tzinfo=BERLIN)
    ada, bo = buy((curtains, 1), at=at), buy((curtains, 1), who=BO, at=at)
    assert days_told(ada) == days_told(bo) == [(1, date(2026, 11, 23))]

    turns.change(turns.rank(bo.lines.get().claim, -1, reason="a replacement"), actor=CY, at=at)

    assert days_told(ada) == days_told(bo) == [(1, date(2026, 11, 23))]
    assert not Letter.objects.exclude(template="order_placed").exists()


def test_nobody_agrees_to_wait_for_what_lies_on_the_shelf(client: Client):
    """Both leave on Monday: the one in the same parcel is here already."""
    shipping()
    kettle = stock("KETTLE")
    inbound(kettle, 2, date(2026, 11, 23))
    put_into_cart(client, variant(kettle), 1)
    put_into_cart(client, variant(stock("GRINDER", on_hand=1)), 1)
    page = words(fill_in_details(client, shipping().pk))
    assert "I agree to wait for what is not on the shelf: 1 × Kettle, KETTLE by 23 November 2026." in page
    assert "1 × Grinder, GRINDER by" not in page


def test_what_lies_on_the_shelf_and_leaves_later_needs_no_consent(client: Client):
    put_into_cart(client, variant(stock("GRINDER", on_hand=1)), 1)
    assert "I agree to wait" not in words(fill_in_details(client, shipping().pk))
