"""What the shop has already of the products in one chunk of a file: a fixed number of queries for any chunk."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models.functions import Lower

from inventory.models import StockItem
from shop.importing.names import marked_sku, slug, stable_sku
from shop.importing.rows import ProductRow
from shop.models import Product, ProductImage, Variant


@dataclass(slots=True)
class Known:
    """Products by slug, stock items and their variants by SKU in small letters, variants and images by product."""

    by_slug: dict[str, Product] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    items: dict[str, StockItem] = field(default_factory=dict)
    sellers: dict[str, list[Variant]] = field(default_factory=lambda: defaultdict(list))
    variants: dict[int, list[Variant]] = field(default_factory=lambda: defaultdict(list))
    images: dict[int, list[ProductImage]] = field(default_factory=lambda: defaultdict(list))


def load(rows: Sequence[ProductRow]) -> Known:
    known = Known()
    for product in Product.objects.filter(slug__in=[address for row in rows for address in addresses(row)]):
        known.by_slug[product.slug] = known.products[product.pk] = product
    for item in StockItem.objects.annotate(key=Lower("sku")).filter(key__in=_skus(rows)).order_by("id"):
        known.items.setdefault(item.sku.lower(), item)
    items = {item.pk: key for key, item in known.items.items()}
    for variant in Variant.objects.filter(stock_item__in=items).select_related("product", "stock_item").order_by("id"):
        known.sellers[items[variant.stock_item_id]].append(variant)
        known.products.setdefault(variant.product_id, variant.product)
    _load_parts(known)
    return known


def addresses(row: ProductRow) -> list[str]:
    """The slugs that the product may get: a second one, with its SKU, if a file without handles goes by names."""
    return [row.handle, *(slug(f"{row.handle} {sku}") for sku in row.skus[:1] if row.handle_is_made)]


def _load_parts(known: Known) -> None:
    for variant in Variant.objects.filter(product__in=known.products).select_related("stock_item").order_by("id"):
        variant.product = known.products[variant.product_id]
        known.variants[variant.product_id].append(variant)
    for image in ProductImage.objects.filter(product__in=known.products).order_by("position", "id"):
        known.images[image.product_id].append(image)


def _skus(rows: Sequence[ProductRow]) -> Collection[str]:
    """The SKUs that the rows give, and those that would be made for the ones that give none."""
    skus = {sku for row in rows for sku in row.skus}
    for row in rows:
        for variant in row.variants:
            values = [value for _, value in variant.options]
            if not variant.sku:
                skus |= {stable_sku(row.handle, values).lower(), marked_sku(row.handle, values).lower()}
    return skus
