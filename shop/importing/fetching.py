"""Fetches the pictures that an import named, after its commit. A failure is counted, never raised."""

import secrets
import warnings
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import batched
from threading import Lock
from urllib.parse import urlsplit

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

from shop.importing.web import MayReach, Unfetchable, get, is_public
from shop.models import ProductImage

MOST_PIXELS = 40_000_000
_LONGEST_SIDE = 2000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_AT_ONCE = 4
_FAILURES_OF_A_HOST = 2


@dataclass(slots=True)
class Fetched:
    """How many pictures were stored, and how many could not be had for which reason."""

    kept: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        return self.failures.total()


class _Hosts:
    """Which hosts failed several times in a row: a shop of ten thousand pictures does not wait for each of them."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._lock = Lock()

    def is_down(self, host: str) -> bool:
        with self._lock:
            return self._failures[host] >= _FAILURES_OF_A_HOST

    def note(self, host: str, *, failed: bool) -> None:
        with self._lock:
            self._failures[host] = self._failures[host] + 1 if failed else 0


def fetch_missing(
    product_ids: Collection[int],
    *,
    may_reach: MayReach = is_public,
    progress: Callable[[int], object] = lambda _: None,
) -> Fetched:
    """Fetch every picture of these products that has an address and no file yet."""
    fetched, hosts = Fetched(), _Hosts()
    missing = (
        ProductImage.objects.filter(product__in=product_ids, file="", drawing="").exclude(source="").order_by("id")
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # In small batches, so that few pictures stand in memory; only this thread speaks to the database.
        for batch in batched(list(missing.values_list("pk", "source")), _AT_ONCE * 4):
            pictures = pool.map(lambda row: _picture(row[1], hosts, may_reach), batch)
            for (pk, _), picture in zip(batch, pictures, strict=True):
                try:
                    _keep(pk, picture)
                    fetched.kept += 1
                except Unfetchable as error:
                    fetched.failures[str(error)] += 1
                progress(1)
    return fetched


def _picture(source: str, hosts: _Hosts, may_reach: MayReach) -> bytes | Unfetchable:
    """Runs in a thread of the pool: one picture's trouble is a value, and ends no other's."""
    host = _host(source)
    if hosts.is_down(host):
        return Unfetchable(f"{host} failed {_FAILURES_OF_A_HOST} times in a row and was not asked again")
    try:
        picture = as_webp(get(source, may_reach=may_reach))
    except Unfetchable as error:
        hosts.note(host, failed=error.host_is_down)
        return error
    hosts.note(host, failed=False)
    return picture


def _host(source: str) -> str:
    try:
        return urlsplit(source).hostname or ""
    except ValueError:
        return ""


def as_webp(content: bytes) -> bytes:
    """Decode a picture and draw it anew: what comes out holds pixels and nothing else, at most 2000 of them a side.

    Raises Unfetchable when it is no JPEG, PNG, WebP or GIF, is broken, or has more than MOST_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=_FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Unfetchable(f"{image.width} × {image.height} pixels are too many")
                image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
                upright = ImageOps.exif_transpose(image)
                drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Unfetchable:
        raise
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them stumble over.
        raise Unfetchable("not a picture that can be read") from error
    drawn.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    webp = BytesIO()
    drawn.save(webp, "WEBP", quality=85)
    return webp.getvalue()


def name_of_webp() -> str:
    """A name for a picture that nobody chose, and nobody guesses."""
    return f"{secrets.token_hex(16)}.webp"


def _keep(pk: int, picture: bytes | Unfetchable) -> None:
    """Store the file under a random name, unless somebody gave the row a file or removed it in the meantime."""
    if isinstance(picture, Unfetchable):
        raise picture
    file = ProductImage._meta.get_field("file")
    try:
        name = file.storage.save(f"{file.upload_to}{name_of_webp()}", ContentFile(picture))
    except OSError as error:
        raise Unfetchable(f"the file cannot be stored: {error.strerror or error}") from error
    if not ProductImage.objects.filter(pk=pk, file="").update(file=name):
        file.storage.delete(name)
