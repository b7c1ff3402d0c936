"""Changing where an order goes, as its customer asked."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django_countries import countries
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shop import addresses
from shop.models import AddressChange, Order
from shop.staff.flow import Flow
from shop.web.forms import WithPostcode, one_line


def _line(label: str, length: int, *, required: bool = True) -> forms.CharField:
    missing = f"{label}: please fill this in."
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        widget=UnfoldAdminTextInputWidget,
        validators=[one_line],
        error_messages={"required": missing},
    )


class AddressForm(WithPostcode):
    name = _line("Name", 150)
    line1 = _line("Street and number", 200)
    line2 = _line("Flat, floor, company", 200, required=False)
    postcode = _line("Postcode", 20)
    city = _line("Town or city", 100)
    country = forms.ChoiceField(choices=list(countries), widget=UnfoldAdminSelectWidget)


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where, as it is written on a parcel. `seen` are the changes that there were before."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    seen: int


class ChangeAddress(Flow[AddressForm, Move]):
    title = "Change the address"
    act_label = "Send it there"
    preview_template = "staff/address_preview.html"
    obj: Order

    def form(self, data: Any = None) -> AddressForm:
        return AddressForm(data, initial=addresses.address_of(self.obj))

    def preview(self, form: AddressForm) -> Move:
        addresses.refuse(self.obj, form.cleaned_data, self.at)
        fresh = AddressChange(**form.cleaned_data)
        return Move(tuple(self.obj.address_lines), tuple(fresh.address_lines), self.obj.address_changes.count())

    def act(self, form: AddressForm, preview: Move) -> str:
        addresses.change(self.obj, form.cleaned_data, seen=preview.seen, actor=self.actor, at=self.at)
        what = f"Order {self.obj} goes to {', '.join(preview.new)}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()
