"""Withdrawing from what has left already: what goes back, in how many units, where to and until when."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inventory.locking import StockBusy
from shop import announcements
from shop.announcements import SEND_WITHIN, Returnable, UnableToAnnounce
from shop.cancellations import CUSTOMER
from shop.models import Order
from shop.web import access, again
from shop.web.forms import SendBackForm, id_of

# What no page of ours has shown.
_UNREAD = -1


@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    """A page that says what can go back, where to and until when, and two buttons: withdraw, and keep it after all."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    if request.method == "POST" and "keep" in request.POST:
        return _keep(request, order)
    can = Returnable.of(order, timezone.now())
    form = SendBackForm(again.sent(request), most=can.units, initial={"seen": can.said}) if can.units else None
    if request.method == "POST" and form:
        return _announce(request, order, form) if form.is_valid() else again.ask(request)
    context = {
        "order": order,
        "can": can,
        "form": form,
        "only": next(iter(can.units)) if sum(can.units.values()) == 1 else None,
        "address": settings.RETURN_ADDRESS,
        "send_within": SEND_WITHIN.days,
    }
    return render(request, "order/send_back.html", context)


def _announce(request: HttpRequest, order: Order, form: SendBackForm) -> HttpResponse:
    reason, seen = form.cleaned_data["reason"], form.cleaned_data["seen"]
    seen = _UNREAD if seen is None else seen
    try:
        announcements.announce(order, form.units(), reason=reason, actor=CUSTOMER, at=timezone.now(), seen=seen)
    except (UnableToAnnounce, StockBusy) as error:
        return _say(request, order, error)
    messages.success(request, "It is noted, and a mail that says so is on its way to you: it names where to send it.")
    return redirect("send_back", order.number)


def _keep(request: HttpRequest, order: Order) -> HttpResponse:
    seen = id_of(request.POST.get("seen", ""))
    try:
        announcements.drop(order, seen=_UNREAD if seen is None else seen, actor=CUSTOMER, at=timezone.now())
    except (UnableToAnnounce, StockBusy) as error:
        return _say(request, order, error)
    messages.success(request, "You keep it: that is noted, and a mail that says so is on its way to you.")
    return redirect(order)


def _say(request: HttpRequest, order: Order, error: Exception) -> HttpResponse:
    messages.info(request, str(error))
    return redirect("send_back", order.number)
