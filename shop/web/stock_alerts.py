"""Being told when something is back: asked for on the product page, confirmed and stopped by the link of a letter."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from backorders.availability import quotes
from inventory.locking import StockBusy
from shop import stock_alerts
from shop.models import StockAlert, Variant
from shop.stock_alerts import UnableToAlert
from shop.web import again, basket, limits
from shop.web.forms import AlertForm


def _not_passed_on(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The address holds a token: no page that is opened from here is to learn it. With "no-referrer" a browser would
    hide from its own forms where they come from, and they would be refused."""

    @wraps(view)
    def respond(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return respond


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Asks for an address. That of somebody who waits already is answered like any other."""
    variant = Variant.objects.filter(pk=variant_id, product__published=True).select_related("product").first()
    if variant is None:
        messages.error(request, "This article is not sold any more. Please choose another one.")
        return redirect("home")
    if request.method != "POST" and quotes({variant.stock_item_id: 1}, timezone.now())[variant.stock_item_id].promised:
        messages.info(request, "It can be had: see by when.")
        return redirect(f"{variant.product.get_absolute_url()}?variant={variant.pk}")
    user = basket.customer(request)
    form = AlertForm(again.sent(request), initial={"email": user.email if user else ""})
    if request.method != "POST":
        return render(request, "stock_alert/ask.html", {"form": form, "variant": variant})
    if not form.is_valid():
        return again.ask(request)
    email = form.cleaned_data["email"]
    try:
        if not limits.is_within(request, "stock_alert"):
            raise UnableToAlert("Many letters were asked for from where you are: please try again later.")
        stock_alerts.ask(variant, email, at=timezone.now())
    except (UnableToAlert, StockBusy) as error:
        messages.error(request, str(error))
        return again.ask(request)
    messages.success(request, f"We wrote to {email}: follow the link in that letter, so that we know that it is yours.")
    return redirect(f"{variant.product.get_absolute_url()}?variant={variant.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@_not_passed_on
def show(request: HttpRequest, token: str) -> HttpResponse:
    """What was asked for, and the buttons that confirm it or end it."""
    alert = _alert(token)
    if request.method == "POST":
        if "confirm" in request.POST and alert and stock_alerts.confirm(alert.pk, at=timezone.now()):
            messages.success(request, "Thank you. You hear from us once, when it is on our shelf.")
        elif "stop" in request.POST and alert:
            stock_alerts.stop(alert.pk)
            messages.success(request, "It is ended, and no letter about it is sent.")
        return redirect("stock_alert", token)
    return render(request, "stock_alert/page.html", {"alert": alert})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_not_passed_on
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """One click in a mail program (RFC 8058): it sends no cookie and reads no page. Who follows the link is asked."""
    if request.method != "POST":
        return redirect("stock_alert", token)
    alert = _alert(token)
    if alert:
        stock_alerts.stop(alert.pk)
    return HttpResponse("You get no such letters any more.\n", content_type="text/plain")


def _alert(token: str) -> StockAlert | None:
    """None for a link that is not ours, and for a request that is not kept any more."""
    try:
        pk = signing.loads(token, salt=stock_alerts.SALT, max_age=stock_alerts.LINK_LIFE)["alert"]
    except signing.BadSignature:
        return None
    return StockAlert.objects.filter(pk=pk).select_related("variant__product").first()
