"""The queue of a stock item: who waits, since when, for how many, what was promised and what can be expected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from backorders.models import Claim, Queue
from backorders.outlook import Outlook, outlooks
from backorders.turns import may_split
from inventory.models import PurchaseOrderLine, StockItem
from shop import turns
from shop.formats import count
from shop.models import OrderLine
from shop.settling import Foreseen
from shop.staff.effects import effects, in_words
from shop.staff.exports import as_csv
from shop.staff.flow import Flow, Refused
from shop.staff.places import delivery_in_words, why_passed_over
from shop.staff.turns import CUSTOMER_READS, DeliveryField, deliveries_for_item, reason_field, tell_of, turn_rights
from shop.turns import Turn
from shop.web.forms import id_of

_ON_A_PAGE = 100
# Filters look among so many: what each of them can expect is worked out for it.
_LOOKED_AT = 5_000
# So many turns are changed in one transaction: others who want the item wait for it.
_AT_ONCE = 200
SHOWS: dict[str, tuple[str, Callable[[Outlook], bool]]] = {
    "": ("Everybody", lambda row: True),
    "risk": ("At risk", lambda row: row.is_at_risk),
    "hold": ("On hold", lambda row: bool(row.claim.hold)),
    "put_off": ("Put off", lambda row: row.claim.put_off_to_id is not None),
    "turn": ("In their turn", lambda row: not row.claim.is_passed_over),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the page. What nobody ordered has no line."""

    outlook: Outlook
    line: OrderLine | None

    @property
    def claim(self) -> Claim:
        return self.outlook.claim

    @property
    def customer(self) -> str:
        return self.line.order.name if self.line else ""

    @property
    def promised(self) -> str:
        return in_words(self.outlook.told)

    @property
    def expected(self) -> str:
        return in_words(self.outlook.expects)

    @property
    def may_split(self) -> bool:
        return may_split(self.claim) > 0

    @property
    def passed_over(self) -> str:
        return "; ".join(why_passed_over(self.claim))


def queue_address(item: StockItem) -> str:
    return reverse("admin:inventory_stockitem_who_waits", args=[item.pk])


def queue_of(item: StockItem) -> Queue:
    queue = Queue.objects.select_related("item").filter(item=item.pk).first()
    if queue is None:
        raise Http404("This item has no queue yet.")
    return queue


def chosen(request: HttpRequest, queue: Queue, first: int | None = None) -> list[Outlook]:
    """Those who wait that the filters of the address name, among all or among the first."""
    _, fits = SHOWS.get(request.GET.get("show", ""), SHOWS[""])
    wanted = request.GET.get("q", "").strip().casefold()
    rows = [row for row in outlooks(queue, timezone.now(), first) if fits(row)]
    return [row for row in rows if wanted in f"{row.claim.reference} {row.claim.customer}".casefold()]


def places_of(rows: Sequence[Outlook]) -> list[Place]:
    """One query for any number of them."""
    lines = OrderLine.objects.filter(claim__in=[row.claim.pk for row in rows]).select_related("order")
    by_claim = {line.claim_id: line for line in lines}
    return [Place(row, by_claim.get(row.claim.pk)) for row in rows]


def show(request: HttpRequest, admin: ModelAdmin, item: StockItem) -> HttpResponse:
    queue = queue_of(item)
    claims = Claim.objects.waiting().filter(item=item).count()
    is_filtered = any(request.GET.get(name) for name in ("show", "q"))
    found = chosen(request, queue, _LOOKED_AT) if is_filtered else None
    page: Page = Paginator(range(claims if found is None else len(found)), _ON_A_PAGE).get_page(request.GET.get("page"))
    rows = outlooks(queue, timezone.now(), page.end_index()) if found is None else found[: page.end_index()]
    kept = request.GET.copy()
    kept.pop("page", None)
    request.current_app = admin.admin_site.name
    title = f"Who waits for {item.sku}"
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "content_title": title,
        "opts": admin.model._meta,
        "original": item,
        "queue": queue,
        "page": page,
        "places": places_of(rows[max(0, page.start_index() - 1) :]),
        "units": queue.waiting if found is None else sum(row.claim.lacks for row in found),
        "looked_at": _LOOKED_AT if found is not None and claims > _LOOKED_AT else None,
        "shows": [(name, words) for name, (words, _) in SHOWS.items()],
        "show": request.GET.get("show", ""),
        "q": request.GET.get("q", ""),
        "filters": kept.urlencode(),
        **turn_rights(request, item.pk),
    }
    return TemplateResponse(request, "staff/queue.html", context)


