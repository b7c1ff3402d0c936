"""A page of the catalog comes from a cache, and never says what does not hold any more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.template import engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from backorders.models import Claim, Policy, Queue
from backorders.queue import Rules
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from shop import delays, fulfilment, shown, turns
from shop.models import Category, LostDemand, Product, ProductImage, User, Variant
from shop.shown import State
from shop.web.cached import LIFE
from tests.cast import ADA, BO, CY, LATER, NOON, SOON, buy, inbound, stock, variant
from tests.web.reading import put_into_cart, words

pytestmark = pytest.mark.django_db

CURTAINS = "/products/popular-curtains/"


@pytest.fixture
def curtains() -> Variant:
    """Two on the shelf, five to come on a day and five on a later one; Ada waits for one."""
    item = stock(on_hand=2)
    inbound(item, 5)
    inbound(item, 5, LATER)
    article = variant(item)
    buy((article, 3), who=ADA)
    return article


def look(client: Client, address: str = CURTAINS) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return words(response)


def keep(client: Client, address: str = CURTAINS) -> str:
    """The page, which is kept from now on."""
    look(client, address)
    page = look(client, address)
    with CaptureQueriesContext(connection) as queries:
        assert look(client, address) == page
    # She may have a cart; nothing else is read but whether the page still holds.
    read = [query["sql"] for query in queries if "django_session" not in query["sql"]]
    assert all("pg_current_snapshot()" in sql for sql in read)
    return page


def buys(article: Variant) -> None:
    buy((article, 1), who=BO)


def receives(article: Variant) -> None:
    line = line_of(article)
    fulfilment.receive("D-1", [Arrived(line.item_id, 5)], order=line.order, actor=CY, at=NOON)


def moves_the_day(article: Variant) -> None:
    line = line_of(article)
    day = SOON + timedelta(days=3)
    delays.move_expected_day(line, day, confirmed=True, reason="Held at customs", actor=CY, at=NOON)


def has_longer_handling(article: Variant) -> None:
    supplier = line_of(article).order.supplier
    delays.change_handling_days(supplier, 5, reason="A new warehouse", actor=CY, at=NOON)


def closes(article: Variant) -> None:
    item = article.stock_item
    delays.change_rules(
        item.pk, replace(Rules.of(item.queue), policy=Policy.CLOSED), reason="It is discontinued", at=NOON
    )


def puts_off(article: Variant) -> None:
    claim = Claim.objects.get(item=article.stock_item_id)
    later = PurchaseOrderLine.objects.latest("id")
    turns.change(turns.put_off(claim, later, reason="She is away"), actor=CY, at=NOON)


def line_of(article: Variant) -> PurchaseOrderLine:
    return PurchaseOrderLine.objects.filter(item=article.stock_item_id).earliest("id")


def prices(article: Variant) -> None:
    Variant.objects.filter(pk=article.pk).update(price="51.00")


def renames(article: Variant) -> None:
    Product.objects.filter(pk=article.product_id).update(title="Heavy curtains")


def renames_the_shelf(article: Variant) -> None:
    Category.objects.update(name="House")


def adds_a_picture(article: Variant) -> None:
    ProductImage.objects.create(product=article.product, drawing="linen-curtains", alt="Curtains in a window")


def adds_a_kind(article: Variant) -> None:
    variant(stock("WIDER", on_hand=1), product=article.product)


CHANGES = [
    *(buys, receives, moves_the_day, has_longer_handling, closes, puts_off),
    *(prices, renames, renames_the_shelf, adds_a_picture, adds_a_kind),
]


@pytest.mark.parametrize("changes", CHANGES)
def test_whatever_changes_the_page_shows_it_at_once(
    client: Client, curtains: Variant, changes: Callable[[Variant], None]
):
    before = keep(client, f"{CURTAINS}?quantity=4")
    pictures = client.get(CURTAINS).content.count(b"<img")
    changes(curtains)
    kept = client.get(f"{CURTAINS}?quantity=4")
    caches["pages"].clear()
    made = client.get(f"{CURTAINS}?quantity=4")
    assert words(kept) == words(made)
    assert (words(made), made.content.count(b"<img")) != (before, pictures)


def test_control_without_its_state_a_page_goes_on_saying_what_was(
    client: Client, curtains: Variant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shown, "state_of", lambda products: State("as ever", "as ever"))
    before = keep(client)
    buys(curtains)
    assert look(client) == before


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("changes", CHANGES)
def test_outside_a_transaction_as_well(client: Client, curtains: Variant, changes: Callable[[Variant], None]):
    """There it is first asked whether anything was written at all."""
    keep(client, f"{CURTAINS}?quantity=4")
    changes(curtains)
    kept = client.get(f"{CURTAINS}?quantity=4")
    caches["pages"].clear()
    assert words(kept) == words(client.get(f"{CURTAINS}?quantity=4"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_with_an_old_answer_to_that_a_page_goes_on_saying_what_was(
    client: Client, curtains: Variant, monkeypatch: pytest.MonkeyPatch
):
    answers, state_of = [], shown.state_of

    def asked(products):
        answers.append(state_of(products))
        return answers[-1]

    monkeypatch.setattr(shown, "state_of", asked)
    before = keep(client)
    # Not the answer of this moment: tests that run beside this one write to the same server.
    monkeypatch.setattr(shown, "snapshot", lambda: answers[-1].snapshot)
    buys(curtains)
    assert look(client) == before


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_while_nothing_is_written_nothing_is_asked_of_the_tables(client: Client, curtains: Variant):
    keep(client)
    # What is written to other databases of this server, as by tests that run beside this one, counts as well.
    for _ in range(500):
        before = shown.snapshot()
        look(client)
        with CaptureQueriesContext(connection) as queries:
            look(client)
        if shown.snapshot() == before:
            break
    else:
        pytest.fail("There was no moment in which nothing was written to this server.")
    # That one is asked past Django, see shop.shown.
    assert not queries.captured_queries


@pytest.mark.parametrize("address", ["/", "/c/home/", "/c/home/?ships=now"])
def test_a_shelf_shows_at_once_what_is_sold(client: Client, address: str):
    lamp = variant(stock("LAMP", on_hand=1))
    Product.objects.update(featured=True)
    assert "Lamp €49.00 In stock" in keep(client, address)
    buys(lamp)
    assert "Lamp €49.00 In stock" not in look(client, address)


def test_what_is_new_on_a_shelf_is_there_within_a_minute(client: Client):
    variant(stock("LAMP", on_hand=1))
    keep(client, "/c/home/")
    variant(stock("CHAIR", on_hand=1))
    with time_machine.travel(NOON + LIFE, tick=False):
        assert "Chair" in look(client, "/c/home/")


def test_what_is_shown_instead_is_watched_as_well(client: Client):
    variant(stock("GONE"))
    cushion = variant(stock("CUSHION", on_hand=1))
    assert "Cushion" in keep(client, "/products/gone/")
    buys(cushion)
    assert "Cushion" not in look(client, "/products/gone/")


def test_a_page_that_changes_while_it_is_made_is_not_kept(
    client: Client, curtains: Variant, monkeypatch: pytest.MonkeyPatch
):
    """She reads the old price at the most once: what was made of it is out of date as soon as it is there."""
    look(client)
    render = Product.get_absolute_url

    def reprice_and_go_on(product: Product) -> str:
        prices(curtains)
        return render(product)

    with monkeypatch.context() as patch:
        patch.setattr(Product, "get_absolute_url", reprice_and_go_on)
        assert "€49.00" in look(client)
    assert "€51.00" in look(client)


def test_a_kept_page_knows_what_time_it_is(client: Client, settings: Any):
    settings.SHIPPING_WEEKDAYS, settings.CUTOFF_HOUR = [0, 1, 2, 3, 4, 5, 6], 14
    variant(stock(on_hand=1))
    assert "Order before 14:00 and it ships today." in keep(client)
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        assert "1 ships tomorrow" in look(client)


def test_a_browser_is_told_that_it_has_the_page_already(client: Client, curtains: Variant):
    keep(client)
    etag = client.get(CURTAINS)["ETag"]
    again = client.get(CURTAINS, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "private, no-cache"
    buys(curtains)
    changed = client.get(CURTAINS, headers={"If-None-Match": etag})
    assert (changed.status_code, changed["ETag"] == etag) == (200, False)


def test_a_page_whose_forms_would_be_refused_is_not_what_the_browser_has(client: Client, curtains: Variant):
    keep(client)
    etag = client.get(CURTAINS)["ETag"]
    old = client.cookies.pop("csrftoken")
    anew = client.get(CURTAINS, headers={"If-None-Match": etag})
    assert (anew.status_code, client.cookies["csrftoken"].value == old.value) == (200, False)
    assert client.get(CURTAINS, headers={"If-None-Match": anew["ETag"]}).status_code == 304


def test_a_cart_is_nobody_elses(client: Client, curtains: Variant):
    keep(client)
    other = Client()
    put_into_cart(other, curtains, 2)
    assert "Cart , units in it: 2" in keep(other)
    assert "units in it" not in look(client)


def test_every_visitor_sends_a_token_of_her_own(curtains: Variant):
    visitors = [Client(enforce_csrf_checks=True) for _ in range(2)]
    tokens = set()
    for visitor in visitors:
        keep(visitor)
        body = visitor.get(CURTAINS).content.decode()
        token = body.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        sent = {"variant": curtains.pk, "quantity": 1, "csrfmiddlewaretoken": token}
        assert visitor.post("/cart/add/", sent).status_code == 302
        tokens.add(token)
    assert len(tokens) == len(visitors)


def test_who_is_signed_in_gets_a_page_of_her_own(client: Client, curtains: Variant):
    Queue.objects.update(per_customer=1)
    assert "Your orders" not in keep(client)
    ada = Client()
    ada.force_login(User.objects.create_user(ADA["email"]))
    assert "Your orders" in look(ada)
    assert "private" in ada.get(CURTAINS).headers["Cache-Control"]
    assert "Your orders" not in look(client)


def test_a_quantity_that_is_refused_is_counted_each_time(client: Client, curtains: Variant):
    for number in range(3):
        client.get(CURTAINS, {"quantity": "400"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert LostDemand.objects.count() == 3


def test_a_page_without_a_form_is_the_same_for_all_and_leaves_no_cookie(client: Client, curtains: Variant):
    pages = [client.get("/c/home/"), Client().get("/c/home/")]
    assert len({page["ETag"] for page in pages}) == 1
    assert not any(page.cookies for page in pages)


def test_each_form_of_a_kept_page_has_a_stand_in_for_the_token(rf: RequestFactory):
    page = engines["pages"].from_string("{{ csrf_input }}{{ csrf_token }}")
    drawn = page.render({"csrf_token": "stand-in"}, rf.get("/"))
    assert drawn == '<input type="hidden" name="csrfmiddlewaretoken" value="stand-in">stand-in'
