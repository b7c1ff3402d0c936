"""Puts the demo's range onto the shelves. What is there already is left as it is: staff may have changed it."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from backorders.models import Queue
from inventory import ledger
from inventory.locking import lock_items
from inventory.models import StockItem, Supplier
from shop.demo.catalog import GOODS, SHELVES
from shop.demo.goods import Choice, Goods
from shop.demo.info import INFO_PAGES
from shop.demo.stock import CARRIERS, OPENING, QUEUES, SHIPPING, SUPPLIERS, Rules
from shop.models import Carrier, Category, InfoPage, Product, ProductImage, ShippingMethod, Variant


@transaction.atomic
def furnish(*, actor: str, at: datetime) -> int:
    """Categories, products, opening stock, queues, suppliers, ways of shipping, pages of the house.

    Returns the number of new products.
    """
    shelves: dict[str, Category] = {}
    for position, shelf in enumerate(SHELVES):
        defaults = {"name": shelf.name, "parent": shelves.get(shelf.parent), "position": position}
        shelves[shelf.slug], _ = Category.objects.get_or_create(slug=shelf.slug, defaults=defaults)
    new = [goods for goods in GOODS if not Variant.objects.filter(stock_item__sku=goods.choices[0].sku).exists()]
    fresh = [item for goods in new for item in _put(goods, shelves[goods.shelf])]
    locked = lock_items(item.pk for item in fresh)
    stock = [ledger.Entry(item, OPENING.get(item.sku, 0), "opening of the shop") for item in locked.values()]
    ledger.opening(stock, actor=actor, at=at)
    for name, email in SUPPLIERS.items():
        Supplier.objects.get_or_create(name=name, defaults={"email": email})
    for name, address in CARRIERS.items():
        Carrier.objects.get_or_create(name=name, defaults={"tracking_address": address})
    _offer_shipping()
    for position, page in enumerate(INFO_PAGES):
        said = {"title": page.title, "text": page.text.strip(), "part_of_orders": page.part_of_orders}
        InfoPage.objects.get_or_create(slug=page.slug, defaults=said | {"position": position})
    return len(new)


def _put(goods: Goods, shelf: Category) -> Iterator[StockItem]:
    """Write one product; yields those of its stock items that are new."""
    is_taken = Product.objects.filter(slug=goods.slug).exists()
    product = Product.objects.create(
        slug=f"{goods.slug}-demo" if is_taken else goods.slug,
        title=goods.title,
        category=shelf,
        description=goods.description.strip(),
        vendor=goods.vendor,
        tags=list(goods.tags),
        featured=goods.featured,
    )
    ProductImage.objects.create(product=product, drawing=goods.slug, alt=goods.alt)
    for position, choice in enumerate(goods.choices):
        item, is_new = StockItem.objects.get_or_create(sku=choice.sku, defaults={"name": _name(goods, choice)})
        variant = Variant.objects.create(
            product=product,
            stock_item=item,
            options=[list(option) for option in choice.options],
            price=choice.price,
            compare_at_price=choice.compare_at,
            weight_grams=choice.grams,
            position=position,
        )
        if choice.drawing:
            ProductImage.objects.create(
                product=product,
                variant=variant,
                drawing=choice.drawing,
                alt=_name(goods, choice),
                position=position,
            )
        Queue.objects.get_or_create(item=item, defaults=asdict(QUEUES.get(choice.sku, Rules())))
        if is_new:
            yield item


def _name(goods: Goods, choice: Choice) -> str:
    return ", ".join([goods.title, *(value for _, value in choice.options)])


def _offer_shipping() -> None:
    if ShippingMethod.objects.exists():
        return
    ShippingMethod.objects.bulk_create(
        ShippingMethod(
            name=name,
            description=says,
            price=Decimal(price),
            further_parcel_price=Decimal(further),
            position=position,
        )
        for position, (name, says, price, further) in enumerate(SHIPPING)
    )
