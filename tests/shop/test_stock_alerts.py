"""Who asked to hear that something is back hears it: once, once confirmed, and no more people than there is stock."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from inventory.models import StockItem
from inventory.receiving import Arrived
from notifications import rendering
from notifications.models import Letter
from shop import fulfilment, retention, stock_alerts, tasks
from shop.models import StockAlert, Variant
from shop.stock_alerts import UnableToAlert
from tests.cast import ADA, BO, CY, NOON, buy, inbound, stock, variant

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
DEE = ADA | {"email": "dee@example.com"}


@pytest.fixture
def kettle() -> Variant:
    return variant(stock("KETTLE"))


def asked(kettle: Variant, *people: dict[str, Any], at: datetime = NOON) -> list[StockAlert]:
    """They asked in this order, and confirmed it."""
    alerts = []
    for who in people:
        stock_alerts.ask(kettle, who["email"], at=at)
        alert = StockAlert.objects.get(variant=kettle, email=who["email"])
        stock_alerts.confirm(alert.pk, at=at)
        alerts.append(alert)
    return alerts


def arrive(item: StockItem, units: int, number: str = "D-1") -> None:
    fulfilment.receive(number, [Arrived(item.pk, units)], actor=CY, at=NOON)


def letters(template: str) -> list[str]:
    return list(Letter.objects.filter(template=template).order_by("id").values_list("recipient", flat=True))


def tell(kettle: Variant, at: datetime = NOON) -> int:
    return stock_alerts.tell(kettle.stock_item_id, at=at)


def test_who_confirmed_is_told_once_when_it_is_here(kettle: Variant):
    asked(kettle, ADA)
    assert stock_alerts.items_to_tell(9) == []
    arrive(kettle.stock_item, 3)
    assert stock_alerts.items_to_tell(9) == [kettle.stock_item_id]
    assert (tell(kettle), tell(kettle)) == (1, 0)
    assert letters("back_in_stock") == [ADA["email"]]
    assert stock_alerts.items_to_tell(9) == []


def test_who_did_not_confirm_hears_nothing(kettle: Variant):
    stock_alerts.ask(kettle, ADA["email"], at=NOON)
    arrive(kettle.stock_item, 3)
    assert stock_alerts.items_to_tell(9) == []
    assert tell(kettle) == 0


def test_a_wave_is_no_larger_than_what_is_left_after_the_queue(kettle: Variant):
    """Two arrive, and the queue wants one of them: one person is told, and the next when a day has passed."""
    line = inbound(kettle.stock_item, 1)
    buy((kettle, 1), who=BO)
    asked(kettle, ADA, DEE)
    fulfilment.receive("D-1", [Arrived(kettle.stock_item_id, 2)], order=line.order, actor=CY, at=NOON)

    assert tell(kettle) == 1, "also before the worker has set aside what the queue wants"
    fulfilment.fill_waiting([kettle.stock_item_id], actor="worker", at=NOON)
    assert tell(kettle, NOON + DAY / 2) == 0
    assert letters("back_in_stock") == [ADA["email"]]
    assert tell(kettle, NOON + DAY) == 1, "she did not come for it"
    assert letters("back_in_stock") == [ADA["email"], DEE["email"]]


def test_what_was_bought_meanwhile_is_offered_to_nobody(kettle: Variant):
    asked(kettle, ADA, DEE)
    arrive(kettle.stock_item, 1)
    assert tell(kettle) == 1
    buy((kettle, 1), who=ADA)
    assert tell(kettle, NOON + DAY) == 0


def test_what_is_not_sold_any_more_is_told_to_nobody(kettle: Variant):
    asked(kettle, ADA)
    arrive(kettle.stock_item, 1)
    kettle.product.published = False
    kettle.product.save()
    assert (stock_alerts.items_to_tell(9), tell(kettle)) == ([], 0)


def test_asked_again_is_one_letter_a_day_and_none_for_who_waits_already(kettle: Variant):
    for hours in (0, 1, 23):
        stock_alerts.ask(kettle, ADA["email"], at=NOON + timedelta(hours=hours))
    assert letters("alert_asked") == [ADA["email"]]
    stock_alerts.ask(kettle, ADA["email"], at=NOON + DAY)
    assert len(letters("alert_asked")) == 2
    stock_alerts.confirm(StockAlert.objects.get().pk, at=NOON + DAY)
    stock_alerts.ask(kettle, ADA["email"], at=NOON + 3 * DAY)
    assert len(letters("alert_asked")) == 2


def test_after_it_was_written_it_can_be_asked_for_anew_and_is_confirmed_anew(kettle: Variant):
    asked(kettle, ADA)
    arrive(kettle.stock_item, 1)
    tell(kettle)
    stock_alerts.ask(kettle, ADA["email"], at=NOON + timedelta(hours=1))
    assert len(letters("alert_asked")) == 2
    assert tell(kettle, NOON + 9 * DAY) == 0
    stock_alerts.confirm(StockAlert.objects.get().pk, at=NOON + DAY)
    assert tell(kettle, NOON + 9 * DAY) == 1


def test_an_address_is_not_asked_without_end():
    for number in range(5):
        stock_alerts.ask(variant(stock(f"MUG-{number}")), ADA["email"], at=NOON)
    with pytest.raises(UnableToAlert, match="5 letters were asked for with this address today"):
        stock_alerts.ask(variant(stock("MUG-6")), ADA["email"], at=NOON)
    stock_alerts.ask(variant(stock("MUG-7")), BO["email"], at=NOON)
    assert len(letters("alert_asked")) == 6


def test_who_stops_it_is_forgotten_with_all_that_she_asked_for_and_its_letters(kettle: Variant):
    (alert,) = asked(kettle, ADA)
    asked(variant(stock("MUG")), ADA, BO)
    stock_alerts.stop(alert.pk)
    assert [each.email for each in StockAlert.objects.all()] == [BO["email"]]
    assert [letter.recipient for letter in Letter.objects.all()] == [BO["email"]]
    assert not stock_alerts.confirm(alert.pk, at=NOON)


def test_who_typed_somebody_elses_address_ends_nothing_of_hers(kettle: Variant):
    asked(kettle, ADA)
    mug = variant(stock("MUG"))
    stock_alerts.ask(mug, ADA["email"], at=NOON)
    stock_alerts.stop(StockAlert.objects.get(variant=mug).pk)
    assert [alert.variant_id for alert in StockAlert.objects.all()] == [kettle.pk]


def test_who_asks_anew_comes_after_those_who_asked_meanwhile(kettle: Variant):
    asked(kettle, ADA)
    arrive(kettle.stock_item, 1)
    tell(kettle)
    asked(kettle, BO, at=NOON + DAY)
    asked(kettle, ADA, at=NOON + 2 * DAY)
    assert tell(kettle, NOON + 3 * DAY) == 1
    assert letters("back_in_stock")[1:] == [BO["email"]]


def test_addresses_are_kept_no_longer_than_they_are_of_use(kettle: Variant):
    stock_alerts.ask(kettle, DEE["email"], at=NOON)
    asked(kettle, ADA, BO)
    arrive(kettle.stock_item, 1)
    tell(kettle)
    for at, left in (
        (NOON + 7 * DAY, {ADA["email"], BO["email"], DEE["email"]}),
        (NOON + 8 * DAY, {ADA["email"], BO["email"]}),
        (NOON + 31 * DAY, {BO["email"]}),
    ):
        retention.throw_away(at)
        assert set(StockAlert.objects.values_list("email", flat=True)) == left
        assert set(Letter.objects.values_list("recipient", flat=True)) == left


def test_an_address_that_takes_no_mail_is_forgotten_and_is_nobodys_work(kettle: Variant):
    """The last letter of one who confirmed may fail as well; those who can be reached stay."""
    stock_alerts.ask(kettle, DEE["email"], at=NOON)
    asked(kettle, ADA, BO)
    arrive(kettle.stock_item, 1)
    tell(kettle)
    Letter.objects.filter(template="alert_asked", recipient=DEE["email"]).update(state="dead")
    Letter.objects.filter(template="back_in_stock").update(state="dead")
    tasks.sweep()
    assert set(StockAlert.objects.values_list("email", flat=True)) == {BO["email"]}
    assert not Letter.objects.filter(state="dead").exists()
    assert not Letter.objects.exclude(recipient=BO["email"]).exists()


def test_a_letter_of_an_alert_that_is_gone_goes_as_well(kettle: Variant):
    stock_alerts.ask(kettle, DEE["email"], at=NOON)
    StockAlert.objects.all().delete()
    Letter.objects.update(state="dead")
    tasks.sweep()
    assert not Letter.objects.exists()


def test_the_sweep_tells_and_a_correction_counts_like_a_delivery(kettle: Variant):
    asked(kettle, ADA)
    fulfilment.correct_stock(kettle.stock_item_id, 2, reason="found behind the shelf", actor=CY, at=NOON)
    tasks.sweep()
    assert letters("back_in_stock") == [ADA["email"]]


@pytest.mark.parametrize("template", ["alert_asked", "back_in_stock"])
def test_the_letters_can_be_ended_by_one_click_and_open_nothing_else(kettle: Variant, template: str):
    asked(kettle, ADA)
    arrive(kettle.stock_item, 1)
    tell(kettle)
    letter = Letter.objects.get(template=template)
    mail = rendering.message(letter)
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.extra_headers["List-Unsubscribe"].endswith("/stop/>")
    assert "Kettle, KETTLE" in mail.subject
    assert "/orders/" not in str(mail.body)


def test_letters_about_orders_have_no_such_way_out(kettle: Variant):
    arrive(kettle.stock_item, 1)
    buy((kettle, 1))
    assert "List-Unsubscribe" not in rendering.message(Letter.objects.get(template="order_placed")).extra_headers
