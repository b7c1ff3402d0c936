"""Shipping what is ready of an order, and cancelling for a customer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backorders.queue import UnableToLeave, UnableToShip
from shop import cancellations, fulfilment, holds, releases
from shop.formats import count, money
from shop.models import Carrier, Order, OrderLine
from shop.staff.flow import Flow, OnePage

_EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Packed:
    """Units of one line that go into the parcel, beside what of it has left already."""

    claim_id: int
    title: str
    sku: str
    units: int
    shipped: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes into the next parcel of an order, and the address that stands on it."""

    goods: tuple[Packed, ...]
    to: tuple[str, ...]

    @classmethod
    def of(cls, order: Order) -> Self:
        """Raises UnableToShip when nothing may leave, with what to wait for."""
        lines = list(_lines(order))
        packed = tuple(
            Packed(line.claim_id, line.article, line.sku, line.claim.ready, line.claim.shipped, line.claim.quantity)
            for line in lines
            if line.claim.ready
        )
        if not packed:
            raise UnableToShip(f"Nothing of order {order} is ready to ship: it was shipped already, or it waits.")
        holds.refuse_to_ship_unpaid(order)
        releases.clear_for_dispatch(order, lines)
        return cls(packed, tuple(order.address_lines))

    @property
    def units(self) -> int:
        return sum(row.units for row in self.goods)

    def ship(self, order: Order, *, carrier: str, tracking_number: str, actor: str, at: datetime) -> None:
        """Exactly this, to exactly there. Raises UnableToShip when something else is ready by now."""
        fulfilment.ship_ready(
            order,
            carrier=carrier,
            tracking_number=tracking_number,
            packed={row.claim_id: row.units for row in self.goods},
            to=self.to,
            actor=actor,
            at=at,
        )


def carrier_input() -> forms.Widget:
    """Offers the names of the list `carriers`, which is a piece of the page."""
    return UnfoldAdminTextInputWidget(attrs={"list": "carriers", "autocomplete": "off"})


def known_carriers() -> list[str]:
    return list(Carrier.objects.order_by("name").values_list("name", flat=True))


class ParcelForm(forms.Form):
    carrier = forms.CharField(max_length=50, required=False, widget=carrier_input())
    tracking_number = forms.CharField(
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer finds it in her letter. Leave it empty for a parcel without one.",
    )

    def clean_tracking_number(self) -> str:
        number: str = self.cleaned_data["tracking_number"].strip()
        if number and not self.cleaned_data.get("carrier"):
            raise forms.ValidationError("Say whose tracking number it is: fill in the carrier.")
        return number


class ShipReady(OnePage):
    title = "Ship what is ready"
    act_label = "It has left: ship it"
    form_template = "staff/ship.html"
    obj: Order

    def form(self, data: Any = None) -> ParcelForm:
        return ParcelForm(data, initial={"carrier": _latest_carrier(self.obj)})

    def preview(self, form: forms.Form) -> Parcel:
        return Parcel.of(self.obj)

    def act(self, form: forms.Form, preview: Parcel) -> str:
        carrier, number = form.cleaned_data["carrier"], form.cleaned_data["tracking_number"]
        preview.ship(self.obj, carrier=carrier, tracking_number=number, actor=self.actor, at=self.at)
        what = f"Shipped {count(preview.units, 'unit', 'units')} of order {self.obj}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()

    def shown(self, form: forms.Form, preview: Parcel | None) -> dict[str, Any]:
        return {"waiting": _lines(self.obj).waiting(), "carriers": known_carriers()}


def _latest_carrier(order: Order) -> str:
    latest = order.shipments.order_by("-id").first()
    return latest.carrier if latest else ""


def _lines(order: Order) -> Any:
    return order.lines.select_related("claim").order_by("id")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Units of one line that would be given up. `released` of them lie on the shelf."""

    line_id: int
    title: str
    units: int
    wanted: int
    released: int
    amount: Decimal


class CancelForm(forms.Form):
    what = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    units = forms.IntegerField(
        min_value=1,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How many units of the line. Empty means all that have not shipped.",
    )
    reason = forms.CharField(
        max_length=255, required=False, widget=UnfoldAdminTextInputWidget, help_text="Kept with the order."
    )

    def __init__(self, data: Any, lines: QuerySet[OrderLine]):
        super().__init__(data)
        self.lines = {str(line.pk): line for line in lines if _left(line)}
        choices = [(pk, f"{_left(line)} × {line.article}") for pk, line in self.lines.items()]
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)
        what.choices = [(_EVERYTHING, "Everything that has not shipped"), *choices]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        line, units = self.lines.get(cleaned.get("what", "")), cleaned.get("units")
        if line and units and units > _left(line):
            self.add_error("units", f"At most {_left(line)} can be cancelled.")
        if cleaned.get("what") == _EVERYTHING and units:
            self.add_error("units", "Leave it empty to cancel everything, or choose one line.")
        return cleaned


class Cancel(Flow[CancelForm, tuple[Cancelled, ...]]):
    title = "Cancel for the customer"
    act_label = "Cancel it"
    preview_template = "staff/cancel_preview.html"
    obj: Order

    def form(self, data: Any = None) -> CancelForm:
        return CancelForm(data, _lines(self.obj))

    def preview(self, form: CancelForm) -> tuple[Cancelled, ...]:
        chosen = form.lines.get(form.cleaned_data["what"])
        rows = [chosen] if chosen else list(form.lines.values())
        if not rows:
            raise UnableToLeave("Nothing is left to cancel: it has shipped, or was cancelled.")
        return tuple(_cancelled(line, form.cleaned_data["units"] or _left(line)) for line in rows)

    def act(self, form: CancelForm, preview: tuple[Cancelled, ...]) -> str:
        reason = form.cleaned_data["reason"]
        if line := form.lines.get(form.cleaned_data["what"]):
            row = preview[0]
            cancellations.cancel_line(line, row.units, reason=reason, seen=row.wanted, actor=self.actor, at=self.at)
        else:
            cancellations.cancel_order(self.obj, reason=reason, actor=self.actor, at=self.at)
        what = f"Cancelled {', '.join(f'{row.units} × {row.title}' for row in preview)}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()

    def shown(self, form: forms.Form, preview: tuple[Cancelled, ...] | None) -> dict[str, Any]:
        if preview is None:
            return {}
        amount = sum((row.amount for row in preview), Decimal(0))
        return {"amount": money(amount, self.obj.currency)}


def _cancelled(line: OrderLine, units: int) -> Cancelled:
    claim = line.claim
    released = max(0, units - claim.lacks)
    return Cancelled(line.pk, line.article, units, claim.quantity, released, line.unit_price * units)


def _left(line: OrderLine) -> int:
    return line.claim.quantity - line.claim.shipped
