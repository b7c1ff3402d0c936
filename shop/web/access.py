"""Who may see an order: whoever opened the link from our mail in this browser, and the signed-in owner. Nobody else.

An order that was placed without signing in belongs to whoever has confirmed that its address is hers.

The link is a signed token in an address. It is traded for a grant in the session at once, so that the token is not left
in the address line, the history or a referrer.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inventory.prepared import Given, Prepared
from shop.letterhead import LINK_SALT
from shop.models import Order, User
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
    is_granted = request.session.get(_GRANTS, {}).get(number) == order.link_version
    return order if is_granted or _is_owner(basket.customer(request), order) else None


def _is_owner(user: User | None, order: Order) -> bool:
    if user is None or order.user_id is not None:
        return user is not None and order.user_id == user.pk
    return customer_key(order.email) in _confirmed(user)


def orders_of(user: User) -> QuerySet[Order]:
    """All of which she is the owner. One query beside its own."""
    by_address = Order.objects.alias(low=Lower("email")).filter(user=None, low__in=_confirmed(user))
    # Each part is looked up by an index of its own.
    return Order.objects.filter(pk__in=Order.objects.filter(user=user).values("pk").union(by_address.values("pk")))


def _confirmed(user: User) -> set[str]:
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return set(map(customer_key, addresses))


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
