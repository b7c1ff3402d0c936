"""What an act does to customers, row by row, in the words of the desk."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Sum
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backorders.facts import Filled, Moved
from backorders.plan import Portion, is_worse
from backorders.queries import holding
from shop.formats import long_day
from shop.models import Order, OrderLine
from shop.sending import is_together, move_of_all
from shop.staff.flow import address

# A page stays readable; the totals above the rows always count everything.
ROWS_ON_A_PAGE = 200
_LINKS_IN_A_MESSAGE = 10


@dataclass(frozen=True, slots=True)
class Gets:
    """An order line is given units that it waits for."""

    line: OrderLine
    units: int
    lacked: int

    @property
    def lacks(self) -> int:
        return self.lacked - self.units


@dataclass(frozen=True, slots=True)
class Hears:
    """An order line's promise changes, and its customer is told; unless all is sent together and its day stays."""

    line: OrderLine
    old: str
    new: str
    is_later: bool
    is_told: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """Whom an act touches. Rows stand in the order of the queue and are cut off at ROWS_ON_A_PAGE."""

    gets: tuple[Gets, ...]
    hears: tuple[Hears, ...]
    units_given: int
    orders_served: tuple[Order, ...]
    orders_told: tuple[Order, ...]
    orders_completed: int
    promises: int
    letters: int

    @property
    def more_gets(self) -> int:
        return max(0, len(self.gets) - ROWS_ON_A_PAGE)

    @property
    def more_hears(self) -> int:
        return max(0, len(self.hears) - ROWS_ON_A_PAGE)

    @property
    def shown_gets(self) -> tuple[Gets, ...]:
        return self.gets[:ROWS_ON_A_PAGE]

    @property
    def shown_hears(self) -> tuple[Hears, ...]:
        return self.hears[:ROWS_ON_A_PAGE]


def effects(filled: Sequence[Filled], moved: Sequence[Moved]) -> Effects:
    """Facts by claim become rows by order. Two queries for any number of facts."""
    lines = _lines([*(fact.claim_id for fact in filled), *(fact.claim_id for fact in moved)])
    gets = tuple(
        Gets(lines[fact.claim_id], fact.units, fact.units + fact.lacks) for fact in filled if fact.claim_id in lines
    )
    silent = _silent(lines.values(), moved)
    hears = tuple(_hears(lines[fact.claim_id], fact, silent) for fact in moved if fact.claim_id in lines)
    served = {row.line.order_id: row.line.order for row in gets}
    told = {row.line.order_id: row.line.order for row in hears if row.is_told}
    letters = {(pk, row.is_later and not is_together(told[pk])) for row in hears if (pk := row.line.order_id) in told}
    return Effects(
        gets=gets,
        hears=hears,
        units_given=sum(row.units for row in gets),
        orders_served=tuple(served.values()),
        orders_told=tuple(told.values()),
        orders_completed=_completed(gets),
        promises=len(hears),
        # One letter per order, and a second one if it hears of a later and of an earlier day at once.
        letters=len(served) + len(letters),
    )


def in_words(portions: Iterable[Portion]) -> str:
    """Portions such as "2 by 9 December 2026 (estimated), 1 by a day not known yet"."""
    return ", ".join(_portion_in_words(portion) for portion in portions)


def links_to(orders: Sequence[Order]) -> SafeString:
    """Links for a message: the first few orders by number, and how many more there are."""
    links = format_html_join(
        ", ", '<a href="{}">{}</a>', ((address(order), order.number) for order in orders[:_LINKS_IN_A_MESSAGE])
    )
    more = len(orders) - _LINKS_IN_A_MESSAGE
    return format_html("{} and {} more", links, more) if more > 0 else links


def _portion_in_words(portion: Portion) -> str:
    estimated = "" if portion.confirmed or portion.ships_on is None else " (estimated)"
    return f"{portion.quantity} {'now' if portion.now else f'by {long_day(portion.ships_on)}{estimated}'}"


def _hears(line: OrderLine, fact: Moved, silent: set[int]) -> Hears:
    is_later = is_worse(fact.new, fact.old)
    return Hears(line, in_words(fact.old), in_words(fact.new), is_later, line.order_id not in silent)


def _silent(touched: Iterable[OrderLine], moved: Sequence[Moved]) -> set[int]:
    """Ids of orders that are sent together and whose own day stays, whatever moves within. No query without any."""
    facts = {fact.claim_id: fact for fact in moved}
    together = {line.order_id for line in touched if line.claim_id in facts and is_together(line.order)}
    if not together:
        return set()
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=together).select_related("claim"):
        lines[line.order_id].append(line)
    told = holding([line.claim_id for same in lines.values() for line in same])
    return {pk for pk, same in lines.items() if move_of_all(same, told, facts) is None}


def _lines(claim_ids: Sequence[int]) -> dict[int, OrderLine]:
    lines = OrderLine.objects.filter(claim__in=set(claim_ids)).select_related("order")
    return {line.claim_id: line for line in lines}


def _completed(gets: Sequence[Gets]) -> int:
    """Orders that then wait for nothing."""
    given: dict[int, int] = {}
    for row in gets:
        given[row.line.order_id] = given.get(row.line.order_id, 0) + row.units
    lacking = (
        OrderLine.objects.filter(order__in=given)
        .values_list("order")
        .annotate(units=Sum(F("claim__quantity") - F("claim__allocated")))
    )
    return sum(units == given[order_id] for order_id, units in lacking)
