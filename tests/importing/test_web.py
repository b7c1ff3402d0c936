"""Pictures are fetched from a real HTTP server on this machine, which only a test's own judge of addresses permits."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from shop.importing import fetching
from shop.importing.fetching import as_webp, fetch_missing
from shop.importing.web import MOST_BYTES, Unfetchable, get, is_public
from shop.models import Product, ProductImage
from tests.importing.files import goods, run, text


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, size, (0, 128, 128, 90) if mode == "RGBA" else "teal").save(out, kind)
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    asked: ClassVar[Counter[str]] = Counter()
    pictures: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        target = {"/moved": "/a.png", "/elsewhere": "http://other.invalid/a.png", "/loop": "/loop"}.get(self.path)
        if target is not None:
            self.send_response(302)
            self.send_header("Location", target)
        elif self.path in self.pictures:
            self.send_response(200)
        else:
            self.send_response(500 if self.path.startswith("/broken") else 404)
        self.end_headers()
        self.wfile.write(self.pictures.get(self.path, b""))

    def log_message(self, format: str, *args: Any) -> None:
        """The test's own output is enough."""


@contextmanager
def _server(pictures: dict[str, bytes]) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"asked": Counter(), "pictures": pictures})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[str]:
    with _server({"/a.png": picture(), "/large.png": picture((3000, 1500)), "/text.png": b"not a picture"}) as address:
        yield address


def only_here(address: str) -> bool:
    return address == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.9.9",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "::"),
    ],
)
def test_addresses_inside_the_house_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_internet_are_public() -> None:
    assert [is_public(address) for address in ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808")] == [True] * 3


def test_a_picture_is_fetched_and_a_redirect_within_the_host_followed(site: str) -> None:
    assert get(f"{site}/a.png", may_reach=only_here) == picture()
    assert get(f"{site}/moved", may_reach=only_here) == picture()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone.png", "127.0.0.1 answers 404"),
        ("/broken.png", "127.0.0.1 answers 500"),
        ("/elsewhere", "127.0.0.1 sends elsewhere, to other.invalid"),
        ("/loop", "127.0.0.1 redirects without end"),
    ],
)
def test_other_answers_are_refused(site: str, path: str, reason: str) -> None:
    with pytest.raises(Unfetchable) as refusal:
        get(site + path, may_reach=only_here)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f.1"])
def test_nothing_inside_the_house_is_asked(site: str, host: str) -> None:
    port = site.rsplit(":", 1)[1]
    with pytest.raises(Unfetchable, match=r"is not a public address|is not known"):
        get(f"http://{host}:{port}/a.png")


@pytest.mark.parametrize(
    "address",
    ["ftp://p.example/a", "file:///etc/passwd", "http://", "http://a:b@p.example/", "http://p.example:x/", "//p"],
)
def test_only_plain_addresses_of_the_web_are_asked(address: str) -> None:
    with pytest.raises(Unfetchable, match="not a"):
        get(address)


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    with (
        _server({"/huge": b"0" * (MOST_BYTES + 100_000)}) as site,
        pytest.raises(Unfetchable, match="larger than 15 MB"),
    ):
        get(f"{site}/huge", may_reach=only_here)


def test_pictures_are_drawn_anew_smaller_and_without_what_was_hidden_in_them() -> None:
    out = BytesIO()
    Image.new("RGB", (3000, 1500), "teal").save(out, "JPEG", comment=b"<script>alert(1)</script>")
    drawn = as_webp(out.getvalue() + b"<script>alert(2)</script>")
    assert b"script" not in drawn
    with Image.open(BytesIO(drawn)) as image:
        assert (image.format, image.size) == ("WEBP", (2000, 1000))


def test_see_through_pictures_stay_see_through() -> None:
    with Image.open(BytesIO(as_webp(picture(mode="RGBA")))) as image:
        assert image.mode == "RGBA"


def test_what_is_no_picture_or_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for content in (b"", b"not a picture", svg, picture()[:60], picture(kind="BMP")):
        with pytest.raises(Unfetchable, match="not a picture that can be read"):
            as_webp(content)
    monkeypatch.setattr(fetching, "MOST_PIXELS", 1000)
    with pytest.raises(Unfetchable, match="40 × 30 pixels are too many"):
        as_webp(picture())


@pytest.fixture
def product(settings: Any, tmp_path: Path, db: None) -> Product:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return Product.objects.create(title="Mug", slug="mug")


def test_missing_pictures_are_stored_under_random_names_and_failures_counted(site: str, product: Product) -> None:
    for path in ("/a.png", "/large.png", "/text.png", "/gone.png"):
        ProductImage.objects.create(product=product, source=site + path)
    fetched = fetch_missing([product.pk], may_reach=only_here)
    assert fetched.kept == 2
    assert fetched.failures == {"not a picture that can be read": 1, "127.0.0.1 answers 404": 1}
    files = [str(image.file) for image in ProductImage.objects.exclude(file="")]
    assert all(len(file) == len("products/") + 32 + len(".webp") and default_storage.exists(file) for file in files)
    again = fetch_missing([product.pk], may_reach=only_here)
    assert (again.kept, again.failed) == (0, 2)


def test_a_host_that_fails_twice_in_a_row_is_not_asked_again(site: str, product: Product) -> None:
    ProductImage.objects.bulk_create(ProductImage(product=product, source=f"{site}/broken{n}.png") for n in range(40))
    fetched = fetch_missing([product.pk], may_reach=only_here)
    # Four are fetched at once, so up to four may be under way when the second failure comes.
    assert fetched.failures["127.0.0.1 failed 2 times in a row and was not asked again"] >= 35
    assert fetched.failed == 40


def test_an_import_never_fails_for_a_picture(site: str, product: Product, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text(text([goods(Image_Src=f"{site}/a.png")]))
    said = run(file, no_pictures=False)
    assert "Pictures: 0 fetched, 1 could not be fetched.\n  1: 127.0.0.1 is not a public address\n" in said
    assert not ProductImage.objects.get().file


def test_a_dry_run_asks_no_server(site: str, product: Product, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text(text([goods(Image_Src=f"{site}/a.png")]))
    assert "could not be fetched" not in run(file, dry_run=True, no_pictures=False)
