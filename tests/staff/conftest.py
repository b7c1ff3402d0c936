"""Cy runs the desk."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.test import Client

from shop.models import User
from tests.staff.pages import SignIn


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Pages are looked at without collecting static files first."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": storage}


@pytest.fixture
def cy(db: None, client: Client) -> Client:
    """Signed in as somebody who may do everything."""
    client.force_login(User.objects.create_superuser("cy@example.com"))
    return client


@pytest.fixture
def clerk(db: None, client: Client) -> SignIn:
    """Signs in a member of staff who has just the rights that are named, such as "shop.add_shipment"."""

    def sign_in(*rights: str) -> Client:
        user = User.objects.create_user("clerk@example.com", is_staff=True)
        for right in rights:
            app, codename = right.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def groups(db: None) -> None:
    """As the migrations make them; tests that empty the database take them away."""
    if Group.objects.exists():
        return
    import_module("shop.migrations.0006_groups").make(apps, None)
    import_module("shop.migrations.0010_rights_of_the_order_desk").give(apps, None)
    import_module("shop.migrations.0014_inquiries").give(apps, None)
    import_module("shop.migrations.0022_rights_of_carriers").give(apps, None)
    import_module("shop.migrations.0024_rights_of_info_pages").give(apps, None)
    import_module("shop.migrations.0026_returns").give(apps, None)
    import_module("shop.migrations.0027_announcements").give(apps, None)
