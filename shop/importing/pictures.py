"""Addresses of pictures, as files give them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from shop.importing.rows import Picture, Sheet, VariantRow

_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_LONGEST = 2000


def usable(address: str, sheet: Sheet, line: int) -> str:
    """The address if it is one of the web, else an empty text and a remark: no import fails for a picture."""
    if address.startswith("//"):
        address = f"https:{address}"
    if address and (len(address) > _LONGEST or not _ADDRESS.fullmatch(address)):
        sheet.remark("Left out pictures whose address is not http or https", line)
        return ""
    return address


def gathered(named: Iterable[tuple[str, str]], variants: Sequence[VariantRow]) -> tuple[Picture, ...]:
    """All pictures of a product in order, each once. One that a single variant names becomes that variant's own.

    `named` are pairs of address and alternative text; pictures that only variants name come after them.
    """
    alts: dict[str, str] = {}
    for address, alt in named:
        if address:
            alts[address] = alts.get(address) or alt
    shown_by = defaultdict(list)
    for index, variant in enumerate(variants):
        if variant.picture:
            alts.setdefault(variant.picture, "")
            shown_by[variant.picture].append(index)
    return tuple(
        Picture(address, alt, shown_by[address][0] if len(shown_by[address]) == 1 and len(variants) > 1 else None)
        for address, alt in alts.items()
    )
