from decimal import Decimal
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from inventory.models import StockItem
from shop.paths import path_to, static_path


class Category(models.Model):
    """A shelf of the shop; shelves stand inside shelves."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120, unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    position = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return path_to("category", self.slug)

    def clean(self) -> None:
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError({"parent": "A category cannot stand inside itself: choose another one."})
            above = above.parent


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> Self:
        return self.filter(published=True)


class Product(models.Model):
    """What a shopper reads about: one page, one or more variants."""

    title = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255, unique=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="products")
    description = models.TextField(blank=True, help_text="HTML from an allow-list; anything else is removed.")
    vendor = models.CharField(max_length=150, blank=True)
    tags = models.JSONField(default=list, blank=True)
    published = models.BooleanField(default=True)
    featured = models.BooleanField(default=False, help_text="Shown on the home page.")
    alternatives = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="alternative_to",
        help_text="Shown first to those who cannot have it at once, while they are in stock.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProductQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        indexes = [models.Index(fields=["category", "published"], name="product_by_category")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return path_to("product", self.slug)


class Variant(models.Model):
    """What is bought: one product in one choice of options, at a price.

    `options` is a list of [name, value] pairs in the product's order, such as [["Size", "M"], ["Colour", "Blue"]].
    Prices include tax and are in the shop's currency.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="variants")
    options = models.JSONField(default=list, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    compare_at_price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    weight_grams = models.PositiveIntegerField(default=0)
    barcode = models.CharField(max_length=50, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="variant_price_not_negative"),
            models.UniqueConstraint(fields=["product", "options"], name="variant_options_once_per_product"),
        ]

    def __str__(self) -> str:
        return f"{self.product.title}, {self.choice}" if self.options else self.product.title

    @property
    def sku(self) -> str:
        return self.stock_item.sku

    @property
    def choice(self) -> str:
        """The chosen option values, such as "M, Blue"; empty for a product without options."""
        return ", ".join(value for _, value in self.options)

    @property
    def saving(self) -> Decimal | None:
        if self.compare_at_price is None or self.compare_at_price <= self.price:
            return None
        return self.compare_at_price - self.price


class ProductImage(models.Model):
    """A picture of a product: a fetched or uploaded file, or one of the drawings that come with the shop.

    `source` is the address an import named. A picture with neither file nor drawing is shown as a placeholder.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    variant = models.ForeignKey(Variant, on_delete=models.SET_NULL, null=True, blank=True, related_name="images")
    file = models.ImageField(upload_to="products/", blank=True)
    drawing = models.CharField(max_length=100, blank=True)
    source = models.URLField(max_length=2000, blank=True)
    alt = models.CharField(max_length=255, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.alt or f"Picture {self.position} of {self.product}"

    @property
    def drawing_url(self) -> str:
        return static_path(f"shop/drawings/{self.drawing}.svg") if self.drawing else ""
