"""The promised days as a calendar file: read by another program, and by the rules of RFC 5545 line by line."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from shop import cancellations, delays, fulfilment, turns
from shop.models import Order, Sends
from shop.web.days import Event, Status, calendar_of
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.web.reading import link, words

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def read(visitor: Client, order: Order) -> list[Any]:
    """The events, as another program reads them."""
    answer = visitor.get(f"/orders/{order.number}/days.ics")
    assert answer.status_code == 200
    return events_in(answer.content)


def events_in(text: str | bytes) -> list[Any]:
    calendar = Calendar.from_ical(text)
    assert (calendar["METHOD"], calendar["VERSION"], calendar.errors) == ("PUBLISH", "2.0", [])
    return list(calendar.walk("VEVENT"))


def days(events: list[Any]) -> list[tuple[date, str]]:
    return [(event["DTSTART"].dt, str(event["STATUS"])) for event in events]


def move(order: Order, day: date | None, *, at: datetime = NOON, confirmed: bool = True) -> None:
    line = order.lines.get().claim.item.purchase_lines.get()
    delays.move_expected_day(line, day, confirmed=confirmed, reason="the loom broke", actor=CY, at=at)


def test_every_day_on_which_something_ships_is_an_event_of_its_own(visitor: Client, order: Order):
    events = read(visitor, order)
    assert days(events) == [(TODAY, "CONFIRMED"), (SOON, "CONFIRMED")]
    assert [str(event["SUMMARY"]) for event in events] == [
        "Dibs ships 1 × Popular curtains, POPULAR-CURTAINS by this day",
        "Dibs ships 2 × Popular curtains, POPULAR-CURTAINS by this day",
    ]
    assert events[1]["URL"].endswith(order.get_absolute_url())
    assert str(events[1]["ORGANIZER"]) == "mailto:help@localhost"


def test_it_is_downloaded_as_a_file_that_nobody_keeps(visitor: Client, order: Order):
    answer = visitor.get(f"/orders/{order.number}/days.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="order-{order.number}.ics"'
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_day_that_moved_takes_the_place_of_the_old_one_in_a_calendar(visitor: Client, order: Order):
    before = read(visitor, order)[1]
    move(order, LATER, at=NOON + DAY)
    after = read(visitor, order)[1]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert (before["LAST-MODIFIED"].dt, after["LAST-MODIFIED"].dt) == (NOON, NOON + DAY)
    assert (before["DTSTART"].dt, after["DTSTART"].dt) == (SOON, LATER)


def test_a_day_that_rests_on_an_estimate_is_tentative(visitor: Client, order: Order):
    move(order, LATER, confirmed=False)
    event = read(visitor, order)[1]
    assert str(event["STATUS"]) == "TENTATIVE"
    assert str(event["SUMMARY"]).endswith(" by this day (estimated)")


def test_a_day_that_holds_no_more_is_taken_out_of_the_calendar(visitor: Client, order: Order):
    move(order, None)
    assert days(read(visitor, order)) == [(TODAY, "CONFIRMED"), (SOON, "CANCELLED")]


def test_units_that_were_given_up_take_their_day_with_them(visitor: Client, order: Order):
    before = read(visitor, order)
    cancellations.cancel_line(order.lines.get(), 2, actor="ada", at=NOON + DAY)
    after = read(visitor, order)
    assert days(after) == [(TODAY, "CONFIRMED"), (SOON, "CANCELLED")]
    assert after[1]["SEQUENCE"] > before[1]["SEQUENCE"]


def test_a_cancelled_order_takes_its_days_out_of_the_calendar(visitor: Client, order: Order):
    before = read(visitor, order)
    cancellations.cancel_order(order, actor="ada", at=NOON + DAY)
    after = read(visitor, order)
    assert days(after) == [(TODAY, "CANCELLED"), (SOON, "CANCELLED")]
    assert [event["UID"] for event in after] == [event["UID"] for event in before]
    assert all(new["SEQUENCE"] > old["SEQUENCE"] for old, new in zip(before, after, strict=True))
    assert {event["LAST-MODIFIED"].dt for event in after} == {NOON + DAY}
    assert "Take its days out of your calendar" in words(visitor.get(order.get_absolute_url()))


def test_units_that_staff_split_off_have_their_day_as_an_event_of_their_own(visitor: Client, order: Order):
    before = read(visitor, order)
    turns.change(turns.split(order.lines.get().claim, 1, reason="she travels twice"), actor=CY, at=NOON)
    *after, part = read(visitor, order)
    assert days([*after, part]) == [(TODAY, "CONFIRMED"), (SOON, "CONFIRMED"), (SOON, "CONFIRMED")]
    assert [event["UID"] for event in after] == [event["UID"] for event in before]
    assert part["UID"] not in {event["UID"] for event in before}


def test_what_is_sent_together_is_one_event_on_the_day_of_all(client: Client):
    item = stock(on_hand=1)
    line = inbound(item, 8)
    lamp = variant(stock("LAMP", on_hand=1))
    whole = buy((variant(item), 3), (lamp, 1), sends=Sends.TOGETHER)
    client.get(link(whole))

    (before,) = read(client, whole)
    delays.move_expected_day(line, LATER, confirmed=False, reason="the loom broke", actor=CY, at=NOON)
    (after,) = read(client, whole)
    cancellations.cancel_order(whole, actor="ada", at=NOON)
    (gone,) = read(client, whole)

    assert days([before, after, gone]) == [(SOON, "CONFIRMED"), (LATER, "TENTATIVE"), (LATER, "CANCELLED")]
    assert before["UID"] == after["UID"] == gone["UID"]
    assert before["SEQUENCE"] < after["SEQUENCE"] < gone["SEQUENCE"]


def test_what_has_shipped_keeps_the_day_that_was_promised(visitor: Client, order: Order):
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert days(read(visitor, order)) == [(TODAY, "CONFIRMED"), (SOON, "CONFIRMED")]


def test_the_page_leads_to_it_while_something_waits_for_a_day(visitor: Client, order: Order):
    assert f'href="/orders/{order.number}/days.ics"' in visitor.get(order.get_absolute_url()).content.decode()


def test_a_link_to_another_order_opens_no_calendar(client: Client, order: Order):
    other = buy((order.lines.get().variant, 1), who=BO)
    client.get(link(other))
    assert client.get(f"/orders/{order.number}/days.ics").status_code == 403


def test_a_file_keeps_the_rules_whatever_a_title_holds(settings: Any):
    settings.SHOP_NAME = 'The "Dibs"\r\nX-EVIL:1'
    title = 'Tea "set"; cups, plates\\bowls\nGemütlichkeit 🫖 ' * 9
    event = Event("1@dibs.example", 3, NOON, SOON, title, title, "https://dibs.example/orders/1/", Status.CONFIRMED)

    text = calendar_of([event], at=NOON)

    lines = text.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and not set(line) & {*range(9), *range(10, 32), 127} for line in lines)
    assert all(line.decode() for line in lines[:-1]), "a character is cut in two, or a line is empty"
    (read_back,) = events_in(text)
    assert str(read_back["SUMMARY"]) == str(read_back["DESCRIPTION"]) == title
    assert read_back["DTSTAMP"].dt == NOON.astimezone(UTC)
    assert b"X-EVIL:1" not in lines
