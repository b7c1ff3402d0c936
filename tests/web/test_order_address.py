"""Changing where an order goes, by its customer: until its first parcel is packed, with the postcode that it has."""

import pytest
from django.test import Client

from notifications.models import Letter
from shop import addresses, cancellations, fulfilment
from shop.models import AddressChange, Order
from tests.cast import BO, CY, NOON, buy
from tests.web.reading import field, link, words

pytestmark = pytest.mark.django_db

ELSEWHERE = {
    "name": "Ada Lovelace",
    "line1": "14 Engine Lane",
    "line2": "",
    "postcode": "20095",
    "city": "Hamburg",
    "country": "DE",
}
KNOWN = {"known-postcode": "10115"}


def page_of(order: Order) -> str:
    return f"/orders/{order.number}/address/"


def confirmed(visitor: Client, order: Order, **more: str) -> dict[str, str]:
    """What the page that shows old and new sends when its button is pressed."""
    shown = visitor.post(page_of(order), ELSEWHERE, follow=True)
    return ELSEWHERE | KNOWN | {"confirm": "1", "seen": field(shown, "seen")} | more


def test_the_form_has_the_address_that_it_goes_to(visitor: Client, order: Order):
    form = visitor.get(page_of(order)).context["form"]
    assert [form[name].value() for name in Order.FIELDS] == list(addresses.address_of(order).values())


def test_old_and_new_are_shown_before_anything_changes(visitor: Client, order: Order):
    page = visitor.post(page_of(order), ELSEWHERE, follow=True)
    assert "Until now Ada Lovelace 12 Analytical Row 10115 Berlin Germany" in words(page)
    assert "From now on Ada Lovelace 14 Engine Lane 20095 Hamburg Germany" in words(page)
    assert not AddressChange.objects.exists()


def test_the_order_goes_there_and_she_hears_of_it_by_mail(visitor: Client, order: Order):
    page = words(visitor.post(page_of(order), confirmed(visitor, order), follow=True))

    order.refresh_from_db()
    made = AddressChange.objects.get()
    assert order.address_lines == ["Ada Lovelace", "14 Engine Lane", "20095 Hamburg", "Germany"]
    assert (made.actor, made.line1) == ("customer", "12 Analytical Row")
    assert "The new address is noted" in page
    assert "Going to Ada Lovelace 14 Engine Lane 20095 Hamburg Germany" in page
    assert Letter.objects.filter(template="address_changed").count() == 1


@pytest.mark.parametrize("typed", ["", "20095", "10116"])
def test_without_the_postcode_that_it_had_it_goes_nowhere_else(visitor: Client, order: Order, typed: str):
    page = visitor.post(page_of(order), confirmed(visitor, order, **{"known-postcode": typed}), follow=True)
    assert "nothing was changed yet" in words(page)
    assert not AddressChange.objects.exists()


def test_a_double_click_changes_it_once_and_says_that_it_goes_there(visitor: Client, order: Order):
    sent = confirmed(visitor, order)
    visitor.post(page_of(order), sent)
    page = visitor.post(page_of(order), sent, follow=True)
    assert "This is the address that it goes to already." in words(page)
    assert AddressChange.objects.count() == Letter.objects.filter(template="address_changed").count() == 1


def test_an_address_that_staff_changed_meanwhile_is_not_overwritten(visitor: Client, order: Order):
    sent = confirmed(visitor, order, **{"known-postcode": "50667"})
    cologne = ELSEWHERE | {"postcode": "50667", "city": "Cologne"}
    addresses.change(order, cologne, seen=0, actor=CY, at=NOON)
    page = visitor.post(page_of(order), sent, follow=True)
    assert "The address was changed just now" in words(page)
    order.refresh_from_db()
    assert order.city == "Cologne"


def test_the_entries_can_be_changed_once_more(visitor: Client, order: Order):
    page = visitor.post(page_of(order), ELSEWHERE | {"edit": "1", "seen": "0"}, follow=True)
    assert page.context["form"]["line1"].value() == "14 Engine Lane"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"city": ""}, "Town or city: please fill this in."),
        ({"name": "Ada\r\nBcc: mallory@example.com"}, "Write this on one line"),
        ({"country": "US"}, "Select a valid choice"),
        ({"postcode": "2009"}, "There is no such postcode in Germany, where one looks like 10115: please check it."),
        ({"postcode": "1000-001", "country": "PT"}, "In Portugal days end at another hour than in Germany"),
        (
            {"line1": "12 Analytical Row", "postcode": "10115", "city": "Berlin"},
            "This is the address that it goes to already.",
        ),
    ],
)
def test_an_address_that_it_cannot_go_to_is_refused_with_the_reason(
    visitor: Client, order: Order, entry: dict[str, str], says: str
):
    page = visitor.post(page_of(order), ELSEWHERE | entry, follow=True)
    assert says in words(page)


def test_once_a_part_has_left_the_address_stays(visitor: Client, order: Order):
    sent = confirmed(visitor, order)
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    answers = (visitor.get(page_of(order), follow=True), visitor.post(page_of(order), sent, follow=True))
    for page in map(words, answers):
        assert f"Part of order {order} has left already: ask the carrier" in page
        assert "Change the address" not in page
        assert "A part of it has left for this address, and the rest follows it there." in page
    assert not AddressChange.objects.exists()


def test_an_order_that_was_cancelled_goes_nowhere(visitor: Client, order: Order):
    cancellations.cancel_order(order, actor="ada", at=NOON)
    page = words(visitor.get(page_of(order), follow=True))
    assert f"Nothing of order {order} is left to send" in page
    assert "Change the address" not in page


def test_a_link_to_another_order_changes_nothing_here(client: Client, order: Order):
    other = buy((order.lines.get().variant, 1), who=BO)
    client.get(link(other))
    assert client.get(page_of(order)).status_code == 403
    assert client.post(page_of(order), ELSEWHERE | KNOWN | {"confirm": "1", "seen": "0"}).status_code == 403
    assert not AddressChange.objects.exists()
