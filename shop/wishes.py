"""What a shopper wants of a listing, and which variants fit it: all of her wishes by one and the same variant, for blue
curtains of which only the green ones are on the shelf are not what she looks for."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.prepared import Given
from shop.ranking import NOW, ranked, ships_by

_WEEK = timedelta(days=7)
_BOUNDS = {"price_from": "price__gte", "price_to": "price__lte"}


class Ships(StrEnum):
    """The days by which a unit is to ship that have a name."""

    NOW = "now"
    TODAY = "today"
    WEEK = "week"


class Sort(StrEnum):
    """The order of a listing. `BEST` is the shop's own: what ships first, or what fits the searched words best."""

    BEST = ""
    CHEAPEST = "price"
    DEAREST = "-price"
    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Empty means all there is. Of several values of one option any will do; different options must all be met."""

    ships: Ships | date | None = None
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    options: tuple[tuple[str, str], ...] = ()
    sort: Sort = Sort.BEST

    @property
    def are_any(self) -> bool:
        """Whether anything is wished that some variants do not fit."""
        return self != Wishes(sort=self.sort)

    @property
    def shape(self) -> "Wishes":
        """The same wishes, whatever their values are: all of one shape are answered by one prepared query."""
        names = list(dict.fromkeys(name for name, _ in self.options))
        return replace(
            self,
            price_from=None if self.price_from is None else Decimal(0),
            price_to=None if self.price_to is None else Decimal(0),
            options=tuple((str(names.index(name)), str(place)) for place, (name, _) in enumerate(self.options)),
        )

    @property
    def given(self) -> dict[str, object]:
        """The values, for the prepared query of their shape."""
        options = {f"option_{place}": json.dumps([pair]) for place, pair in enumerate(self.options)}
        return {"price_from": self.price_from, "price_to": self.price_to, **options}

    def ships_by(self, today: date) -> date | None:
        """The last day on which one unit may ship; None where it is not a day that counts."""
        if isinstance(self.ships, Ships):
            return {Ships.TODAY: today, Ships.WEEK: today + _WEEK}.get(self.ships)
        return self.ships


class Fitting:
    """The wishes as conditions on variants. One query when a unit is to ship by a day.

    Without `at` it is for a prepared query (see `ranking.ranked`), which is given the values of wishes of this shape.
    No day is among them.
    """

    def __init__(self, wishes: Wishes, at: datetime | None, customer: str = "") -> None:
        self.wishes, self._at = wishes, at
        self._by = wishes.ships_by(timezone.localdate(at)) if at else None
        self._always = self._price() & self._in_time(customer)
        self._options: dict[str, Q] = {}
        for name, value in wishes.options:
            pair = [[name, value]] if at else Given(f"option_{value}")
            self._options[name] = self._options.get(name, Q()) | Q(options__contains=pair)

    def of(self, variants: QuerySet[Any]) -> QuerySet[Any]:
        return self.measured(variants).filter(self.but_for(None))

    def ranked(self, variants: QuerySet[Any]) -> QuerySet[Any]:
        """The same, with their rank."""
        return ranked(variants, self._at, by=self._by).filter(self.but_for(None))

    def measured(self, variants: QuerySet[Any]) -> QuerySet[Any]:
        """With all that the conditions ask about, which costs nothing where nobody asks for a day."""
        return ranked(variants, self._at, by=self._by) if self.wishes.ships else variants

    def but_for(self, name: str | None) -> Q:
        """All conditions, save the one about an option: so many would fit if another of its values were chosen."""
        return reduce(and_, (fits for option, fits in self._options.items() if option != name), self._always)

    def _price(self) -> Q:
        amounts = {"price_from": self.wishes.price_from, "price_to": self.wishes.price_to}
        wished = {name: amount if self._at else Given(name) for name, amount in amounts.items() if amount is not None}
        return Q(**{_BOUNDS[name]: amount for name, amount in wished.items()})

    def _in_time(self, customer: str) -> Q:
        if self._by and self._at:
            return ships_by(self._by, self._at, customer)
        return Q(rank=NOW) if self.wishes.ships else Q()
