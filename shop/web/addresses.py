"""Changing where an order goes, by its customer: filled in, shown beside the address that it has, and confirmed."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inventory.locking import StockBusy
from shop import addresses
from shop.addresses import UnableToChangeAddress
from shop.cancellations import CUSTOMER
from shop.models import AddressChange, Order
from shop.web import access, again
from shop.web.forms import AddressForm, ElsewhereForm, id_of
from shop.web.orders import tell


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, number: str) -> HttpResponse:
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    at = timezone.now()
    try:
        addresses.refuse_any(order)
    except UnableToChangeAddress as error:
        return tell(request, order, error)
    sent = again.sent(request)
    if request.method == "POST":
        form = AddressForm(request.POST)
        is_confirmed = "confirm" in request.POST and form.is_valid()
        return _confirm(request, order, form, at) if is_confirmed else again.ask(request)
    if sent is None:
        return _fill_in(request, order, AddressForm(initial=addresses.address_of(order)))
    form = AddressForm(sent)
    if "edit" in sent or not form.is_valid():
        return _fill_in(request, order, form)
    try:
        addresses.refuse(order, form.cleaned_data, at)
    except UnableToChangeAddress as error:
        form.add_error(None, str(error))
        return _fill_in(request, order, form)
    is_confirmed = "confirm" in sent
    known = ElsewhereForm(sent if is_confirmed else None, order=order, prefix="known")
    seen = id_of(sent.get("seen", "")) or 0 if is_confirmed else order.address_changes.count()
    return _show(request, order, form, known, seen)


def _confirm(request: HttpRequest, order: Order, form: AddressForm, at: datetime) -> HttpResponse:
    fresh: Mapping[str, str] = form.cleaned_data
    seen = id_of(request.POST.get("seen", "")) or 0
    known = ElsewhereForm(request.POST, order=order, prefix="known")
    try:
        # Before the postcode is looked at: after a double click it is the old one.
        addresses.refuse(order, fresh, at)
        if not known.is_valid():
            return again.ask(request)
        addresses.change(order, fresh, seen=seen, actor=CUSTOMER, at=at)
    except (UnableToChangeAddress, StockBusy) as error:
        return tell(request, order, error)
    messages.success(request, "The new address is noted, and a mail about it is on its way to you.")
    return redirect(order)


def _fill_in(request: HttpRequest, order: Order, form: AddressForm) -> HttpResponse:
    return render(request, "order/address.html", {"order": order, "form": form})


def _show(request: HttpRequest, order: Order, form: AddressForm, known: ElsewhereForm, seen: int) -> HttpResponse:
    """Old and new as they are written on a parcel; `seen` are the changes that there were before."""
    context = {
        "order": order,
        "form": form,
        "known": known,
        "seen": seen,
        "fresh": AddressChange(**form.cleaned_data).address_lines,
    }
    return render(request, "order/address_confirm.html", context)
