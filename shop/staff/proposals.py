"""Offering a customer another variant instead of what she waits for. She decides, on the page of her answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from shop import alternatives
from shop.alternatives import Alternative
from shop.formats import money
from shop.models import Order, OrderLine
from shop.staff.effects import Sample
from shop.staff.flow import Flow

NOTHING_FITS = "Nothing that fits is on the shelf: all that the line lacks, of the same category, at no higher price."


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be offered, and the letter that does it."""

    variant_id: int
    units: int
    price: Decimal
    letter: Sample


class ProposalForm(forms.Form):
    variant = forms.TypedChoiceField(
        label="Instead",
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": "Choose what to offer.",
            "invalid_choice": "It is not on the shelf any more: choose something else.",
        },
    )

    def __init__(self, data: Any, choices: Sequence[tuple[int, str]]):
        super().__init__(data)
        field = self.fields["variant"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = choices


class Propose(Flow[ProposalForm, Offer]):
    title = "Offer something else instead"
    act_label = "Write to the customer"
    form_template = "staff/proposal_form.html"
    preview_template = "staff/proposal_preview.html"
    obj: Order
    line: OrderLine
    fits: list[Alternative]

    @classmethod
    def for_line(cls, request: HttpRequest, admin: ModelAdmin, pk: int) -> Self:
        if not request.user.has_perm("shop.add_proposal"):
            raise PermissionDenied
        line = get_object_or_404(OrderLine.objects.select_related("claim__item", "order"), pk=pk)
        flow = cls(request, admin, line.order)
        flow.line, flow.fits = line, alternatives.that_fit([line], flow.at)[line.pk]
        return flow

    def run(self) -> HttpResponse:
        if not self.fits:
            messages.error(self.request, NOTHING_FITS)
            return HttpResponseRedirect(self.back())
        return super().run()

    def form(self, data: Any = None) -> ProposalForm:
        return ProposalForm(data, [(each.variant.pk, _in_words(each, self.obj.currency)) for each in self.fits])

    def preview(self, form: ProposalForm) -> Offer:
        pk = form.cleaned_data["variant"]
        letter = alternatives.preview_proposal(self.line, pk, actor=self.actor, at=self.at)
        chosen = next(each for each in self.fits if each.variant.pk == pk)
        return Offer(pk, chosen.units, chosen.variant.price, Sample.of(letter))

    def shown(self, form: ProposalForm, preview: Offer | None) -> dict[str, Any]:
        return {"line": None, "bought": self.line, "samples": [preview.letter] if preview else []}

    def act(self, form: ProposalForm, preview: Offer) -> str:
        made = alternatives.propose(self.line, preview.variant_id, actor=self.actor, at=self.at)
        what = f"Offered {made.units} × {made.variant.product.title} instead of {self.line.title}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter, and decides.")
        return self.back()


def _in_words(each: Alternative, currency: str) -> str:
    variant = each.variant
    saves = f", {money(each.saves, currency)} less in all" if each.saves else ", the same price"
    return f"{each.units} × {variant} ({variant.sku}){saves}"
