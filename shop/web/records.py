"""What was told and when: of one order for its customer and for staff, and in figures for everybody."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from shop import analytics, records
from shop.dossiers import Dossier
from shop.models import Order
from shop.web import access

_A_YEAR = timedelta(days=365)


@require_safe
def of_order(request: HttpRequest, number: str) -> HttpResponse:
    """One page to read, print or save: for whoever may see the order, and for staff who may."""
    for_staff = _for_staff(request, number)
    order = for_staff or access.find(request, number)
    if order is None:
        return access.closed(request)
    entries = records.record_of(Dossier(order), for_staff=for_staff is not None)
    context = {"order": order, "entries": entries, "now": timezone.now()}
    return render(request, "order/record.html", context)


def _for_staff(request: HttpRequest, number: str) -> Order | None:
    user = request.user
    if isinstance(user, AnonymousUser) or not (user.is_staff and user.has_perm("shop.view_order")):
        return None
    return Order.objects.select_related("payment").filter(number=number).first()


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """How well promises were kept in the last year, if the house shows it."""
    if not settings.PUBLIC_FIGURES:
        raise Http404("This shop does not show its figures.")
    return render(request, "figures/page.html", {"figures": analytics.figures(timezone.now() - _A_YEAR)})
