"""Figures and how they are printed: ours, the reference beside it, their ratio, the target and whether it is met."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_WIDTHS = (46, 12, 30, 7, 16, 8)
# Of what is broken; a wrong counter is often wrong for many.
SHOWN = 5
_HEAD = ("what", "ours", "beside it, same run", "ratio", "target", "")


@dataclass(frozen=True, slots=True)
class Target:
    """A limit of our figure, or of its ratio to the reference."""

    limit: float
    at_most: bool = True
    of_ratio: bool = False

    def is_met(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'ratio ' if self.of_ratio else ''}{'≤' if self.at_most else '≥'} {number(self.limit)}"


@dataclass(frozen=True, slots=True)
class Beside:
    """The reference: the same thing done by the least that could do it, on the same machine in the same run."""

    what: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    ours: float
    unit: str = ""
    beside: Beside | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside.value if self.beside and self.beside.value else None

    @property
    def is_met(self) -> bool | None:
        """None when there is no target, or nothing to compare with."""
        value = self.ratio if self.target and self.target.of_ratio else self.ours
        return self.target.is_met(value) if self.target and value is not None else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row: its figures, remarks such as repetitions and percentiles, and every broken rule of the shop."""

    figures: Sequence[Figure]
    remarks: Sequence[str] = ()
    violations: Sequence[str] = field(default=())


def head() -> Iterator[str]:
    yield _line(_HEAD)
    yield _line(tuple("-" * width for width in _WIDTHS))


def lines(name: str, outcome: Outcome, *, judged: bool) -> Iterator[str]:
    """The row as text. Not judged: targets are for the full numbers, a smaller run only shows that it works."""
    for place, figure in enumerate(outcome.figures):
        yield _line(_cells(figure, f"{name}: {figure.what}" if not place else f"  {figure.what}", judged))
    yield from (f"    {remark}" for remark in outcome.remarks)
    yield from (f"    VIOLATED: {sentence}" for sentence in outcome.violations[:SHOWN])
    if more := len(outcome.violations[SHOWN:]):
        yield f"    and {more:,} more of that kind"


def number(value: float) -> str:
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cells(figure: Figure, what: str, judged: bool) -> tuple[str, ...]:
    unit = f" {figure.unit}" if figure.unit else ""
    verdict = {True: "met", False: "NOT MET", None: ""}[figure.is_met if judged else None]
    return (
        what,
        number(figure.ours) + unit,
        f"{figure.beside.what} {number(figure.beside.value)}{unit}" if figure.beside else "",
        number(figure.ratio) if figure.ratio is not None else "",
        f"{figure.target}{'' if figure.target.of_ratio else unit}" if figure.target else "",
        verdict,
    )


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
