"""Text can be read in both schemes: WCAG's contrast of 4.5 to 1, and 3 to 1 for edges of fields."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = (Path(settings.BASE_DIR) / "shop/static/shop/css/tokens.css").read_text()
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in TOKENS.split("@media"))
TEXT = [
    *((text, ground) for text in ("text", "quiet", "ink", "clay", "wrong") for ground in ("paper", "card")),
    *((text, "sunk") for text in ("text", "quiet")),
    ("on-ink", "ink"),
    ("on-ink", "ink-deep"),
    ("on-clay", "clay"),
    ("on-clay", "clay-deep"),
    ("now-text", "now-soft"),
    ("later-text", "later-soft"),
    ("none-text", "none-soft"),
    ("wrong", "wrong-soft"),
    ("wrong", "later-soft"),
]
EDGES = [("edge", "card"), ("edge", "paper"), ("focus", "paper"), ("focus", "card"), ("now", "card"), ("later", "card")]


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
def test_every_pair_has_contrast(scheme: dict[str, str]):
    weak = {
        f"{front} on {ground}": round(contrast(scheme[front], scheme[ground]), 2)
        for pairs, least in ((TEXT, 4.5), (EDGES, 3.0))
        for front, ground in pairs
        if contrast(scheme[front], scheme[ground]) < least
    }
    assert weak == {}
