"""Writing down what a customer answered to a delay, when she gave it by telephone or in a reply."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from backorders.models import Consent
from shop import answers, cancellations
from shop.formats import money
from shop.models import Order, OrderLine
from shop.staff.flow import Flow
from shop.staff.notices import answer_due, lines_to_answer
from shop.staff.wording import what_was_told

_ALL = "all"
_BY_TELEPHONE = "as you told us"
_NOTHING = "Nothing of this order waits for an answer."


@dataclass(frozen=True, slots=True)
class Asked:
    """A line that was told of a delay, and the notice that the customer answers now."""

    line_id: int
    notice_id: int
    title: str
    wanted: int
    units: int
    told: str
    due: str
    amount: Decimal


class AnswerForm(forms.Form):
    what = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    answer = forms.ChoiceField(
        widget=UnfoldAdminRadioSelectWidget,
        label="What the customer said",
        error_messages={"required": "Choose what the customer said."},
    )

    def __init__(self, data: Any, asked: list[Asked], may_cancel: bool):
        super().__init__(data)
        self.asked = {str(row.line_id): row for row in asked}
        lines = [(pk, f"{row.units} × {row.title}") for pk, row in self.asked.items()]
        everything = [(_ALL, f"All {len(lines)} lines that were delayed")] if len(lines) > 1 else []
        self._choose("what", [*everything, *lines])
        cancel = [(Consent.Answer.CANCEL.value, Consent.Answer.CANCEL.label)] if may_cancel else []
        self._choose("answer", [(Consent.Answer.KEEP.value, Consent.Answer.KEEP.label), *cancel])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def chosen(self) -> tuple[Asked, ...]:
        one = self.asked.get(self.cleaned_data["what"])
        return (one,) if one else tuple(self.asked.values())


class RecordAnswer(Flow[AnswerForm, tuple[Asked, ...]]):
    title = "Record an answer"
    act_label = "Record it"
    form_template = "staff/answer_form.html"
    preview_template = "staff/answer_preview.html"
    obj: Order

    def run(self) -> HttpResponse:
        self.asked = [self._asked(line) for line in lines_to_answer(self.obj)]
        if not self.asked:
            messages.error(self.request, _NOTHING)
            return HttpResponseRedirect(self.back())
        return super().run()

    def form(self, data: Any = None) -> AnswerForm:
        return AnswerForm(data, self.asked, self.request.user.has_perm("backorders.add_withdrawal"))

    def preview(self, form: AnswerForm) -> tuple[Asked, ...]:
        return form.chosen

    def shown(self, form: AnswerForm, preview: tuple[Asked, ...] | None) -> dict[str, Any]:
        if preview is None:
            return {"asked": self.asked}
        amount = sum((row.amount for row in preview), Decimal(0))
        return {
            "asked": preview,
            "keeps": form.cleaned_data["answer"] == Consent.Answer.KEEP,
            "amount": money(amount, self.obj.currency),
        }

    def act(self, form: AnswerForm, preview: tuple[Asked, ...]) -> str:
        if form.cleaned_data["answer"] == Consent.Answer.KEEP:
            answers.keep(self.obj, {row.line_id: row.notice_id for row in preview}, actor=self.actor, at=self.at)
        else:
            wanted = {row.line_id: row.wanted for row in preview}
            cancellations.cancel_lines(self.obj, wanted, reason=_BY_TELEPHONE, actor=self.actor, at=self.at)
        answer = Consent.Answer(form.cleaned_data["answer"]).label.lower()
        what = f"{', '.join(f'{row.units} × {row.title}' for row in preview)}: {answer}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()

    def _asked(self, line: OrderLine) -> Asked:
        claim = line.claim
        assert claim.notice is not None
        return Asked(
            line.pk,
            claim.notice.pk,
            line.article,
            claim.quantity,
            claim.left,
            what_was_told(claim.notice),
            answer_due(claim.notice, self.at, is_open=claim.is_asked),
            line.unit_price * claim.left,
        )
