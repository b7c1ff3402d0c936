"""Asking something about an order, from its page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from inventory.locking import StockBusy
from shop import inquiries
from shop.inquiries import UnableToAsk
from shop.web import access, orders
from shop.web.forms import AskForm


@require_POST
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """What cannot be asked stays in its box, with the reason beside it."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    form = AskForm(request.POST)
    if not form.is_valid():
        return orders.show_order(request, order, form, status=400)
    try:
        inquiries.ask(order, form.cleaned_data["text"], at=timezone.now())
    except (UnableToAsk, StockBusy) as error:
        form.add_error("text", str(error))
        return orders.show_order(request, order, form, status=429)
    messages.success(request, "Your question is with us. We reply by mail, and on this page.")
    return redirect(order)
