"""Home and the shelves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from shop import catalog, checkout
from shop.catalog import Listing
from shop.web import basket, gone, linked_data, sharing, wished


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    cards = catalog.featured(timezone.now(), customer=basket.customers_key(request))
    context = {
        "featured": cards,
        "sharing": sharing.of_home(),
        "linked_data": linked_data.of_shop(checkout.shipping_methods()),
    }
    return render(request, "shop/home/page.html", context)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    shelves = catalog.tree()
    trail = catalog.trail(shelves, slug)
    if not trail:
        return gone.category(request, slug)
    asked = wished.read(request)
    if elsewhere := wished.tidied(request, asked):
        return elsewhere

    def page_of(number: int) -> Listing:
        return catalog.listing(
            trail[-1], timezone.now(), wishes=asked.wishes, page=number, customer=basket.customers_key(request)
        )

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
    return render(request, "shop/category/page.html", context | wished.context(request, asked))
