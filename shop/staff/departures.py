"""Many parcels leave at once: a row for each order, one look at all of them, and each one ships for itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from backorders.queue import UnableToShip
from shop.formats import count
from shop.models import Order
from shop.staff.effects import links_to
from shop.staff.flow import REFUSALS, Flow, Refused, list_address, seal
from shop.staff.packing import Slip, is_full, slips_of
from shop.staff.parcels import Parcel, carrier_input, known_carriers

_CHANGED = "it changed since you looked, and stays here: check the parcel and ship it once more."


@dataclass(frozen=True, slots=True)
class Row:
    """An order on the form, with its fields."""

    slip: Slip
    leaves: forms.BoundField
    carrier: forms.BoundField
    number: forms.BoundField


@dataclass(frozen=True, slots=True)
class Departure:
    """A parcel that is to leave. Without one, `problem` says why. `seal` stands for what was shown of it."""

    order: Order
    parcel: Parcel | None
    problem: str
    carrier: str
    tracking_number: str

    @property
    def seal(self) -> str:
        return seal(self.parcel)


class DeparturesForm(forms.Form):
    carrier = forms.CharField(
        label="Carrier of all parcels",
        max_length=50,
        required=False,
        widget=carrier_input(),
        help_text="Where a row has none of its own.",
    )
    pasted = forms.CharField(
        label="Paste tracking numbers",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="A line for each order: its number, a comma, and the tracking number. Then only these orders leave.",
    )

    def __init__(self, data: Any, slips: Sequence[Slip]):
        super().__init__(data)
        self.slips = slips
        for slip in slips:
            pk = slip.order.pk
            self.fields[f"leaves-{pk}"] = forms.BooleanField(
                label="Leaves", required=False, initial=bool(slip.goods), widget=UnfoldBooleanWidget
            )
            self.fields[f"carrier-{pk}"] = _short("Carrier", 50, carrier_input())
            self.fields[f"number-{pk}"] = _short("Tracking number", 100, UnfoldAdminTextInputWidget())

    @property
    def common(self) -> list[forms.BoundField]:
        return [self["carrier"], self["pasted"]]

    @property
    def rows(self) -> Iterator[Row]:
        for slip in self.slips:
            pk = slip.order.pk
            yield Row(slip, self[f"leaves-{pk}"], self[f"carrier-{pk}"], self[f"number-{pk}"])

    def clean_pasted(self) -> dict[str, str]:
        """Tracking numbers by order number."""
        known = {slip.order.number for slip in self.slips}
        found: dict[str, str] = {}
        for at, line in enumerate(self.cleaned_data["pasted"].splitlines(), 1):
            if not line.strip():
                continue
            first, *rest = re.split(r"[,;\t]", line, maxsplit=1)
            order, number = first.strip().upper(), "".join(rest).strip()
            if order not in known:
                raise ValidationError(f"Line {at}: order {order} is not among those on this page.")
            if not number:
                raise ValidationError(f"Line {at}: write the tracking number after the order's number and a comma.")
            if found.setdefault(order, number) != number:
                raise ValidationError(f"Line {at}: order {order} has another tracking number further up.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "pasted" in cleaned:
            for order, carrier, number in self.leaving:
                if number and not carrier:
                    self.add_error(f"carrier-{order.pk}", "Say whose tracking number it is: fill in the carrier.")
        return cleaned

    @property
    def leaving(self) -> list[tuple[Order, str, str]]:
        """The orders that are to leave, each with its carrier and its tracking number."""
        data, pasted = self.cleaned_data, self.cleaned_data["pasted"]
        orders = [slip.order for slip in self.slips]
        return [
            (order, data.get(f"carrier-{order.pk}") or data.get("carrier", ""), number)
            for order in orders
            for number in [pasted.get(order.number) or data.get(f"number-{order.pk}", "")]
            if (order.number in pasted if pasted else data.get(f"leaves-{order.pk}"))
        ]


def _short(label: str, length: int, widget: forms.Widget) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, widget=widget)


class ShipMany(Flow[DeparturesForm, tuple[Departure, ...]]):
    """Each parcel has a seal of its own: one that changed stays here, and the others leave."""

    title = "Ship many orders"
    act_label = "They have left: ship them"
    form_template = "staff/departures.html"
    preview_template = "staff/departures_preview.html"
    orders: Sequence[Order] = ()

    def form(self, data: Any = None) -> DeparturesForm:
        return DeparturesForm(data, slips_of(self.orders))

    def preview(self, form: DeparturesForm) -> tuple[Departure, ...]:
        departures = tuple(_departure(*row) for row in form.leaving)
        if not departures:
            raise Refused("No order was chosen: tick those that leave, or paste their tracking numbers.")
        return departures

    def _confirm(self, form: DeparturesForm) -> HttpResponse:
        departures = self.preview(form)
        if "confirm" in self.request.POST:
            return self.go(self.act(form, departures))
        return self._page(self.preview_template, form, preview=departures)

    def shown(self, form: DeparturesForm, preview: tuple[Departure, ...] | None) -> dict[str, Any]:
        leaving = sum(each.parcel is not None for each in preview or ())
        return {"leaving": leaving, "is_full": is_full(self.orders), "carriers": known_carriers()}

    def act(self, form: DeparturesForm, preview: tuple[Departure, ...]) -> str:
        shipped = []
        for each in preview:
            if problem := self._ship(each):
                messages.error(self.request, f"Order {each.order}: {problem}")
            else:
                shipped.append(each.order)
        if shipped:
            what = f"Shipped {count(len(shipped), 'order', 'orders')}"
            sentence = format_html("{}: {}. Each customer gets a letter.", what, links_to(shipped))
            messages.success(self.request, sentence)
        return f"{list_address(Order)}?state=ready"

    def _ship(self, each: Departure) -> str:
        """Why it could not leave; empty once it has."""
        if each.parcel is None:
            return each.problem
        if self.request.POST.get(f"seal-{each.order.pk}") != each.seal:
            return _CHANGED
        try:
            each.parcel.ship(
                each.order, carrier=each.carrier, tracking_number=each.tracking_number, actor=self.actor, at=self.at
            )
        except REFUSALS as refusal:
            return str(refusal)
        units = count(each.parcel.units, "unit", "units")
        self.admin.log_change(self.request, each.order, f"Shipped {units} of order {each.order}.")
        return ""


def _departure(order: Order, carrier: str, number: str) -> Departure:
    try:
        return Departure(order, Parcel.of(order), "", carrier, number)
    except UnableToShip as refusal:
        return Departure(order, None, str(refusal), carrier, number)
