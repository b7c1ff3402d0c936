"""A page in the house's own words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from shop.models import InfoPage
from shop.web import gone, sharing


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    page = InfoPage.objects.filter(slug=slug, published=True).first()
    if page is None:
        return gone.info_page(request, slug)
    response = render(request, "info/page.html", {"page": page, "sharing": sharing.of_info_page(page)})
    patch_cache_control(response, private=True, no_cache=True)
    return response
