"""What staff hear by mail: promises that were let pass, and each morning what is in danger."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backorders.models import Notice
from notifications import rendering
from notifications.models import Letter
from shop import lapses, staff_alerts, tasks
from shop.models import Refund
from tests.cast import BO, NOON, SOON, TODAY, buy, inbound, stock, variant
from tests.letters import DAY, bought, move, noon_of, paid, waiting
from tests.sweeping import SECOND, midnight_in_berlin, sweep

pytestmark = pytest.mark.django_db

BROKEN = midnight_in_berlin(SOON) + SECOND


def alert() -> rendering.Parts:
    return rendering.preview(Letter.objects.get(template="staff_alert"))


def sections() -> dict[str, Any]:
    """The rows of the newest alert, by heading."""
    newest = Letter.objects.filter(template="staff_alert").latest("id")
    return {section["heading"]: section["rows"] for section in newest.context["sections"]}


def morning(day: datetime | None = None) -> bool:
    return staff_alerts.this_morning(at=day or NOON)


# Broken promises.


def test_staff_hear_of_what_was_cancelled_in_silence(settings):
    settings.STAFF_MAIL = "boss@shop.example"
    order, _ = waiting()
    sweep(BROKEN)
    assert staff_alerts.we_were_silent(at=BROKEN) == 1
    assert Letter.objects.get(template="staff_alert").recipient == "boss@shop.example"
    for part in (alert().text, alert().html):
        assert order.number in part
        assert "we let the promised day pass in silence" in part
        assert "/admin/shop/order/" in part


def test_the_sweep_that_cancels_writes_it(time_machine):
    waiting()
    time_machine.move_to(BROKEN, tick=False)
    tasks.sweep()
    assert Letter.objects.filter(template="staff_alert").count() == 1


def test_staff_hear_of_each_line_once_and_at_most_once_an_hour():
    waiting()
    sweep(BROKEN)
    assert staff_alerts.we_were_silent(at=BROKEN) == 1

    second = buy((variant(inbound(stock("THROW"), 1).item), 1), who=BO)
    sweep(BROKEN + SECOND)
    assert staff_alerts.we_were_silent(at=BROKEN + timedelta(minutes=59)) == 0
    assert staff_alerts.we_were_silent(at=BROKEN + timedelta(hours=1)) == 1
    assert [row.partition(":")[0] for rows in sections().values() for row in rows] == [second.number]
    assert staff_alerts.we_were_silent(at=BROKEN + timedelta(hours=2)) == 0


def test_nobody_is_alarmed_by_an_answer_that_did_not_come():
    order, line = waiting()
    move(line, None)
    sweep(noon_of(SOON + 32 * DAY))
    assert order.lines.get().claim.left == 0
    assert staff_alerts.we_were_silent(at=noon_of(SOON + 32 * DAY)) == 0


# In the morning.


def test_a_quiet_day_brings_no_letter():
    waiting()
    assert not morning()
    assert not Letter.objects.filter(template="staff_alert").exists()


def test_what_is_due_by_tomorrow_is_listed_before_it_breaks():
    order, _ = waiting()
    assert morning(noon_of(SOON))
    (rows,) = sections().values()
    assert [row.partition(":")[0] for row in rows] == [order.number]
    assert "Promised until tomorrow, and not shipped (1)" in alert().text


def test_an_answer_that_is_missing_until_tomorrow_is_listed_apart():
    _, line = waiting()
    move(line, None)
    assert morning(noon_of(SOON + 30 * DAY))
    assert list(sections()) == ["An answer is missing until tomorrow (1)"]


def test_a_notice_that_did_not_arrive_is_listed():
    order, line = waiting()
    move(line, SOON + 3 * DAY)
    letter = Notice.objects.get().letter
    Letter.objects.filter(key=letter).update(state=Letter.State.DEAD, server_answer="550 no such box")
    sweep(NOON)
    assert morning()
    (rows,) = sections().values()
    assert rows[0].startswith(order.number)


def test_money_that_is_due_back_by_tomorrow_is_listed(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    order = paid((variant(inbound(stock(), 1).item), 1))
    lapses.lapse(order.pk, at=BROKEN)
    due_by = Refund.objects.get().due_by
    assert morning(due_by - timedelta(hours=13))
    assert list(sections()) == ["Money due back by tomorrow (1)"]


@pytest.mark.parametrize(("days", "confirmed", "is_told"), [(10, False, True), (11, False, False), (10, True, False)])
def test_the_supplier_of_an_unsure_day_is_asked_ten_days_before(days, confirmed, is_told):
    line = inbound(stock(), 1, TODAY + days * DAY, confirmed=confirmed)
    bought((variant(line.item), 1))
    assert morning() is is_told


def test_nobody_asks_for_goods_that_nobody_waits_for():
    inbound(stock(), 1, TODAY + DAY, confirmed=False)
    assert not morning()


def test_a_supplier_who_is_late_is_asked_though_the_day_was_confirmed():
    waiting()
    assert morning(noon_of(SOON + 3 * DAY))
    assert any(heading.startswith("Ask the supplier") for heading in sections())


def test_the_letter_is_written_once_a_day_and_not_before_the_morning():
    waiting()
    night = midnight_in_berlin(SOON - DAY) + timedelta(hours=5)
    assert not morning(night)
    assert morning(night + timedelta(hours=1))
    assert not morning(night + timedelta(hours=2))
