"""What an import did, in numbers and in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from shop.importing.planned import Row


@dataclass(slots=True)
class Outcome:
    """`product_ids` are the products of the file, whose pictures may be fetched once all of it is written.

    `rows` say what becomes of each of its rows.
    """

    new_products: int = 0
    changed_products: int = 0
    same_products: int = 0
    new_variants: int = 0
    changed_variants: int = 0
    same_variants: int = 0
    new_pictures: int = 0
    changed_pictures: int = 0
    new_categories: int = 0
    opened_units: int = 0
    opened_skus: int = 0
    unopened_skus: int = 0
    open_queues: int = 0
    other_stock: int = 0
    not_in_file: int = 0
    product_ids: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def __iadd__(self, other: "Outcome") -> "Outcome":
        for part in fields(self):
            setattr(self, part.name, getattr(self, part.name) + getattr(other, part.name))
        return self

    def sentences(self) -> Iterator[str]:
        yield f"Products: {self.new_products} new, {self.changed_products} changed, {self.same_products} as before."
        yield f"Variants: {self.new_variants} new, {self.changed_variants} changed, {self.same_variants} as before."
        if self.new_categories:
            yield f"Categories: {self.new_categories} new."
        if self.new_pictures or self.changed_pictures:
            yield f"Pictures: {self.new_pictures} new, {self.changed_pictures} changed."
        if self.opened_skus:
            yield f"Opening stock: {self.opened_units} units of {self.opened_skus} SKUs."
        if self.unopened_skus:
            yield (
                f"Stock: {self.unopened_skus} new SKUs start with 0 units, because you may not change the stock:"
                " somebody who may counts them in."
            )
        if self.open_queues:
            yield f"Backorders: the queue of {self.open_queues} SKUs is open, with a lead time."
        if self.other_stock:
            yield (
                f"Stock: the file counts {self.other_stock} SKUs otherwise than the shop does. An import never changes"
                " the stock of what the shop has already: receive goods, or correct the count in the admin."
            )
        if self.not_in_file:
            yield f"Left as they are: {self.not_in_file} variants of these products that are not in the file."
