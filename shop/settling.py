"""After any change of stock, supply or queue: fill, plan anew, tell exactly those whom it reaches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backorders import promises, queries, queue
from backorders.facts import Filled, Moved
from backorders.models import Queue
from inventory.locking import stand_in_line
from inventory.pipelining import pipelined
from shop import messages, notices, wakeups
from shop.notices import Foretold
from shop.transactions import leave_the_disk_to_others, use_case


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

    @classmethod
    def together(cls, parts: Sequence["Foreseen"]) -> "Foreseen":
        """What several changes of different queues would do."""
        filled = tuple(fact for part in parts for fact in part.outcome.filled)
        moved = tuple(fact for part in parts for fact in part.outcome.moved)
        return cls(Outcome(filled, moved), Foretold.together([part.told for part in parts]))


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
    tell(queues.values(), moved, at=at)
    wakeups.wake_fill(queues)
    return Outcome(tuple(filled), tuple(moved))


def foresee(
    queues: Mapping[int, Queue], *, reason: str, actor: str, at: datetime, own: Mapping[int, str] | None = None
) -> Foreseen:
    """What `settle` and the worker after it will do, for a transaction that is rolled back: no wake-ups."""
    filled: list[Filled] = []
    for line in queues.values():
        while some := queue.fill(line, actor=actor, at=at):
            filled += some
    moved = promises.revise_all(queues.values(), reason=reason, own=_own(queues, filled, own), at=at)
    notices.arrived(filled, at=at)
    return Foreseen(Outcome(tuple(filled), tuple(moved)), notices.foresee(moved, at=at))


def tell(queues: Collection[Queue], moved: Sequence[Moved], *, at: datetime) -> None:
    """Tell days that moved, and wake the worker for those of the queues that are still in doubt."""
    notices.tell(moved, at=at)
    wakeups.wake_tell(line.item_id for line in queues if line.in_doubt)
    wakeups.wake_mailer()


def tell_waiting(item_id: int, *, clock: Callable[[], datetime]) -> None:
    """Tell those whose day moved with a fact that reaches more than one transaction tells, in chunks that commit.

    Each chunk is one transaction with its notices and letters: a kill between two chunks loses nothing, and the sweep
    goes on. The clock is read for each: nobody is told after her day as if it were before.
    """
    while _tell_chunk(item_id, at=clock()):
        pass


@use_case
def _tell_chunk(item_id: int, *, at: datetime) -> bool:
    with pipelined():
        leave_the_disk_to_others()
        stand_in_line([item_id])
        line = queue.lock([item_id])[item_id]
    moved = promises.go_on([line], at=at, in_force=False)
    notices.tell(moved, at=at)
    if line.in_doubt:
        return True
    # The fact itself has woken the mailer before, and letters are written faster than he sends them.
    wakeups.wake_mailer()
    return False


def _own(queues: Mapping[int, Queue], filled: Sequence[Filled], own: Mapping[int, str] | None) -> dict[int, str]:
    """Whose day moves because others were served while she was passed over reads why she was."""
    served = [queues[pk] for pk in {fact.item_id for fact in filled}]
    return queries.hold_reasons(served) | dict(own or {})
