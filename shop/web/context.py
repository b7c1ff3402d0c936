"""What every page of the shop shows: its name, its shelves, how much is in the cart, what the house says of itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from shop import catalog, info, payments
from shop.web import basket


def storefront(request: HttpRequest) -> dict[str, Any]:
    """Costs one query, and only on a page that shows the shelves; the cart's count stands in the session, and the way
    to the pages of the house is asked for once a minute."""
    return {
        "today": timezone.localdate(),
        "shop_name": settings.SHOP_NAME,
        "payment_terms": payments.terms(),
        "pays_on_dispatch": not any(gateway.in_advance for gateway in payments.offered()),
        "return_days": settings.RETURN_DAYS,
        "reply_to": settings.MAIL_REPLY_TO,
        "has_figures": settings.PUBLIC_FIGURES,
        "has_mailbox": bool(settings.MAILBOX_DIR),
        "shelves": SimpleLazyObject(catalog.tree),
        "info_pages": SimpleLazyObject(info.links),
        "cart_units": SimpleLazyObject(lambda: basket.units(request)),
    }
