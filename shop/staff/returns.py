"""Goods that a customer sent back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from shop import returns
from shop.formats import money
from shop.models import Announcement, Order, OrderLine
from shop.settling import Foreseen
from shop.staff.effects import effects, tell_of
from shop.staff.flow import Flow


@dataclass(frozen=True, slots=True)
class CameBack:
    """Units of a line that would be taken back of those that are `with_customer`, and what that comes to."""

    title: str
    units: int
    damaged: int
    with_customer: int
    amount: Decimal
    told: str
    refund: Decimal
    comes_to: Decimal
    foreseen: Foreseen

    @property
    def on_the_shelf(self) -> int:
        return self.units - self.damaged


class CameBackForm(forms.Form):
    line = forms.ChoiceField(label="What came back", widget=UnfoldAdminSelectWidget)
    units = forms.IntegerField(
        min_value=1, required=False, widget=UnfoldAdminIntegerFieldWidget, help_text="How many. Empty means all of it."
    )
    damaged = forms.IntegerField(
        label="Of them damaged",
        min_value=0,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="These are not put on the shelf. Empty means none.",
    )
    amount = forms.DecimalField(
        label="Off the price",
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=(
            "What the customer need not pay, or gets back. Empty means the price of the units; and shipping too, where"
            " by them all of an order is back that its customer withdrew from."
        ),
    )
    told = forms.CharField(
        label="For the customer",
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="A sentence for her letter, such as why it is less than the price.",
    )
    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as “too large”. Kept with the order, for staff only.",
    )

    def __init__(self, data: Any, order: Order) -> None:
        super().__init__(data)
        # What was announced is what most likely lies on the table.
        coming = Announcement.objects.awaited().filter(line__order=order).order_by("id").first()
        if coming:
            self.initial = {"line": coming.line_id, "units": coming.coming, "reason": coming.reason or "withdrawn from"}
        away = order.lines.with_customer()
        lines = OrderLine.objects.filter(pk__in=away).select_related("claim", "order").order_by("id")
        self.away = {str(line.pk): (line, away[line.pk]) for line in lines}
        choices = [(pk, f"{away} × {line.article}") for pk, (line, away) in self.away.items()]
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("line") in self.away:
            line, away = self.away[cleaned["line"]]
            units = cleaned.get("units") or away
            if units > away:
                self.add_error("units", f"At most {away} can come back: more are not with the customer.")
            elif (cleaned.get("damaged") or 0) > units:
                self.add_error("damaged", f"At most {units} of them can be damaged.")
            if cleaned.get("amount") not in {None, returns.usual_amount(line, units)} and not cleaned.get("told"):
                self.add_error("told", "Another amount than is usual for these units: say why, she reads it.")
        return cleaned


class TakeBack(Flow[CameBackForm, CameBack]):
    title = "Goods that came back"
    act_label = "They are here: take them back"
    preview_template = "staff/came_back_preview.html"
    obj: Order

    def run(self) -> HttpResponse:
        if not self.obj.lines.with_customer():
            messages.error(self.request, f"Nothing of order {self.obj} is with the customer: nothing can come back.")
            return self.go(self.back())
        return super().run()

    def form(self, data: Any = None) -> CameBackForm:
        form = CameBackForm(data, self.obj)
        if not self.request.user.has_perm("shop.change_refund"):
            # Whoever unpacks it says what came; another price than that of the units is for those who pay money back.
            del form.fields["amount"]
        return form

    def _entered(self, form: CameBackForm) -> tuple[OrderLine, dict[str, Any]]:
        line, away = form.away[form.cleaned_data["line"]]
        return line, {
            "units": form.cleaned_data["units"] or away,
            "damaged": form.cleaned_data["damaged"] or 0,
            "amount": form.cleaned_data.get("amount"),
            "reason": form.cleaned_data["reason"],
            "told": form.cleaned_data["told"],
            "actor": self.actor,
            "at": self.at,
        }

    def preview(self, form: CameBackForm) -> CameBack:
        line, entered = self._entered(form)
        seen = returns.preview(line, **entered)
        _, away = form.away[form.cleaned_data["line"]]
        row = seen.returned
        return CameBack(
            line.article, row.units, row.damaged, away, row.amount, row.told, seen.refund, seen.comes_to, seen.foreseen
        )

    def shown(self, form: CameBackForm, preview: CameBack | None) -> dict[str, Any]:
        if preview is None:
            return {}
        named = {"amount": preview.amount, "refund": preview.refund, "comes_to": preview.comes_to}
        # It stays owed, also when all came back, unless it is taken off as well.
        named |= {"shipping": min(self.obj.shipping_price, preview.comes_to)}
        amounts = {name: money(amount, self.obj.currency) for name, amount in named.items() if amount}
        return {"effects": effects(preview.foreseen), "amounts": amounts}

    def act(self, form: CameBackForm, preview: CameBack) -> str:
        line, entered = self._entered(form)
        returns.take_back(line, **entered, seen=preview.with_customer)
        what = f"Taken back: {preview.units} × {preview.title}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        tell_of(self.request, preview.foreseen, nobody="")
        return self.back()