def export(request: HttpRequest, item: StockItem) -> HttpResponse:
    columns = ["Place", "Order", "Customer", "E-mail", "Lacks", "Wanted", "Since", "Promised", "Expected", "At risk"]
    rows = (
        [
            place.outlook.number,
            place.claim.reference,
            place.customer,
            place.claim.customer,
            place.claim.lacks,
            place.claim.quantity,
            timezone.localtime(place.claim.placed_at).isoformat(timespec="minutes"),
            place.promised,
            place.expected,
            "at risk" if place.outlook.is_at_risk else "",
            place.claim.rank,
            place.claim.hold,
            delivery_in_words(place.claim.put_off_to) if place.claim.put_off_to else "",
        ]
        for place in places_of(chosen(request, queue_of(item)))
    )
    return as_csv(f"queue-{item.pk}", [*columns, "Rank", "On hold", "Put off to"], rows)


class TurnsForm(forms.Form):
    """What is to become of the turns that were ticked."""

    ACTS = {"hold": "Hold", "resume": "Let them go on", "put_off": "Wait for a later delivery"}

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
    reason = reason_field(CUSTOMER_READS)

    def __init__(self, data: Any, item_id: int):
        super().__init__(data)
        field = self.fields["delivery"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = deliveries_for_item(item_id)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("what") == "put_off" and not cleaned.get("delivery") and "delivery" not in self.errors:
            self.add_error("delivery", "Choose the delivery that they wait for.")
        return cleaned

    def turn(self, claim: Claim) -> Turn | str:
        """The change of a claim's turn, or why it stays as it is."""
        what, reason, line = (self.cleaned_data[name] for name in ("what", "reason", "delivery"))
        if what == "resume":
            return turns.resume(claim, reason=reason) if claim.hold else "is not on hold"
        if not claim.lacks:
            return "does not wait any more"
        if what == "hold":
            return "is on hold already" if claim.hold else turns.hold(claim, reason=reason)
        if claim.put_off_to_id == line.pk:
            return "waits for that delivery already"
        return turns.put_off(claim, line, reason=reason)


@dataclass(frozen=True, slots=True)
class Changes:
    """What would change, of which claims, and why others stay as they are."""

    foreseen: Foreseen
    changed: tuple[int, ...]
    left_out: tuple[str, ...]


class ChangeTurns(Flow[TurnsForm, Changes]):
    """One reason and one look for all the claims that were ticked, which the address names."""

    title = "Change their turns"
    act_label = "Do it for all of them"
    form_template = "staff/turns_form.html"
    preview_template = "staff/turns_preview.html"
    obj: StockItem

    def __init__(self, request: HttpRequest, admin: ModelAdmin, obj: StockItem):
        super().__init__(request, admin, obj)
        ids = list(filter(None, map(id_of, request.GET.getlist("claims"))))[:_AT_ONCE]
        claims = Claim.objects.filter(item=obj.pk, pk__in=ids).in_order()
        self.claims = list(claims.select_related("item", "put_off_to__order__supplier"))

    def form(self, data: Any = None) -> TurnsForm:
        return TurnsForm(data, self.obj.pk)

    def state(self) -> Any:
        return [(claim.pk, claim.rank, claim.hold, claim.put_off_to_id, claim.lacks) for claim in self.claims]

    def preview(self, form: TurnsForm) -> Changes:
        changes = self._turns(form)
        found = {claim: form.turn(claim) for claim in self.claims}
        foreseen = turns.preview(*changes, actor=self.actor, at=self.at)
        left_out = tuple(f"{claim} {why}" for claim, why in found.items() if isinstance(why, str))
        return Changes(foreseen, tuple(turn.claim_id for turn in changes), left_out)

    def _turns(self, form: TurnsForm) -> list[Turn]:
        changes = [turn for turn in map(form.turn, self.claims) if isinstance(turn, Turn)]
        if not changes:
            raise Refused("Nothing would change: tick somebody in the queue for whom this makes sense.")
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
        what, line = form.cleaned_data["what"], form.cleaned_data["delivery"]
        words = TurnsForm.ACTS[what]
        return f"{words}: {delivery_in_words(line)}" if what == "put_off" else words

    def act(self, form: TurnsForm, preview: Changes) -> str:
        turns.change(*self._turns(form), actor=self.actor, at=self.at)
        number = count(len(preview.changed), "claim", "claims")
        what = f"{self._what(form)}: {number} of the queue of {self.obj.sku}."
        self.admin.log_change(self.request, self.obj, f"{what} {form.cleaned_data['reason']}")
        messages.success(self.request, what)
        tell_of(self.request, preview.foreseen)
        return self.back()

    def back(self) -> str:
        return queue_address(self.obj)
