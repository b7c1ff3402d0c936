"""The reports, each counted a second time from the rows, by hand."""

import csv
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from statistics import median, quantiles
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backorders.models import Claim, Promise
from backorders.plan import SHELF
from inventory.models import DeliveryLine
from inventory.receiving import Arrived
from shop import cancellations, fulfilment, reports, turns
from shop.models import Departure, LostDemand, OrderLine, ShipmentLine
from shop.reports import Period
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.letters import DAY, noon_of
from tests.staff.pages import SignIn, words
from tests.web.reading import put_into_cart

pytestmark = pytest.mark.django_db

PERIOD = Period(TODAY - 10 * DAY, TODAY + 20 * DAY)


@pytest.fixture
def story(time_machine: Any) -> None:
    """Three articles over three weeks: some came in time, some late, some are awaited still."""
    curtains, throw, lamp = inbound(stock(), 10, SOON), inbound(stock("THROW"), 4, LATER), stock("LAMP", on_hand=3)
    curtain, wool, light = variant(curtains.item), variant(throw.item, price="20.00"), variant(lamp, price="10.00")
    first = buy((curtain, 3), (light, 1), who=ADA)
    second = buy((curtain, 2), (wool, 2), who=BO)
    buy((wool, 2), who=ADA | {"email": "cleo@example.com"})
    for order in (first,):
        fulfilment.ship_ready(order, actor=CY, at=NOON)
    for day, line, units in ((SOON - DAY, curtains, 3), (SOON + 2 * DAY, curtains, 2)):
        at = noon_of(day)
        fulfilment.receive(f"D-{day}", [Arrived(line.item_id, units)], order=line.order, actor=CY, at=at)
        fulfilment.fill_waiting([line.item_id], actor="worker", at=at)
    fulfilment.ship_ready(first, actor=CY, at=noon_of(SOON - DAY))
    fulfilment.ship_ready(second, actor=CY, at=noon_of(SOON + 2 * DAY))
    time_machine.move_to(noon_of(TODAY + 20 * DAY), tick=False)


def days_of(length: timedelta) -> float:
    return length.total_seconds() / 86400


