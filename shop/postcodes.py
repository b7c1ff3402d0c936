"""What a postcode looks like, country by country, so that a slip of the finger is found before a parcel is lost by it.

The formats are those that each country's post has told the Universal Postal Union ("Addressing systems", upu.int). A
country that is not listed takes whatever is written.
"""

import re
from collections.abc import Iterable

# The British forces abroad.
_FORCES = tuple(f"BFPO{'9' * digits}" for digits in range(1, 5))
# 9 is a digit, A a letter, * either of them; what stands between them is left out. The first of a country is written as
# its post writes it and serves as an example.
_FORMATS = {
    "AT": ("1010", "9999"),
    "AU": ("2000", "9999"),
    "BE": ("1000", "9999"),
    "BG": ("1000", "9999"),
    "CA": ("K1A 0B1", "A9A9A9"),
    "CH": ("8001", "9999"),
    "CY": ("1010", "9999"),
    "CZ": ("110 00", "99999"),
    "DE": ("10115", "99999"),
    "DK": ("1050", "9999"),
    "EE": ("10111", "99999"),
    "ES": ("28001", "99999"),
    "FI": ("00100", "99999"),
    "FR": ("75001", "99999"),
    "GB": ("SW1A 1AA", "A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA", "GIR9AA", *_FORCES),
    "GR": ("104 31", "99999"),
    "HR": ("10000", "99999"),
    "HU": ("1011", "9999"),
    "IE": ("D02 AF30", "A9*****"),
    "IS": ("101", "999"),
    "IT": ("00118", "99999"),
    "JP": ("100-0001", "9999999"),
    "LI": ("9490", "9999"),
    "LT": ("01100", "99999"),
    "LU": ("1009", "9999"),
    "LV": ("LV-1050", "9999"),
    "MC": ("98000", "99999"),
    "MT": ("VLT 1117", "AAA9999", "AAA99"),
    "NL": ("1012 JS", "9999AA"),
    "NO": ("0150", "9999"),
    "NZ": ("6011", "9999"),
    "PL": ("00-001", "99999"),
    "PT": ("1000-001", "9999999"),
    "RO": ("010011", "999999"),
    "SE": ("111 20", "99999"),
    "SI": ("1000", "9999"),
    "SK": ("811 01", "99999"),
    "SM": ("47890", "99999"),
    "UA": ("01001", "99999"),
    "US": ("10001", "99999", "999999999"),
}
_KINDS = {"9": "[0-9]", "A": "[A-Z]", "*": "[0-9A-Z]"}
# The sign on the cars of a country, where it is not the code of ISO 3166.
_SIGNS = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "ES": "E",
    "FI": "FIN",
    "FR": "F",
    "HU": "H",
    "IT": "I",
    "LU": "L",
    "NO": "N",
    "PT": "P",
    "SE": "S",
    "SI": "SLO",
}
# Letters that stand for themselves.
_AS_THEY_ARE = re.compile("BFPO|GIR")


def _pattern(country: str, formats: Iterable[str]) -> re.Pattern[str]:
    """It may begin with the country's letters, as in D-10115 or LV-1050: letters from abroad were addressed so."""
    before = "|".join(filter(None, (country, _SIGNS.get(country))))
    return re.compile(f"(?:{before})?(?:{'|'.join(map(_one, formats))})")


def _one(written: str) -> str:
    fixed = _AS_THEY_ARE.match(written)
    head, rest = (fixed[0], written[fixed.end() :]) if fixed else ("", written)
    return head + "".join(_KINDS[sign] for sign in rest)


_PATTERNS = {country: _pattern(country, formats) for country, (_, *formats) in _FORMATS.items()}


def is_usual(postcode: str, country: str) -> bool:
    """Could there be such a postcode in this country (ISO 3166, two letters)? Only its letters, of either case, and its
    digits count."""
    pattern = _PATTERNS.get(country)
    bare = re.sub(r"[\W_]", "", postcode.upper())
    return pattern is None or pattern.fullmatch(bare) is not None


def example(country: str) -> str:
    """A postcode of this country as its post writes it; empty where the format is not known."""
    return _FORMATS[country][0] if country in _FORMATS else ""
