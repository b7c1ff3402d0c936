"""Staff offer something else instead of waiting, and the customer decides on the page of her answers."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from backorders.models import Claim
from inventory.models import StockItem
from notifications import rendering
from notifications.models import Letter
from shop import alternatives
from shop.alternatives import UnableToPropose
from shop.models import Order, Proposal, Variant
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, words


@pytest.fixture
def item(db: None) -> StockItem:
    return stock("LINEN")


@pytest.fixture
def order(item: StockItem) -> Order:
    inbound(item, 5)
    return buy((variant(item), 2))


@pytest.fixture
def cotton(db: None) -> Variant:
    return variant(stock("COTTON", on_hand=3), price="39.00")


def page(order: Order) -> str:
    return reverse("admin:shop_order_propose", args=[order.lines.get().pk])


def propose(order: Order, instead: Variant) -> Proposal:
    return alternatives.propose(order.lines.get(), instead.pk, actor=CY, at=NOON)


def as_customer(client: Client, order: Order) -> Client:
    client.logout()
    session = client.session
    session["orders"] = {order.number: order.link_version}
    session.save()
    return client


def answer(order: Order) -> str:
    return reverse("answer", args=[order.number])


def test_the_letter_is_shown_before_it_is_written(cy: Client, order: Order, cotton: Variant) -> None:
    Letter.objects.all().delete()

    preview = words(cy.post(page(order), {"variant": cotton.pk, "preview": "1"}))
    assert re.search(rf"Your order {order.number}: 2 × Cotton, .*COTTON, now, instead of waiting\?", preview)
    assert (Letter.objects.count(), Proposal.objects.count()) == (0, 0)
    after = words(confirm(cy, page(order), {"variant": cotton.pk}))

    assert "Offered 2 × Cotton instead of Linen. The customer gets a letter, and decides." in after
    assert "offered instead on" in after
    assert list(Proposal.objects.values_list("units", "price", "actor")) == [(2, Decimal("39.00"), CY)]
    text = rendering.preview(Letter.objects.get()).text
    assert "2 × Cotton, SKU: COTTON: €78.00" in text or "2 × Cotton, COTTON: €78.00" in text
    assert "It costs €20.00 less than what you ordered" in text
    assert f"/orders/{order.number}/answer/" in text


def test_nothing_changes_before_she_takes_it_and_then_it_does(client: Client, order: Order, cotton: Variant) -> None:
    propose(order, cotton)
    ada = as_customer(client, order)

    text = words(ada.get(answer(order)))
    assert "Something else instead?" in text
    assert "We can send you this now, instead of 2 × Linen" in text
    assert Claim.objects.get().lacks == 2
    line = order.lines.get()
    data = {"act": "instead", "line": line.pk, "variant": cotton.pk, "units": 2, "price": "39.00"}
    after = words(ada.post(answer(order), data, follow=True))

    assert "You get 2 × Cotton instead, and a mail confirms it." in after
    assert "We can send you this now" not in after
    assert list(Claim.objects.order_by("id").values_list("quantity", "allocated")) == [(0, 0), (2, 2)]


def test_what_somebody_else_took_or_got_dearer_is_offered_no_more(
    client: Client, order: Order, cotton: Variant
) -> None:
    propose(order, cotton)
    ada = as_customer(client, order)
    Variant.objects.filter(pk=cotton.pk).update(price="40.00")
    assert "We can send you this now" not in words(ada.get(answer(order)))
    Variant.objects.filter(pk=cotton.pk).update(price="38.00")
    assert "€22.00 less" in words(ada.get(answer(order)))
    buy((cotton, 2), who=BO)
    assert "Nothing waits for your answer" in words(ada.get(answer(order)))


def test_the_same_is_not_offered_twice(cy: Client, order: Order, cotton: Variant) -> None:
    propose(order, cotton)

    assert "The same was offered to her already" in words(cy.post(page(order), {"variant": cotton.pk, "preview": "1"}))
    with pytest.raises(UnableToPropose, match="already"):
        propose(order, cotton)


def test_what_does_not_fit_cannot_be_offered(cy: Client, order: Order) -> None:
    dear = variant(stock("SILK", on_hand=9), price="99.00")

    assert "Nothing that fits is on the shelf" in words(cy.get(page(order), follow=True))
    with pytest.raises(UnableToPropose, match="does not fit"):
        propose(order, dear)


def test_who_may_not_offer_is_not_offered_to(clerk: SignIn, order: Order, cotton: Variant) -> None:
    reader = clerk("shop.view_order")

    assert "Offer something else" not in words(reader.get(reverse("admin:shop_order_change", args=[order.pk])))
    assert reader.get(page(order)).status_code == 403
    assert reader.post(page(order), {"variant": cotton.pk}).status_code == 403
