"""What must hold across the rows of a file: each SKU once, each choice of options once in its product."""

from collections import Counter
from collections.abc import Iterator

from shop.importing.rows import Problem, ProductRow, Sheet

# An order line keeps the choice as one text of this length.
_LONGEST_CHOICE = 255


def checked(sheet: Sheet) -> Sheet:
    """Add the problems that only show between rows, and leave out the products that have one."""
    found = [*_doubled_skus(sheet), *_doubled_handles(sheet), *_bad_choices(sheet)]
    sheet.problems += [problem for _, problem in found]
    sheet.refused |= {handle for handle, _ in found}
    sheet.products = [product for product in sheet.products if product.handle not in sheet.refused]
    return sheet


def _readable(sheet: Sheet) -> Iterator[ProductRow]:
    """What a bad cell leaves blank is no second bad cell."""
    return (product for product in sheet.products if product.handle not in sheet.refused)


def _doubled_skus(sheet: Sheet) -> Iterator[tuple[str, Problem]]:
    first: dict[str, int] = {}
    for product in sheet.products:
        for variant in product.variants:
            if not variant.sku:
                continue
            line = first.setdefault(variant.sku.lower(), variant.line)
            if line != variant.line:
                reason = f"“{variant.sku}” is on line {line} already. Give each variant a SKU of its own."
                yield product.handle, Problem(variant.line, sheet.sku_column, reason)


def _doubled_handles(sheet: Sheet) -> Iterator[tuple[str, Problem]]:
    first: dict[str, ProductRow] = {}
    for product in _readable(sheet):
        other = first.setdefault(product.handle, product)
        if other is not product:
            reason = f"“{product.handle}” would be the address of the product on line {other.line} as well. Rename one."
            yield product.handle, Problem(product.line, "", reason)


def _bad_choices(sheet: Sheet) -> Iterator[tuple[str, Problem]]:
    for product in _readable(sheet):
        first: dict[tuple[str, ...], int] = {}
        for variant in product.variants:
            values = tuple(value for _, value in variant.options)
            line = first.setdefault(values, variant.line)
            if line != variant.line:
                reason = (
                    f"“{variant.choice or 'no options'}” is on line {line} already. Give each variant other options."
                )
                yield product.handle, Problem(variant.line, sheet.option_column, reason)
            if len(variant.choice) > _LONGEST_CHOICE:
                reason = f"the options have more than {_LONGEST_CHOICE} letters together. Shorten them."
                yield product.handle, Problem(variant.line, sheet.option_column, reason)
            if any(times > 1 for times in Counter(name for name, _ in variant.options).values()):
                reason = "two options have the same name. Rename one."
                yield product.handle, Problem(variant.line, sheet.option_column, reason)
