"""Which cart belongs to a visitor. The session holds its id, and its units so that the header needs no query."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from shop import carts
from shop.models import Cart, User, Variant
from shop.models.orders import customer_key
from shop.web.origin import address_of

_CART, _UNITS = "cart", "cart_units"


def find(request: HttpRequest) -> Cart | None:
    key = request.session.get(_CART)
    return Cart.objects.filter(pk=UUID(key)).first() if key else None


def find_or_open(request: HttpRequest) -> Cart:
    cart = find(request)
    if cart is None:
        cart = Cart.objects.create(user=customer(request))
        request.session[_CART] = str(cart.pk)
    return cart


def put_in(request: HttpRequest, variant: Variant, units: int) -> None:
    """Into her cart; into a new one, when hers is being ordered just now. Raises UnableToChangeCart."""
    _in_a_cart(request, lambda cart: carts.add(cart, variant, units))


def put_all_in(request: HttpRequest, wanted: Mapping[int, int]) -> set[int]:
    """The same for several variants by their ids: those of which so many could be added."""
    return _in_a_cart(request, lambda cart: carts.add_all(cart, wanted))


def _in_a_cart[Answer](request: HttpRequest, add: Callable[[Cart], Answer]) -> Answer:
    try:
        return add(find_or_open(request))
    except carts.CartIsGone:
        return add(find_or_open(request))


def key(request: HttpRequest) -> UUID | None:
    """The id of the visitor's cart, even after it became an order: a repeated submission finds that order by it."""
    text = request.session.get(_CART)
    return UUID(text) if text else None


def take_up(request: HttpRequest, key: UUID) -> None:
    """The cart is the visitor's own again, unless it is a customer's, who signs in for it, or is no more.

    Somebody else may sit there by now: what was typed of an address is forgotten.
    """
    if Cart.objects.filter(pk=key, user=None).update(details={}, seen_on=timezone.localdate()):
        _hold(request, key)


def join(request: HttpRequest, user: User) -> None:
    """Somebody signs in: what she has in this cart, and in the one that she left anywhere before, is one cart."""
    cart = carts.join(find(request), user)
    if cart is not None:
        carts.seen(cart.pk, timezone.localdate())
        _hold(request, cart.pk)


def _hold(request: HttpRequest, key: UUID) -> None:
    request.session[_CART] = str(key)
    remember_units(request, carts.units_in(key))


def remember_units(request: HttpRequest, units: int) -> None:
    if units != request.session.get(_UNITS, 0):
        request.session[_UNITS] = units


def units(request: HttpRequest) -> int:
    return int(request.session.get(_UNITS, 0)) if hasattr(request, "session") else 0


def customer(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def customers_key(request: HttpRequest) -> str:
    """Whom a queue's limits count, of a visitor who is signed in; empty for one who is not."""
    user = customer(request)
    return customer_key(user.email) if user else ""


def visitor(request: HttpRequest) -> str:
    """The same for one visitor on one day, different on the next, and nobody's name: it only keeps from counting twice.

    Visitors without a session who share an internet address count as one.
    """
    said = f"{timezone.localdate()} {request.session.session_key or address_of(request)}"
    return salted_hmac("shop.web.basket.visitor", said, algorithm="sha256").hexdigest()[:32]
