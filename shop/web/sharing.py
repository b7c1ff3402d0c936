"""What a page says of itself where its address is shared or listed: the one address, title, description, picture."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shop import catalog, formats
from shop.catalog import ProductPage, Shelf
from shop.models import InfoPage, ProductImage
from shop.paths import path_to
from shop.web import linked_data, pictures, posters
from shop.web.posters import Poster

_CLOSED_PARCEL = "placeholder"
_for_a_day = cache_control(public=True, max_age=24 * 60 * 60)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Addresses are whole; `kind` is Open Graph's type, `poster` where the picture lies and `alt` what is on it."""

    url: str
    title: str
    description: str
    poster: str
    alt: str
    kind: str = "website"
    width: int = posters.WIDTH
    height: int = posters.HEIGHT


def of_home() -> Sharing:
    description = "Order what is not on the shelf, and know the day it ships."
    poster = _home_poster()
    return Sharing(
        settings.SITE_URL + path_to("home"),
        settings.SHOP_NAME,
        description,
        _at(path_to("home_poster"), poster),
        _alt(poster),
    )


def of_category(shelf: Shelf, number: int) -> Sharing:
    address = settings.SITE_URL + shelf.url + (f"?page={number}" if number > 1 else "")
    description = f"{shelf.name} at {settings.SHOP_NAME}: every article with the day on which it ships."
    poster = _category_poster(shelf)
    return Sharing(address, shelf.name, description, _at(path_to("category_poster", shelf.slug), poster), _alt(poster))


def of_product(page: ProductPage) -> Sharing:
    product, poster = page.product, _product_poster(page)
    words = linked_data.plain(product.description)
    description = words or f"{product.title} at {settings.SHOP_NAME}: how many ship now, and by which day the rest."
    return Sharing(
        settings.SITE_URL + product.get_absolute_url(),
        product.title,
        Truncator(description).chars(155),
        _at(path_to("product_poster", product.slug), poster),
        (page.images[0].alt or product.title) if poster.photo else _alt(poster),
        "product",
    )


def of_info_page(page: InfoPage) -> Sharing:
    poster = _home_poster()
    return Sharing(
        settings.SITE_URL + page.get_absolute_url(),
        page.title,
        Truncator(linked_data.plain(page.text)).chars(155),
        _at(path_to("home_poster"), poster),
        _alt(poster),
    )


@require_safe
@_for_a_day
def home_poster(request: HttpRequest) -> HttpResponse:
    return _png(_home_poster(), "home")


@require_safe
@_for_a_day
def category_poster(request: HttpRequest, slug: str) -> HttpResponse:
    trail = catalog.trail(catalog.tree(), slug)
    if not trail:
        raise Http404
    return _png(_category_poster(trail[-1]), f"category-{trail[-1].pk}")


@require_safe
@_for_a_day
def product_poster(request: HttpRequest, slug: str) -> HttpResponse:
    page = catalog.product_page(slug, timezone.now())
    if page is None:
        raise Http404
    poster = _product_poster(page)
    photo = pictures.photo(page.images[0], posters.WIDTH, posters.HEIGHT) if poster.photo else None
    if photo:
        return HttpResponse(photo, content_type="image/jpeg")
    return _png(poster, f"product-{page.product.pk}")


def _home_poster() -> Poster:
    return Poster("Not on the shelf? You still get a day.")


def _category_poster(shelf: Shelf) -> Poster:
    return Poster(shelf.name)


def _product_poster(page: ProductPage) -> Poster:
    """Its first picture, as its cards show it; a closed parcel for none, or for a file that is lost."""
    cover = page.images[0] if page.images else ProductImage()
    prices = {choice.variant.price for choice in page.choices}
    price = formats.money(min(prices)) if prices else ""
    return Poster(
        page.product.title,
        f"from {price}" if len(prices) > 1 else price,
        cover.drawing or _CLOSED_PARCEL,
        cover.file.name or "",
    )


def _at(address: str, poster: Poster) -> str:
    """With the poster's key, so that nobody shows an old copy for a new price."""
    return f"{settings.SITE_URL}{address}?{poster.key}"


def _alt(poster: Poster) -> str:
    return ", ".join(filter(None, [poster.title, poster.price, settings.SHOP_NAME]))


def _png(poster: Poster, page: str) -> HttpResponse:
    return HttpResponse(posters.png(poster, page), content_type="image/png")
