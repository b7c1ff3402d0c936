"""What an act does to customers, row by row, in the words of the desk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backorders.facts import Moved
from backorders.plan import Portion
from backorders.telling import Asked
from notifications import rendering
from notifications.models import Letter
from shop.cancellations import CancelledOrder
from shop.formats import count, long_day, money
from shop.models import Order, OrderLine
from shop.notices import Foretold
from shop.settling import Foreseen
from shop.staff.flow import address
from shop.staff.wording import kind_in_words
from shop.wording import until

# A page stays readable; the totals above the rows always count everything.
ROWS_ON_A_PAGE = 200
_LINKS_IN_A_MESSAGE = 10
NOBODY = "No day changed that anybody was told; no letter was written."
_DAY_OF_ALL_STAYS = "sent together, and the day of the whole order stays"
_TOO_LATE = "its day has passed already, and it is being cancelled"


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
    """An order line's promise changes. Its customer is told what it `asks` of her, or nothing, and then why."""

    line: OrderLine
    old: str
    new: str
    is_later: bool
    asks: str
    silent: str

    @property
    def is_told(self) -> bool:
        return not self.silent


@dataclass(frozen=True, slots=True)
class Sample:
    """A letter as it would be written: its words, and the page that mail programs show. No page if it has a fault."""

    recipient: str
    subject: str
    text: str
    page: str = ""

    @classmethod
    def of(cls, letter: Letter) -> "Sample":
        try:
            parts = rendering.preview(letter)
        except rendering.UnableToRender as error:
            return cls(letter.recipient, letter.template, f"This letter cannot be shown: {error}")
        return cls(letter.recipient, parts.subject, parts.text, parts.html)


@dataclass(frozen=True, slots=True)
class Effects:
    """Whom an act touches. Rows stand in the order of the queue and are cut off at ROWS_ON_A_PAGE."""

    gets: tuple[Gets, ...]
    hears: tuple[Hears, ...]
    units_given: int
    orders_served: tuple[Order, ...]
    orders_told: tuple[Order, ...]
    orders_completed: int
    broken: int
    better: int
    to_answer: int
    letters: int
    samples: tuple[Sample, ...]

    @property
    def in_short(self) -> str:
        """Such as "37 promises break, 4 need an answer, 37 letters"."""
        parts = [
            count(self.broken, "promise breaks", "promises break") if self.broken else "",
            count(self.better, "promise gets better", "promises get better") if self.better else "",
            count(self.to_answer, "needs an answer", "need an answer"),
            count(self.letters, "letter", "letters"),
        ]
        return ", ".join(filter(None, parts))

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


def effects(foreseen: Foreseen) -> Effects:
    """Facts by claim become rows by order. A fixed number of queries for any number of facts."""
    filled, moved, told = foreseen.outcome.filled, foreseen.outcome.moved, foreseen.told
    lines = _lines([*(fact.claim_id for fact in filled), *(fact.claim_id for fact in moved)])
    gets = tuple(
        Gets(lines[fact.claim_id], fact.units, fact.units + fact.lacks) for fact in filled if fact.claim_id in lines
    )
    hears = tuple(_hears(lines[fact.claim_id], fact, told) for fact in moved if fact.claim_id in lines)
    served = {row.line.order_id: row.line.order for row in gets}
    broken = sum(row.is_later for row in hears)
    return Effects(
        gets=gets,
        hears=hears,
        units_given=sum(row.units for row in gets),
        orders_served=tuple(served.values()),
        orders_told=tuple({row.line.order_id: row.line.order for row in hears if row.is_told}.values()),
        orders_completed=_completed(gets),
        broken=broken,
        better=len(hears) - broken,
        to_answer=sum(asked.answer_by is not None for asked in told.asks.values()),
        letters=len(served) + told.letters,
        samples=tuple(map(Sample.of, told.samples)),
    )


def in_words(portions: Iterable[Portion]) -> str:
    """Portions such as "2 by 9 December 2026 (estimated), 1 by a day not known yet"."""
    return ", ".join(_portion_in_words(portion) for portion in portions)


def tell_of(request: HttpRequest, foreseen: Foreseen, *, nobody: str = NOBODY) -> None:
    """Whom an act reached, as messages; what is said where it reached nobody may be nothing."""
    touched = effects(foreseen)
    if touched.orders_served:
        served = links_to(touched.orders_served)
        messages.info(request, format_html("Units were given to {}; each customer gets a letter.", served))
    if touched.orders_told:
        told = links_to(touched.orders_told)
        messages.info(request, format_html("The promised day changed for {}; each gets a letter.", told))
    if nobody and not touched.letters:
        messages.info(request, nobody)


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


def _hears(line: OrderLine, fact: Moved, told: Foretold) -> Hears:
    asked = told.asks.get(fact.claim_id)
    silent = "" if asked else _TOO_LATE if fact.claim_id in told.too_late else _DAY_OF_ALL_STAYS
    return Hears(
        line, in_words(fact.old), in_words(fact.new), fact.is_later, _asks(asked, fact) if asked else "", silent
    )


def _asks(asked: Asked, fact: Moved) -> str:
    """What a move asks of its customer, in words; nothing when the day gets better and no question is open."""
    if asked.withdrawn:
        return "our question needs no answer any more"
    by = until(asked.answer_by) if asked.answer_by else ""
    if asked.kind is None:
        return f"our question stays open until {by}" if by else ""
    kind = kind_in_words(asked.kind, fact.new[-1].ships_on)
    return f"{kind}: needs a yes by {by}" if by else f"{kind}: silence keeps it"


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


def refunds_of(cancelled: Iterable[CancelledOrder]) -> list[tuple[CancelledOrder, str]]:
    """The rows of `staff/_cancelled.html`."""
    return [(each, money(each.refund, each.order.currency)) for each in cancelled]


def cancelled_in_short(cancelled: Sequence[CancelledOrder]) -> str:
    """Such as "3 orders, 7 units, €147.00 to pay back"."""
    orders, units = count(len(cancelled), "order"), count(sum(each.units for each in cancelled), "unit")
    return f"{orders}, {units}, {money(sum((each.refund for each in cancelled), Decimal(0)))} to pay back"
