"""Correcting by whom a parcel went, and under which number."""

from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from unfold.admin import ModelAdmin

from shop import tracking
from shop.models import Order, Shipment
from shop.staff.flow import OnePage
from shop.staff.parcels import ParcelForm, known_carriers


@dataclass(frozen=True, slots=True)
class Followed:
    """How a parcel is followed until now. `seen` are the corrections that there were before."""

    now: str
    goods: tuple[str, ...]
    seen: int


class CorrectTracking(OnePage[ParcelForm, Followed]):
    title = "Correct the tracking number"
    act_label = "Correct it"
    form_template = "staff/tracking.html"
    obj: Order
    shipment: Shipment

    @classmethod
    def for_shipment(cls, request: HttpRequest, admin: ModelAdmin, pk: int) -> Self:
        if not request.user.has_perm("shop.add_shipment"):
            raise PermissionDenied
        shipment = get_object_or_404(Shipment.objects.select_related("order"), pk=pk)
        flow = cls(request, admin, shipment.order)
        flow.shipment = shipment
        return flow

    def form(self, data: Any = None) -> ParcelForm:
        parcel = self.shipment
        return ParcelForm(data, initial={"carrier": parcel.carrier, "tracking_number": parcel.tracking_number})

    def preview(self, form: forms.Form) -> Followed:
        rows = self.shipment.lines.select_related("line").order_by("id")
        goods = tuple(f"{row.quantity} × {row.line.article}" for row in rows)
        return Followed(self.shipment.followed, goods, self.shipment.tracking_changes.count())

    def shown(self, form: forms.Form, preview: Followed | None) -> dict[str, Any]:
        return {"shipment": self.shipment, "carriers": known_carriers()}

    def act(self, form: ParcelForm, preview: Followed) -> str:
        carrier, number = form.cleaned_data["carrier"], form.cleaned_data["tracking_number"]
        parcel = tracking.correct(
            self.shipment.pk,
            carrier=carrier,
            tracking_number=number,
            seen=preview.seen,
            actor=self.actor,
            at=self.at,
        )
        what = f"The parcel is followed by {parcel.followed}." if parcel.followed else "The parcel cannot be followed."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()
