"""What an import of a catalogue does to each product and variant, in words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from shop.importing.categories import Shelves
from shop.importing.cells import listed
from shop.importing.matching import Match, ProductMatch
from shop.importing.planned import Change, Row, in_words
from shop.importing.writing import Renamed

_COLUMNS = {
    "title": "Title",
    "category_id": "Category",
    "description": "Description",
    "vendor": "Vendor",
    "tags": "Tags",
    "published": "Published",
    "featured": "Featured",
    "options": "Options",
    "price": "Price",
    "compare_at_price": "Compare-at price",
    "weight_grams": "Weight in grams",
    "barcode": "Barcode",
    "position": "Position",
    "stock_item": "Stock item",
}
_SHORT = 60
_BEFORE = 15


def rows_of(matches: Sequence[ProductMatch], shelves: Shelves, renamed: Renamed) -> Iterator[Row]:
    """The rows of products and of their variants. Both may stand on one line."""
    for match in matches:
        old = match.changed
        new = {name: getattr(match.product, name) for name in old}
        if "category_id" in old:
            old, new = ({**values, "category_id": shelves.name(values["category_id"])} for values in (old, new))
        yield Row(match.row.line, match.product.title, match.is_new, _changes({} if match.is_new else old, new))
        for variant in match.variants:
            yield _row_of_variant(variant, renamed)


def _row_of_variant(match: Match, renamed: Renamed) -> Row:
    variant, item = match.variant, match.variant.stock_item
    new = {name: getattr(variant, name) for name in match.changed}
    if "stock_item" in new:
        new["stock_item"] = " ".join(renamed[item.pk])
    old = {} if match.is_new else match.changed
    return Row(match.row.line, f"{item.sku} {variant.choice}".strip(), match.is_new, _changes(old, new))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(words, *_around_the_difference(_cell(old.get(name)), _cell(new[name])))
        for name, words in _COLUMNS.items()
        if name in new
    )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return listed(part if isinstance(part, str) else ": ".join(part) for part in value)
    return in_words(value)


def _around_the_difference(old: str, new: str) -> tuple[str, str]:
    """Of long texts the part where they begin to differ."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = max(0, alike - _BEFORE) if max(len(old), len(new)) > _SHORT else 0
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    part = text[start : start + _SHORT]
    return f"{'…' if start and part else ''}{part}{'…' if start + _SHORT < len(text) else ''}"
