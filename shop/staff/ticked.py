"""What becomes of those of a queue that were ticked: one form and one look for all of them, whom the address names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from backorders.models import Claim
from backorders.turns import why_not_split
from inventory.locking import StockBusy
from inventory.models import PurchaseOrderLine, StockItem
from notifications.models import Letter
from shop import alternatives, cancellations, turns
from shop.alternatives import UnableToPropose
from shop.cancellations import CancelledOrder
from shop.formats import count
from shop.models import OrderLine
from shop.settling import Foreseen
from shop.staff.effects import Sample, cancelled_in_short, effects, refunds_of, tell_of
from shop.staff.flow import Flow, Refused
from shop.staff.places import delivery_in_words
from shop.staff.proposals import NOTHING_FITS, ProposalForm
from shop.staff.queues import queue_address
from shop.staff.turns import DeliveryField, deliveries_for_item, reason_field
from shop.turns import Turn
from shop.web.forms import id_of

# Others who want the item wait while so many turns are changed in one transaction ...
_AT_ONCE = 200
# ... and while so many are written to, each for an order of her own.
_LETTERS_AT_ONCE = 50
_TOO_MANY = f"Tick at most {_LETTERS_AT_ONCE} of them at once: each gets a letter of her own."
_NOBODY = "Nothing would change: tick somebody in the queue for whom this makes sense."


class Ticked[F: forms.Form, P](Flow[F, P]):
    """An act on claims of one queue. Whoever is ticked and for whom it makes no sense is left out, and it says why."""

    form_template = "staff/ticked_form.html"
    obj: StockItem

    def __init__(self, request: HttpRequest, admin: ModelAdmin, obj: StockItem):
        super().__init__(request, admin, obj)
        ids = list(filter(None, map(id_of, request.GET.getlist("claims"))))[:_AT_ONCE]
        claims = Claim.objects.filter(item=obj.pk, pk__in=ids).in_order()
        self.claims = list(claims.select_related("item", "notice", "put_off_to__order__supplier"))

    def state(self) -> Any:
        return [(claim.pk, claim.rank, claim.hold, claim.put_off_to_id, claim.lacks) for claim in self.claims]

    def lines(self) -> list[OrderLine]:
        """The order lines of those that still wait, in the order of the queue."""
        waiting = [claim.pk for claim in self.claims if claim.lacks]
        found = OrderLine.objects.filter(claim__in=waiting).select_related("claim__item", "order")
        return sorted(found, key=lambda line: waiting.index(line.claim_id))

    def who_does_not_wait(self, lines: Sequence[OrderLine]) -> list[str]:
        waiting = {line.claim_id for line in lines}
        return [f"{claim} does not wait any more" for claim in self.claims if claim.pk not in waiting]

    def back(self) -> str:
        return queue_address(self.obj)


class TurnsForm(forms.Form):
    """What is to become of the turns that were ticked."""

    ACTS = {
        "hold": "Hold",
        "resume": "Let them go on",
        "put_off": "Wait for a later delivery",
        "call_back": "Call back",
        "rank": "Change the rank",
        "split": "Split",
    }
    _NEEDS = {
        "put_off": ("delivery", "Choose the delivery that they wait for."),
        "rank": ("number", "Give the rank; lower goes first."),
        "split": ("number", "Say how many units of each are to be split off."),
    }

    what = forms.ChoiceField(
        choices=[("", "Choose"), *ACTS.items()],
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose what is to become of them."},
    )
    delivery = DeliveryField(
        queryset=PurchaseOrderLine.objects.none(),
        required=False,
        empty_label="Choose a delivery",
        widget=UnfoldAdminSelectWidget,
        help_text="Only for those who are to wait for a later one. They take no unit before its goods have come.",
    )
    number = forms.IntegerField(
        label="Rank, or units to split off",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Only for a new rank, or for a split: so many of the units that each waits for, those with the latest"
        " days, become a claim of their own at the same place.",
    )
    reason = reason_field(
        "Customers read this sentence in their letters when their day moves by it; of a rank and a split only staff do."
    )

    def __init__(self, data: Any, item_id: int):
        super().__init__(data)
        field = self.fields["delivery"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = deliveries_for_item(item_id)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        what, number = cleaned.get("what", ""), cleaned.get("number")
        field, sentence = self._NEEDS.get(what, ("", ""))
        if field != "number":
            self.errors.pop("number", None)
        is_missing = bool(field) and cleaned.get(field) is None
        if field not in self.errors and (is_missing or (what == "split" and number is not None and number < 1)):
            self.add_error(field, sentence)
        return cleaned

    def turn(self, claim: Claim) -> Turn | str:
        """The change of a claim's turn, or why it stays as it is."""
        what, reason, number = (self.cleaned_data[name] for name in ("what", "reason", "number"))
        if what == "resume":
            return turns.resume(claim, reason=reason) if claim.hold else "is not on hold"
        if not claim.lacks:
            return "does not wait any more"
        match what:
            case "hold":
                return "is on hold already" if claim.hold else turns.hold(claim, reason=reason)
            case "rank" if claim.rank == number:
                return f"has rank {number} already"
            case "rank":
                return turns.rank(claim, number, reason=reason)
            case "split" if why := why_not_split(claim, number, timezone.now()):
                return f"is not split: {why}"
            case "split":
                return turns.split(claim, number, reason=reason)
        return self._wait_for(claim, self.cleaned_data["delivery"] if what == "put_off" else None, reason)

    def _wait_for(self, claim: Claim, line: PurchaseOrderLine | None, reason: str) -> Turn | str:
        if claim.put_off_to == line:
            return "waits for that delivery already" if line else "waits for no later delivery"
        return turns.put_off(claim, line, reason=reason)


