"""The house's own pages: every page leads to them, what is part of an order is named before it, staff write them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import rendering
from notifications.models import Letter
from shop.models import InfoPage
from tests.cast import TODAY, shipping, stock, variant
from tests.web.reading import field, fill_in_details, put_into_cart, words

pytestmark = pytest.mark.django_db


def info_page(title: str = "Terms", **more: Any) -> InfoPage:
    return InfoPage.objects.create(title=title, **{"slug": title.lower(), "text": f"<p>Our {title}.</p>"} | more)


def footer(client: Client, path: str) -> list[str]:
    """The pages to which this one leads at its foot, as they are now."""
    caches["pages"].clear()
    caches["frame"].clear()
    foot = client.get(path).content.decode().partition('<nav aria-label="Service">')[2].partition("</nav>")[0]
    return [part.partition('"')[0] for part in foot.split('href="')[1:] if part.startswith("/about/")]


def test_every_page_leads_to_those_that_are_published_in_their_order(client: Client):
    info_page("Privacy", position=2)
    info_page("Terms", position=1)
    info_page("Draft", published=False)
    for path in ("/", "/cart/", "/accounts/login/", "/about/terms/", "/nothing/"):
        assert footer(client, path) == ["/about/terms/", "/about/privacy/"]
    assert client.get("/about/draft/").status_code == 404


def test_the_page_says_what_was_written_without_what_could_harm(client: Client):
    info_page(text="<h2>One</h2><script>steal()</script><p onclick='steal()'>Goods come back within 14 days.</p>")
    page = client.get("/about/terms/").content.decode()
    assert "<h2>One</h2><p>Goods come back within 14 days.</p>" in page
    assert "steal" not in page
    assert 'rel="canonical"' in page


def test_what_is_part_of_the_order_is_named_beside_the_button(client: Client):
    info_page("Terms", part_of_orders=True, position=1)
    info_page("Privacy")
    info_page("Withdrawal", part_of_orders=True, position=2)
    put_into_cart(client, variant(stock("MUG", on_hand=1)), 1)
    answer = fill_in_details(client, shipping().pk)
    assert "Terms and Withdrawal are part of the order." in words(answer)
    assert "Privacy is part" not in words(answer)


def test_the_letter_about_the_order_leads_to_what_was_named_before_it(client: Client):
    terms = info_page("Terms & conditions", slug="terms", part_of_orders=True)
    put_into_cart(client, variant(stock("MUG", on_hand=1)), 1)
    review = fill_in_details(client, shipping().pk)
    # Meanwhile something else becomes part of every order: of this one it is none.
    info_page("Returns", part_of_orders=True)
    InfoPage.objects.filter(pk=terms.pk).update(part_of_orders=False)
    caches["frame"].clear()
    client.post("/checkout/review/", {"shown": field(review, "shown")})
    mail = rendering.message(Letter.objects.get())
    address = f"{settings.SITE_URL}/about/terms/"
    assert f"PART OF YOUR ORDER\n\n  Terms & conditions: {address}\n" in mail.body
    beside = str(mail.alternatives[0][0])
    assert f'href="{address}"' in beside
    assert "Terms &amp; conditions" in beside
    assert "Returns" not in mail.body + beside


def test_who_has_no_such_pages_reads_nothing_of_them(client: Client):
    put_into_cart(client, variant(stock("MUG", on_hand=1)), 1)
    assert "part of the order" not in words(fill_in_details(client, shipping().pk))
    assert footer(client, "/") == []


def test_the_way_there_is_asked_for_once_a_minute(client: Client, django_assert_num_queries: Any):
    info_page()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.get("/about/terms/")
        with django_assert_num_queries(2):  # the page, and the shelves
            client.get("/about/terms/")
        InfoPage.objects.update(title="Conditions")
        clock.shift(timedelta(minutes=1, seconds=1))
        assert "Conditions" in client.get("/").content.decode()


def test_an_old_address_leads_to_the_new_one_while_the_page_can_be_read(client: Client):
    page = info_page()
    page.slug = "conditions"
    page.save()
    answer = client.get("/about/terms/")
    assert (answer.status_code, answer["Location"]) == (301, "/about/conditions/")
    page.published = False
    page.save()
    assert client.get("/about/terms/").status_code == 404


def test_search_engines_find_it_with_the_day_of_its_latest_change(client: Client):
    info_page()
    info_page("Draft", published=False)
    sitemap = client.get("/sitemap.xml").content.decode()
    assert f"/about/terms/</loc><lastmod>{TODAY}</lastmod>" in sitemap
    assert "/about/draft/" not in sitemap


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("First line\nsecond\n\nNext", "<p>First line<br>second</p>\n\n<p>Next</p>"),
        ("<p>As <b>HTML</b></p><script>x</script>", "<p>As <b>HTML</b></p>"),
        ("Delivery < 3 days & more.\n\nNext", "<p>Delivery &lt; 3 days &amp; more.</p>\n\n<p>Next</p>"),
        ('<a href="/about/privacy/">Here</a>', '<a href="/about/privacy/">Here</a>'),
        ('<a href="tel:+49301234">Call</a>', '<a href="tel:+49301234">Call</a>'),
        ('<a href="//evil.example/">There</a>', "<a>There</a>"),
        ('<a href="javascript:x()">There</a>', "<a>There</a>"),
    ],
)
def test_staff_write_it_as_text_or_as_html(admin_client: Client, written: str, kept: str):
    form = {"title": "Terms", "slug": "terms", "text": written, "published": "on", "position": "0"}
    assert admin_client.post(reverse("admin:shop_infopage_add"), form).status_code == 302
    page = InfoPage.objects.get()
    assert (page.text, page.history.latest().history_user.email) == (kept, "admin@example.com")


def test_a_text_of_which_nothing_is_left_is_refused_with_a_sentence(admin_client: Client):
    form = {"title": "Terms", "slug": "terms", "text": "<script>x</script>", "published": "on", "position": "0"}
    answer = admin_client.post(reverse("admin:shop_infopage_add"), form)
    assert "Nothing is left of this text without its unsafe parts: write what the page says." in words(answer)
    assert not InfoPage.objects.exists()
