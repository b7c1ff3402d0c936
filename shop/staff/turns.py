"""What staff change of a claim's turn: rank, hold, later delivery, split. Each shows first whom it reaches."""

from abc import abstractmethod
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backorders.models import Claim
from backorders.plan import after
from backorders.queries import holding
from backorders.turns import may_split
from inventory.models import PurchaseOrderLine
from shop import turns
from shop.settling import Foreseen
from shop.staff.effects import effects, in_words, tell_of
from shop.staff.flow import Flow
from shop.staff.places import delivery_in_words
from shop.turns import Turn

STAFF_READ = "For staff only: no customer reads it."
CUSTOMER_READS = "Its customer reads this sentence in her letter when her day moves by it."


def deliveries_for(claim: Claim) -> QuerySet[PurchaseOrderLine]:
    """The purchase lines that a claim can wait for instead, earliest first."""
    lines = deliveries_for_item(claim.item_id)
    return lines if claim.put_off_to_id is None else lines.exclude(pk=claim.put_off_to_id)


def deliveries_for_item(item_id: int) -> QuerySet[PurchaseOrderLine]:
    lines = PurchaseOrderLine.objects.inbound().filter(item=item_id).select_related("order__supplier", "item")
    return lines.order_by(F("expected_on").asc(nulls_last=True), "id")


def turn_rights(request: HttpRequest, item_id: int) -> dict[str, bool]:
    """What the rows of a queue offer: may this user change a turn, and is there a delivery to wait for?"""
    may_turn = request.user.has_perm("backorders.change_claim")
    on_order = may_turn and PurchaseOrderLine.objects.inbound().filter(item=item_id).exists()
    return {"may_turn": may_turn, "may_put_off": on_order, "may_look": request.user.has_perm("backorders.view_claim")}


def possible(claim: Claim) -> set[str]:
    """The names of the acts that make sense for a claim as it stands."""
    if not claim.lacks:
        return {"resume"} if claim.hold else set()
    acts = {"change_rank", "resume" if claim.hold else "hold"}
    if may_split(claim):
        acts.add("split")
    if claim.put_off_to_id:
        acts.add("call_back")
    if deliveries_for(claim).exists():
        acts.add("put_off")
    return acts


def reason_field(
    read_by: str, missing: str = "Say why: whoever asks later reads it beside the claim."
) -> forms.CharField:
    return forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text=read_by,
        error_messages={"required": missing},
    )


class ChangesTurn(Flow):
    """An act on one claim's turn, whose form says at least why."""

    form_template = "staff/turn_form.html"
    preview_template = "staff/turn_preview.html"
    obj: Claim

    @abstractmethod
    def turn(self, form: forms.Form) -> Turn: ...

    @abstractmethod
    def then(self, form: forms.Form) -> str:
        """What holds for the claim afterwards, in words."""

    def state(self) -> Any:
        return self.obj.rank, self.obj.hold, self.obj.put_off_to_id, self.obj.lacks

    def preview(self, form: forms.Form) -> Foreseen:
        return turns.preview(self.turn(form), actor=self.actor, at=self.at)

    def shown(self, form: forms.Form, preview: Foreseen | None) -> dict[str, Any]:
        if preview is None:
            return {}
        touched, turn = effects(preview), self.turn(form)
        told = {row.line.claim_id for row in touched.hears if row.is_told}
        return {
            "effects": touched,
            "reason": turn.reason,
            "then": self.then(form),
            "own": turn.own if self.obj.pk in told else "",
            "others": turn.others if told - {self.obj.pk} else "",
        }

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        turn, what = self.turn(form), f"{self.obj}: {self.then(form)}."
        turns.change(turn, actor=self.actor, at=self.at)
        self.admin.log_change(self.request, self.obj, f"{what} {turn.reason}")
        messages.success(self.request, what)
        tell_of(self.request, preview)
        return self.back()


