"""One way for every change that has consequences: fill in, see whom it touches, confirm.

The preview is sealed. If the world changed before the confirmation, the seal breaks and the preview is shown again.
"""

import hashlib
from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from backorders.consent import UnableToAnswer
from backorders.queue import UnableToLeave, UnableToShip
from backorders.turns import UnableToChangeTurn
from inventory.locking import StockBusy
from inventory.purchasing import UnableToChangePurchaseOrder
from inventory.receiving import UnableToReceive
from inventory.undoing import UnableToUndo
from shop.addresses import UnableToChangeAddress
from shop.alternatives import UnableToPropose
from shop.announcements import UnableToAnnounce
from shop.endings import UnableToEnd
from shop.holds import UnableToReceivePayment
from shop.importing.table import UnreadableFile
from shop.importing.whole import UnableToImport
from shop.inquiries import UnableToReply
from shop.refunds import UnableToRefund
from shop.releases import UnableToRelease
from shop.resending import UnableToSendAgain
from shop.returns import UnableToTakeBack
from shop.tracking import UnableToCorrect


class Refused(Exception):
    """What a desk itself refuses; the sentence says why."""


# Their sentences are written to be read by staff.
REFUSALS = (
    UnableToReceive,
    UnableToReceivePayment,
    UnableToUndo,
    UnableToRefund,
    UnableToAnswer,
    UnableToEnd,
    UnableToShip,
    UnableToRelease,
    UnableToLeave,
    UnableToChangePurchaseOrder,
    UnableToChangeTurn,
    UnableToChangeAddress,
    UnableToPropose,
    UnableToReply,
    UnableToSendAgain,
    UnableToAnnounce,
    UnableToTakeBack,
    UnableToCorrect,
    UnableToImport,
    UnreadableFile,
    StockBusy,
    Refused,
)
CHANGED = "Something changed since you looked. Please check it and confirm again."


def find(admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The row of an admin's address; 404 for what cannot be one."""
    obj = admin.get_object(request, object_id)
    if obj is None:
        raise Http404("There is no such row.")
    return obj


class Flow[F: forms.Form, P](ABC):
    """A form, a preview and an act. `preview` must compute with the code that acts."""

    title: str
    act_label: str
    form_template = "staff/form.html"
    preview_template: str

    def __init__(self, request: HttpRequest, admin: ModelAdmin, obj: Model | None = None):
        self.request, self.admin, self.obj = request, admin, obj
        self.actor = str(request.user)
        self.at = timezone.now()

    @abstractmethod
    def form(self, data: Any = None) -> F: ...

    @abstractmethod
    def preview(self, form: F) -> P:
        """What the act would do, as a frozen value with a stable repr. Raises one of REFUSALS."""

    @abstractmethod
    def act(self, form: F, preview: P) -> str:
        """Do it, tell the user by a message, and return the address to go to."""

    def state(self) -> Any:
        """What the act rests on beside the form and the preview; when it moves, the seal breaks."""
        return None

    def shown(self, form: F, preview: P | None) -> dict[str, Any]:
        """What the templates need beside the form and the preview."""
        return {}

    def run(self) -> HttpResponse:
        if self.request.method != "POST":
            return self._show_form(self.form())
        form = self.form(self.request.POST)
        if "edit" in self.request.POST or not form.is_valid():
            return self._show_form(form)
        try:
            return self._confirm(form)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
            return self._show_form(form)

    def _confirm(self, form: F) -> HttpResponse:
        preview = self.preview(form)
        fresh = seal(form.cleaned_data, preview, self.state())
        if "confirm" in self.request.POST:
            if self.request.POST.get("seal") == fresh:
                return self.go(self.act(form, preview))
            messages.warning(self.request, CHANGED)
        return self._page(self.preview_template, form, preview=preview, seal=fresh)

    def go(self, where: str) -> HttpResponse:
        return HttpResponseRedirect(where)

    def _show_form(self, form: F) -> HttpResponse:
        return self._page(self.form_template, form, preview=None)

    def _page(self, template: str, form: F, *, preview: P | None, **context: Any) -> HttpResponse:
        site = self.admin.admin_site
        self.request.current_app = site.name
        return TemplateResponse(
            self.request,
            template,
            {
                **site.each_context(self.request),
                "title": self.title,
                "content_title": self.title,
                "opts": self.admin.model._meta,
                "original": self.obj,
                "form": form,
                "preview": preview,
                "act_label": self.act_label,
                "back": self.back(),
                **self.shown(form, preview),
                **context,
            },
        )

    def back(self) -> str:
        return self.address_of(self.obj) if self.obj else list_address(self.admin.model)

    def address_of(self, obj: Model) -> str:
        """The row's page, or the desk for those who may act on the row but not look at it."""
        site = self.admin.admin_site
        may_look = site.get_model_admin(type(obj)).has_view_permission(self.request, obj)
        return address(obj) if may_look else reverse("admin:index")


class OnePage[F: forms.Form, P](Flow[F, P]):
    """A flow whose form stands on the same page as what it is about. `preview` does not depend on the form."""

    def run(self) -> HttpResponse:
        form = self.form(self.request.POST if self.request.method == "POST" else None)
        try:
            preview = self.preview(form)
            if self.request.method == "POST" and form.is_valid():
                if self.request.POST.get("seal") == seal(preview):
                    return self.go(self.act(form, preview))
                messages.warning(self.request, CHANGED)
        except REFUSALS as refusal:
            messages.error(self.request, str(refusal))
            return HttpResponseRedirect(self.back())
        return self._page(self.form_template, form, preview=preview, seal=seal(preview))


def seal(*values: Any) -> str:
    """Stands for what was shown. Not a secret: it only tells whether it is still the same."""
    return hashlib.sha256(repr(values).encode()).hexdigest()


def address(obj: Model) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def list_address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
