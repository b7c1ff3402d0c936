"""By whom a parcel went and under which number can be corrected; the customer hears what is right."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from notifications import rendering
from notifications.models import Letter
from shop import fulfilment, tracking
from shop.models import Carrier, Shipment, TrackingChange
from tests.cast import CY, NOON, buy, stock, variant
from tests.staff.pages import seal_of, words
from tests.web.reading import link
from tests.web.reading import words as words_of


@pytest.fixture
def parcel(db: None) -> Shipment:
    Carrier.objects.create(name="DPD", tracking_address="https://follow.example/{number}")
    order = buy((variant(stock("MUG", on_hand=1)), 1))
    return fulfilment.ship_ready(order, carrier="DHL", tracking_number="JD01", actor=CY, at=NOON)


def address(parcel: Shipment) -> str:
    return reverse("admin:shop_order_track", args=[parcel.pk])


def correct(cy: Client, parcel: Shipment, carrier: str, number: str) -> str:
    page = cy.get(address(parcel))
    sent = {"carrier": carrier, "tracking_number": number, "seal": seal_of(page)}
    return words(cy.post(address(parcel), sent, follow=True))


def letters() -> list[Letter]:
    return list(Letter.objects.filter(template="tracking_corrected").order_by("id"))


def test_the_customer_hears_what_is_right_and_her_order_says_it(cy: Client, client: Client, parcel: Shipment):
    assert 'value="JD01"' in cy.get(address(parcel)).content.decode()
    assert "The parcel is followed by DPD 0150. The customer gets a letter." in correct(cy, parcel, "DPD", "0150")

    [letter] = letters()
    mail = rendering.preview(letter)
    assert mail.subject.endswith("the right tracking number")
    assert "Tracking number: 0150\n  Follow it here:\n  https://follow.example/0150\n" in mail.text
    assert "1 × Mug" in mail.text
    assert "JD01" not in mail.text + mail.html
    shopper = Client()
    shopper.get(link(parcel.order))
    page = words_of(shopper.get(parcel.order.get_absolute_url()))
    assert "shipped on 21 November 2026 with DPD, tracking number 0150" in page


def test_what_stood_there_before_is_kept_and_read_by_staff_only(cy: Client, parcel: Shipment):
    correct(cy, parcel, "DHL", "JD02")
    correct(cy, parcel, "DHL", "JD03")
    kept = TrackingChange.objects.order_by("id").values_list("carrier", "tracking_number", "actor")
    assert list(kept) == [("DHL", "JD01", CY), ("DHL", "JD02", CY)]
    for forbidden in (TrackingChange.objects.all().delete, lambda: TrackingChange.objects.update(carrier="DPD")):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
            forbidden()

    at_the_desk = words(cy.get(reverse("admin:shop_order_change", args=[parcel.order_id])))
    assert "It was: DHL JD01 It is: DHL JD02" in " ".join(at_the_desk.replace("·", " ").split())
    shopper = Client()
    shopper.get(link(parcel.order))
    record = words_of(shopper.get(f"/orders/{parcel.order.number}/record/"))
    assert record.count("How the parcel is followed was corrected") == 2
    assert "It is: DHL JD03" in record
    assert "JD01" not in record


def test_a_number_that_was_none_is_taken_back(cy: Client, parcel: Shipment):
    assert "The parcel cannot be followed. The customer gets a letter." in correct(cy, parcel, "", "")
    mail = rendering.preview(letters()[0])
    assert mail.subject.endswith("your parcel has no tracking number")
    assert "it has no tracking number." in mail.text


def test_what_stands_there_already_is_no_correction(cy: Client, parcel: Shipment):
    assert "This is what stands there already." in correct(cy, parcel, "DHL", "JD01")
    assert not letters()


def test_a_second_click_corrects_nothing_more(parcel: Shipment):
    tracking.correct(parcel.pk, carrier="DHL", tracking_number="JD02", seen=0, actor=CY, at=NOON)
    with pytest.raises(tracking.UnableToCorrect, match="corrected just now"):
        tracking.correct(parcel.pk, carrier="DHL", tracking_number="JD04", seen=0, actor=CY, at=NOON)
    assert len(letters()) == TrackingChange.objects.count() == 1


def test_a_number_needs_its_carrier(cy: Client, parcel: Shipment):
    assert "Say whose tracking number it is: fill in the carrier." in correct(cy, parcel, "", "JD02")
    assert not letters()
