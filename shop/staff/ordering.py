"""What happens to a purchase order as a whole: sent, confirmed, moved to other days, given up."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.utils import timezone
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from inventory.models import ExpectedDay, PurchaseOrder, PurchaseOrderLine
from shop import delays, purchase_letters
from shop.formats import count
from shop.settling import Foreseen
from shop.staff.days import REASON_IS_READ, ChangesDays, DayForm, day_field, refuse_past
from shop.staff.effects import Sample
from shop.staff.flow import OnePage, Refused
from shop.staff.wording import day_in_words


@dataclass(frozen=True, slots=True)
class Sending:
    """What goes to the supplier, to which address if it has one, and whose day gets better by it."""

    recipient: str
    letter: Sample
    foreseen: Foreseen


class SendForm(forms.Form):
    BY_MAIL, BY_HAND = "mail", "hand"
    way = forms.ChoiceField(
        label="How it is sent",
        widget=UnfoldAdminRadioSelectWidget,
        help_text="A mail brings the list as text and as an attached table.",
    )

    def __init__(self, data: Any, recipient: str):
        super().__init__(data)
        by_hand = (self.BY_HAND, "I have sent it myself: mark it as sent")
        by_mail = (self.BY_MAIL, f"By mail to {recipient}")
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [by_mail, by_hand] if recipient else [by_hand]
        if recipient:
            field.initial = self.BY_MAIL


class Send(OnePage, ChangesDays):
    title = "Send the order"
    act_label = "Send the order"
    form_template = "staff/send_order.html"
    obj: PurchaseOrder

    def form(self, data: Any = None) -> SendForm:
        return SendForm(data, self.obj.supplier.email)

    def preview(self, form: forms.Form) -> Sending:
        passed = self.obj.lines.filter(expected_on__lt=timezone.localdate(self.at)).select_related("item").first()
        if passed:
            sku = passed.item.sku
            raise Refused(f"The day of {sku} has passed: give it today or a later day, or none, and send it then.")
        foreseen = delays.preview_send(self.obj, at=self.at)
        return Sending(self.obj.supplier.email, Sample.of(purchase_letters.letter(self.obj)), foreseen)

    def shown(self, form: forms.Form, preview: Any) -> dict[str, Any]:
        return super().shown(form, preview.foreseen) | {"mail": [preview.letter]}

    def act(self, form: forms.Form, preview: Sending) -> str:
        by_mail = form.cleaned_data["way"] == SendForm.BY_MAIL
        delays.send_purchase_order(self.obj, by_mail=by_mail, at=self.at)
        how = f"goes by mail to {preview.recipient}" if by_mail else "is marked as sent by hand"
        return self.tell(f"{self.obj.number} {how}: its lines are on order from now on.", preview.foreseen)


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the preview: what a line owes, and what stands there from now on."""

    line: PurchaseOrderLine
    then: str


class ChangesOrder(ChangesDays):
    """An act on everything that an order still owes."""

    preview_template = "staff/order_preview.html"
    obj: PurchaseOrder

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        owed = PurchaseOrderLine.objects.inbound().filter(order=self.obj)
        self.lines = list(owed.select_related("order", "item").order_by("id"))

    def state(self) -> Any:
        return [(line.pk, line.expected, line.outstanding) for line in self.lines]

    def shown(self, form: forms.Form, preview: Foreseen | None) -> dict[str, Any]:
        changes = self.changes(form) if preview else []
        return super().shown(form, preview) | {"lines": self.lines, "changes": changes}

    @abstractmethod
    def changes(self, form: Any) -> list[Change]:
        """What the preview says of each line."""

    def refuse_if_nothing_is_owed(self) -> None:
        if not self.lines:
            raise Refused("Nothing more is expected of this order: it is a draft, or everything has come.")

    def why(self, form: forms.Form) -> dict[str, Any]:
        return {"reason": form.cleaned_data["reason"], "actor": self.actor, "at": self.at}


class SetsDays(ChangesOrder):
    """The same where lines get other days."""

    @abstractmethod
    def days(self, form: Any) -> dict[int, ExpectedDay]:
        """The days that stand on the lines from now on, by purchase line."""

    def changes(self, form: Any) -> list[Change]:
        days = self.days(form)
        return [Change(line, day_in_words(days[line.pk])) for line in self.lines]

    def seen(self) -> dict[int, ExpectedDay]:
        """What stood there when it was looked at: who comes second is told so."""
        return {line.pk: line.expected for line in self.lines}

    def refuse_days(self, form: Any) -> None:
        self.refuse_if_nothing_is_owed()
        for line in self.lines:
            refuse_past(self.days(form)[line.pk], line.expected, timezone.localdate(self.at))


