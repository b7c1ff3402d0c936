"""Searching: the page of what was found, and suggestions for who is still typing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shop import catalog, search
from shop.catalog import Listing
from shop.web import basket, recent, wished

_BEST_FIRST = "Best match first"
_LEAST_LETTERS, _MOST_SHELVES, _MOST_PRODUCTS = 2, 2, 6


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    asked = wished.read(request, searching=True)
    if elsewhere := wished.tidied(request, asked):
        return elsewhere
    found, customer = search.find(asked.words), basket.customers_key(request)

    def page_of(number: int) -> Listing:
        return catalog.found(
            found.ids, timezone.now(), text=asked.words, wishes=asked.wishes, page=number, customer=customer
        )

    listing = page_of(asked.page) if found.ids else Listing((), 0, 1)
    if asked.page > 1 and not listing.cards:
        return wished.last_page(request, asked, page_of(1))
    context = {"found": found, "listing": listing, **wished.context(request, asked, _BEST_FIRST)}
    if asked.words and not found.ids:
        context |= _instead(request, asked.words, customer)
    return render(request, "search/page.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def suggestions(request: HttpRequest) -> HttpResponse:
    """The same for everybody, and no question to anybody's session: options for the list below the search field."""
    words = request.GET.get("q", "")[: wished.MOST_LETTERS].strip()
    context: dict[str, Any] = {}
    if len(words) >= _LEAST_LETTERS:
        shelves = [shelf for shelf in catalog.every(catalog.tree()) if _begins(shelf.name, words)]
        context = {"shelves": shelves[:_MOST_SHELVES], "products": search.suggest(words, _MOST_PRODUCTS)}
    return HttpResponse(render_to_string("search/suggestions.html", context))


def _instead(request: HttpRequest, words: str, customer: str) -> dict[str, Any]:
    """What is nearest to words that nothing fits, and what this visitor looked at before."""
    at = timezone.now()
    return {
        "nearest": catalog.cards_of(search.nearest(words), at, customer=customer),
        "recent": catalog.cards_of(recent.seen(request), at, customer=customer),
    }


def _begins(name: str, words: str) -> bool:
    """Whether a shelf's name, or a word of it, begins so."""
    return f" {words.casefold()}" in f" {name.casefold()}"
