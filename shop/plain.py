"""Orders as plain values, for letters to thousands.

One query reads them, and no model instance is made: that alone would cost more than the letters. Everything is called
as it is called in the models, so that the same functions put a single order and a thousand into words.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from backorders.queries import among
from backorders.units import PlainClaim
from inventory.prepared import Given, Prepared
from shop.models import Order, OrderLine, Payment
from shop.models.payments import is_awaited


class PlainPayment(NamedTuple):
    gateway: str
    amount: Decimal
    state: str
    due_by: datetime | None

    @property
    def is_awaited(self) -> bool:
        return is_awaited(self.state, self.due_by)


class PlainOrder(NamedTuple):
    payment: PlainPayment
    pk: int
    number: str
    link_version: int
    email: str
    name: str
    currency: str
    sends: str
    placed_at: datetime


class PlainLine(NamedTuple):
    claim: PlainClaim
    title: str
    choice: str

    @property
    def claim_id(self) -> int:
        return self.claim.pk


type AnyOrder = Order | PlainOrder
type AnyLine = OrderLine | PlainLine
type AnyPayment = Payment | PlainPayment

# In the order of the fields above.
_ORDER = ("id", "number", "link_version", "email", "name", "currency", "sends", "placed_at")
_PAYMENT = ("gateway", "amount", "state", "due_by")
_LINE = ("title", "choice")
_CLAIM = ("id", "quantity", "allocated", "shipped")
_COLUMNS = [
    *(f"order__{name}" for name in _ORDER),
    *(f"order__payment__{name}" for name in _PAYMENT),
    *_LINE,
    *(f"claim__{name}" for name in _CLAIM),
]
_ENDS = list(accumulate(map(len, (_ORDER, _PAYMENT, _LINE, _CLAIM))))


def orders_of(claim_ids: Iterable[int]) -> Iterator[tuple[PlainOrder, list[PlainLine]]]:
    """Every order that one of the claims belongs to, with all its lines. One query, asked at once; what it answers is
    put together as it is gone through."""
    return _put_together(_rows(claims=list(claim_ids)))


def _put_together(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[PlainOrder, list[PlainLine]]]:
    order_end, payment_end, line_end, _ = _ENDS
    for _, same in groupby(rows, key=itemgetter(0)):
        lines = list(same)
        payment = PlainPayment(*lines[0][order_end:payment_end])
        yield (
            PlainOrder(payment, *lines[0][:order_end]),
            [PlainLine(PlainClaim(*line[line_end:]), *line[payment_end:line_end]) for line in lines],
        )


_rows = Prepared(
    lambda: (
        OrderLine.objects.filter(
            order__in=OrderLine.objects.filter(claim__in=among(Given("claims"))).values("order"),
        )
        .order_by("order_id", "id")
        .values_list(*_COLUMNS)
    )
)