class ConfirmForm(forms.Form):
    """A day for each line, as the supplier named it; empty while it knows none."""

    reason = forms.CharField(
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        label="Why days differ from those we asked for",
        help_text=f"{REASON_IS_READ} Needed only if a day is another one.",
    )

    def __init__(self, data: Any, lines: Sequence[PurchaseOrderLine]):
        super().__init__(data)
        self.lines = lines
        for line in lines:
            self.fields[self._name(line)] = day_field(f"{line.item.sku} arrives on")
            self.initial[self._name(line)] = line.expected_on

    @property
    def rows(self) -> list[tuple[PurchaseOrderLine, forms.BoundField]]:
        return [(line, self[self._name(line)]) for line in self.lines]

    @property
    def days(self) -> dict[int, ExpectedDay]:
        named = {line.pk: self.cleaned_data[self._name(line)] for line in self.lines}
        return {pk: ExpectedDay(day, confirmed=day is not None) for pk, day in named.items()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        moved = [line for line in self.lines if cleaned.get(self._name(line)) != line.expected_on]
        if moved and not cleaned.get("reason") and not self.errors:
            self.add_error("reason", "Say why the day changes: customers read the reason in their letter.")
        return cleaned

    @staticmethod
    def _name(line: PurchaseOrderLine) -> str:
        return f"day_{line.pk}"


class Confirm(SetsDays):
    title = "The supplier has confirmed"
    act_label = "Write the days down"
    form_template = "staff/confirm_order.html"

    def form(self, data: Any = None) -> ConfirmForm:
        return ConfirmForm(data, self.lines)

    def days(self, form: ConfirmForm) -> dict[int, ExpectedDay]:
        return form.days

    def preview(self, form: ConfirmForm) -> Foreseen:
        self.refuse_days(form)
        return delays.preview_confirm(self.obj, form.days, **self.why(form))

    def act(self, form: ConfirmForm, preview: Foreseen) -> str:
        delays.confirm_purchase_order(self.obj, form.days, seen=self.seen(), **self.why(form))
        unknown = sum(day.on is None for day in form.days.values())
        known = count(len(form.days) - unknown, "line has", "lines have")
        return self.tell(f"{self.obj.number} is confirmed: {known} a day, {unknown} none yet.", preview)


class MoveAll(SetsDays):
    title = "Move the days of all lines"
    act_label = "Move the days"
    form_template = "staff/order_form.html"

    def form(self, data: Any = None) -> DayForm:
        return DayForm(data)

    def days(self, form: DayForm) -> dict[int, ExpectedDay]:
        return {line.pk: form.expected for line in self.lines}

    def preview(self, form: DayForm) -> Foreseen:
        self.refuse_days(form)
        if all(line.expected == form.expected for line in self.lines):
            raise Refused("Nothing would change: all lines have this day already.")
        return delays.preview_moves(self.days(form), **self.why(form))

    def act(self, form: DayForm, preview: Foreseen) -> str:
        delays.move_expected_days(self.days(form), seen=self.seen(), **self.why(form))
        lines = count(len(self.lines), "line", "lines")
        return self.tell(f"{self.obj.number}: {lines} moved to {day_in_words(form.expected)}.", preview)


class CancelForm(forms.Form):
    reason = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget, help_text=REASON_IS_READ)


class CancelRest(ChangesOrder):
    title = "Cancel what is still to come"
    act_label = "Cancel it"
    form_template = "staff/order_form.html"

    def form(self, data: Any = None) -> CancelForm:
        return CancelForm(data)

    def changes(self, form: forms.Form) -> list[Change]:
        return [Change(line, f"{line.outstanding} will not come") for line in self.lines]

    def preview(self, form: forms.Form) -> Foreseen:
        self.refuse_if_nothing_is_owed()
        return delays.preview_write_offs(self._owed(), **self.why(form))

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        delays.write_off_lines(self._owed(), seen=self._owed(), **self.why(form))
        units, reason = count(sum(self._owed().values()), "unit", "units"), form.cleaned_data["reason"]
        if self.obj.supplier.email:
            messages.warning(self.request, f"No mail tells {self.obj.supplier} of it: do that yourself.")
        return self.tell(f"{self.obj.number}: {units} written off ({reason}).", preview)

    def _owed(self) -> dict[int, int]:
        return {line.pk: line.outstanding for line in self.lines}
