"""Categories, products with their variants and pictures, the ways a parcel goes, and the pages of the house."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import linebreaks, strip_tags
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.formats import money
from shop.html import clean
from shop.importing.cells import listed, words
from shop.importing.fetching import as_webp, name_of_webp
from shop.importing.web import Unfetchable
from shop.models import Carrier, Category, InfoPage, Product, ProductImage, ShippingMethod, Variant
from shop.staff.files import ImportProducts
from shop.staff.history import WithHistory
from shop.staff.imports import WithFiles
from shop.staff.variants import VariantForm


@admin.register(Category)
class CategoryAdmin(WithHistory, ModelAdmin):
    list_display = ["name", "parent", "position", "products_in"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    ordering = ["parent__name", "position", "name"]
    autocomplete_fields = ["parent"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @display(description="Products", ordering="product_count")
    def products_in(self, category: Category) -> int:
        return int(getattr(category, "product_count", 0))


class ProductForm(forms.ModelForm):
    tags = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Separated by commas. It is found by these words as well: add what else people call it.",
    )

    class Meta:
        model = Product
        fields = ["title", "slug", "category", "description", "vendor", "tags", "published", "featured", "alternatives"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial["tags"] = listed(self.instance.tags)

    def clean_tags(self) -> list[str]:
        return words(self.cleaned_data["tags"])

    def clean_description(self) -> str:
        return clean(self.cleaned_data["description"])


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    fields = ["sku", "choice", "price", "compare_at_price", "weight_grams", "barcode", "position"]
    ordering = ["position", "id"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return super().get_queryset(request).select_related("stock_item", "product")


class PictureForm(forms.ModelForm):
    """What is uploaded is drawn anew, as what an import names: only pixels are kept, under a name that nobody chose."""

    class Meta:
        model = ProductImage
        fields = ["file", "variant", "alt", "position"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not isinstance(file, UploadedFile):
            return file
        try:
            drawn = as_webp(file.read())
        except Unfetchable as error:
            raise ValidationError(f"This file is {error}: choose a JPEG, PNG, WebP or GIF of usual size.") from error
        return ContentFile(drawn, name_of_webp())


class ImageInline(TabularInline):
    model = ProductImage
    form = PictureForm
    fields = ["file", "comes_from", "variant", "alt", "position"]
    readonly_fields = ["comes_from"]
    ordering = ["position", "id"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImage]:
        return super().get_queryset(request).select_related("product")

    def get_formset(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> Any:
        """A picture shows the product, or one of its variants; these are read once for all pictures."""
        formset = super().get_formset(request, obj, **kwargs)
        # A form that only shows has no fields.
        if field := formset.form.base_fields.get("variant"):
            own = Variant.objects.filter(product=obj).order_by("position", "id")
            field.queryset = own
            field.choices = [("", "all of them"), *((variant.pk, variant.choice or variant.sku) for variant in own)]
        return formset

    @display(description="Comes from")
    def comes_from(self, image: ProductImage) -> str:
        if image.drawing:
            return f"the drawing “{image.drawing}”"
        return image.source or ("an upload" if image.file else "nowhere yet: a placeholder is shown")


@admin.register(Product)
class ProductAdmin(WithFiles, WithHistory, ModelAdmin):
    importer = ImportProducts
    # Descriptions are longer than a cell of a workbook may be.
    actions_list = ["import_file", "export_csv"]
    form = ProductForm
    list_display = ["title", "category", "variant_count", "prices", "published", "featured"]
    list_select_related = ["category"]
    list_filter = ["published", "featured", "category"]
    search_fields = ["title", "slug", "vendor", "variants__stock_item__sku"]
    ordering = ["title", "id"]
    list_per_page = 40
    autocomplete_fields = ["category", "alternatives"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [VariantInline, ImageInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        # Each on its own: a search joins the variants once more, and each would count as often as there are variants.
        variants = Variant.objects.filter(product=OuterRef("pk")).order_by().values("product")
        return (
            super()
            .get_queryset(request)
            .annotate(
                variants_in=Coalesce(Subquery(variants.annotate(count=Count("pk")).values("count")), 0),
                cheapest=Subquery(variants.annotate(least=Min("price")).values("least")),
                dearest=Subquery(variants.annotate(most=Max("price")).values("most")),
            )
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Pictures first: what shows a variant that goes shows the product then."""
        super().save_related(request, form, sorted(formsets, key=lambda each: each.model is Variant), change)

    @display(description="Variants", ordering="variants_in")
    def variant_count(self, product: Product) -> int:
        return int(getattr(product, "variants_in", 0))

    @display(description="Price", ordering="cheapest")
    def prices(self, product: Product) -> str:
        cheapest, dearest = getattr(product, "cheapest", None), getattr(product, "dearest", None)
        if cheapest is None or dearest is None:
            return "–"
        return money(cheapest) if cheapest == dearest else f"{money(cheapest)} to {money(dearest)}"


@admin.register(ShippingMethod)
class ShippingMethodAdmin(WithHistory, ModelAdmin):
    list_display = ["name", "description", "price", "further_parcel_price", "offered", "position"]
    ordering = ["position", "id"]


@admin.register(Carrier)
class CarrierAdmin(WithHistory, ModelAdmin):
    list_display = ["name", "tracking_address"]
    ordering = ["name"]


_TAG = re.compile(r"</?[a-zA-Z]")


class InfoPageForm(forms.ModelForm):
    class Meta:
        model = InfoPage
        fields = ["title", "slug", "text", "part_of_orders", "published", "position"]

    def clean_text(self) -> str:
        """What was typed without a tag keeps its paragraphs and lines."""
        text = self.cleaned_data["text"]
        cleaned = clean(text if _TAG.search(text) else linebreaks(text, autoescape=True), own=True)
        if not strip_tags(cleaned).strip():
            raise ValidationError("Nothing is left of this text without its unsafe parts: write what the page says.")
        return cleaned


@admin.register(InfoPage)
class InfoPageAdmin(WithHistory, ModelAdmin):
    form = InfoPageForm
    list_display = ["title", "part_of_orders", "published", "position"]
    search_fields = ["title", "text"]
    ordering = ["position", "id"]
    prepopulated_fields = {"slug": ["title"]}
