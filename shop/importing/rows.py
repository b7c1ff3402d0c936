"""What every format is read into. `fields` holds only what the file says: a column that it lacks changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_LINES_SHOWN = 10

type Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A cell that cannot be taken. `line` counts the lines of the file from 1, the header is on the first of them."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.reason}" if self.column else f"line {self.line}: {self.reason}"


class BadRows(Exception):
    """The file was refused as a whole; `problems` names every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = sorted(set(problems))


@dataclass(frozen=True, slots=True)
class Picture:
    """An address of a picture; `variant` is the place of the variant that alone shows it, if one does."""

    source: str
    alt: str = ""
    variant: int | None = None


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One choice of options. `sku` is empty when the file gives none; `stock` is None when it gives no count."""

    line: int
    sku: str
    options: Options
    fields: dict[str, Any]
    stock: int | None = None
    backorders: bool = False
    picture: str = ""

    @property
    def choice(self) -> str:
        return ", ".join(value for _, value in self.options)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product with all its variants. `handle_is_made` tells that the file has no handles: its SKUs identify it."""

    line: int
    handle: str
    fields: dict[str, Any]
    variants: tuple[VariantRow, ...]
    pictures: tuple[Picture, ...] = ()
    category: tuple[str, ...] | None = None
    handle_is_made: bool = False

    @property
    def title(self) -> str:
        return str(self.fields["title"])

    @property
    def skus(self) -> list[str]:
        """The SKUs that the file gives, in small letters: they are compared so."""
        return [variant.sku.lower() for variant in self.variants if variant.sku]


@dataclass(slots=True)
class Sheet:
    """A whole file: good products, bad cells, and remarks on what was skipped or decided, each with its lines.

    `refused` are the handles of products with a bad cell; they stay among the products until all checks are done.
    `sku_column` and `option_column` are these columns as the file spells them.
    """

    format: str
    sku_column: str
    option_column: str
    products: list[ProductRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    remarks: dict[str, list[int]] = field(default_factory=dict)

    def remark(self, sentence: str, line: int) -> None:
        self.remarks.setdefault(sentence, []).append(line)

    def remarked(self) -> Iterator[str]:
        """The remarks in sentences, each with the first of its lines."""
        for sentence, lines in self.remarks.items():
            rest = f" and {len(lines) - _LINES_SHOWN} more" if len(lines) > _LINES_SHOWN else ""
            yield f"{sentence} (line {', '.join(map(str, sorted(lines)[:_LINES_SHOWN]))}{rest})."