@dataclass(frozen=True, slots=True)
class Changes:
    """What would change, of which claims, and why others stay as they are."""

    foreseen: Foreseen
    changed: tuple[int, ...]
    left_out: tuple[str, ...]


class ChangeTurns(Ticked[TurnsForm, Changes]):
    title = "Change their turns"
    act_label = "Do it for all of them"
    preview_template = "staff/turns_preview.html"

    def form(self, data: Any = None) -> TurnsForm:
        return TurnsForm(data, self.obj.pk)

    def preview(self, form: TurnsForm) -> Changes:
        changes = self._turns(form)
        found = {claim: form.turn(claim) for claim in self.claims}
        foreseen = turns.preview(*changes, actor=self.actor, at=self.at)
        left_out = tuple(f"{claim} {why}" for claim, why in found.items() if isinstance(why, str))
        return Changes(foreseen, tuple(turn.claim_id for turn in changes), left_out)

    def _turns(self, form: TurnsForm) -> list[Turn]:
        changes = [turn for turn in map(form.turn, self.claims) if isinstance(turn, Turn)]
        if not changes:
            raise Refused(_NOBODY)
        return changes

    def shown(self, form: TurnsForm, preview: Changes | None) -> dict[str, Any]:
        if preview is None:
            return {"claims": self.claims}
        chosen = self._turns(form)[0]
        touched = effects(preview.foreseen)
        told = {row.line.claim_id for row in touched.hears if row.is_told}
        return {
            "claims": [claim for claim in self.claims if claim.pk in preview.changed],
            "effects": touched,
            "what": self._what(form),
            "reason": chosen.reason,
            "own": chosen.own if told & set(preview.changed) else "",
            "others": chosen.others if told - set(preview.changed) else "",
        }

    def _what(self, form: TurnsForm) -> str:
        what, line, number = (form.cleaned_data[name] for name in ("what", "delivery", "number"))
        details = {
            "put_off": delivery_in_words(line) if line else "",
            "rank": str(number),
            "split": f"{count(number or 0, 'unit', 'units')} of each",
        }
        return ": ".join(filter(None, [TurnsForm.ACTS[what], details.get(what, "")]))

    def act(self, form: TurnsForm, preview: Changes) -> str:
        turns.change(*self._turns(form), actor=self.actor, at=self.at)
        number = count(len(preview.changed), "claim", "claims")
        what = f"{self._what(form)}: {number} of the queue of {self.obj.sku}."
        self.admin.log_change(self.request, self.obj, f"{what} {form.cleaned_data['reason']}")
        messages.success(self.request, what)
        tell_of(self.request, preview.foreseen)
        return self.back()


class CancelTickedForm(forms.Form):
    reason = reason_field(
        "Kept with the orders, and with the money that goes back.",
        "Say why: whoever asks later reads it beside the order.",
    )


