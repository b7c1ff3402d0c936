"""A variant is entered with its SKU; the stock item behind it is found or made."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from backorders.models import Queue
from inventory.models import StockItem
from shop.models import Variant

_SKU_LENGTH = StockItem._meta.get_field("sku").max_length
_NAME_LENGTH = StockItem._meta.get_field("name").max_length


class VariantForm(forms.ModelForm):
    """The SKU stays as it is once the variant exists: orders, counts and imports know the goods by it."""

    sku = forms.CharField(
        label="SKU",
        max_length=_SKU_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text="A SKU that is kept in stock is used; a new one opens a stock item with nothing on hand.",
    )
    choice = forms.CharField(
        required=False,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as “Size: M; Colour: Blue”. Empty for a product without options.",
    )

    class Meta:
        model = Variant
        fields = ["price", "compare_at_price", "weight_grams", "barcode", "position"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["sku"].disabled = True
            self.fields["sku"].help_text = ""
            self.initial["sku"] = self.instance.stock_item.sku
            self.initial["choice"] = "; ".join(f"{name}: {value}" for name, value in self.instance.options)

    def clean_sku(self) -> str:
        return str(self.cleaned_data["sku"]).strip()

    def clean_choice(self) -> list[list[str]]:
        options = []
        for part in filter(str.strip, self.cleaned_data["choice"].split(";")):
            name, colon, value = (piece.strip() for piece in part.partition(":"))
            if not (name and colon and value):
                raise forms.ValidationError(f"“{part.strip()}” is no option: write it as “Size: M”.")
            options.append([name, value])
        return options

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.instance.options = cleaned.get("choice", self.instance.options)
        price, before = cleaned.get("price"), cleaned.get("compare_at_price")
        if price is not None and price < 0:
            self.add_error("price", "Give a price of 0 or more.")
        # A file may have brought both alike: what nobody touched stands in nobody's way.
        elif (
            price is not None and before is not None and before <= price and self._changes("price", "compare_at_price")
        ):
            self.add_error("compare_at_price", "Give the price before, which was higher; or nothing if there was none.")
        twins = Variant.objects.filter(product=self.instance.product_id, options=self.instance.options)
        if self.instance.product_id and "choice" in cleaned and twins.exclude(pk=self.instance.pk).exists():
            self.add_error("choice", "The product has a variant with this choice already: give it another one.")
        return cleaned

    def _changes(self, *fields: str) -> bool:
        return not set(fields).isdisjoint(self.changed_data)

    def save(self, commit: bool = True) -> Variant:
        """Called by the formset inside the admin's transaction, when the product has its title."""
        if not self.instance.stock_item_id:
            self.instance.stock_item = self._stock_item()
        variant: Variant = super().save(commit)
        return variant

    def _stock_item(self) -> StockItem:
        name = str(self.instance)[:_NAME_LENGTH]
        item, _ = StockItem.objects.get_or_create(sku=self.cleaned_data["sku"], defaults={"name": name})
        # With a queue from the start, its rules can be set before anybody waits.
        Queue.objects.get_or_create(item=item)
        return item
