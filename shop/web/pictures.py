"""Pictures of products: a file in the size that is needed, a drawing of the shop's own, or a placeholder."""

import logging
from typing import TypedDict
from zlib import crc32

from redis import RedisError
from sorl.thumbnail import get_thumbnail
from sorl.thumbnail.images import ImageFile

from shop.models import ProductImage

logger = logging.getLogger(__name__)

_TINTS = ("#efe3d2", "#e3e8df", "#dfe6ea", "#f0dfd8", "#f1e6c8")
_TONES = (
    ("#1f3d36", "#2f5a4f"),
    ("#c8643c", "#d9825e"),
    ("#d9a441", "#e6bd6c"),
    ("#7c9cb0", "#9ab4c4"),
    ("#d9a79a", "#e6c0b5"),
)


class Drawn(TypedDict):
    """What the picture's template needs. Without `src` it draws a closed parcel in these colours: no picture yet."""

    src: str
    width: int
    height: int
    alt: str
    tint: str
    tones: tuple[tuple[str, str], ...]


def drawn(image: ProductImage | None, title: str, slug: str, size: int) -> Drawn:
    """Without a title the picture is decoration: its product is named beside it."""
    src, width, height = _file(image, size) if image and image.file else ("", size, size)
    seed = crc32(slug.encode())
    turn = seed % len(_TONES)
    return Drawn(
        src=src or (image.drawing_url if image else ""),
        width=width,
        height=height,
        alt=((image.alt if image else "") or title) if title else "",
        tint=_TINTS[seed // 7 % len(_TINTS)],
        tones=_TONES[turn:] + _TONES[:turn],
    )


def address(image: ProductImage | None) -> str:
    """Where the picture in its largest size lies; empty for a placeholder."""
    if image is None:
        return ""
    return (_file(image, 960)[0] if image.file else "") or image.drawing_url


def photo(image: ProductImage, width: int, height: int) -> bytes | None:
    """The picture cut to this size, as JPEG, which every site takes; None for a file that is lost or broken."""
    cut = _cut(image, f"{width}x{height}", "JPEG")
    return cut.read() if cut else None


def _file(image: ProductImage, size: int) -> tuple[str, int, int]:
    """The picture cut to a square of so many pixels, as WebP. A file that is lost or broken costs no page."""
    cut = _cut(image, f"{size}x{size}", "WEBP")
    return (cut.url, *cut.size) if cut else ("", size, size)


def _cut(image: ProductImage, geometry: str, kind: str) -> ImageFile | None:
    try:
        cut = get_thumbnail(image.file, geometry, crop="center", format=kind, quality=82)
    except (OSError, ValueError, RedisError) as error:
        logger.warning("Picture %s of product %s cannot be shown: %s", image.pk, image.product_id, error)
        return None
    # A file that is gone is no error to the library; it answers with an image that has no size.
    return cut if cut.size else None
