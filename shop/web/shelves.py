"""Home and the shelves."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from shop import catalog, checkout
from shop.web import basket, gone, linked_data, sharing

_MOST_DIGITS_OF_A_PAGE = 5


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
    page = _page_of(request.GET.get("page", "1"))
    only_available = request.GET.get("available") == "now"
    listing = catalog.listing(
        trail[-1], timezone.now(), page=page, only_available=only_available, customer=basket.customers_key(request)
    )
    if page > 1 and not listing.cards:
        raise Http404
    context = {
        "shelves": shelves,
        "category": trail[-1],
        "crumbs": trail[:-1],
        "here": slug,
        "listing": listing,
        "only_available": only_available,
        # Each page of a shelf is a page of its own; what filters leave of it is not.
        "sharing": sharing.of_category(trail[-1], page if request.GET.keys() <= {"page"} else 1),
        "linked_data": linked_data.of_category(trail[-1], trail[:-1]),
    }
    return render(request, "shop/category/page.html", context)


def _page_of(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS_OF_A_PAGE) or not int(text):
        raise Http404
    return int(text)
