"""Pages for machines that read them, in schema.org's words: products with an offer for each variant, the way to a
page, and the shop itself."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from backorders.plan import State
from shop.catalog import Choice, ProductPage, Shelf
from shop.html import clean
from shop.models import Product, ProductImage, ShippingMethod
from shop.paths import path_to, static_path
from shop.web import pictures
from shop.web.middleware import SEARCH

type Node = dict[str, Any]

_AVAILABILITY = {State.IN_STOCK: "InStock", State.BACKORDER: "BackOrder", State.OUT_OF_STOCK: "OutOfStock"}
# Names of options that have a property of their own; others are in the variant's name only.
_PROPERTIES = {"colour": "color", "color": "color", "size": "size", "material": "material", "pattern": "pattern"}
# What could end the script element, written so that it cannot.
_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&"}


def of_product(page: ProductPage, crumbs: Sequence[Shelf]) -> SafeString:
    address = settings.SITE_URL + page.product.get_absolute_url()
    return _graph(_product(page, address), _trail(crumbs, page.product.title, address))


def of_category(shelf: Shelf, crumbs: Sequence[Shelf]) -> SafeString:
    return _graph(_trail(crumbs, shelf.name, settings.SITE_URL + shelf.url))


def of_shop(methods: Iterable[ShippingMethod]) -> SafeString:
    """The shop, where it sends to and for how much: for all its goods, so it is said once, on the home page."""
    address = settings.SITE_URL + path_to("home")
    contact = {"@type": "ContactPoint", "contactType": "customer service", "email": settings.MAIL_REPLY_TO}
    return _graph(
        {
            "@type": "OnlineStore",
            "@id": f"{address}#shop",
            "name": settings.SHOP_NAME,
            "url": address,
            "logo": urljoin(settings.SITE_URL, static_path("shop/icon.svg")),
            "contactPoint": contact if settings.MAIL_REPLY_TO else None,
            "hasShippingService": [_shipping(method) for method in methods],
        },
        {
            "@type": "WebSite",
            "@id": f"{address}#site",
            "name": settings.SHOP_NAME,
            "url": address,
            "publisher": {"@id": f"{address}#shop"},
            "potentialAction": {
                "@type": "SearchAction",
                "target": {
                    "@type": "EntryPoint",
                    "urlTemplate": f"{settings.SITE_URL}{SEARCH}?q={{search_term_string}}",
                },
                "query-input": "required name=search_term_string",
            },
        },
    )


@lru_cache(200)
def plain(html: str) -> str:
    """The words of a description, on one line."""
    return " ".join(unescape(strip_tags(clean(html).replace("<", " <"))).split())


def _graph(*nodes: Node) -> SafeString:
    """JSON-LD, safe inside a script element."""
    data = {"@context": "https://schema.org", "@graph": [_filled(node) for node in nodes]}
    text = json.dumps(data)
    for character, escaped in _ESCAPES.items():
        text = text.replace(character, escaped)
    return mark_safe(text)


def _filled(node: Node) -> Node:
    """Without what is not known."""
    return {name: value for name, value in node.items() if value}


def _product(page: ProductPage, address: str) -> Node:
    """One product; with several variants a group of them, each with its own picture where it has one."""
    product = page.product
    images = [(image.variant_id, src) for image in page.images if (src := _source(image))]
    shared: Node = {
        "name": product.title,
        "description": plain(product.description),
        "url": address,
        "brand": {"@type": "Brand", "name": product.vendor} if product.vendor else None,
        "image": [src for _, src in images],
    }
    if len(page.choices) < 2:
        only = page.choices[0] if page.choices else None
        return {"@type": "Product"} | shared | (_sold(only, address) if only else {})
    varies = dict.fromkeys(_PROPERTIES[name] for choice in page.choices for name, _ in _properties(choice))
    return {
        "@type": "ProductGroup",
        **shared,
        "productGroupID": product.slug,
        "variesBy": [f"https://schema.org/{name}" for name in varies],
        "hasVariant": [_variant(choice, product, images, address) for choice in page.choices],
    }


def _variant(choice: Choice, product: Product, images: Sequence[tuple[int | None, str]], address: str) -> Node:
    name = f"{product.title}, {choice.variant.choice}" if choice.variant.choice else product.title
    own = [src for variant, src in images if variant == choice.variant.pk]
    pictured = own or [src for _, src in images[:1]]
    return _filled({"@type": "Product", "name": name, "image": pictured} | _sold(choice, address))


def _sold(choice: Choice, address: str) -> Node:
    named = {_PROPERTIES[name]: value for name, value in _properties(choice)}
    return {"sku": choice.variant.sku, **named, "offers": _offer(choice, address)}


def _properties(choice: Choice) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in choice.variant.options if name.lower() in _PROPERTIES)


def _offer(choice: Choice, address: str) -> Node:
    variant, quote = choice.variant, choice.quote
    later = quote.complete_on if quote.state is State.BACKORDER else None
    return _filled(
        {
            "@type": "Offer",
            "url": f"{address}?variant={variant.pk}",
            "price": str(variant.price),
            "priceCurrency": settings.CURRENCY,
            "availability": f"https://schema.org/{_AVAILABILITY[quote.state]}",
            "availabilityStarts": later and later.isoformat(),
            "itemCondition": "https://schema.org/NewCondition",
            "seller": {"@type": "Organization", "name": settings.SHOP_NAME},
        }
    )


def _source(image: ProductImage) -> str:
    src = pictures.address(image)
    return src and urljoin(settings.SITE_URL, src)


def _trail(crumbs: Sequence[Shelf], current: str, address: str) -> Node:
    """What the page shows as the way to it, from the shop's door to itself."""
    above = [("Shop", path_to("home")), *((shelf.name, shelf.url) for shelf in crumbs)]
    steps = [*((name, settings.SITE_URL + url) for name, url in above), (current, address)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": item}
            for position, (name, item) in enumerate(steps, start=1)
        ],
    }


def _shipping(method: ShippingMethod) -> Node:
    """What one parcel costs, wherever it goes. How long it is on its way no carrier has promised us."""
    rate = {"@type": "MonetaryAmount", "value": str(method.price), "currency": settings.CURRENCY}
    countries = [{"@type": "DefinedRegion", "addressCountry": country} for country in settings.COUNTRIES_ONLY]
    return _filled(
        {
            "@type": "ShippingService",
            "name": method.name,
            "description": method.description,
            "fulfillmentType": "https://schema.org/FulfillmentTypeDelivery",
            "shippingConditions": {
                "@type": "ShippingConditions",
                "shippingDestination": countries,
                "shippingRate": rate,
            },
        }
    )
