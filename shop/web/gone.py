"""An address of the catalog at which nothing stands: it leads to the new one, or says that this is no longer sold."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from shop import catalog, whereabouts
from shop.web import basket
from shop.whereabouts import Former

GONE, NOT_FOUND = 410, 404


def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Raises Http404 for what was never there."""
    return _answer(request, whereabouts.of_product(slug), "product")


def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Raises Http404 for what was never there."""
    return _answer(request, whereabouts.of_category(slug), "category")


def info_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Raises Http404 for what is not there any more, and for what never was."""
    return _answer(request, whereabouts.of_info_page(slug), "info_page")


def _answer(request: HttpRequest, former: Former | None, page: str) -> HttpResponse:
    if former is None:
        raise Http404
    if former.slug:
        asked = request.META.get("QUERY_STRING", "")
        moved = HttpResponsePermanentRedirect(reverse(page, args=[former.slug]) + (f"?{asked}" if asked else ""))
        # For search engines it is for good; a browser must ask again, as an article may get its old address back.
        patch_cache_control(moved, no_cache=True)
        return moved
    shelves = catalog.tree()
    shelf = next((shelf for shelf in catalog.every(shelves) if shelf.pk == former.category_id), None)
    context = {"shelves": shelves, "former": former, "shelf": shelf}
    if shelf:
        listing = catalog.listing(shelf, timezone.now(), customer=basket.customers_key(request))
        context |= {"here": shelf.slug, "cards": listing.cards[: catalog.ALTERNATIVES]}
    return render(request, "410.html", context, status=GONE if former.is_deleted else NOT_FOUND)
