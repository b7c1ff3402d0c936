"""What search engines read in a page, held against what they require of it."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from shop.models import Category, Product, ProductImage, ShippingMethod, Variant
from tests.cast import SOON, inbound, stock, variant
from tests.web.reading import linked_data

pytestmark = pytest.mark.django_db

SCHEMA = "https://schema.org/"
# What Google's pages on merchant listings, variants, breadcrumbs, shops and shipping call required.
REQUIRED = {
    "Product": {"name", "image", "offers"},
    "ProductGroup": {"name", "productGroupID", "hasVariant"},
    "Offer": {"price", "priceCurrency", "availability", "url"},
    "Brand": {"name"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"position", "name", "item"},
    "OnlineStore": {"name", "url"},
    "WebSite": {"name", "url"},
    "ShippingService": {"shippingConditions"},
    "ShippingConditions": {"shippingDestination", "shippingRate"},
    "MonetaryAmount": {"value", "currency"},
    "DefinedRegion": {"addressCountry"},
}


def problems(node: Any, where: str = "") -> list[str]:
    """What is missing or empty, and addresses that are not whole, in a node and all inside it."""
    if isinstance(node, list):
        return [problem for each in node for problem in problems(each, where)]
    if not isinstance(node, dict):
        return [] if node not in ("", None) else [f"{where} is empty"]
    kind = node.get("@type", "")
    found = [f"{kind} has no {name}" for name in sorted(REQUIRED.get(kind, set()) - node.keys())]
    found += [
        f"{name} of {kind} is no whole address"
        for name in ("url", "item", "logo", "availability", "itemCondition")
        if name in node and not urlsplit(node[name]).netloc
    ]
    return found + [problem for name, each in node.items() for problem in problems(each, f"{name} of {kind}")]


def pictured(first: Variant) -> Variant:
    ProductImage.objects.create(product=first.product, drawing="linen-curtains")
    return first


def in_options(first: Variant, *options: tuple[str, str]) -> None:
    first.options = [list(option) for option in options]
    first.save()


def read(client: Client, product: Product) -> dict[str, Any]:
    data, _ = linked_data(client.get(product.get_absolute_url()))
    assert problems(data) == []
    return data


def test_one_variant_is_a_product_with_its_offer(client: Client):
    mug = pictured(variant(stock("MUG", on_hand=1)))
    data = read(client, mug.product)
    address = f"{settings.SITE_URL}/products/mug/"
    assert (data["@type"], data["name"], data["sku"], data["url"]) == ("Product", "Mug", "MUG", address)
    assert data["offers"] == {
        "@type": "Offer",
        "url": f"{address}?variant={mug.pk}",
        "price": "49.00",
        "priceCurrency": "EUR",
        "availability": f"{SCHEMA}InStock",
        "itemCondition": f"{SCHEMA}NewCondition",
        "seller": {"@type": "Organization", "name": "Dibs"},
    }


def test_several_variants_are_a_group_and_each_has_the_offer_that_its_page_shows(client: Client):
    first = pictured(variant(stock("NOW", on_hand=1)))
    item = stock("SOON")
    inbound(item, 2)
    variant(item, product=first.product, price="55.00")
    variant(stock("NEVER"), product=first.product)
    data = read(client, first.product)
    offers = [each["offers"] for each in data["hasVariant"]]
    assert (data["@type"], data["productGroupID"]) == ("ProductGroup", "now")
    assert "offers" not in data
    assert [each["sku"] for each in data["hasVariant"]] == ["NOW", "SOON", "NEVER"]
    assert [(offer["price"], offer["availability"], offer.get("availabilityStarts")) for offer in offers] == [
        ("49.00", f"{SCHEMA}InStock", None),
        ("55.00", f"{SCHEMA}BackOrder", SOON.isoformat()),
        ("49.00", f"{SCHEMA}OutOfStock", None),
    ]
    for offer in offers:
        shown = client.get(offer["url"].removeprefix(settings.SITE_URL)).context["chosen"]
        assert shown.price == Decimal(offer["price"])


def test_a_day_that_moves_is_another_day_for_machines(client: Client):
    item = stock("MUG")
    line = inbound(item, 2)
    pictured(variant(item))
    line.expected_on = date(2027, 1, 20)
    line.save()
    assert read(client, Product.objects.get())["offers"]["availabilityStarts"] == "2027-01-20"


def test_options_that_machines_know_have_their_own_names(client: Client):
    first = pictured(variant(stock("BLUE-M", on_hand=1)))
    in_options(first, ("Colour", "Blue"), ("Size", "M"), ("Lining", "None"))
    second = variant(stock("RED-M", on_hand=1), product=first.product)
    in_options(second, ("Colour", "Red"), ("Size", "M"), ("Lining", "Silk"))
    data = read(client, first.product)
    assert data["variesBy"] == [f"{SCHEMA}color", f"{SCHEMA}size"]
    blue, red = data["hasVariant"]
    assert (blue["name"], blue["color"], blue["size"]) == ("Blue m, Blue, M, None", "Blue", "M")
    assert (red["color"], red["size"]) == ("Red", "M")


def test_options_that_machines_do_not_know_are_left_out(client: Client):
    first = pictured(variant(stock("ONE", on_hand=1)))
    variant(stock("TWO", on_hand=1), product=first.product)
    assert "variesBy" not in read(client, first.product)


def test_a_variant_has_its_own_picture_where_there_is_one(client: Client):
    first = pictured(variant(stock("ONE", on_hand=1)))
    second = variant(stock("TWO", on_hand=1), product=first.product)
    ProductImage.objects.create(product=first.product, variant=second, drawing="enamel-kettle", position=1)
    one, two = read(client, first.product)["hasVariant"]
    assert "linen-curtains" in one["image"][0]
    assert "enamel-kettle" in two["image"][0]


def test_a_product_that_is_not_for_sale_has_no_offer(client: Client):
    Product.objects.create(title="Plan", slug="plan")
    data, _ = linked_data(client.get("/products/plan/"))
    assert "offers" not in data


def test_the_way_to_a_page_is_the_one_that_it_shows(client: Client):
    home = Category.objects.create(name="Home", slug="home")
    windows = Category.objects.create(name="Windows", slug="windows", parent=home)
    curtains = variant(stock("CURTAINS", on_hand=1)).product
    Product.objects.filter(pk=curtains.pk).update(category=windows)
    _, of_product = linked_data(client.get("/products/curtains/"))
    (of_category,) = linked_data(client.get("/c/windows/"))
    assert problems([of_product, of_category]) == []
    steps = [
        ("Shop", f"{settings.SITE_URL}/"),
        ("Home", f"{settings.SITE_URL}/c/home/"),
        ("Windows", f"{settings.SITE_URL}/c/windows/"),
        ("Curtains", f"{settings.SITE_URL}/products/curtains/"),
    ]
    for trail, way in ((of_product, steps), (of_category, steps[:3])):
        assert trail["@type"] == "BreadcrumbList"
        shown = [(each["position"], each["name"], each["item"]) for each in trail["itemListElement"]]
        assert shown == [(position, *step) for position, step in enumerate(way, start=1)]


def test_the_home_page_says_who_we_are_and_what_a_parcel_costs(client: Client, parcel: ShippingMethod):
    ShippingMethod.objects.create(name="Bicycle", price=3, offered=False)
    shop, site = linked_data(client.get("/"))
    assert problems([shop, site]) == []
    assert (shop["name"], site["name"], site["publisher"]) == ("Dibs", "Dibs", {"@id": shop["@id"]})
    assert site["potentialAction"]["target"]["urlTemplate"] == f"{settings.SITE_URL}/search/?q={{search_term_string}}"
    (service,) = shop["hasShippingService"]
    assert service["name"] == parcel.name
    assert service["shippingConditions"]["shippingRate"]["value"] == "4.90"
    countries = [region["addressCountry"] for region in service["shippingConditions"]["shippingDestination"]]
    assert countries == settings.COUNTRIES_ONLY
    assert client.get(shop["logo"].removeprefix(settings.SITE_URL)).status_code == 200


def test_names_cannot_end_the_script_that_they_stand_in(client: Client):
    shelf = Category.objects.create(name="</script><script>alert(1)</script>", slug="bad")
    page = client.get(shelf.get_absolute_url())
    (trail,) = linked_data(page)
    assert trail["itemListElement"][-1]["name"] == shelf.name
    assert "<script>" not in page.content.decode()
