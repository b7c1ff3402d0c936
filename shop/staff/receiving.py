"""Goods arrive: what came, who gets it, and then onto the shelf."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from inventory.models import Delivery, PurchaseOrder, StockItem
from inventory.receiving import Received
from shop import fulfilment
from shop.formats import long_day
from shop.settling import Foreseen
from shop.staff.effects import effects, links_to
from shop.staff.flow import Flow
from shop.staff.receipt import DeliveryForm, expected_of


@dataclass(frozen=True, slots=True)
class Goods:
    """A row of the preview: what came of one item, beside what the supplier owes."""

    sku: str
    units: int
    owed: int
    given: int

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

    def form(self, data: Any = None) -> DeliveryForm:
        return DeliveryForm(data, expected=expected_of(self.obj) if self.obj else ())

    def preview(self, form: DeliveryForm) -> Foreseen:
        return fulfilment.preview_delivery(
            form.cleaned_data["number"], form.arrived, order=self.obj, actor=self.actor, at=self.at
        )

    def shown(self, form: DeliveryForm, preview: Foreseen | None) -> dict[str, Any]:
        if preview is None:
            return {}
        return {"effects": effects(preview), "goods": goods(form, preview)}

    def _confirm(self, form: DeliveryForm) -> HttpResponse:
        # Asked first: a preview of what was received before would show a world in which it came twice.
        if Delivery.objects.filter(number=form.cleaned_data["number"].strip()).exists():
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
            form.cleaned_data["number"], form.arrived, order=self.obj, actor=self.actor, at=self.at
        )

    def _say_it_came_before(self, delivery: Delivery) -> str:
        day = long_day(timezone.localdate(delivery.received_at))
        sentence = f"Delivery {delivery.number} was received on {day} with exactly these goods: nothing was added."
        messages.info(self.request, sentence)
        return self.address_of(delivery)

    def _tell(self, form: DeliveryForm, preview: Foreseen, delivery: Delivery) -> None:
        units = sum(goods.units for goods in form.arrived)
        messages.success(self.request, f"Delivery {delivery.number} is on the shelf: {_count(units, 'unit')}.")
        touched = effects(preview)
        if touched.gets:
            sentence = "{} being set aside for {}; each customer gets a letter."
            given = "1 unit is" if touched.units_given == 1 else f"{touched.units_given} units are"
            messages.info(self.request, format_html(sentence, given, links_to(touched.orders_served)))
        else:
            messages.info(self.request, "Nobody waited for it: all of it is free to sell.")


def goods(form: DeliveryForm, preview: Foreseen) -> list[Goods]:
    """What came, item by item, in the order of the form."""
    owed = {row.item.pk: row.outstanding for row in form.expected}
    came: dict[int, int] = dict.fromkeys(owed, 0)
    for arrived in form.arrived:
        came[arrived.item_id] = came.get(arrived.item_id, 0) + arrived.units
    given: dict[int, int] = {}
    for fact in preview.outcome.filled:
        given[fact.item_id] = given.get(fact.item_id, 0) + fact.units
    skus = dict(StockItem.objects.filter(pk__in=came).values_list("pk", "sku"))
    return [Goods(skus[pk], units, owed.get(pk, 0), given.get(pk, 0)) for pk, units in came.items()]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
