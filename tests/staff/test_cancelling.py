import pytest
from django.test import Client
from django.urls import reverse

from backorders.models import Withdrawal
from backorders.queue import UnableToLeave
from notifications.models import Letter
from shop import cancellations
from shop.models import Order
from tests.cast import BO, CY, NOON, buy, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words


def cancel_address(order: Order) -> str:
    return reverse("admin:shop_order_cancel", args=[order.pk])


def test_some_units_of_a_line_are_cancelled_after_a_preview(cy: Client) -> None:
    order = buy((variant(stock(on_hand=3)), 3))
    data = {"what": order.lines.get().pk, "units": 1, "reason": "rang up"}

    preview = words(cy.post(cancel_address(order), data | {"preview": "1"}))
    page = confirm(cy, cancel_address(order), data)

    assert "1 of 3 1 on the shelf goes to the next in the queue" in preview
    assert "owes €49.00 less" in preview
    assert "Cancelled 1 × Popular curtains, POPULAR-CURTAINS. The customer gets a letter." in words(page)
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.units, withdrawal.reason, withdrawal.actor) == (1, "rang up", CY)
    assert Letter.objects.filter(template="units_withdrawn").count() == 1


def test_a_form_that_is_sent_twice_cancels_once(cy: Client) -> None:
    order = buy((variant(stock(on_hand=3)), 3))
    data = {"what": order.lines.get().pk, "units": 1, "reason": ""}
    sealed = data | {"confirm": "1", "seal": seal_of(cy.post(cancel_address(order), data | {"preview": "1"}))}

    cy.post(cancel_address(order), sealed)
    again = cy.post(cancel_address(order), sealed)

    assert "Something changed since you looked" in words(again)
    assert order.lines.get().claim.quantity == 2


def test_what_was_wanted_is_compared_again_under_the_lock(db: None) -> None:
    line = buy((variant(stock(on_hand=3)), 3)).lines.get()
    cancellations.cancel_line(line, 1, seen=3, actor=CY, at=NOON)

    with pytest.raises(UnableToLeave, match="The order changed since you looked"):
        cancellations.cancel_line(line, 1, seen=3, actor=CY, at=NOON)


def test_the_whole_order_is_cancelled_and_the_next_in_the_queue_is_served(cy: Client) -> None:
    item = stock(on_hand=2)
    inbound(item, 2)
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 2), who=BO)

    confirm(cy, cancel_address(ada), {"what": "everything"})

    claims = [order.lines.get().claim for order in (ada, bo)]
    assert [(claim.quantity, claim.allocated) for claim in claims] == [(0, 0), (2, 2)]


def test_numbers_that_cannot_be_get_a_sentence(cy: Client) -> None:
    order = buy((variant(stock(on_hand=3)), 3))
    line = order.lines.get().pk

    too_many = cy.post(cancel_address(order), {"what": line, "units": 4, "preview": "1"})
    both = cy.post(cancel_address(order), {"what": "everything", "units": 1, "preview": "1"})
    foreign = cy.post(cancel_address(order), {"what": line + 1000, "preview": "1"})

    assert "At most 3 can be cancelled." in words(too_many)
    assert "Leave it empty to cancel everything" in words(both)
    assert "is not one of the available choices" in words(foreign)
    assert not Withdrawal.objects.exists()


def test_cancelling_needs_its_own_right(clerk: SignIn) -> None:
    order = buy((variant(stock(on_hand=1)), 1))

    assert clerk("shop.view_order", "shop.change_order").get(cancel_address(order)).status_code == 403
