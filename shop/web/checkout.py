"""From cart to order: details, review, order. The same review submitted twice places one order."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_countries import countries

from inventory.locking import StockBusy
from shop import checkout
from shop.checkout import AnswersMissing, PromiseMoved
from shop.models import Cart, Order, Sends
from shop.review import Review, Shown, UnableToPlaceOrder, seal, unseal
from shop.web import access, basket
from shop.web.cart import contents_of
from shop.web.forms import DetailsForm, details_of
from shop.web.paying import Paying
from shop.web.standing import Standing


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Contact, address and shipping."""
    contents = contents_of(request)
    if not contents.can_be_ordered:
        return _back_to_cart(request, contents.units)
    cart = contents.cart
    form = DetailsForm(request.POST or None, initial=None if request.POST else _known(request, cart))
    if form.is_valid():
        cart.details = form.details()
        cart.save(update_fields=["details"])
        return redirect("review")
    return render(
        request,
        "checkout/details.html",
        {"form": form, "contents": contents},
        status=400 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Everything once more, with its days; the button orders."""
    if request.method == "POST":
        return _order(request)
    contents = contents_of(request)
    if not contents.can_be_ordered:
        return _back_to_cart(request, contents.units)
    try:
        return _show(request, checkout.review_of(contents))
    except UnableToPlaceOrder as error:
        messages.error(request, str(error))
        return redirect("checkout")


@require_safe
def placed(request: HttpRequest, number: str) -> HttpResponse:
    """Thank you: what ships when, and where to look again."""
    order = access.find(request, number)
    if order is None:
        return redirect("order", number)
    context = {"order": order, "standing": Standing.in_brief(order), "paying": Paying.of(order, timezone.now())}
    return render(request, "checkout/placed.html", context)


def _order(request: HttpRequest) -> HttpResponse:
    key = basket.key(request)
    if key is None:
        return _back_to_cart(request, 0)
    try:
        shown = unseal(request.POST.get("shown", ""))
        order = checkout.place_order(
            key,
            shown=shown,
            sends=_sends(request),
            consented=_consented(request),
            user=basket.customer(request),
            at=timezone.now(),
        )
    except PromiseMoved as moved:
        return _ask_again(request, shown, 409, moved=moved)
    except AnswersMissing as missing:
        return _ask_again(request, shown, 400, asks=missing.asks)
    except StockBusy as busy:
        return _ask_again(request, shown, 503, busy=str(busy))
    except UnableToPlaceOrder as error:
        messages.error(request, str(error))
        return redirect("review" if _can_be_reviewed(request) else "checkout")
    access.grant(request, order)
    basket.remember_units(request, 0)
    return redirect("placed", order.number)


def _can_be_reviewed(request: HttpRequest) -> bool:
    """If not, the review would lead on to the details and say the same sentence a second time."""
    try:
        return bool(checkout.review_of(contents_of(request)))
    except UnableToPlaceOrder:
        return False


def _sends(request: HttpRequest) -> Sends | None:
    answer = request.POST.get("sends", "")
    return Sends(answer) if answer in Sends.values else None


def _consented(request: HttpRequest) -> bool:
    return request.POST.get("consent") == "yes"


def _ask_again(request: HttpRequest, shown: Shown, status: int, **why: Any) -> HttpResponse:
    """The review as it would be now, with what changed. What she answered stays, consent only to the same days."""
    contents = contents_of(request)
    if not contents.lines:
        return _back_to_cart(request, 0)
    try:
        agreed = checkout.review_of(contents)
        consented = _consented(request) and agreed.shown.days == shown.days
        return _show(request, agreed, status, sends=_sends(request), consented=consented, **why)
    except UnableToPlaceOrder as error:
        messages.error(request, str(error))
        return redirect("cart")


def _show(request: HttpRequest, agreed: Review, status: int = 200, **more: Any) -> HttpResponse:
    cart = agreed.contents.cart
    context = {
        "review": agreed,
        "contents": agreed.contents,
        "sealed": seal(agreed.shown),
        "cart": cart,
        "country": countries.name(cart.details["country"]),
    }
    return render(request, "checkout/review.html", context | more, status=status)


def _known(request: HttpRequest, cart: Cart) -> dict[str, Any]:
    """What need not be asked again: this cart's details, else those of the customer's latest order."""
    if cart.details:
        return cart.details
    user = basket.customer(request)
    if user is None:
        return {}
    latest = Order.objects.filter(user=user).order_by("-placed_at", "-id").first()
    return details_of(latest) if latest else {"email": user.email, "name": user.get_full_name()}


def _back_to_cart(request: HttpRequest, units: int) -> HttpResponse:
    """Nothing in it can be ordered: who comes back from her order is led to it."""
    if units:
        return redirect("cart")
    key = basket.key(request)
    ordered = Order.objects.filter(cart_key=key).first() if key else None
    if ordered:
        messages.info(request, "You ordered this already: here is your order.")
        return redirect("placed", ordered.number)
    messages.info(request, "Your cart is empty: put something into it first.")
    return redirect("cart")
