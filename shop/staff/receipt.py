"""The form for goods that arrived: what was ordered, prefilled, and a few rows for what was not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from inventory.models import PurchaseOrder, StockItem
from inventory.receiving import Arrived

_MOST_UNITS = 1_000_000
_EXTRA_ROWS = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """What a purchase order still owes us of one item, all its lines taken together."""

    item: StockItem
    outstanding: int


def expected_of(order: PurchaseOrder) -> list[Expected]:
    owed: dict[int, Expected] = {}
    for line in order.lines.select_related("item").order_by("expected_on", "id"):
        before = owed[line.item_id].outstanding if line.item_id in owed else 0
        owed[line.item_id] = Expected(line.item, before + line.outstanding)
    return list(owed.values())


class DeliveryForm(forms.Form):
    """The delivery's number, the units of what was ordered, and a few rows for what was not."""

    number = forms.CharField(
        label="Delivery number",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="As it stands on the supplier's note. The same number is never put on the shelf twice.",
    )

    def __init__(self, data: Any = None, *, expected: Sequence[Expected] = ()):
        super().__init__(data)
        self.expected = expected
        for row in expected:
            self.fields[f"units_{row.item.pk}"] = _units(row.item.sku, row.outstanding)
        for number in range(_EXTRA_ROWS):
            self.fields[f"sku_{number}"] = forms.CharField(
                label="SKU", max_length=100, required=False, widget=UnfoldAdminTextInputWidget
            )
            self.fields[f"extra_{number}"] = _units("Units", None)
        self.arrived: tuple[Arrived, ...] = ()

    @property
    def ordered_rows(self) -> list[tuple[Expected, forms.BoundField]]:
        return [(row, self[f"units_{row.item.pk}"]) for row in self.expected]

    @property
    def extra_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"sku_{number}"], self[f"extra_{number}"]) for number in range(_EXTRA_ROWS)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        arrived = [Arrived(row.item.pk, cleaned.get(f"units_{row.item.pk}") or 0) for row in self.expected]
        for number in range(_EXTRA_ROWS):
            arrived += self._extra(number, cleaned)
        self.arrived = tuple(goods for goods in arrived if goods.units)
        if not self.arrived and not self.errors:
            raise forms.ValidationError("The delivery is empty: give at least one unit.")
        return cleaned

    def _extra(self, number: int, cleaned: dict[str, Any]) -> list[Arrived]:
        sku, units = cleaned.get(f"sku_{number}"), cleaned.get(f"extra_{number}")
        if not sku and not units:
            return []
        if not sku or not units:
            self.add_error(f"sku_{number}", "Give both: the SKU and how many units of it came.")
            return []
        item = StockItem.objects.filter(sku__iexact=sku).first()
        if item is None:
            self.add_error(
                f"sku_{number}", f"There is no stock item “{sku}”: check the SKU, or add the stock item first."
            )
            return []
        return [Arrived(item.pk, units)]


def _units(label: str, initial: int | None) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=_MOST_UNITS,
        required=False,
        initial=initial,
        widget=UnfoldAdminIntegerFieldWidget,
    )
