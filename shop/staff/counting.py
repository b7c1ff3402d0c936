"""What stands in the form for goods that arrived, while lists are read into it and SKUs are scanned."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from shop.importing.counted import Counted, read_file, read_pasted, read_scanned

_MOST_BYTES = 2_000_000
_OURS = re.compile(r"number|damage|counted|(units|damaged|sku|extra|broken)_[0-9]{1,9}")
_EXTRA = re.compile(r"sku_([0-9]{1,3})")


class ListForm(forms.Form):
    """Other ways to say what came than to type it in: each is read into the rows below, which then are what counts."""

    scan = forms.CharField(
        required=False,
        max_length=100,
        label="Scan a SKU",
        widget=UnfoldAdminTextInputWidget(attrs={"data-scan": "", "autocomplete": "off"}),
        help_text="Each SKU that is followed by Enter counts as one unit. The first one starts the count at zero.",
    )
    pasted = forms.CharField(
        required=False,
        label="Paste a list",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="A SKU and a quantity in each line.",
    )
    file = forms.FileField(
        required=False,
        label="Read a file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text="CSV or XLSX with columns for SKU and quantity.",
    )

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > _MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB: divide it into smaller ones.")
        return file

    def read(self) -> list[Counted]:
        """Raises UnreadableFile, or BadRows with every bad row: then nothing of it is counted."""
        data = self.cleaned_data
        counted = [read_scanned(data["scan"])] if data["scan"] else []
        if data["pasted"]:
            counted += read_pasted(data["pasted"])
        if data["file"]:
            counted += read_file(data["file"].read())
        return counted


class Entries:
    """The entries of the delivery's form as they were typed, to which counted units are added."""

    def __init__(self, posted: Mapping[str, str], ordered: Collection[int]):
        self.values = {name: posted[name] for name in posted if _OURS.fullmatch(name)}
        self.ordered = ordered

    def add(self, counted: Iterable[Counted]) -> None:
        if not self.values.get("counted"):
            self._start_at_zero()
        for goods in counted:
            name = self._name_of(goods)
            self.values[name] = str(self._units(name) + goods.units)

    def units_of(self, goods: Counted) -> int:
        return self._units(self._name_of(goods))

    def _start_at_zero(self) -> None:
        self.values["counted"] = "1"
        self.values |= {f"units_{pk}": "0" for pk in self.ordered}

    def _units(self, name: str) -> int:
        text = self.values.get(name, "").strip()
        return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0

    def _name_of(self, goods: Counted) -> str:
        """The field in which these goods are counted; a new row where they were not ordered."""
        if goods.item_id in self.ordered:
            return f"units_{goods.item_id}"
        rows = {index: self.values[f"sku_{index}"] for index in rows_of(self.values)}
        mine = next((index for index, sku in rows.items() if sku.strip().lower() == goods.sku.lower()), None)
        if mine is None:
            mine = next((index for index, sku in rows.items() if not sku.strip()), len(rows))
            self.values[f"sku_{mine}"] = goods.sku
        return f"extra_{mine}"


def rows_of(values: Iterable[str]) -> list[int]:
    """The numbers of the rows for what was not ordered."""
    return sorted(int(found[1]) for name in values if (found := _EXTRA.fullmatch(name)))