class CancelTicked(Ticked[CancelTickedForm, tuple[tuple[CancelledOrder, ...], Letter]]):
    """What they still wait for is cancelled for them; what is set aside for them ships."""

    title = "Cancel for the customers"
    act_label = "Cancel for all of them"
    preview_template = "staff/cancel_ticked_preview.html"

    def form(self, data: Any = None) -> CancelTickedForm:
        return CancelTickedForm(data)

    def _units(self) -> dict[int, dict[int, int]]:
        """By order and claim."""
        units: dict[int, dict[int, int]] = {}
        for line in self.lines():
            units.setdefault(line.order_id, {})[line.claim_id] = line.claim.lacks
        if not units:
            raise Refused(_NOBODY)
        if len(units) > _LETTERS_AT_ONCE:
            raise Refused(_TOO_MANY)
        return units

    def preview(self, form: CancelTickedForm) -> tuple[tuple[CancelledOrder, ...], Letter]:
        reason = form.cleaned_data["reason"]
        return cancellations.preview_waiting(self._units(), reason=reason, actor=self.actor, at=self.at)

    def shown(
        self, form: CancelTickedForm, preview: tuple[tuple[CancelledOrder, ...], Letter] | None
    ) -> dict[str, Any]:
        if preview is None:
            return {"claims": self.claims}
        cancelled, letter = preview
        return {
            "rows": refunds_of(cancelled),
            "in_short": cancelled_in_short(cancelled),
            "left_out": self.who_does_not_wait(self.lines()),
            "samples": [Sample.of(letter)],
        }

    def act(self, form: CancelTickedForm, preview: tuple[tuple[CancelledOrder, ...], Letter]) -> str:
        reason = form.cleaned_data["reason"]
        done = cancellations.cancel_waiting(self._units(), reason=reason, actor=self.actor, at=self.at)
        what = f"Cancelled of the queue of {self.obj.sku}: {cancelled_in_short(done)}."
        self.admin.log_change(self.request, self.obj, f"{what} {reason}")
        messages.success(self.request, f"{what} Each customer gets a letter.")
        return self.back()


@dataclass(frozen=True, slots=True)
class Offers:
    """To whom a variant would be offered, as units by line, why to others not, and the first of the letters."""

    variant_id: int
    units: tuple[tuple[int, int], ...]
    left_out: tuple[str, ...]
    letter: Sample


class OfferTicked(Ticked[ProposalForm, Offers]):
    """One variant is offered to all of them whom it fits; each decides for herself."""

    title = "Offer something else instead"
    act_label = "Write to all of them"
    preview_template = "staff/offer_ticked_preview.html"

    def run(self) -> HttpResponse:
        self.bought = {line.pk: line for line in self.lines()}
        is_too_much = len(self.bought) > _LETTERS_AT_ONCE
        self.fits = {} if is_too_much else alternatives.that_fit(self.bought.values(), self.at)
        if not self.fits:
            messages.error(self.request, _TOO_MANY if is_too_much else NOTHING_FITS if self.bought else _NOBODY)
            return HttpResponseRedirect(self.back())
        return super().run()

    def form(self, data: Any = None) -> ProposalForm:
        number = Counter(each.variant for offered in self.fits.values() for each in offered)
        return ProposalForm(
            data,
            [
                (
                    variant.pk,
                    f"{variant} ({variant.sku}): fits {times} of {len(self.bought)}",
                )
                for variant, times in number.most_common()
            ],
        )

    def preview(self, form: ProposalForm) -> Offers:
        chosen, units, letters = form.cleaned_data["variant"], [], []
        left_out = self.who_does_not_wait([*self.bought.values()])
        for pk, line in self.bought.items():
            try:
                letters.append(alternatives.preview_proposal(line, chosen, actor=self.actor, at=self.at))
                units.append((pk, line.claim.lacks))
            except UnableToPropose as refusal:
                left_out.append(f"{line.order.number}: {refusal}")
        if not letters:
            raise Refused(_NOBODY)
        return Offers(chosen, tuple(units), tuple(left_out), Sample.of(letters[0]))

    def shown(self, form: ProposalForm, preview: Offers | None) -> dict[str, Any]:
        if preview is None:
            return {"claims": self.claims}
        lines = [self.bought[pk] for pk, _ in preview.units]
        return {"claims": [line.claim for line in lines], "samples": [preview.letter]}

    def act(self, form: ProposalForm, preview: Offers) -> str:
        made = []
        for pk, _ in preview.units:
            try:
                made.append(alternatives.propose(self.bought[pk], preview.variant_id, actor=self.actor, at=self.at))
            except (UnableToPropose, StockBusy) as refusal:
                messages.warning(self.request, f"{self.bought[pk].order.number} gets no letter: {refusal}")
        if made:
            orders = {self.bought[row.line_id].order_id for row in made}
            instead, whom = made[0].variant.product.title, count(len(orders), "customer")
            what = f"Offered {instead} to {whom} instead of {self.obj.sku}."
            self.admin.log_change(self.request, self.obj, what)
            messages.success(self.request, f"{what} Each gets a letter, and decides.")
        return self.back()
