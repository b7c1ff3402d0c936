"""The way into the admin: signed in where customers do and, where the house wants it, with a second factor."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from unfold.sites import UnfoldAdminSite

_SET_UP = "The desk needs a second factor beside your password: set one up here, then open the desk again."


class StaffSite(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and (not settings.STAFF_TWO_FACTOR or _showed_second_factor(request))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from shop.staff import reports

        return [
            path("reports/", self.admin_view(partial(reports.page, site=self)), name="reports"),
            path("reports/<slug:slug>/", self.admin_view(partial(reports.page, site=self)), name="report_page"),
            path("reports/<slug:slug>.csv", self.admin_view(reports.file), name="report"),
            *super().get_urls(),
        ]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff sign in where customers do, behind the same limits. Who lacks a second factor is led to one."""
        user = request.user
        if settings.STAFF_TWO_FACTOR and super().has_permission(request) and not _showed_second_factor(request):
            if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
                messages.warning(request, _SET_UP)
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
            again = urlencode({"next": reverse("admin:index")})
            return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{again}")
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response


def _showed_second_factor(request: HttpRequest) -> bool:
    """In this session, not merely once: a session from before the factor was set up does not count."""
    user = request.user if request.user.is_authenticated else None
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))
