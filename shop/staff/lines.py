"""An order's lines as the desk sees them: where each one stands and everything that was ever told about it."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from backorders.models import Promise, Withdrawal
from backorders.queries import places, portion_of
from shop.dossiers import Dossier
from shop.models import Announcement, OrderLine, Return
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
    announcements: tuple[Announcement, ...]
    returns: tuple[Return, ...]

    @property
    def holds(self) -> Told | None:
        return self.told[0] if self.told else None

    @property
    def earlier(self) -> tuple[Told, ...]:
        return self.told[1:]


def lines_of(dossier: Dossier) -> list[LineView]:
    in_queue = places([line.claim for line in dossier.lines])
    withdrawals, told = defaultdict(list), _told(dossier)
    announced, returns = defaultdict(list), defaultdict(list)
    for row in dossier.withdrawals:
        withdrawals[row.claim_id].append(row)
    for announcement in dossier.announcements:
        announced[announcement.line_id].append(announcement)
    for came_back in dossier.returns:
        returns[came_back.line_id].append(came_back)
    return [
        LineView(
            line,
            in_queue.get(line.claim_id),
            tuple(told[line.claim_id]),
            tuple(withdrawals[line.claim_id]),
            tuple(announced[line.pk]),
            tuple(returns[line.pk]),
        )
        for line in dossier.lines
    ]


def _told(dossier: Dossier) -> dict[int, list[Told]]:
    """By claim, latest first."""
    told: dict[int, list[Told]] = defaultdict(list)
    for (claim, _), same in groupby(dossier.promises, key=lambda row: (row.claim_id, row.version)):
        rows = tuple(same)
        told[claim].insert(0, Told(in_words(map(portion_of, rows)), rows[0].reason, rows))
    return told
