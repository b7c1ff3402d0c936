"""Reading pages as people do."""

import html
import json
import re
from typing import Any

from django.core import signing
from django.http import HttpResponse
from django.test import Client

from shop.letterhead import LINK_SALT
from shop.models import Order, Variant
from tests.cast import ADA


def words(response: Any) -> str:
    """The text of a page, without its tags and what is hidden, on one line."""
    assert isinstance(response, HttpResponse)
    visible = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    visible = re.sub(r"<button\b[^>]* hidden\b.*?</button>", " ", visible, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", visible)).split())


def button(page: Any) -> str:
    """What the button of a product page says, and nothing where there is none."""
    said = re.findall(r"<button\b(?![^>]* hidden)[^>]* formaction=[^>]*><span[^>]*>([^<]*)", page.content.decode())
    assert len(said) < 2
    return "".join(said)


def linked_data(response: Any) -> list[dict[str, Any]]:
    """What machines read: the things that a page describes in schema.org's words."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', response.content.decode())
    assert len(found) == 1
    data = json.loads(found[0])
    assert data["@context"] == "https://schema.org"
    return list(data["@graph"])


def meta(response: Any, name: str) -> str:
    """The content of a `<meta>`, by its name or its property."""
    found = re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)">', response.content.decode())
    assert len(found) == 1, f"{name} stands there {len(found)} times"
    return html.unescape(found[0])


def canonical(response: Any) -> str:
    """The one address under which a page is listed."""
    found = re.findall(r'<link rel="canonical" href="([^"]*)">', response.content.decode())
    assert len(found) == 1
    return html.unescape(found[0])


def field(response: Any, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, f"there is no field {name}"
    return html.unescape(found[1])


def put_into_cart(client: Client, variant: Variant, units: int | str = 1) -> Any:
    return client.post("/cart/add/", {"variant": variant.pk, "quantity": units}, follow=True)


def fill_in_details(client: Client, shipping_method: int, **other: str) -> Any:
    return client.post("/checkout/", ADA | {"shipping_method": str(shipping_method)} | other, follow=True)


def link(order: Order, **payload: Any) -> str:
    """The address in a mail."""
    token = signing.dumps({"order": order.number, "v": order.link_version} | payload, salt=LINK_SALT)
    return f"/orders/{order.number}/open/{token}/"