def local(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def left_on() -> dict[int, datetime]:
    """When the last unit of a claim left, for claims that have left whole."""
    last: dict[int, datetime] = {}
    for part in ShipmentLine.objects.select_related("shipment", "line__claim").order_by("shipment__shipped_at"):
        if not part.line.claim.left:
            last[part.line.claim_id] = part.shipment.shipped_at
    return last


@pytest.mark.usefixtures("story")
def test_unit_days():
    gone, awaited, waited = Counter[str](), Counter[str](), defaultdict[str, float](float)
    for pk, at in left_on().items():
        claim = Claim.objects.select_related("item").get(pk=pk)
        told = Promise.objects.filter(claim=pk, version=1).exclude(basis=SHELF)
        gone[claim.item.sku] += sum(promise.quantity for promise in told)
        waited[claim.item.sku] += sum(promise.quantity for promise in told) * days_of(at - claim.placed_at)
    for claim in Claim.objects.waiting().select_related("item"):
        awaited[claim.item.sku] += claim.lacks
        waited[claim.item.sku] += claim.lacks * days_of(timezone.now() - claim.placed_at)
    rows = reports.backorder_days(PERIOD).rows
    assert [row[0] for row in rows] == sorted({sku for sku in waited if waited[sku]}, key=lambda sku: -waited[sku])
    for sku, _, units, still, unit_days in rows:
        assert (units, still) == (gone[str(sku)], awaited[str(sku)])
        assert float(unit_days or 0) == pytest.approx(waited[str(sku)], abs=0.06)
    assert {row[0] for row in rows} == {"THROW", "POPULAR-CURTAINS"}


@pytest.mark.usefixtures("story")
def test_waiting_value():
    lines = [line for line in OrderLine.objects.select_related("claim") if line.claim.lacks]
    units, value = sum(line.claim.lacks for line in lines), sum(line.claim.lacks * line.unit_price for line in lines)
    assert reports.waiting_value(PERIOD).rows == (("Weavers of Ulm", len(lines), units, value, TODAY.isoformat()),)
    assert (units, value) == (4, Decimal(80))


@pytest.mark.usefixtures("story")
def test_what_nobody_is_to_deliver_is_nobodys():
    stock_item = Claim.objects.waiting().first()
    assert stock_item
    stock_item.item.purchase_lines.all().delete()
    assert [row[0] for row in reports.waiting_value(PERIOD).rows] == ["nobody yet"]


@pytest.mark.usefixtures("story")
def test_waits():
    waited = {claim: days_of(at - Claim.objects.get(pk=claim).placed_at) for claim, at in left_on().items()}
    [everything, *by_sku] = reports.waits(PERIOD).rows
    p90 = quantiles(waited.values(), n=10, method="inclusive")[-1]
    assert everything[:3] == ("all", "the whole shop", len(waited))
    assert [float(cell or 0) for cell in everything[3:]] == pytest.approx([median(waited.values()), p90], abs=0.06)
    assert {row[0]: row[2] for row in by_sku} == {"POPULAR-CURTAINS": 2, "LAMP": 1}


@pytest.mark.usefixtures("story")
def test_promises_kept():
    kept, lines = Counter[str](), Counter[str]()
    for pk, at in left_on().items():
        claim = Claim.objects.select_related("item").get(pk=pk)
        promised = Promise.objects.filter(claim=pk, version=1).latest("ships_on").ships_on
        lines[claim.item.sku] += 1
        kept[claim.item.sku] += bool(promised and local(at) <= promised)
    rows = reports.kept_by_sku(PERIOD).rows
    assert {row[0]: (row[2], row[3]) for row in rows} == {sku: (lines[sku], kept[sku]) for sku in lines}
    assert rows[0][0] == "POPULAR-CURTAINS"
    assert rows[0][2:] == (2, 1, Decimal("50.0"))


def test_a_line_is_kept_by_the_last_day_of_the_units_that_were_kept(time_machine: Any):
    item = stock(on_hand=1)
    inbound(item, 1)
    order = buy((variant(item), 2))
    cancellations.cancel_line(order.lines.get(), 1, actor=cancellations.CUSTOMER, at=NOON)
    fulfilment.ship_ready(order, actor=CY, at=noon_of(SOON))
    time_machine.move_to(noon_of(SOON + DAY), tick=False)
    assert [row[2:4] for row in reports.kept_by_sku(PERIOD).rows] == [(1, 0)]


@pytest.mark.parametrize("rest", ["cancelled", "split off"])
def test_a_line_leaves_whole_also_when_its_rest_is_not_to_come(rest: str, time_machine: Any):
    item = stock(on_hand=1)
    inbound(item, 1)
    order = buy((variant(item), 2))
    fulfilment.ship_ready(order, actor=CY, at=noon_of(TODAY + DAY))
    assert reports.kept_by_sku(PERIOD).rows == ()

    time_machine.move_to(noon_of(SOON), tick=False)
    line = order.lines.get()
    if rest == "cancelled":
        cancellations.cancel_line(line, 1, actor=cancellations.CUSTOMER, at=timezone.now())
    else:
        turns.change(turns.split(line.claim, 1, reason="two rooms"), actor=CY, at=timezone.now())
    # It left when its last parcel did, a day later than its unit from the shelf was promised.
    [departure] = Departure.objects.all()
    assert (departure.line, departure.left_on, departure.kept, departure.awaited) == (line, TODAY + DAY, False, 0)
    assert [row[2:4] for row in reports.kept_by_sku(PERIOD).rows] == [(1, 0)]


@pytest.mark.usefixtures("story")
def test_promises_kept_by_who_delivered():
    assert DeliveryLine.objects.count() == 2
    assert reports.kept_by_supplier(PERIOD).rows == (
        ("Weavers of Ulm", 2, 1, Decimal("50.0")),
        ("our shelf", 1, 1, Decimal("100.0")),
    )


@pytest.mark.usefixtures("story")
def test_a_period_counts_its_days_and_no_other():
    before = Period(TODAY - 10 * DAY, TODAY - DAY)
    assert reports.waits(before).rows == reports.kept_by_sku(before).rows == reports.lost_demand(before).rows == ()
    last_day = Period(SOON + 2 * DAY, SOON + 2 * DAY)
    assert reports.waits(last_day).rows[0][2] == 1


# What could not be promised.


def test_what_a_visitor_asked_for_and_could_not_get_is_counted_once_a_day(client: Client):
    rare = variant(stock("RARE", on_hand=2))
    for units in (5, 7):
        assert client.get(rare.product.get_absolute_url(), {"quantity": units, "variant": rare.pk}).status_code == 200
    [lost] = LostDemand.objects.all()
    assert (lost.item.sku, lost.units, lost.why) == ("RARE", 5, "unsupplied")


def test_two_visitors_are_two(client: Client):
    rare = variant(stock("RARE", on_hand=2))
    for address in ("192.0.2.1", "192.0.2.2"):
        client.get(rare.product.get_absolute_url(), {"quantity": 5}, REMOTE_ADDR=address)
    today = timezone.localdate()
    [row] = reports.lost_demand(Period(today, today)).rows
    assert row[0] == "RARE"
    assert row[3:] == (2, 6)


def test_a_cart_that_wants_too_much_counts_what_is_missing(client: Client):
    rare = variant(stock("RARE", on_hand=2))
    put_into_cart(client, rare, 3)
    client.get("/cart/")
    assert LostDemand.objects.get().units == 1


def test_what_can_be_promised_and_a_mere_look_count_nothing(client: Client):
    rare, gone = variant(stock("RARE", on_hand=2)), variant(stock("GONE"))
    client.get(rare.product.get_absolute_url(), {"quantity": 2})
    client.get(gone.product.get_absolute_url())
    assert not LostDemand.objects.exists()


# The page.


@pytest.mark.usefixtures("story")
def test_the_page_shows_each_report_of_the_days_that_were_chosen(cy: Client):
    days = {"first": PERIOD.first.isoformat(), "last": PERIOD.last.isoformat()}
    for slug, (name, report) in reports.REPORTS.items():
        text = words(cy.get(reverse("admin:report_page", args=[slug]), days))
        made = report(PERIOD)
        assert (made.slug, name in text, made.title in text) == (slug, True, True)
        assert all(str(row[0]) in text for row in made.rows)
    assert "€80.00" in words(cy.get(reverse("admin:report_page", args=["waiting-value"]), days))
    assert reports.backorder_days(PERIOD).title in words(cy.get(reverse("admin:reports"), days))


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ({"first": "2026-12-01", "last": "2026-11-01"}, "The first day is after the last"),
        ({"first": "2016-12-01", "last": "2026-11-01"}, "more than three years"),
        ({"first": "yesterday"}, "Enter a valid date"),
    ],
)
def test_days_that_cannot_be_get_a_sentence(cy: Client, days: dict[str, str], says: str):
    page = cy.get(reverse("admin:reports"), days)
    assert page.status_code == 400
    assert says in words(page)


def test_a_file_holds_every_row_and_no_formula(cy: Client):
    item = stock("=1+1")
    LostDemand.objects.create(item=item, visitor="v", on=timezone.localdate(), units=3, why="full")
    file = cy.get(reverse("admin:report", args=["lost-demand"]))
    [columns, row] = csv.reader(StringIO(file.content.decode("utf-8-sig")))
    assert columns == ["SKU", "Name", "Why", "Visitors", "Units"]
    assert row[0] == "'=1+1"
    assert row[3:] == ["1", "3"]
    assert "lost-demand" in file.headers["Content-Disposition"]


def test_only_who_may_see_reports_does(clerk: SignIn):
    desk = clerk("shop.view_order")
    assert desk.get(reverse("admin:reports")).status_code == 403
    assert desk.get(reverse("admin:report_page", args=["waits"])).status_code == 403
    assert desk.get(reverse("admin:report", args=["waits"])).status_code == 403


def test_a_report_that_there_is_not(cy: Client):
    for page in ("report", "report_page"):
        assert cy.get(reverse(f"admin:{page}", args=["weather"])).status_code == 404
