"""What a postcode looks like, country by country, so that a slip of the finger is found before a parcel is lost by it.

The formats are those that each country's post has told the Universal Postal Union ("Addressing systems", upu.int). A
country that is not listed takes whatever is written.
"""

import re
from collections.abc import Iterable

# 9 is a digit, A a letter, X either of them; spaces and hyphens are left out. The first of a country is written as its
# post writes it and serves as an example.
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
    "GB": ("SW1A 1AA", "A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA"),
    "GR": ("104 31", "99999"),
    "HR": ("10000", "99999"),
    "HU": ("1011", "9999"),
    "IE": ("D02 AF30", "A9XXXXX"),
    "IS": ("101", "999"),
    "IT": ("00118", "99999"),
    "JP": ("100-0001", "9999999"),
    "LI": ("9490", "9999"),
    "LT": ("01100", "99999"),
    "LU": ("1009", "9999"),
    "LV": ("1050", "9999"),
    "MC": ("98000", "99999"),
    "MT": ("VLT 1117", "AAA9999"),
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
_KINDS = {"9": "[0-9]", "A": "[A-Z]", "X": "[0-9A-Z]"}


def _pattern(formats: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join("".join(_KINDS[sign] for sign in each) for each in formats))


_PATTERNS = {country: _pattern(formats) for country, (_, *formats) in _FORMATS.items()}
# Such as D-10115 or LV-1050, which is how a letter from abroad was addressed.
_COUNTRY_BEFORE = re.compile(r"^[A-Z]{1,2}-(?=[0-9])")


def is_usual(postcode: str, country: str) -> bool:
    """Could there be such a postcode in this country (ISO 3166, two letters)? Spaces, hyphens and case do not count."""
    pattern = _PATTERNS.get(country)
    bare = re.sub(r"[\s-]", "", _COUNTRY_BEFORE.sub("", postcode.strip().upper()))
    return pattern is None or pattern.fullmatch(bare) is not None


def example(country: str) -> str:
    """A postcode of this country as its post writes it; empty where the format is not known."""
    return _FORMATS[country][0] if country in _FORMATS else ""
