"""Moving a purchase line's day and writing its units off: each shows first whose promise it touches."""

from datetime import date
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

from inventory.models import ExpectedDay, PurchaseOrder, PurchaseOrderLine
from inventory.purchasing import is_too_far
from shop import delays
from shop.formats import long_day
from shop.settling import Foreseen
from shop.staff.effects import effects, links_to
from shop.staff.flow import Flow, Refused

PASSED = "That day has passed: give today or a later day, or none."
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
            messages.info(self.request, "No promise changed; no customer gets a letter.")
        return self.back()


class ChangesLine(ChangesDays):
    """The same for one line. Only what was sent has customers who were told something."""

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


def not_too_far(day: date) -> None:
    if is_too_far(day, timezone.localdate()):
        raise forms.ValidationError("That is more than two years ahead: check the year.")


def day_field(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}),
        validators=[not_too_far],
        help_text=help_text,
    )


def refuse_past(day: ExpectedDay, old: ExpectedDay, today: date) -> None:
    """A day that has passed can stand there, but not be set."""
    if day.on is not None and day.on < today and day.on != old.on:
        raise Refused(PASSED)


class DayForm(forms.Form):
    day = day_field(
        "Expected to arrive on",
        "Working and handling days come on top. Leave it empty when no day is known any more.",
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
        if cleaned.get("confirmed") and "day" in cleaned and cleaned["day"] is None:
            self.add_error("day", "A day that is confirmed must be given: fill it in, or take the tick away.")
        return cleaned

    @property
    def expected(self) -> ExpectedDay:
        return ExpectedDay(self.cleaned_data["day"], self.cleaned_data["confirmed"])


class MoveDay(ChangesLine):
    title = "Move the day"
    act_label = "Move the day"

    def form(self, data: Any = None) -> DayForm:
        return DayForm(data, initial={"day": self.line.expected_on, "confirmed": self.line.confirmed})

    def preview(self, form: DayForm) -> Foreseen:
        _require_open(self.line)
        refuse_past(form.expected, self.line.expected, timezone.localdate(self.at))
        if form.expected == self.line.expected:
            raise Refused("Nothing would change: the line has this day already.")
        return delays.preview_moves(self._days(form), **self._why(form))

    def act(self, form: DayForm, preview: Foreseen) -> str:
        seen = {self.line.pk: self.line.expected}
        delays.move_expected_days(self._days(form), seen=seen, **self._why(form))
        old, new = self.line.expected_on, form.cleaned_data["day"]
        return self.tell(f"{self.line.item.sku}: from {long_day(old)} to {long_day(new)}.", preview)

    def _days(self, form: DayForm) -> delays.Days:
        return {self.line.pk: form.expected}

    def _why(self, form: DayForm) -> dict[str, Any]:
        return {"reason": form.cleaned_data["reason"], "actor": self.actor, "at": self.at}


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
        _require_open(self.line)
        units, reason = form.cleaned_data["units"], form.cleaned_data["reason"]
        return delays.preview_write_off(self.line, units, reason=reason, actor=self.actor, at=self.at)

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        units, reason = form.cleaned_data["units"], form.cleaned_data["reason"]
        seen = self.line.outstanding
        delays.write_off(self.line, units, reason=reason, seen=seen, actor=self.actor, at=self.at)
        return self.tell(f"{self.line.item.sku}: {units} written off ({reason}).", preview)


def _require_open(line: PurchaseOrderLine) -> None:
    if not line.order.is_open or not line.outstanding:
        raise Refused("Nothing more is expected on this line: it is a draft, or everything has come.")
