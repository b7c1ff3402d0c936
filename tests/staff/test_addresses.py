"""What staff may look at, and addresses that name no row."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from shop.models import User

pytestmark = pytest.mark.django_db


def test_a_page_that_may_only_be_looked_at_shows_no_password_hash(client: Client):
    boss = User.objects.create_superuser("boss@example.com", "a long and quiet password")
    staff = User.objects.create_user("staff@example.com", "another quiet password", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_user"))
    client.force_login(staff)

    page = client.get(f"/admin/shop/user/{boss.pk}/change/")

    assert (page.status_code, "boss@example.com" in page.text, "argon2" in page.text) == (200, True, False)


@pytest.mark.parametrize(
    "address",
    [
        "shop/order/abc/ship",
        "shop/order/0/cancel",
        "inventory/purchaseorder/abc/send",
        "inventory/stockitem/x/correct",
    ],
)
def test_an_address_that_names_no_row_is_not_found(admin_client: Client, address: str):
    assert admin_client.get(f"/admin/{address}/").status_code == 404
