"""The supply of an article as a row of stops: how many units by which day, and which of them would be the shopper's."""

from collections.abc import Iterator
from dataclasses import dataclass

from backorders.plan import Portion, Quote

# As many as stand side by side on a phone that is held upright, or nearly.
MOST_STOPS = 5


@dataclass(frozen=True, slots=True)
class Stop:
    """Units that a newcomer can have by one day, and how many of them the wanted quantity takes.

    Without an end any number can be had by that day. What comes in more `deliveries` is drawn as one: by the last.
    """

    portion: Portion
    yours: int
    is_endless: bool = False
    deliveries: int = 1


def stops(answer: Quote, wanted: int) -> tuple[Stop, ...]:
    """All that can be promised, in the order in which it comes; `answer` is asked for more than anybody buys."""
    return tuple(_stops(answer, wanted))


def _stops(answer: Quote, wanted: int) -> Iterator[Stop]:
    portions = answer.portions
    alone = len(portions) if len(portions) <= MOST_STOPS else MOST_STOPS - 1
    for number, portion in enumerate(portions[:alone], start=1):
        yours = min(wanted, portion.quantity)
        wanted -= yours
        yield Stop(portion, yours, is_endless=number == len(portions) and not answer.missing)
    if rest := portions[alone:]:
        units = sum(portion.quantity for portion in rest)
        confirmed = all(portion.confirmed for portion in rest)
        together = Portion(units, rest[-1].ships_on, confirmed=confirmed, basis=rest[-1].basis)
        yield Stop(together, min(wanted, units), is_endless=not answer.missing, deliveries=len(rest))
