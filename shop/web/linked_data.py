"""Products for machines that read pages: schema.org's Product with an Offer for each variant."""

import json
from html import unescape
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from backorders.plan import State
from shop.catalog import Choice, ProductPage
from shop.html import clean
from shop.web import pictures

_AVAILABILITY = {State.IN_STOCK: "InStock", State.BACKORDER: "BackOrder", State.OUT_OF_STOCK: "OutOfStock"}
# What could end the script element, or a line of it, written so that it cannot.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def product(page: ProductPage, address: str) -> SafeString:
    """JSON-LD, safe inside a script element; `address` is the page's own, in full."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": page.product.title,
        "url": address,
        "description": plain(page.product.description),
        "image": [urljoin(settings.SITE_URL, src) for image in page.images if (src := pictures.address(image))],
        "offers": [_offer(choice, address) for choice in page.choices],
    }
    if page.product.vendor:
        data["brand"] = {"@type": "Brand", "name": page.product.vendor}
    return mark_safe(json.dumps({key: value for key, value in data.items() if value}).translate(_ESCAPES))


def plain(html: str) -> str:
    """The words of a description, on one line."""
    return " ".join(unescape(strip_tags(clean(html).replace("<", " <"))).split())


def _offer(choice: Choice, address: str) -> dict[str, Any]:
    variant, quote = choice.variant, choice.quote
    offer = {
        "@type": "Offer",
        "sku": variant.sku,
        "url": f"{address}?variant={variant.pk}",
        "price": str(variant.price),
        "priceCurrency": settings.CURRENCY,
        "availability": f"https://schema.org/{_AVAILABILITY[quote.state]}",
    }
    if variant.choice:
        offer["name"] = variant.choice
    if quote.state is State.BACKORDER and quote.complete_on:
        offer["availabilityStarts"] = quote.complete_on.isoformat()
    return offer
