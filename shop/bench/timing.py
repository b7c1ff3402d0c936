"""Clocks and counters of the bench."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in seconds; what it answers is in milliseconds."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return self.percentile(50)

    @property
    def worst(self) -> float:
        return max(self.seconds) * 1000

    def percentile(self, percent: int) -> float:
        """The smallest duration that is not exceeded by so many percent of all."""
        ranked = sorted(self.seconds)
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)] * 1000

    def __str__(self) -> str:
        far = "".join(f", p{percent} {self.percentile(percent):.1f}" for percent in (95, 99))
        ends = f"fastest {min(self.seconds) * 1000:.1f}, worst {self.worst:.1f} ms of {len(self.seconds):,}"
        return f"median {self.median:.1f}{far}, {ends}"


def clock(action: Callable[[], object]) -> float:
    """How many seconds it took."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that Django sends meanwhile; BEGIN and COMMIT do not count."""
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements
