from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "shop.staff.site.StaffSite"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator

        # Addresses and second factors are their owner's: she changes them herself, on the pages of her account.
        admin.site.unregister([EmailAddress, Authenticator])
