"""Which row of a file is which product and variant of the shop, and what it changes there. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from inventory.models import StockItem
from shop.importing.cells import description
from shop.importing.known import Known, addresses
from shop.importing.names import marked_sku, stable_sku
from shop.importing.rows import Problem, ProductRow, Sheet, VariantRow
from shop.models import Product, ProductImage, Variant


@dataclass(slots=True)
class Match:
    """A variant of the file beside the shop's, or a new one, which it stays when it is written.

    `changed` has the fields that change, with what stood there before. `called` is what the variant was called before;
    its stock item follows if nobody gave that another name.
    """

    row: VariantRow
    variant: Variant
    called: str
    changed: dict[str, Any] = field(default_factory=dict)
    is_new: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_new = is_new(self.variant)


@dataclass(slots=True)
class ProductMatch:
    row: ProductRow
    product: Product
    changed: dict[str, Any] = field(default_factory=dict)
    variants: list[Match] = field(default_factory=list)
    not_in_file: int = 0
    is_new: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_new = is_new(self.product)


class Matcher:
    """Matches product after product. What an earlier row took, no later one gets."""

    def __init__(self, sheet: Sheet) -> None:
        self.problems: list[Problem] = []
        self._sku_column, self._option_column = sheet.sku_column, sheet.option_column
        self._taken_skus = {sku for product in sheet.products for sku in product.skus}
        self._handles = {product.handle for product in sheet.products if not product.handle_is_made}
        self._taken_products: set[int] = set()

    def match(self, row: ProductRow, known: Known, category: int | None) -> ProductMatch | None:
        """None when the row cannot be taken; then there is a new problem. No category leaves it where it is."""
        before = len(self.problems)
        product = self._product(row, known)
        if product.pk in self._taken_products:
            self._refuse(row.line, "", f"“{row.title}” and an earlier product of the file are both “{product}” here.")
        elif product.pk:
            self._taken_products.add(product.pk)
        called = {variant.pk: str(variant) for variant in known.variants.get(product.pk or 0, ())}
        match = ProductMatch(row, product, changes(product, row.fields | {"category_id": category}))
        self._match_variants(match, known, called)
        return match if len(self.problems) == before else None

    def _product(self, row: ProductRow, known: Known) -> Product:
        """By handle, else by its SKUs: a product with another name or handle keeps its address here.

        A product that the file names by its own handle is no other's.
        """
        owners = {variant.product_id for sku in row.skus for variant in known.sellers.get(sku, ())}
        owner = known.products[owners.pop()] if len(owners) == 1 else None
        if owner and owner.slug in self._handles - {row.handle}:
            owner = None
        if not (row.handle_is_made and row.skus):
            return known.by_slug.get(row.handle) or owner or Product(slug=row.handle)
        if owner:
            return owner
        free = next((address for address in addresses(row) if address not in known.by_slug), None)
        if free is None:
            self._refuse(row.line, "", f"the shop has other goods called “{row.title}”. Rename the product.")
        return Product(slug=free or row.handle)

    def _match_variants(self, match: ProductMatch, known: Known, called: Mapping[int, str]) -> None:
        rest = list(known.variants[match.product.pk]) if match.product.pk else []
        found: dict[int, Variant] = {}
        # Those with a known SKU choose first; the others are told by their options among what is left.
        for by in (_of_same_sku, _of_same_options):
            for row in match.row.variants:
                variant = None if row.line in found else by(row, rest, match.row.handle)
                if variant is not None:
                    found[row.line] = variant
                    rest.remove(variant)
        match.not_in_file = len(rest)
        moves = not stand_so([found.get(row.line) for row in match.row.variants])
        for position, row in enumerate(match.row.variants, start=len(rest)):
            variant = found.get(row.line) or self._new_variant(row, match, known)
            if variant is not None:
                self._check_options(row, rest)
                fields = row.fields | {
                    "options": [list(pair) for pair in row.options],
                    "position": min(position, 32767) if moves else None,
                }
                match.variants.append(Match(row, variant, called.get(variant.pk or 0, ""), changes(variant, fields)))
        if not match.product.pk and not match.variants:
            self._refuse(match.row.line, "", f"“{match.row.title}” is new and has no variant with a price.")

    def _new_variant(self, row: VariantRow, match: ProductMatch, known: Known) -> Variant | None:
        if row.fields.get("price") is None:
            self._refuse(row.line, "", "is a new variant and has no price.")
            return None
        sku = row.sku or self._made_sku(row, match, known)
        if sku is None:
            self._refuse(
                row.line, self._sku_column, "is blank, and the SKUs made of the options are taken. Give it one."
            )
            return None
        seller = next(iter(known.sellers.get(sku.lower(), ())), None)
        if seller is not None:
            self._refuse(
                row.line,
                self._sku_column,
                f"“{sku}” is sold already as “{seller}”. Use another SKU, or change it there.",
            )
            return None
        self._taken_skus.add(sku.lower())
        item = known.items.get(sku.lower()) or StockItem(sku=sku)
        return Variant(product=match.product, stock_item=item)

    def _made_sku(self, row: VariantRow, match: ProductMatch, known: Known) -> str | None:
        candidates = _made_skus(match.row.handle, row)
        free = (sku for sku in candidates if sku.lower() not in self._taken_skus and not known.sellers.get(sku.lower()))
        return next(free, None)

    def _check_options(self, row: VariantRow, rest: list[Variant]) -> None:
        other = next((variant for variant in rest if _values(variant) == _values_of(row)), None)
        if other is not None:
            self._refuse(
                row.line,
                self._sku_column if row.sku else self._option_column,
                f"the shop sells “{row.choice or other.product.title}” as {other.sku} already, not as {row.sku}."
                " Change the SKU in the file or in the shop.",
            )

    def _refuse(self, line: int, column: str, reason: str) -> None:
        self.problems.append(Problem(line, column, reason))


def is_new(row: Model) -> bool:
    return row.pk is None


def changes(row: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Set these fields, and say which were different, and what they were."""
    told = {name: value for name, value in fields.items() if value is not None or name == "compare_at_price"}
    old = {name: getattr(row, name) for name in told}
    changed = {name: old[name] for name in told if _as_read(name, old[name]) != _as_read(name, told[name])}
    for name in changed:
        setattr(row, name, told[name])
    return changed


