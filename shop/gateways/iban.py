"""Is this an account number that money can reach? The international rule (ISO 13616) with its two check digits."""

import re


def compact(text: str) -> str:
    """Without the spaces that people write."""
    return "".join(text.split()).upper()


def is_iban(text: str) -> bool:
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    # The country and the check digits go to the end, letters count from A = 10, and the whole leaves 1 modulo 97.
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def is_bic(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", text))
