"""The options that a listing can be narrowed down by, each with the number of articles that it would leave."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, JSONField, Min, QuerySet
from django.db.models.functions import Cast

from shop.wishes import Fitting

MOST_OPTIONS, MOST_VALUES = 6, 30


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an option; `articles` are those that fit all the other wishes and have it."""

    name: str
    articles: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """An option by which articles differ, such as Colour, with its values in the order of the products' own."""

    name: str
    values: tuple[Value, ...]

    @property
    def is_chosen(self) -> bool:
        return any(value.is_chosen for value in self.values)


class _Pairs(Func):
    """The pairs of name and value of a variant's options, each in a row of its own."""

    function = "jsonb_path_query"
    template = "%(function)s(%(expressions)s, '$[*]')"
    set_returning = True
    output_field = JSONField()


def counted(variants: QuerySet[Any], fitting: Fitting) -> QuerySet[Any, Any]:
    """The values of all options of these variants, each with the number of articles that fit and have it."""
    return (
        fitting.measured(variants)
        .annotate(pair=_Pairs(F("options")))
        .values("pair")
        .annotate(
            place=Min(_place()),
            articles=_articles(fitting.but_for(None)),
            **{column: _articles(fitting.but_for(name)) for name, column in _columns(fitting).items()},
        )
        .order_by("place", "pair")
    )


def facets(counted: Iterable[Mapping[str, Any]], fitting: Fitting) -> tuple[Facet, ...]:
    """Of what was counted, the options with more than one value: those that were chosen, then the most widely used."""
    chosen, column_of = fitting.wishes.options, _columns(fitting)
    values: dict[str, list[Value]] = defaultdict(list)
    for row in counted:
        name, value = row["pair"]
        articles = row[column_of.get(name, "articles")]
        values[name].append(Value(value, articles, (name, value) in chosen))
    found = (Facet(name, tuple(each[:MOST_VALUES])) for name, each in values.items() if len(each) > 1)
    # What was chosen stays, or the form would take the choice back without a word.
    by_use = sorted(found, key=lambda facet: (not facet.is_chosen, -sum(value.articles for value in facet.values)))
    return tuple(by_use[:MOST_OPTIONS])


def _place() -> Func:
    """Where a value stands: by its product, and then as that product has it."""
    place = [F("product_id"), Cast("position", BigIntegerField())]
    return Func(*place, template="ARRAY[%(expressions)s]", output_field=ArrayField(BigIntegerField()))


def _articles(fits: Any) -> Count:
    return Count("product", distinct=True, filter=fits)


def _columns(fitting: Fitting) -> dict[str, str]:
    """By the names of the options that were chosen: under what it is counted how many would fit but for them."""
    names = dict.fromkeys(name for name, _ in fitting.wishes.options)
    return {name: f"but_for_{place}" for place, name in enumerate(names)}
