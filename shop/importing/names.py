"""Addresses and SKUs made from words: readable, of limited length, the same each time for the same words."""

import hashlib
from collections.abc import Sequence

from django.utils.text import slugify

_MARK = 8


def slug(text: str, most: int = 255) -> str:
    """A slug of at most so many letters; words that leave nothing in ASCII get a mark made of them."""
    made = slugify(text)
    return made if made and len(made) <= most else _marked(made, text, most)


def stable_sku(handle: str, values: Sequence[str]) -> str:
    """The SKU of a variant that came without one, made of handle and option values: CLAY-PLANT-POT-LARGE."""
    parts = [slugify(part) for part in (handle, *values)]
    made = "-".join(part for part in parts if part)
    return made.upper() if all(parts) and len(made) <= 100 else marked_sku(handle, values)


def marked_sku(handle: str, values: Sequence[str]) -> str:
    """Like stable_sku, with a mark that tells apart what reads alike, such as “½ l” and “1⁄2 l”."""
    made = "-".join(filter(None, (slugify(part) for part in (handle, *values))))
    return _marked(made, "\n".join((handle, *values)), 100).upper()


def _marked(made: str, words: str, most: int) -> str:
    mark = hashlib.sha256(words.encode()).hexdigest()[:_MARK]
    return f"{made[: most - _MARK - 1].rstrip('-')}-{mark}".lstrip("-")
