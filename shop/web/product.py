"""The product page. The same address answers with the whole page, or with the offer alone when htmx asks for it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from backorders.availability import queue_of
from backorders.plan import State
from inventory.dispatch import order_before
from shop import catalog, checkout, demand
from shop.catalog import ProductPage
from shop.models import ProductImage
from shop.web import basket, cached, gone, linked_data, sharing, supply
from shop.web.forms import id_of, quantity_of


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    response = cached.respond(request, lambda at: _page(request, slug, at))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: HttpRequest, slug: str, at: datetime) -> cached.Page | HttpResponse:
    text, error, refused = request.GET.get("quantity", "1"), "", False
    try:
        wanted = quantity_of(text)
    except ValidationError as problem:
        wanted, error = 1, str(problem.message)
    variant = id_of(request.GET.get("variant", ""))
    page = catalog.product_page(slug, at, variant_id=variant, wanted=wanted, customer=basket.customers_key(request))
    if page is None:
        return gone.product(request, slug)
    context = _offer(page, at) | {"page": page, "pictures": _pictures_of(page)}
    context |= {"quantity_text": text[:20], "error": error}
    if error:
        context |= {"quote": None, "stops": ()}
    elif "quantity" in request.GET and page.chosen and page.quote and page.quote.missing and page.quote.limit:
        if request.method == "GET":
            refusal = page.chosen.stock_item_id, page.quote.missing, page.quote.limit
            demand.note([refusal], basket.visitor(request), at=at)
        refused = True
    is_part = bool(request.headers.get("HX-Request"))
    return cached.Page(
        "product/offer.html" if is_part else "product/page.html",
        context if is_part else context | _around(page),
        frozenset([page.product.pk, *(card.product.pk for card in page.alternatives)]),
        # A refusal is noted each time.
        lasting=not refused,
    )


def _offer(page: ProductPage, at: datetime) -> dict[str, Any]:
    if page.chosen is None or page.quote is None or page.answer is None:
        return {"quote": None}
    return {
        "chosen": page.chosen,
        "quote": page.quote,
        "total": page.chosen.price * page.quote.wanted,
        "stops": supply.stops(page.answer, page.quote.wanted),
        "limit": page.answer.limit,
        "before_you": queue_of(page.chosen.stock_item).waiting,
        "today": timezone.localdate(at),
        "order_before": order_before(at) if page.quote.state is State.IN_STOCK else None,
    }


def _around(page: ProductPage) -> dict[str, Any]:
    shelves = catalog.tree()
    category = page.product.category
    crumbs = catalog.trail(shelves, category.slug) if category else ()
    return {
        "shelves": shelves,
        "crumbs": crumbs,
        "here": category.slug if category else "",
        "sharing": sharing.of_product(page),
        "linked_data": linked_data.of_product(page, crumbs),
        "shipping_from": min((method.price for method in checkout.shipping_methods()), default=None),
        "choice_label": " / ".join(name for name, _ in page.chosen.options) if page.chosen else "",
    }


def _pictures_of(page: ProductPage) -> list[ProductImage]:
    """All pictures, those of the chosen variant first; one that several variants share is shown once."""
    own_first = sorted(page.images, key=lambda image: page.chosen is None or image.variant_id != page.chosen.pk)
    first: dict[str, ProductImage] = {}
    for image in own_first:
        first.setdefault(image.drawing or image.file.name or f"placeholder {image.pk}", image)
    return list(first.values())
