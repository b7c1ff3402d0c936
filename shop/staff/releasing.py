"""Letting the ready part of an order that is sent together leave before the rest."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from shop import releases
from shop.dossiers import Dossier
from shop.formats import money
from shop.models import Order
from shop.releases import ReadyPart
from shop.sending import waits_for_the_rest
from shop.staff.flow import OnePage


class ReleaseReady(OnePage):
    title = "Release the ready part"
    act_label = "Release it, free of charge"
    form_template = "staff/release.html"
    obj: Order

    def form(self, data: Any = None) -> forms.Form:
        return forms.Form(data)

    def preview(self, form: forms.Form) -> ReadyPart:
        return releases.ready_part(self.obj)

    def shown(self, form: forms.Form, preview: ReadyPart | None) -> dict[str, Any]:
        return {"price": money(preview.price, self.obj.currency) if preview and preview.price else ""}

    def act(self, form: forms.Form, preview: ReadyPart) -> str:
        releases.release(self.obj, shown_price=None, actor=self.actor, at=self.at)
        what = f"Released the ready part of order {self.obj}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} It can be shipped now; the rest stays together.")
        return self.back()


def sending(request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
    """How an order is sent, for its page: what holds it back, and what this user may do about it."""
    order, lines = dossier.order, dossier.lines
    waits = waits_for_the_rest(order, lines, is_released=dossier.release is not None)
    is_ready = any(line.claim.ready for line in lines)
    may_leave = is_ready and not waits and not order.payment.is_awaited
    return {
        "words": order.get_sends_display(),
        "release": dossier.release,
        "why": releases.why_it_waits(order, lines, dossier.told) if waits else "",
        "may_release": waits and is_ready and request.user.has_perm("shop.change_order"),
        "may_print": may_leave and request.user.has_perm("shop.add_shipment"),
    }
