"""Goods arrive: what came, who gets it, and then onto the shelf."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from inventory.models import Delivery, PurchaseOrder, StockItem
from inventory.receiving import Received
from shop import fulfilment
from shop.formats import count, long_day
from shop.importing.counted import Counted
from shop.importing.rows import BadRows, Problem
from shop.importing.table import UnreadableFile
from shop.settling import Foreseen
from shop.staff.counting import Entries, ListForm
from shop.staff.effects import effects, links_to
from shop.staff.flow import Flow
from shop.staff.receipt import DeliveryForm, expected_of

_PROBLEMS_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Goods:
    """A row of the preview: what came of one item, beside what the supplier owes."""

    sku: str
    units: int
    damaged: int
    owed: int
    given: int
    is_ordered: bool

    @property
    def over(self) -> int:
        return max(0, self.units - self.owed)

    @property
    def short(self) -> int:
        return max(0, self.owed - self.units)


class ReceiveGoods(Flow[DeliveryForm, Foreseen]):
    """Idempotent by delivery number: what is confirmed twice is on the shelf once."""

    title = "Receive goods"
    act_label = "Put it on the shelf"
    form_template = "staff/receive.html"
    preview_template = "staff/receive_preview.html"
    obj: PurchaseOrder | None

    def run(self) -> HttpResponse:
        """What is scanned, pasted or uploaded is read into the rows of the form before anything else is done."""
        if self.request.method == "POST":
            listed = ListForm(self.request.POST, self.request.FILES)
            if listed.is_used or listed.errors:
                return self._read(listed)
        return super().run()

    def _read(self, listed: ListForm) -> HttpResponse:
        expected = expected_of(self.obj) if self.obj else []
        entries = Entries(self.request.POST, {row.item.pk for row in expected})
        said, problems = "", [str(error) for errors in listed.errors.values() for error in errors]
        if not problems:
            try:
                counted = listed.read()
                entries.add(counted)
                said = _what_was_read(counted, entries, is_scan=bool(listed.cleaned_data["scan"]))
            except UnreadableFile as unreadable:
                problems = [str(unreadable)]
            except BadRows as bad:
                problems = _shortened(bad.problems, is_scan=bool(listed.cleaned_data["scan"]))
        form = DeliveryForm(expected=expected, initial=entries.values)
        again = ListForm(initial={"pasted": self.request.POST.get("pasted", "") if problems else ""})
        if self.request.POST.get("scan"):
            again.fields["scan"].widget.attrs["autofocus"] = True
        return self._page(self.form_template, form, preview=None, lists=again, said=said, problems=problems)

    def form(self, data: Any = None) -> DeliveryForm:
        return DeliveryForm(data, expected=expected_of(self.obj) if self.obj else ())

    def preview(self, form: DeliveryForm) -> Foreseen:
        return fulfilment.preview_delivery(
            form.cleaned_data["number"],
            form.arrived,
            order=self.obj,
            damage=form.cleaned_data["damage"],
            actor=self.actor,
            at=self.at,
        )

    def shown(self, form: DeliveryForm, preview: Foreseen | None) -> dict[str, Any]:
        if preview is None:
            return {"lists": ListForm()}
        return {"effects": effects(preview), "goods": goods(form, preview)}

    def _confirm(self, form: DeliveryForm) -> HttpResponse:
        # Asked first: a preview of what was received before would show a world in which it came twice.
        if Delivery.objects.standing().filter(number=form.cleaned_data["number"].strip()).exists():
            return self.go(self._say_it_came_before(self._receive(form).delivery))
        return super()._confirm(form)

    def act(self, form: DeliveryForm, preview: Foreseen) -> str:
        received = self._receive(form)
        delivery = received.delivery
        if not received.is_new:
            return self._say_it_came_before(delivery)
        if self.obj:
            self.admin.log_change(self.request, self.obj, f"Received delivery {delivery.number}.")
        self._tell(form, preview, delivery)
        return self.address_of(delivery)

    def _receive(self, form: DeliveryForm) -> Received:
        return fulfilment.receive(
            form.cleaned_data["number"],
            form.arrived,
            order=self.obj,
            damage=form.cleaned_data["damage"],
            actor=self.actor,
            at=self.at,
        )

    def _say_it_came_before(self, delivery: Delivery) -> str:
        day = long_day(timezone.localdate(delivery.received_at))
        sentence = f"Delivery {delivery.number} was received on {day} with exactly these goods: nothing was added."
        messages.info(self.request, sentence)
        return self.address_of(delivery)

    def _tell(self, form: DeliveryForm, preview: Foreseen, delivery: Delivery) -> None:
        units, damaged = (sum(getattr(goods, name) for goods in form.arrived) for name in ("units", "damaged"))
        but = f", {damaged} of them damaged and left out" if damaged else ""
        messages.success(
            self.request, f"Delivery {delivery.number} is on the shelf: {count(units, 'unit', 'units')}{but}."
        )
        touched = effects(preview)
        if touched.gets:
            sentence = "{} being set aside for {}; each customer gets a letter."
            given = "1 unit is" if touched.units_given == 1 else f"{touched.units_given} units are"
            messages.info(self.request, format_html(sentence, given, links_to(touched.orders_served)))
        else:
            messages.info(self.request, "Nobody waited for it: all of it is free to sell.")
        if touched.orders_told:
            told = links_to(touched.orders_told)
            messages.warning(self.request, format_html("The promised day changed for {}.", told))


def goods(form: DeliveryForm, preview: Foreseen) -> list[Goods]:
    """What came, item by item, in the order of the form."""
    owed = {row.item.pk: row.outstanding for row in form.expected}
    came: Counter[int] = Counter(dict.fromkeys(owed, 0))
    damaged: Counter[int] = Counter()
    for arrived in form.arrived:
        came[arrived.item_id] += arrived.units
        damaged[arrived.item_id] += arrived.damaged
    given: Counter[int] = Counter()
    for fact in preview.outcome.filled:
        given[fact.item_id] += fact.units
    skus = dict(StockItem.objects.filter(pk__in=came).values_list("pk", "sku"))
    return [
        Goods(skus[pk], units, damaged[pk], owed.get(pk, 0), given[pk], is_ordered=pk in owed)
        for pk, units in came.items()
    ]


def _what_was_read(counted: Sequence[Counted], entries: Entries, *, is_scan: bool) -> str:
    if is_scan:
        goods = counted[0]
        stray = "" if not entries.ordered or goods.item_id in entries.ordered else ", which was not ordered"
        return f"Last scanned: {goods.sku}{stray}, now {entries.units_of(goods)}"
    units, skus = sum(goods.units for goods in counted), len({goods.item_id for goods in counted})
    return f"Read {count(units, 'unit', 'units')} of {count(skus, 'SKU', 'SKUs')}: check them below."


def _shortened(problems: Sequence[Problem], *, is_scan: bool) -> list[str]:
    """The first few reasons; a list of which one row is bad is not counted at all."""
    if is_scan:
        return [f"{problem.reason} Nothing was counted." for problem in problems[:1]]
    more = len(problems) - _PROBLEMS_ON_A_PAGE
    shown = [str(problem) for problem in problems[:_PROBLEMS_ON_A_PAGE]]
    return ["Nothing of the list was counted:", *shown, *([f"And {more} more."] if more > 0 else [])]
