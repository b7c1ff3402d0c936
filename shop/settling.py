"""After any change of stock, supply or queue: fill, plan anew, tell exactly those whom it reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backorders import promises, queries, queue
from backorders.facts import Filled, Moved
from backorders.models import Queue
from shop import messages, notices, wakeups
from shop.notices import Foretold


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change does to those who wait."""

    filled: tuple[Filled, ...]
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a change would do, and what those whose day it moves would be told."""

    outcome: Outcome
    told: Foretold


def settle(
    queues: Mapping[int, Queue], *, reason: str, actor: str, at: datetime, own: Mapping[int, str] | None = None
) -> Outcome:
    """Give what is free to those who wait and write their letters, in the transaction that locked the queues.

    `reason` is what customers read about a day that moved; `own` has other words for single claims. What is beyond one
    chunk is left to the worker.
    """
    filled = [fact for line in queues.values() for fact in queue.fill(line, actor=actor, at=at)]
    moved = promises.revise(queues.values(), reason=reason, own=_own(queues, filled, own), at=at)
    notices.arrived(filled, at=at)
    messages.units_arrived(filled, at=at)
    notices.tell(moved, at=at)
    wakeups.wake_fill(queues)
    wakeups.wake_mailer()
    return Outcome(tuple(filled), tuple(moved))


def foresee(
    queues: Mapping[int, Queue], *, reason: str, actor: str, at: datetime, own: Mapping[int, str] | None = None
) -> Foreseen:
    """What `settle` and the worker after it will do, for a transaction that is rolled back: no wake-ups."""
    filled: list[Filled] = []
    for line in queues.values():
        while some := queue.fill(line, actor=actor, at=at):
            filled += some
    moved = promises.revise(queues.values(), reason=reason, own=_own(queues, filled, own), at=at)
    notices.arrived(filled, at=at)
    return Foreseen(Outcome(tuple(filled), tuple(moved)), notices.foresee(moved, at=at))


def _own(queues: Mapping[int, Queue], filled: Sequence[Filled], own: Mapping[int, str] | None) -> dict[int, str]:
    """Whose day moves because others were served while she was passed over reads why she was."""
    served = [queues[pk] for pk in {fact.item_id for fact in filled}]
    return queries.hold_reasons(served) | dict(own or {})
