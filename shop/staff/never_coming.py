"""Saying that an item will never come: those who wait for it are told, apologised to and paid back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from inventory.models import StockItem
from shop import endings
from shop.endings import Ending, ForeseenEnding
from shop.formats import count
from shop.staff.effects import Sample, cancelled_in_short, refunds_of
from shop.staff.flow import Flow
from shop.staff.turns import reason_field


def may_end(request: HttpRequest) -> bool:
    """It cancels orders, and takes the days of purchase lines back: the right to both."""
    return request.user.has_perms(["backorders.add_withdrawal", "inventory.add_expecteddaychange"])


class ReasonForm(forms.Form):
    reason = reason_field(
        "Such as “the mill does not weave it any more”. Every customer reads this sentence in her letter.",
        "Say why: every customer reads the reason in her letter.",
    )


class NeverComing(Flow[ReasonForm, ForeseenEnding]):
    title = "It will never come"
    act_label = "Cancel for all of them"
    form_template = "staff/never_coming_form.html"
    preview_template = "staff/never_coming_preview.html"
    obj: StockItem

    def form(self, data: Any = None) -> ReasonForm:
        return ReasonForm(data)

    def preview(self, form: ReasonForm) -> ForeseenEnding:
        return endings.preview(self.obj.pk, reason=form.cleaned_data["reason"], actor=self.actor, at=self.at)

    def shown(self, form: ReasonForm, preview: ForeseenEnding | None) -> dict[str, Any]:
        if preview is None:
            return {}
        return {
            "rows": refunds_of(preview.ending.ended),
            "in_short": _in_short(preview.ending),
            "samples": [Sample.of(preview.letter)] if preview.letter else [],
        }

    def act(self, form: ReasonForm, preview: ForeseenEnding) -> str:
        reason = form.cleaned_data["reason"]
        ending = endings.never_coming(self.obj.pk, reason=reason, actor=self.actor, at=self.at)
        what = f"{self.obj.sku} will never come: {_in_short(ending)}."
        self.admin.log_change(self.request, self.obj, f"{what} {reason}")
        messages.success(self.request, f"{what} Each customer gets a letter.")
        if ending.left:
            left = count(ending.left, "order still waits", "orders still wait")
            messages.warning(self.request, f"{left}: do it once more for the next of them.")
        return self.back()


def _in_short(ending: Ending) -> str:
    """Such as "3 orders, 7 units, €147.00 to pay back, 10 units on order written off"."""
    written_off = f", {count(ending.written_off, 'unit')} on order written off" if ending.written_off else ""
    return f"{cancelled_in_short(ending.ended)}{written_off}"
