"""Home and the shelves."""

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from shop import catalog, checkout
from shop.catalog import Card, Listing
from shop.web import basket, cached, gone, linked_data, sharing, wished


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return cached.respond(request, lambda at: _home(request, at))


def _home(request: HttpRequest, at: datetime) -> cached.Page:
    cards = catalog.featured(at, customer=basket.customers_key(request))
    context = {
        "featured": cards,
        "sharing": sharing.of_home(),
        "linked_data": linked_data.of_shop(checkout.shipping_methods()),
    }
    return cached.Page("home/page.html", context, _products(cards))


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return cached.respond(request, lambda at: _category(request, slug, at))


def _category(request: HttpRequest, slug: str, at: datetime) -> cached.Page | HttpResponse:
    shelves = catalog.tree()
    trail = catalog.trail(shelves, slug)
    if not trail:
        return gone.category(request, slug)
    asked = wished.read(request)
    if elsewhere := wished.tidied(request, asked):
        return elsewhere

    def page_of(number: int) -> Listing:
        customer = basket.customers_key(request)
        return catalog.listing(trail[-1], at, wishes=asked.wishes, page=number, customer=customer)

    listing = page_of(asked.page)
    if asked.page > 1 and not listing.cards:
        return wished.last_page(request, asked, page_of(1))
    context = {
        "shelves": shelves,
        "category": trail[-1],
        "crumbs": trail[:-1],
        "here": slug,
        "listing": listing,
        # Each page of a shelf is a page of its own; what filters leave of it is not.
        "sharing": sharing.of_category(trail[-1], asked.page_of_all),
        "linked_data": linked_data.of_category(trail[-1], trail[:-1]),
    }
    context |= wished.context(request, asked)
    return cached.Page("category/page.html", context, _products(listing.cards))


def _products(cards: Iterable[Card]) -> frozenset[int]:
    return frozenset(card.product.pk for card in cards)
