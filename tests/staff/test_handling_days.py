"""How long a supplier's goods need here: shown, and changed only after a look at who hears of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from inventory.models import Supplier
from notifications.models import Letter
from shop import delays
from tests.cast import BO, CY, NOON, SOON, buy, days_told, inbound, stock, variant
from tests.staff.pages import SignIn, confirm, seal_of, words

LONGER = {"days": 3, "reason": "the weavers' bolts are checked for flaws now"}


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


NO_NUMBERS = {"numbers-TOTAL_FORMS": 0, "numbers-INITIAL_FORMS": 0}


def act_on(supplier: Supplier) -> str:
    return reverse("admin:inventory_supplier_change_handling", args=[supplier.pk])


def page_of(supplier: Supplier) -> str:
    return reverse("admin:inventory_supplier_change", args=[supplier.pk])


def test_who_hears_is_shown_first_then_told(cy: Client) -> None:
    item = stock()
    supplier = inbound(item, 5).order.supplier
    curtains = variant(item)
    ada, bo = buy((curtains, 2)), buy((curtains, 1), who=BO)
    other = stock("SHELF", on_hand=1)
    buy((variant(other), 1), who=BO | {"email": "dee@example.com"})
    Letter.objects.all().delete()

    preview = words(cy.post(act_on(supplier), LONGER | {"preview": "1"}))
    before = days_told(ada)
    page = confirm(cy, act_on(supplier), LONGER)

    assert "2 promises break, 0 need an answer, 2 letters" in preview
    assert f"{ada.number} Ada Lovelace" in preview
    assert f"{bo.number} Bo Nordin" in preview
    assert (before, days_told(ada)) == ([(2, SOON)], [(2, SOON + timedelta(days=3))])
    letters = Letter.objects.filter(template="days_later")
    assert {letter.recipient for letter in letters} == {"ada@example.com", "bo@example.com"}
    assert all(letter.context["reasons"] == [LONGER["reason"]] for letter in letters)
    assert "Weavers of Ulm: 3 working days instead of 0" in words(page)
    assert LogEntry.objects.get().object_id == str(supplier.pk)


def test_what_is_foreseen_is_what_happens(db: None) -> None:
    item = stock()
    supplier = inbound(item, 5).order.supplier
    buy((variant(item), 2))

    foreseen = delays.preview_handling_days(supplier, 2, reason="checked for flaws", at=NOON)
    supplier.refresh_from_db()

    assert supplier.handling_days == 0
    moved = delays.change_handling_days(supplier, 2, reason="checked for flaws", actor=CY, at=NOON)
    assert moved == list(foreseen.outcome.moved)


def test_a_world_that_changed_meanwhile_is_shown_again(cy: Client) -> None:
    item = stock()
    supplier = inbound(item, 5).order.supplier
    preview = cy.post(act_on(supplier), LONGER | {"preview": "1"})
    buy((variant(item), 2))

    page = cy.post(act_on(supplier), LONGER | {"confirm": "1", "seal": seal_of(preview)})

    assert "Something changed since you looked" in words(page)
    assert "1 promise breaks, 0 need an answer, 1 letter" in words(page)
    supplier.refresh_from_db()
    assert supplier.handling_days == 0


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"days": 0}, "Nothing would change: it is 0 working days already."),
        ({"days": 61}, "less than or equal to 60"),
        ({"days": -1}, "greater than or equal to 0"),
        ({"reason": "  "}, "Say why: customers whose day moves read the reason in their letter."),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(cy: Client, entry: dict[str, object], sentence: str) -> None:
    supplier = inbound(stock(), 5).order.supplier

    assert sentence in words(cy.post(act_on(supplier), LONGER | entry | {"preview": "1"}))


def test_handling_days_are_shown_and_not_posted(cy: Client) -> None:
    supplier = Supplier.objects.create(name="Weavers of Ulm", handling_days=2)

    page = cy.get(page_of(supplier))
    cy.post(page_of(supplier), {"name": "Weavers of Ulm", "email": "mill@example.com", "handling_days": 9} | NO_NUMBERS)

    supplier.refresh_from_db()
    assert "2 working days" in words(page)
    assert (supplier.email, supplier.handling_days) == ("mill@example.com", 2)


def test_saving_the_name_does_not_write_old_days_back(cy: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    supplier = Supplier.objects.create(name="Weavers of Ulm")
    save = Supplier.save

    def save_after_a_change(self: Supplier, **options: Any) -> None:
        Supplier.objects.filter(pk=self.pk).update(handling_days=4)
        save(self, **options)

    monkeypatch.setattr(Supplier, "save", save_after_a_change)
    cy.post(page_of(supplier), {"name": "Weavers of Neu-Ulm", "email": ""} | NO_NUMBERS)

    supplier.refresh_from_db()
    assert (supplier.name, supplier.handling_days) == ("Weavers of Neu-Ulm", 4)


def test_who_may_only_look_cannot_change_them(clerk: SignIn) -> None:
    supplier = Supplier.objects.create(name="Weavers of Ulm")
    looks = clerk("inventory.view_supplier")

    assert "Change handling days" not in words(looks.get(page_of(supplier)))
    assert looks.get(act_on(supplier)).status_code == 403
    assert looks.post(act_on(supplier), LONGER | {"confirm": "1"}).status_code == 403
