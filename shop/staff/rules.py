"""The rules of a queue: who may join, how many, for how long. A change shows first what it does to whom."""

from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, Min, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backorders.models import Claim, Policy, Queue
from backorders.queue import Rules
from inventory.admin import ReadOnly
from shop import delays
from shop.settling import Foreseen
from shop.staff.days import REASON_IS_READ, ChangesDays
from shop.staff.flow import Refused, find

_LEAD_DAYS = range(1, 366)
# Limits, and how the list of queues says what they count.
_LIMITS = {"cap": "in all", "per_order": "an order", "per_customer": "a customer", "longest_wait": "days ahead"}


def _limit(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget, help_text=help_text
    )


class RulesForm(forms.Form):
    policy = forms.ChoiceField(
        label="Who may join",
        choices=Policy.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="Whoever waits already keeps her place, whatever the rules become.",
    )
    lead_days = forms.IntegerField(
        label="Lead time in days",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="From order to dispatch when nothing is on order; used only by an open queue.",
    )
    cap = _limit("Units that may wait in all", "Empty for no limit; 0 means that nothing waits.")
    per_order = _limit("Units of one order that may wait")
    per_customer = _limit("Units of one customer that may wait")
    longest_wait = _limit("Longest wait in days", "A day further off is promised to nobody who comes new.")
    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text=REASON_IS_READ,
        error_messages={"required": "Say why: customers whose day moves read the reason in their letter."},
    )

    def clean_lead_days(self) -> int:
        days: int = self.cleaned_data["lead_days"]
        if days not in _LEAD_DAYS:
            raise forms.ValidationError(f"Give a lead time from {_LEAD_DAYS[0]} to {_LEAD_DAYS[-1]} days.")
        return days

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        lead, longest = given.get("lead_days"), given.get("longest_wait")
        if given.get("policy") == Policy.LEAD_TIME and lead and longest and longest < lead:
            never = f"A lead time of {lead} days would never be promised"
            self.add_error("longest_wait", f"{never}: make the wait longer or the lead time shorter.")
        return given

    @property
    def rules(self) -> Rules:
        given = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return Rules(**given | {"policy": Policy(given["policy"])})


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that changes, in words."""

    rule: str
    old: str
    new: str


class ChangeRules(ChangesDays):
    title = "Change the rules"
    act_label = "Change them"
    preview_template = "staff/rules_preview.html"
    obj: Queue

    def form(self, data: Any = None) -> RulesForm:
        return RulesForm(data, initial=asdict(Rules.of(self.obj)))

    def state(self) -> Any:
        return Rules.of(self.obj)

    def preview(self, form: forms.Form) -> Foreseen:
        assert isinstance(form, RulesForm)
        if form.rules == Rules.of(self.obj):
            raise Refused("Nothing would change: these are its rules already.")
        return delays.preview_rules(self.obj.item_id, form.rules, reason=form.cleaned_data["reason"], at=self.at)

    def shown(self, form: forms.Form, preview: Foreseen | None) -> dict[str, Any]:
        return super().shown(form, preview) | ({"changes": self._changes(form)} if preview else {})

    def act(self, form: forms.Form, preview: Foreseen) -> str:
        assert isinstance(form, RulesForm)
        reason = form.cleaned_data["reason"]
        delays.change_rules(self.obj.item_id, form.rules, reason=reason, seen=Rules.of(self.obj), at=self.at)
        words = "; ".join(f"{change.rule}: {change.old} → {change.new}" for change in self._changes(form))
        if any(getattr(form.rules, limit) == 0 for limit in _LIMITS):
            sku = self.obj.item.sku
            messages.info(self.request, f"{sku} has a limit of 0: nothing waits, it is sold from the shelf only.")
        return self.tell(f"{words} ({reason}).", preview)

    def _changes(self, form: forms.Form) -> list[Change]:
        assert isinstance(form, RulesForm)
        old, new = Rules.of(self.obj), form.rules
        return [
            Change(str(field.label), _words(getattr(old, name)), _words(getattr(new, name)))
            for name, field in form.fields.items()
            if name != "reason" and getattr(old, name) != getattr(new, name)
        ]


def _words(rule: Policy | int | None) -> str:
    return str(rule.label) if isinstance(rule, Policy) else "no limit" if rule is None else str(rule)


class WaitsFilter(admin.SimpleListFilter):
    title = "who waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Somebody waits"), ("passed", "Somebody is passed over"), ("no", "Nobody waits")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Queue]) -> QuerySet[Queue]:
        match self.value():
            case "yes":
                return queryset.filter(waiting__gt=0)
            case "passed":
                return queryset.filter(passed_over__gt=0)
            case "no":
                return queryset.filter(waiting=0)
        return queryset


@admin.register(Queue)
class QueueAdmin(ReadOnly, ModelAdmin):
    """Rules to look at, and the way to change them. Who waits stands on the page of the stock item's queue."""

    list_display = ["item", "policy", "lead_time", "limits", "waiting", "skipped", "oldest"]
    list_select_related = ["item"]
    list_filter = [WaitsFilter, "policy"]
    search_fields = ["item__sku", "item__name"]
    ordering = ["-waiting", "item__sku"]
    fieldsets = [
        (None, {"fields": ["item", ("waiting", "skipped")]}),
        (
            "Who may join",
            {
                "fields": ["policy", "lead_days"],
                "description": "Whoever waits already keeps her place, whatever the rules become.",
            },
        ),
        (
            "How many may wait",
            {
                "fields": ["cap", "per_order", "per_customer"],
                "description": "At a limit the shop says “Out of stock” and why, and sells again by itself when there"
                " is room. 0 means that nothing waits.",
            },
        ),
        (
            "For how long",
            {
                "fields": ["longest_wait"],
                "description": "A day further off is promised to nobody who comes new. 0 means that nothing waits.",
            },
        ),
    ]
    readonly_fields = ["skipped"]
    change_form_outer_after_template = "staff/rules.html"
    actions_detail = ["change_rules"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        claims = Claim.objects.waiting().filter(item=OuterRef("item")).order_by().values("item")
        since = Subquery(claims.annotate(since=Min("placed_at")).values("since"))
        return super().get_queryset(request).annotate(waits_since=since)

    def has_rules_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.change_queue")

    @action(description="Change the rules", icon="tune", url_path="rules", permissions=["rules"])
    def change_rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ChangeRules(request, self, find(self, request, object_id)).run()

    @display(description="Lead time")
    def lead_time(self, queue: Queue) -> str:
        return f"{queue.lead_days} days" if queue.policy == Policy.LEAD_TIME else "–"

    @display(description="Limits")
    def limits(self, queue: Queue) -> str:
        limits = ((getattr(queue, name), words) for name, words in _LIMITS.items())
        return ", ".join(f"{limit} {words}" for limit, words in limits if limit is not None) or "none"

    @display(description="Of them passed over", ordering="passed_over")
    def skipped(self, queue: Queue) -> int:
        return queue.passed_over

    @display(description="Oldest waits since", ordering=F("waits_since").asc(nulls_last=True), empty_value="–")
    def oldest(self, queue: Queue) -> Any:
        return getattr(queue, "waits_since", None)
