"""Asking something about an order, from its page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inventory.locking import StockBusy
from shop import inquiries
from shop.inquiries import UnableToAsk
from shop.web import access, again
from shop.web.forms import AskForm

# On the order's page.
_PLACE = "questions"


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """What cannot be asked stays in its box on the order's page, with the reason beside it or above."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    if request.method != "POST":
        return redirect(f"{order.get_absolute_url()}#{_PLACE}")
    form = AskForm(again.sent(request, order.get_absolute_url()))
    if not form.is_valid():
        return again.ask(request, order.get_absolute_url(), at=_PLACE)
    try:
        inquiries.ask(order, form.cleaned_data["text"], at=timezone.now())
    except (UnableToAsk, StockBusy) as error:
        messages.error(request, str(error))
        return again.ask(request, order.get_absolute_url())
    messages.success(request, "Your question is with us. We reply by mail, and on this page.")
    return redirect(order)