def _as_read(name: str, value: Any) -> Any:
    """A value as a file says it: two spaces, or the paragraphs that reading adds, make no difference."""
    if name == "description":
        value = description(value)
    if name == "compare_at_price":
        return value or None
    if isinstance(value, str):
        return " ".join(value.split())
    return [_as_read("", part) for part in value] if isinstance(value, list) else value


def stand_so(rows: Sequence[Variant | ProductImage | None]) -> bool:
    """Do they stand in this order already? Then nobody moves, whatever the positions are. None is a new one."""
    places = [(row.position, row.pk) for row in rows if row]
    return len(places) == len(rows) and places == sorted(places)


def _of_same_sku(row: VariantRow, rest: list[Variant], handle: str) -> Variant | None:
    same = [variant for variant in rest if row.sku and variant.sku.lower() == row.sku.lower()]
    return next((variant for variant in same if _values(variant) == _values_of(row)), next(iter(same), None))


def _of_same_options(row: VariantRow, rest: list[Variant], handle: str) -> Variant | None:
    """A row that gives a SKU may only take the place of a variant whose SKU was made here, when it came without one."""
    made = {sku.lower() for sku in _made_skus(handle, row)}
    same = (variant for variant in rest if _values(variant) == _values_of(row))
    return next((variant for variant in same if not row.sku or variant.sku.lower() in made), None)


def _made_skus(handle: str, row: VariantRow) -> tuple[str, str]:
    return stable_sku(handle, _values_of(row)), marked_sku(handle, _values_of(row))


def _values(variant: Variant) -> list[str]:
    return [value for _, value in variant.options]


def _values_of(row: VariantRow) -> list[str]:
    return [value for _, value in row.options]
