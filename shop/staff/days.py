"""Placing a purchase order, moving a line's day, writing units off: each shows first whose promise it touches."""

from datetime import timedelta
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from inventory.models import PurchaseOrder, PurchaseOrderLine
from shop import delays
from shop.formats import long_day
from shop.settling import Foreseen
from shop.staff.effects import effects, links_to
from shop.staff.flow import Flow, OnePage, Refused

REASON_IS_READ = "Customers whose day changes read this sentence in their letter."


def may_move(request: HttpRequest) -> bool:
    """The right to move a day is the right to add the row that tells who moved it."""
    return request.user.has_perm("inventory.add_expecteddaychange")


class ChangesDays(Flow):
    """An act on what suppliers owe us, or when, that may change what customers were told."""

    preview_template = "staff/days_preview.html"

    def shown(self, form: forms.Form, preview: Foreseen | None) -> dict[str, Any]:
        return {} if preview is None else {"effects": effects(preview)}

    def tell(self, what: str, foreseen: Foreseen) -> str:
        """Leave a trace in the history, say what happened, and go back to where it was done."""
        self.admin.log_change(self.request, self.obj, what)
        touched = effects(foreseen)
        messages.success(self.request, what)
        if touched.orders_told:
            sentence = "The promised day changed for {}; each customer gets a letter."
            messages.info(self.request, format_html(sentence, links_to(touched.orders_told)))
        elif touched.hears:
            messages.info(self.request, "Days changed within orders that are sent together, whose own day stays.")
        else:
            messages.info(self.request, "No promise changed; no letter was written.")
        return self.back()


class ChangesLine(ChangesDays):
    """The same for one line. Only what was placed has customers who were told something."""

    obj: PurchaseOrder
    line: PurchaseOrderLine

    @classmethod
    def for_line(cls, request: HttpRequest, admin: ModelAdmin, pk: int) -> Self:
        if not may_move(request):
            raise PermissionDenied
        line = get_object_or_404(PurchaseOrderLine.objects.select_related("order__supplier", "item"), pk=pk)
        flow = cls(request, admin, line.order)
        flow.line = line
        return flow

    def state(self) -> Any:
        return self.line.expected_on, self.line.confirmed, self.line.outstanding

    def shown(self, form: forms.Form, preview: Foreseen | None) -> dict[str, Any]:
        return super().shown(form, preview) | {"line": self.line}


_FARTHEST = timedelta(days=731)


class DayForm(forms.Form):
    day = forms.DateField(
        required=False,
        label="Expected to arrive on",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}),
        help_text="Working and handling days come on top. Leave it empty when no day is known any more.",
    )
    confirmed = forms.BooleanField(
        required=False,
        label="The supplier has confirmed the day",
        widget=UnfoldBooleanWidget,
        help_text="Until then shoppers read “estimated”.",
    )
    reason = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget, help_text=REASON_IS_READ)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("day") and cleaned["day"] > timezone.localdate() + _FARTHEST:
            self.add_error("day", "That is more than two years ahead: check the year.")
        if cleaned.get("confirmed") and "day" in cleaned and cleaned["day"] is None:
            self.add_error("day", "A day that is confirmed must be given: fill it in, or take the tick away.")
        return cleaned


class MoveDay(ChangesLine):
    title = "Move the day"
    act_label = "Move the day"

    def form(self, data: Any = None) -> DayForm:
        return DayForm(data, initial={"day": self.line.expected_on, "confirmed": self.line.confirmed})

    def preview(self, form: forms.Form) -> Foreseen:
        _require_placed(self.line)
        day, confirmed = form.cleaned_data["day"], form.cleaned_data["confirmed"]
        if day is not None and day < timezone.localdate(self.at) and day != self.line.expected_on:
            raise Refused("That day has passed: give today or a later day, or none.")
        if (day, confirmed) == (self.line.expected_on, self.line.confirmed):
            raise Refused("Nothing would change: the line has this day already.")
        return delays.preview_move(self.line, **self._change(form))

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        old = self.line.expected_on
        delays.move_expected_day(self.line, **self._change(form))
        new = form.cleaned_data["day"]
        return self.tell(f"{self.line.item.sku}: from {long_day(old)} to {long_day(new)}.", preview)

    def _change(self, form: forms.Form) -> dict[str, Any]:
        return {
            "day": form.cleaned_data["day"],
            "confirmed": form.cleaned_data["confirmed"],
            "reason": form.cleaned_data["reason"],
            "actor": self.actor,
            "at": self.at,
        }


class WriteOffForm(forms.Form):
    units = forms.IntegerField(
        min_value=1, widget=UnfoldAdminIntegerFieldWidget, help_text="Units that the supplier will not send any more."
    )
    reason = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget, help_text=REASON_IS_READ)


class WriteOff(ChangesLine):
    title = "Write units off"
    act_label = "Write them off"

    def form(self, data: Any = None) -> WriteOffForm:
        return WriteOffForm(data, initial={"units": self.line.outstanding})

    def preview(self, form: forms.Form) -> Foreseen:
        _require_placed(self.line)
        units, reason = form.cleaned_data["units"], form.cleaned_data["reason"]
        return delays.preview_write_off(self.line, units, reason=reason, actor=self.actor, at=self.at)

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        units, reason = form.cleaned_data["units"], form.cleaned_data["reason"]
        seen = self.line.outstanding
        delays.write_off(self.line, units, reason=reason, seen=seen, actor=self.actor, at=self.at)
        return self.tell(f"{self.line.item.sku}: {units} written off ({reason}).", preview)


class Place(OnePage, ChangesDays):
    title = "Place the order"
    act_label = "Place the order"
    form_template = "staff/place.html"
    obj: PurchaseOrder

    def form(self, data: Any = None) -> forms.Form:
        return forms.Form(data)

    def preview(self, form: forms.Form) -> Foreseen:
        return delays.preview_place(self.obj, at=self.at)

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        delays.place_purchase_order(self.obj, at=self.at)
        return self.tell(f"{self.obj.number} is placed: its lines are on order from now on.", preview)


def _require_placed(line: PurchaseOrderLine) -> None:
    if line.order.state != PurchaseOrder.State.PLACED or not line.outstanding:
        raise Refused("Nothing more is expected on this line: it is a draft, or everything has come.")
