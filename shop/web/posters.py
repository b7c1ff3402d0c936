"""The picture that stands for a page where somebody shares its address: a photo, or a drawing with title and price.

It never says what is in stock, because others keep a copy for weeks. What is drawn is drawn when it is first asked for,
and kept in the storage under a name made of all that it shows, beside no older one of the same page.
"""

import base64
import hashlib
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import resvg_py
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from font_source_serif_pro import SourceSerifProSemibold
from PIL import ImageFont

WIDTH, HEIGHT = 1200, 630
_FONT = SourceSerifProSemibold
_DRAWINGS = Path(__file__).parent.parent / "static" / "shop" / "drawings"
_COLUMN = 442
# From the largest letters down to those in which every title is cut to fit.
_SIZES = ((68, 3), (56, 4), (44, 5))


@dataclass(frozen=True, slots=True)
class Poster:
    """`drawing` is one of the shop's own; without it the shop's mark is shown. A `photo` stands for itself."""

    title: str
    price: str = ""
    drawing: str = ""
    photo: str = ""

    @property
    def key(self) -> str:
        """Another one for each poster that looks different."""
        return hashlib.sha256(repr((settings.SHOP_NAME, astuple(self))).encode()).hexdigest()[:20]


def png(poster: Poster, page: str) -> bytes:
    """The poster of a page, of which one is kept at a time."""
    folder = f"posters/{page}"
    name = f"{folder}/{poster.key}.png"
    with suppress(FileNotFoundError), default_storage.open(name) as kept:
        content: bytes = kept.read()
        return content
    content = _draw(poster)
    _clear(folder)
    default_storage.save(name, ContentFile(content))
    return content


def _draw(poster: Poster) -> bytes:
    size, lines = _set(poster.title)
    step = round(size * 1.14)
    top = 330 - step * len(lines) // 2 + size
    context = {
        "shop_name": settings.SHOP_NAME,
        "price": poster.price,
        "size": size,
        "lines": [(top + step * number, line) for number, line in enumerate(lines)],
        "drawing": _as_data(poster.drawing) if poster.drawing else "",
    }
    svg = render_to_string("poster.svg", context)
    # Fonts of the machine would make another picture on each.
    return resvg_py.svg_to_bytes(svg_string=svg, font_files=[_FONT], skip_system_fonts=True)


def _as_data(drawing: str) -> str:
    content = (_DRAWINGS / f"{drawing}.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"


def _set(title: str) -> tuple[int, list[str]]:
    """The title in lines that fit into its column, and the size of their letters."""
    words = "".join(letter if letter.isprintable() else " " for letter in title).split()
    for size, most in _SIZES:
        lines = _lines(words, size)
        if len(lines) <= most and all(_width(line, size) <= _COLUMN for line in lines):
            return size, lines
    return size, [*lines[: most - 1], f"{lines[most - 1]} …"] if len(lines) > most else lines


def _lines(words: list[str], size: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and _width(longer, size) <= _COLUMN:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _width(text: str, size: int) -> float:
    return ImageFont.truetype(_FONT, size).getlength(text)


def _clear(folder: str) -> None:
    with suppress(FileNotFoundError):
        for older in default_storage.listdir(folder)[1]:
            default_storage.delete(f"{folder}/{older}")