class RankForm(forms.Form):
    rank = forms.IntegerField(
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Lower goes first; everybody begins with 0. Within a rank, whoever came first goes first.",
    )
    reason = reason_field(STAFF_READ)


class ChangeRank(ChangesTurn):
    title = "Change the rank"
    act_label = "Change the rank"

    def form(self, data: Any = None) -> RankForm:
        return RankForm(data, initial={"rank": self.obj.rank})

    def turn(self, form: forms.Form) -> Turn:
        return turns.rank(self.obj, form.cleaned_data["rank"], reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        return f"rank {form.cleaned_data['rank']} instead of {self.obj.rank}"


class ReasonForm(forms.Form):
    reason = reason_field(CUSTOMER_READS)


class Hold(ChangesTurn):
    title = "Hold"
    act_label = "Hold it"

    def form(self, data: Any = None) -> ReasonForm:
        return ReasonForm(data)

    def turn(self, form: forms.Form) -> Turn:
        return turns.hold(self.obj, reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        return "on hold; it is passed over and keeps its place"


class Resume(ChangesTurn):
    title = "Let it go on"
    act_label = "Let it go on"

    def form(self, data: Any = None) -> ReasonForm:
        return ReasonForm(data)

    def turn(self, form: forms.Form) -> Turn:
        return turns.resume(self.obj, reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        return "not on hold any more; it keeps its place"


class DeliveryField(forms.ModelChoiceField):
    def label_from_instance(self, obj: PurchaseOrderLine) -> str:
        units = "1 unit" if obj.outstanding == 1 else f"{obj.outstanding} units"
        return f"{delivery_in_words(obj)}: {units}"


class DeliveryForm(forms.Form):
    delivery = DeliveryField(
        queryset=PurchaseOrderLine.objects.none(),
        empty_label="Choose a delivery",
        widget=UnfoldAdminSelectWidget,
        help_text="The claim keeps its place, and takes no unit before goods of this purchase order have come.",
        error_messages={
            "required": "Choose the delivery that it waits for.",
            "invalid_choice": "Nothing more is expected with that delivery: choose another one.",
        },
    )
    reason = reason_field(CUSTOMER_READS)

    def __init__(self, data: Any, deliveries: QuerySet[PurchaseOrderLine]):
        super().__init__(data)
        field = self.fields["delivery"]
        assert isinstance(field, DeliveryField)
        field.queryset = deliveries


class PutOff(ChangesTurn):
    title = "Wait for a later delivery"
    act_label = "Let it wait"

    def form(self, data: Any = None) -> DeliveryForm:
        return DeliveryForm(data, deliveries_for(self.obj))

    def turn(self, form: forms.Form) -> Turn:
        return turns.put_off(self.obj, form.cleaned_data["delivery"], reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        return f"waits for {delivery_in_words(form.cleaned_data['delivery'])}"


class CallBack(ChangesTurn):
    title = "Call back"
    act_label = "Call it back"

    def form(self, data: Any = None) -> ReasonForm:
        return ReasonForm(data)

    def turn(self, form: forms.Form) -> Turn:
        return turns.put_off(self.obj, None, reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        return "takes whatever comes next"


class SplitForm(forms.Form):
    units = forms.IntegerField(
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="So many of the units that it waits for, those with the latest days, become a claim of their own at"
        " the same place. Every unit keeps the day that was told.",
    )
    reason = reason_field(STAFF_READ)


class Split(ChangesTurn):
    title = "Split"
    act_label = "Split it"

    def form(self, data: Any = None) -> SplitForm:
        return SplitForm(data)

    def turn(self, form: forms.Form) -> Turn:
        return turns.split(self.obj, form.cleaned_data["units"], reason=form.cleaned_data["reason"])

    def then(self, form: forms.Form) -> str:
        units = form.cleaned_data["units"]
        _, told = holding([self.obj.pk])[self.obj.pk]
        days = in_words(after(told, self.obj.quantity - units))
        return f"a claim of its own for {units} of {self.obj.quantity}, at the same place: {days}"
