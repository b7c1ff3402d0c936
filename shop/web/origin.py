from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's own internet address, behind as many proxies as TRUSTED_PROXIES says; empty where it has none."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""
