"""The form for goods that arrived: what was ordered, prefilled, and a few rows for what was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from inventory.models import PurchaseOrder, StockItem
from inventory.receiving import Arrived
from shop.importing.counted import items_named
from shop.staff.counting import rows_of

_MOST_UNITS = 1_000_000
_EXTRA_ROWS = 3
_MOST_EXTRA_ROWS = 500


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
    """The delivery's number, the units of what was ordered, and rows for what was not; of each, how many broke."""

    number = forms.CharField(
        label="Delivery number",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="As it stands on the supplier's note. The same number is never put on the shelf twice.",
    )
    damage = forms.CharField(
        label="What is wrong with the damaged units",
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="They count as received and do not come onto the shelf. The supplier's bill is checked by it.",
    )
    # Set once a list was read or a SKU was scanned: until then the units are what is owed.
    counted = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, expected: Sequence[Expected] = (), initial: dict[str, str] | None = None):
        super().__init__(data, initial=initial)
        self.expected = expected
        for row in expected:
            self.fields[f"units_{row.item.pk}"] = _units(row.item.sku, row.outstanding, row.item.sku)
            self.fields[f"damaged_{row.item.pk}"] = _units(f"{row.item.sku} damaged", None)
        self.extra = range(min(_MOST_EXTRA_ROWS, max(_EXTRA_ROWS, _rows_needed(data, initial or {}))))
        for number in self.extra:
            self.fields[f"sku_{number}"] = forms.CharField(
                label="SKU", max_length=100, required=False, widget=UnfoldAdminTextInputWidget
            )
            sku = self.get_initial_for_field(self.fields[f"sku_{number}"], f"sku_{number}")
            self.fields[f"extra_{number}"] = _units("Units", None, sku)
            self.fields[f"broken_{number}"] = _units("Damaged", None)
        self.arrived: tuple[Arrived, ...] = ()

    @property
    def ordered_rows(self) -> list[tuple[Expected, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"units_{row.item.pk}"], self[f"damaged_{row.item.pk}"]) for row in self.expected]

    @property
    def extra_rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(self[f"sku_{number}"], self[f"extra_{number}"], self[f"broken_{number}"]) for number in self.extra]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        arrived = [
            self._arrived(row.item.pk, f"units_{row.item.pk}", f"damaged_{row.item.pk}") for row in self.expected
        ]
        known = items_named(cleaned.get(f"sku_{number}") or "" for number in self.extra)
        for number in self.extra:
            arrived += self._extra(number, cleaned, known)
        self.arrived = tuple(goods for goods in arrived if goods.units)
        if not self.arrived and not self.errors:
            raise forms.ValidationError("The delivery is empty: give at least one unit.")
        if any(goods.damaged for goods in arrived) and not cleaned.get("damage"):
            self.add_error("damage", "Say what is wrong with them: the supplier's bill is checked by it.")
        return cleaned

    def _extra(
        self, number: int, cleaned: dict[str, Any], known: Mapping[str, Sequence[tuple[str, int]]]
    ) -> list[Arrived]:
        sku, units = cleaned.get(f"sku_{number}"), cleaned.get(f"extra_{number}")
        if not sku and not units:
            return []
        if not sku or not units:
            self.add_error(f"sku_{number}", "Give both: the SKU and how many units of it came.")
            return []
        alike = known.get(sku.lower(), [])
        exactly = [pk for name, pk in alike if name == sku] or [pk for _, pk in alike]
        if not exactly:
            self.add_error(
                f"sku_{number}", f"There is no stock item “{sku}”: check the SKU, or add the stock item first."
            )
            return []
        return [self._arrived(exactly[0], f"extra_{number}", f"broken_{number}")]

    def _arrived(self, item_id: int, units: str, damaged: str) -> Arrived:
        came, broken = (self.cleaned_data.get(name) or 0 for name in (units, damaged))
        if broken > came and units not in self.errors:
            self.add_error(damaged, f"Only {came} came: count the damaged ones among them.")
        return Arrived(item_id, came, broken)


def _rows_needed(data: Mapping[str, str] | None, initial: Mapping[str, str]) -> int:
    """As many rows as were sent, so that what is confirmed is what was shown; to fill in, one more than is filled."""
    if data is not None:
        return max(rows_of(data), default=0) + 1
    return max(rows_of(name for name in initial if initial[name].strip()), default=0) + 2


def _units(label: str, initial: int | None, sku: str | None = "") -> forms.IntegerField:
    """`sku` is what a scanner reads from the goods that are counted here."""
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=_MOST_UNITS,
        required=False,
        initial=initial,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"data-sku": sku} if sku else None),
    )
