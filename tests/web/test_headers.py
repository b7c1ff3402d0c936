"""What every answer carries."""

import pytest
from django.test import Client

from shop.models import CartLine, User
from tests.cast import stock, variant
from tests.web.reading import put_into_cart

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/c/home/", "/products/mug/", "/cart/", "/accounts/login/", "/nothing/"])
def test_shop_pages_allow_nothing_but_their_own(client: Client, address: str):
    variant(stock("MUG", on_hand=1))
    policy = client.get(address).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )


def test_the_admin_has_a_policy_of_its_own(client: Client):
    client.force_login(User.objects.create_superuser("cy@example.com", "a long pass phrase"))
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "'unsafe-eval'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["/cart/", "/checkout/", "/orders/AAAAAAAAAA/", "/account/orders/", "/accounts/login/", "/admin/"]
)
def test_pages_about_one_person_are_never_stored(client: Client, address: str):
    assert client.get(address).headers["Cache-Control"] == "no-store, private"


def test_pages_for_everybody_may_be_kept_by_the_browser(client: Client):
    assert "no-store" not in client.get("/").headers.get("Cache-Control", "")


def test_no_page_has_inline_styles_or_handlers(client: Client):
    variant(stock("MUG", on_hand=1))
    for address in ("/", "/c/home/", "/products/mug/", "/cart/", "/accounts/login/", "/accounts/signup/"):
        body = client.get(address).content.decode()
        assert " style=" not in body
        assert "<style" not in body
        assert " onclick" not in body


def test_what_changes_something_takes_no_get(client: Client):
    mug = variant(stock("MUG", on_hand=9))
    put_into_cart(client, mug)
    line = CartLine.objects.get()
    for address in (f"/cart/add/?variant={mug.pk}&quantity=1", f"/cart/lines/{line.pk}/?quantity=0"):
        assert client.get(address).headers["Location"] == "/cart/"
    line.refresh_from_db()
    assert line.quantity == 1


def test_a_wrong_verb_is_refused(client: Client):
    assert client.post("/").status_code == 405
