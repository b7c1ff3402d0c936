"""Taking a receipt back that was a mistake."""

from collections.abc import Sequence
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from inventory.models import Delivery
from shop import undoing
from shop.models import OrderLine
from shop.staff.days import ChangesDays
from shop.staff.effects import ROWS_ON_A_PAGE
from shop.undoing import ForeseenUndo


class UndoForm(forms.Form):
    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as “counted twice”. A customer whose units give way reads it.",
    )
    from_customers = forms.BooleanField(
        required=False,
        label="Take back what is set aside as well",
        widget=UnfoldBooleanWidget,
        help_text="The newest orders give way first: they wait again and are told.",
    )


class UndoReceipt(ChangesDays):
    title = "Undo the receipt"
    act_label = "Undo the receipt"
    form_template = "staff/undo_form.html"
    preview_template = "staff/undo_preview.html"
    obj: Delivery

    def form(self, data: Any = None) -> UndoForm:
        return UndoForm(data)

    def state(self) -> Any:
        return undoing.held(self.obj)

    def shown(self, form: forms.Form, preview: Any) -> dict[str, Any]:
        shown = {"held": undoing.held(self.obj)}
        if preview is None:
            return shown
        return super().shown(form, preview.foreseen) | shown | {"waits_again": _rows(preview.waits_again)}

    def preview(self, form: forms.Form) -> ForeseenUndo:
        return undoing.preview_undo(self.obj.pk, **self._said(form))

    def act(self, form: forms.Form, preview: ForeseenUndo) -> str:
        undoing.undo_receipt(self.obj.pk, **self._said(form))
        return self.tell(
            f"The receipt of delivery {self.obj.number} is undone: its units left the shelf.", preview.foreseen
        )

    def _said(self, form: forms.Form) -> dict[str, Any]:
        return {
            "from_customers": form.cleaned_data["from_customers"],
            "reason": form.cleaned_data["reason"],
            "actor": self.actor,
            "at": self.at,
        }


def _rows(waits_again: Sequence[tuple[int, int]]) -> list[tuple[OrderLine, int]]:
    """The order lines that lose units, the newest first, as many as a page can hold."""
    units = dict(waits_again[:ROWS_ON_A_PAGE])
    lines = {line.claim_id: line for line in OrderLine.objects.filter(claim__in=units).select_related("order")}
    return [(lines[claim_id], count) for claim_id, count in units.items() if claim_id in lines]
