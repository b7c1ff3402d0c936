"""An order's lines as the desk sees them: where each one stands and everything that was ever told about it."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Prefetch

from backorders.models import Promise, Withdrawal
from backorders.queries import places, portion_of
from shop.models import Order, OrderLine, Proposal
from shop.staff.effects import in_words


@dataclass(frozen=True, slots=True)
class Told:
    """One version of a promise: what was said, when and why it changed."""

    words: str
    reason: str
    rows: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    line: OrderLine
    place: int | None
    told: tuple[Told, ...]
    withdrawals: tuple[Withdrawal, ...]

    @property
    def holds(self) -> Told | None:
        return self.told[0] if self.told else None

    @property
    def earlier(self) -> tuple[Told, ...]:
        return self.told[1:]


def lines_of(order: Order) -> list[LineView]:
    lines = list(
        order.lines.select_related("claim", "variant__stock_item")
        .prefetch_related(
            "claim__promises",
            Prefetch("claim__withdrawals", Withdrawal.objects.order_by("id")),
            Prefetch("proposals", Proposal.objects.select_related("variant__product").order_by("id")),
        )
        .order_by("id")
    )
    in_queue = places([line.claim for line in lines])
    return [
        LineView(line, in_queue.get(line.claim_id), _told(line), tuple(line.claim.withdrawals.all())) for line in lines
    ]


def _told(line: OrderLine) -> tuple[Told, ...]:
    """Latest first."""
    versions: dict[int, list[Promise]] = defaultdict(list)
    for promise in sorted(line.claim.promises.all(), key=lambda row: (row.ships_on is None, row.ships_on)):
        versions[promise.version].append(promise)
    return tuple(
        Told(in_words(map(portion_of, rows)), rows[0].reason, tuple(rows))
        for _, rows in sorted(versions.items(), reverse=True)
    )
