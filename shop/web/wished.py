"""A shopper's wishes in the address of a listing: read kindly, and written in one way only.

What nobody could have chosen is passed over, so that the tidy address of a page may differ from the one that was asked
for: the page then sends there, and what a shopper copies, keeps or sends to a friend says each wish once.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone

from inventory.dispatch import ready_on
from shop.catalog import Listing
from shop.facets import MOST_OPTIONS
from shop.formats import long_day, money
from shop.ranking import FURTHEST
from shop.wishes import Ships, Sort, Wishes

MOST_LETTERS = 100
_MOST_CHOSEN = 20
_MOST_DIGITS_OF_A_PAGE = 5
_OPTION = "option."
# What the form says instead of a day that has a name; the day stands in a field of its own.
_BY = "by"
SHIPS = {Ships.NOW: "Available now", Ships.TODAY: "Ships today", Ships.WEEK: "Ships within a week"}
SORTS = {
    Sort.BEST: "Soonest first",
    Sort.CHEAPEST: "Price, low to high",
    Sort.DEAREST: "Price, high to low",
    Sort.NEWEST: "Newest first",
    Sort.NAME: "Name, A to Z",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an address asks of a listing. `words` are what is searched for, if anything is."""

    wishes: Wishes
    words: str = ""
    page: int = 1

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        wishes = self.wishes
        pairs = [
            ("q", self.words),
            *((f"{_OPTION}{name}", value) for name, value in wishes.options),
            ("ships", wishes.ships.isoformat() if isinstance(wishes.ships, date) else wishes.ships or ""),
            ("price_from", _plain(wishes.price_from)),
            ("price_to", _plain(wishes.price_to)),
            ("sort", wishes.sort),
            ("page", str(self.page) if self.page > 1 else ""),
        ]
        return [(name, str(value)) for name, value in pairs if value]

    @property
    def page_of_all(self) -> int:
        """The page of the listing as a whole that stands for this one, whatever was wished of it."""
        return 1 if self.wishes.are_any or self.wishes.sort else self.page

    def wishing(self, **changed: Any) -> "Asked":
        """The first page of the same with other wishes."""
        return replace(self, wishes=replace(self.wishes, **changed), page=1)


@dataclass(frozen=True, slots=True)
class Chip:
    """A wish in words, and the address without it."""

    words: str
    address: str


def read(request: HttpRequest, *, searching: bool = False) -> Asked:
    query, today = request.GET, timezone.localdate()
    sort = query.get("sort", "")
    order = Sort(sort) if sort in set(Sort) else Sort.BEST
    wishes = Wishes(_ships(query, today), *_prices(query), _options(query), order)
    words = " ".join(query.get("q", "")[:MOST_LETTERS].split()) if searching else ""
    return Asked(wishes, words, _page(query.get("page", "")))


def tidied(request: HttpRequest, asked: Asked) -> HttpResponse | None:
    """Sends to the tidy address of what is asked for, unless it is this one."""
    said = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)
    return _to(request, asked) if sorted(said) != sorted(asked.pairs) else None


def last_page(request: HttpRequest, asked: Asked, first: Listing) -> HttpResponse:
    """Sends from a page beyond the last to the last one; the first page knows how many there are."""
    return _to(request, replace(asked, page=first.pages))


def chips(request: HttpRequest, asked: Asked) -> list[Chip]:
    """Every wish that leaves something out, each with the address that does without it."""
    wishes = asked.wishes
    gone: list[tuple[str, Asked]] = []
    if wishes.ships:
        gone.append((_ships_words(wishes.ships), asked.wishing(ships=None)))
    if wishes.price_from is not None:
        gone.append((f"From {money(wishes.price_from)}", asked.wishing(price_from=None)))
    if wishes.price_to is not None:
        gone.append((f"Up to {money(wishes.price_to)}", asked.wishing(price_to=None)))
    for option in wishes.options:
        others = tuple(each for each in wishes.options if each != option)
        gone.append((f"{option[0]}: {option[1]}", asked.wishing(options=others)))
    return [Chip(words, _address(request, without)) for words, without in gone]


def context(request: HttpRequest, asked: Asked, best_first: str = SORTS[Sort.BEST]) -> dict[str, object]:
    """What the templates of a listing's filters need; `best_first` says what comes first unless another order is
    wished."""
    today = timezone.localdate()
    wishes, sorts = asked.wishes, SORTS | {Sort.BEST: best_first}
    return {
        "asked": asked,
        "wishes": wishes,
        "price_from": _plain(wishes.price_from),
        "price_to": _plain(wishes.price_to),
        "chips": chips(request, asked),
        "everything": _address(request, Asked(Wishes(sort=wishes.sort), asked.words)),
        "sorts": [
            (label, _address(request, asked.wishing(sort=sort)), sort is wishes.sort) for sort, label in sorts.items()
        ],
        "sorted_by": sorts[wishes.sort],
        "by": wishes.ships if isinstance(wishes.ships, date) else None,
        "nothing_after": today + FURTHEST,
        # Too late on an evening, and on a day on which nobody ships.
        "ships_today": ready_on(timezone.now()) == today,
        "in_a_week": Wishes(Ships.WEEK).ships_by(today),
    }


def _to(request: HttpRequest, asked: Asked) -> HttpResponse:
    return HttpResponseRedirect(_address(request, asked))


def _address(request: HttpRequest, asked: Asked) -> str:
    return f"{request.path}?{asked.query}" if asked.pairs else request.path


def _ships(query: QueryDict, today: date) -> Ships | date | None:
    """A day that has a name, or one of the calendar: in the form it stands in a field of its own."""
    text = query.get("ships", "")
    if text in set(Ships):
        return Ships(text)
    if text in {"", _BY}:
        text = query.get("day", "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if today <= day <= today + FURTHEST else None


def _ships_words(ships: Ships | date) -> str:
    if isinstance(ships, date):
        return f"Ships by {long_day(ships)}"
    return SHIPS[ships]


def _prices(query: QueryDict) -> tuple[Decimal | None, Decimal | None]:
    """From and to, also where they were typed the other way round."""
    low, high = (_amount(query.get(name, "")) for name in ("price_from", "price_to"))
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _amount(text: str) -> Decimal | None:
    """A price as people type it: 12, 12.50, 12,50 or €12."""
    found = re.fullmatch(r"[€$£]?\s*([0-9]{1,6})(?:[.,]([0-9]{1,2}))?\s*[€$£]?", text.strip(), re.ASCII)
    return Decimal(f"{found[1]}.{found[2] or 0}") if found else None


def _plain(amount: Decimal | None) -> str:
    """An amount as an address says it: "12" or "12.5"."""
    return "" if amount is None else f"{amount.normalize():f}"


def _options(query: QueryDict) -> tuple[tuple[str, str], ...]:
    keys = islice((key for key in query if key.startswith(_OPTION)), MOST_OPTIONS)
    named = ((key.removeprefix(_OPTION), query.getlist(key)) for key in keys)
    pairs = ((name, value) for name, values in named for value in values)
    sane = (pair for pair in pairs if all(0 < len(part) <= MOST_LETTERS for part in pair))
    return tuple(islice(dict.fromkeys(sane), _MOST_CHOSEN))


def _page(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS_OF_A_PAGE
    return max(1, int(text)) if is_number else 1
