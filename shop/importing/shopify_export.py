"""The catalogue as Shopify's product CSV, the table that `shopify` reads: what goes out and comes back changes nothing.

That format knows no product without variants, no picture without an address and no shelf with “>” in its name. These
are left out, and an import leaves them as they are.
"""

from collections.abc import Iterator, Mapping
from itertools import batched, zip_longest

from django.db.models import Prefetch

from backorders.models import Policy
from shop.importing.cells import listed
from shop.models import Category, Product, ProductImage, Variant

_PRODUCT = ("Title", "Body (HTML)", "Vendor", "Product Category", "Tags", "Published")
_VARIANT = (
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Barcode",
    "Variant Image",
)
_PICTURE = ("Image Src", "Image Position", "Image Alt Text")
_CHUNK = 500

type _Cells = dict[str, object]


def table() -> tuple[list[str], Iterator[list[object]]]:
    """The columns, and a row for each variant and each further picture."""
    most = max((len(options) for options in Variant.objects.values_list("options", flat=True)), default=0)
    options = [f"Option{n} {part}" for n in range(1, max(most, 1) + 1) for part in ("Name", "Value")]
    columns = ["Handle", *_PRODUCT, *options, *_VARIANT, *_PICTURE]
    return columns, ([row.get(column, "") for column in columns] for row in _rows())


def _rows() -> Iterator[_Cells]:
    shelves = _paths()
    for product in _products():
        images = list(product.images.all())
        own = {image.variant_id: image.source for image in reversed(images) if image.variant_id}
        variants = [_variant(each) | {"Variant Image": own.get(each.pk, "")} for each in product.variants.all()]
        pictures = [_picture(image, position) for position, image in enumerate(images, 1)]
        first = _product(product, shelves)
        nothing: _Cells = {}
        for variant, picture in zip_longest(variants, pictures, fillvalue=nothing):
            yield {"Handle": product.slug} | first | variant | picture
            first = nothing


def _products() -> Iterator[Product]:
    """In chunks: a fixed number of queries for each."""
    variants = Variant.objects.select_related("stock_item__queue").order_by("position", "id")
    images = ProductImage.objects.exclude(source="").order_by("position", "id")
    sold = Variant.objects.order_by("product").values_list("product", flat=True).distinct()
    for some in batched(list(sold), _CHUNK):
        products = Product.objects.filter(pk__in=some).order_by("id")
        yield from products.prefetch_related(Prefetch("variants", variants), Prefetch("images", images))


def _product(product: Product, shelves: Mapping[int | None, str]) -> _Cells:
    published = "true" if product.published else "false"
    values = (product.title, product.description, product.vendor, shelves.get(product.category_id, ""))
    return dict(zip(_PRODUCT, (*values, listed(product.tags), published), strict=True))


def _variant(variant: Variant) -> _Cells:
    item = variant.stock_item
    options: _Cells = {}
    for n, (name, value) in enumerate(variant.options or [["Title", "Default Title"]], 1):
        options |= {f"Option{n} Name": name, f"Option{n} Value": value}
    waits = hasattr(item, "queue") and item.queue.policy == Policy.LEAD_TIME
    values = (
        item.sku,
        variant.weight_grams,
        item.on_hand,
        "continue" if waits else "deny",
        variant.price,
        variant.compare_at_price,
        variant.barcode,
    )
    return options | dict(zip(_VARIANT, values, strict=False))


def _picture(image: ProductImage, position: int) -> _Cells:
    return dict(zip(_PICTURE, (image.source, position, image.alt), strict=True))


def _paths() -> dict[int | None, str]:
    """Where each shelf stands, such as “Home > Lamps”, if those words lead to it and to no other."""
    shelves = {shelf.pk: shelf for shelf in Category.objects.order_by("id")}
    taken: set[str] = set()
    paths: dict[int | None, str] = {}
    for pk, shelf in shelves.items():
        names = [shelf.name]
        while shelf.parent_id:
            shelf = shelves[shelf.parent_id]
            names.append(shelf.name)
        path = " > ".join(reversed(names))
        if not any(">" in name for name in names) and path.casefold() not in taken:
            taken.add(path.casefold())
            paths[pk] = path
    return paths
