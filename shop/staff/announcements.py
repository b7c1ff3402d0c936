"""Goods that a customer said she sends back: written down for who wrote or telephoned, and struck out again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shop import announcements
from shop.announcements import Returnable, UnableToAnnounce
from shop.formats import count, long_day
from shop.models import Order
from shop.staff.flow import OnePage


class AnnounceForm(forms.Form):
    line = forms.ChoiceField(label="What comes back", widget=UnfoldAdminSelectWidget)
    units = forms.IntegerField(
        min_value=1, required=False, widget=UnfoldAdminIntegerFieldWidget, help_text="How many. Empty means all of it."
    )
    reason = forms.CharField(
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="In the customer's words, if one was given: it stands in the letter that confirms the return.",
    )

    def __init__(self, data: Any, can: Returnable) -> None:
        super().__init__(data)
        self.lines = {str(line.pk): (line, units) for line, units in can.units.items()}
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, f"{units} × {line.article}") for pk, (line, units) in self.lines.items()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        _, most = self.lines.get(cleaned.get("line", ""), (None, 0))
        if most and (cleaned.get("units") or 0) > most:
            self.add_error("units", f"At most {most} can be announced: more are not with the customer, or are coming.")
        return cleaned


class Announce(OnePage[AnnounceForm, int]):
    """The preview is how much was said about returns before, so that a second click announces nothing more."""

    title = "A return is announced"
    act_label = "Write it down, and confirm it by mail"
    form_template = "staff/announce.html"
    obj: Order

    def run(self) -> HttpResponse:
        self.can = Returnable.of(self.obj, self.at)
        if not self.can.units:
            messages.error(self.request, f"Nothing of order {self.obj} is with the customer that is not announced yet.")
            return self.go(self.back())
        return super().run()

    def form(self, data: Any = None) -> AnnounceForm:
        return AnnounceForm(data, self.can)

    def preview(self, form: AnnounceForm) -> int:
        return self.can.said

    def shown(self, form: AnnounceForm, preview: int | None) -> dict[str, Any]:
        return {"can": self.can, "until": long_day(self.can.until) if self.can.until else ""}

    def act(self, form: AnnounceForm, preview: int) -> str:
        line, most = form.lines[form.cleaned_data["line"]]
        units, reason = form.cleaned_data["units"] or most, form.cleaned_data["reason"]
        announcements.announce(
            self.obj, {line.pk: units}, reason=reason, actor=self.actor, at=self.at, seen=preview, in_time_only=False
        )
        what = f"Announced to come back: {units} × {line.article}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter that confirms it.")
        return self.back()


class DropReturn(OnePage[forms.Form, int]):
    title = "It does not come back"
    act_label = "The customer keeps it"
    form_template = "staff/drop_return.html"
    obj: Order

    def form(self, data: Any = None) -> forms.Form:
        return forms.Form(data)

    def preview(self, form: forms.Form) -> int:
        self.can = Returnable.of(self.obj, self.at)
        if not self.can.coming:
            raise UnableToAnnounce(f"Nothing of order {self.obj} is announced to come back.")
        return self.can.said

    def shown(self, form: forms.Form, preview: int | None) -> dict[str, Any]:
        return {"can": self.can}

    def act(self, form: forms.Form, preview: int) -> str:
        dropped = announcements.drop(self.obj, actor=self.actor, at=self.at, seen=preview)
        what = f"Does not come back: {count(sum(row.dropped for row in dropped), 'unit')}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter that says so.")
        return self.back()
