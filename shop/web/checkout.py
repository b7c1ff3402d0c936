"""From cart to order: details, review, order. The same review submitted twice places one order."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_countries import countries

from inventory.locking import StockBusy
from shop import checkout
from shop.checkout import AnswersMissing, PromiseMoved
from shop.models import Cart, Order, Sends
from shop.review import Review, UnableToPlaceOrder, seal, unseal
from shop.web import access, again, basket, limits
from shop.web.cart import contents_of
from shop.web.forms import DetailsForm, details_of
from shop.web.paying import Paying
from shop.web.standing import Standing

_ORDERED_ALREADY = "You ordered this already: here is your order, and nothing was ordered a second time."
# Who presses twice within it meant one order, and has nothing to be told.
_ONE_CLICK = timedelta(seconds=10)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Contact, address and shipping."""
    contents = contents_of(request)
    if not contents.can_be_ordered:
        return _back_to_cart(request, contents.units)
    cart, sent = contents.cart, again.sent(request)
    form = DetailsForm(sent, initial=None if sent else _known(request, cart))
    if request.method == "POST":
        if not form.is_valid():
            return again.ask(request)
        cart.details = form.details()
        cart.save(update_fields=["details"])
        return redirect("review")
    return render(request, "checkout/details.html", {"form": form, "contents": contents})


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Everything once more, with its days; the button orders. What could not be ordered so is asked again."""
    sent = again.sent(request)
    if request.method == "POST":
        return _order(request)
    contents = contents_of(request)
    if not contents.lines or not (sent or contents.can_be_ordered):
        return _back_to_cart(request, contents.units)
    try:
        return _show(request, checkout.review_of(contents), sent)
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
    if not limits.is_within(request, "order"):
        messages.error(request, "Many orders came from where you are: please try again later. Nothing was lost.")
        return again.ask(request)
    at, sends = timezone.now(), _sends(request.POST)
    try:
        order = checkout.place_order(
            key,
            shown=unseal(request.POST.get("shown", "")),
            sends=sends,
            consented=_consented(request.POST),
            user=basket.customer(request),
            at=at,
        )
    except (PromiseMoved, AnswersMissing):
        return again.ask(request)
    except StockBusy as busy:
        messages.warning(request, f"{busy} Nothing was ordered yet, and nothing was lost.")
        return again.ask(request)
    except UnableToPlaceOrder as error:
        messages.error(request, str(error))
        return redirect("review" if _can_be_reviewed(request) else "checkout")
    if order.placed_at != at and (order.placed_at < at - _ONE_CLICK or sends not in {None, order.sends}):
        messages.info(request, _ORDERED_ALREADY)
    access.grant(request, order)
    basket.remember_units(request, 0)
    return redirect("placed", order.number)


def _can_be_reviewed(request: HttpRequest) -> bool:
    """If not, the review would lead on to the details and say the same sentence a second time."""
    try:
        return bool(checkout.review_of(contents_of(request)))
    except UnableToPlaceOrder:
        return False


def _sends(sent: QueryDict) -> Sends | None:
    answer = sent.get("sends", "")
    return Sends(answer) if answer in Sends.values else None


def _consented(sent: QueryDict) -> bool:
    """Each way of sending has a sentence of its own to agree to; of a single way nothing was asked."""
    sends, agreed_to = _sends(sent), sent.getlist("consent")
    return sends in agreed_to if sends else bool(agreed_to)


def _asked_again(agreed: Review, sent: QueryDict) -> dict[str, Any]:
    """What changed since, and what is not answered yet. What she answered stays, consent only to the same days."""
    why: dict[str, Any] = {}
    sends = _sends(sent)
    try:
        shown = unseal(sent.get("shown", ""))
        checkout.check(agreed, shown, sends, consented=_consented(sent))
    except PromiseMoved as moved:
        why = {"moved": moved}
    except AnswersMissing as missing:
        why = {"asks": missing.asks}
    except UnableToPlaceOrder:
        return {}
    agreed_to = sent.getlist("consent") if agreed.shown.days == shown.days else []
    return {"sends": sends, "agreed_to": agreed_to, **why}


def _show(request: HttpRequest, agreed: Review, sent: QueryDict | None) -> HttpResponse:
    cart = agreed.contents.cart
    context = {
        "review": agreed,
        "contents": agreed.contents,
        "sealed": seal(agreed.shown),
        "cart": cart,
        "country": countries.name(cart.details["country"]),
    }
    return render(request, "checkout/review.html", context | (_asked_again(agreed, sent) if sent else {}))


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
        messages.info(request, _ORDERED_ALREADY)
        return redirect("placed", ordered.number)
    messages.info(request, "Your cart is empty: put something into it first.")
    return redirect("cart")
