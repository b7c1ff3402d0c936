"""Who may see an order: whoever opened the link from our mail in this browser, and the signed-in owner. Nobody else.

The link is a signed token in an address. It is traded for a grant in the session at once, so that the token is not left
in the address line, the history or a referrer.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inventory.prepared import Given, Prepared
from shop.letterhead import LINK_SALT
from shop.models import Order
from shop.models.orders import customer_key
from shop.web import basket
from shop.web.noted import note

_GRANTS = "orders"
# Goods are waited for for months, and complained about for years.
_LINK_LIFE = timedelta(days=2 * 365)
_MOST_GRANTS = 30


def find(request: HttpRequest, number: str) -> Order | None:
    """The order, if this visitor may see it. An order that does not exist and one of somebody else look the same."""
    order = _numbered.first(number=number)
    if order is None:
        return None
    user = basket.customer(request)
    is_owner = user is not None and order.user_id == user.pk
    return order if is_owner or _is_granted(request, order) else None


def _is_granted(request: HttpRequest, order: Order) -> bool:
    granted: object = request.session.get(_GRANTS, {}).get(order.number)
    return granted == order.link_version


def may_keep(request: HttpRequest, order: Order) -> bool:
    """May she put it into her account? It was placed without signing in, with an address that she has confirmed, and
    she came by its link.

    The address alone is not enough: somebody may have made the account before her, with her address, and whoever owns
    that says yes to the letter that asks whether it is hers.
    """
    user = basket.customer(request)
    if user is None or order.user_id is not None or not _is_granted(request, order):
        return False
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return customer_key(order.email) in map(customer_key, addresses)


def keep(request: HttpRequest, order: Order) -> None:
    """From now on the order is in the account of who `may_keep` it."""
    Order.objects.filter(pk=order.pk, user=None).update(user=basket.customer(request))
    note("put an order into an account", request, f"order {order.number}")


_numbered = Prepared(lambda: Order.objects.select_related("payment").filter(number=Given("number")))


def closed(request: HttpRequest) -> HttpResponse:
    """The same answer for an order of somebody else and for one that does not exist."""
    return render(request, "order/closed.html", status=403)


def grant(request: HttpRequest, order: Order) -> None:
    grants = request.session.get(_GRANTS, {})
    grants.pop(order.number, None)
    newest = list((grants | {order.number: order.link_version}).items())[-_MOST_GRANTS:]
    request.session[_GRANTS] = dict(newest)


def open_by_link(request: HttpRequest, number: str, token: str) -> bool:
    """Grant the order to this browser if the token is ours, fits this order and was not made invalid since."""
    try:
        payload = signing.loads(token, salt=LINK_SALT, max_age=_LINK_LIFE)
    except signing.BadSignature:
        note("refused a link that is not ours, or too old", request)
        return False
    order = Order.objects.filter(number=number).first()
    if order is None or payload != {"order": number, "v": order.link_version}:
        note("refused a link that was ended, or is another order's", request)
        return False
    grant(request, order)
    note("opened by the link of a letter", request, f"order {number}")
    return True
