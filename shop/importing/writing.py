"""Writes the matches of one chunk, in bulk: products, stock items with their opening, variants, pictures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Model
from django.db.models.functions import JSONObject
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from backorders.models import Policy, Queue
from inventory import ledger
from inventory.locking import lock_items
from inventory.models import StockItem
from shop.importing.known import Known
from shop.importing.matching import Match, ProductMatch, changes, is_new, stand_so
from shop.importing.outcome import Outcome
from shop.importing.rows import Picture
from shop.models import Product, ProductImage, Variant


class Renamed(dict[int, tuple[str, str]]):
    """Stock items on sale that are called otherwise from now on: id, then SKU and name."""


def write(
    matches: Sequence[ProductMatch], known: Known, renamed: Renamed, *, opens_stock: bool, actor: str, at: datetime
) -> Outcome:
    variants = [variant for match in matches for variant in match.variants]
    outcome = _write_products(matches, actor)
    _note_renamed(variants, renamed)
    outcome += _write_items(variants, opens_stock, actor, at)
    outcome += _write_variants(variants, actor)
    outcome += _write_pictures(matches, known, actor)
    outcome.not_in_file = sum(match.not_in_file for match in matches)
    return outcome


def _write_products(matches: Sequence[ProductMatch], actor: str) -> Outcome:
    new = [match.product for match in matches if match.is_new]
    changed = [match for match in matches if not match.is_new and match.changed]
    _update(Product, changed, actor)
    bulk_create_with_history(new, Product, default_change_reason=_why(actor))
    return Outcome(
        new_products=len(new),
        changed_products=len(changed),
        same_products=len(matches) - len(new) - len(changed),
        product_ids=[match.product.pk for match in matches],
    )


def _note_renamed(variants: Iterable[Match], renamed: Renamed) -> None:
    for match in variants:
        item = match.variant.stock_item
        if match.is_new:
            continue
        sku = match.row.sku if match.row.sku.lower() not in ("", item.sku.lower()) else item.sku
        name = str(match.variant)[:255] if item.name == match.called[:255] else item.name
        if (sku, name) != (item.sku, item.name):
            renamed[item.pk] = sku, name
            match.changed["stock_item"] = str(item)


def _write_items(variants: Sequence[Match], opens_stock: bool, actor: str, at: datetime) -> Outcome:
    """New stock items with their queue and their opening stock. What was known before keeps its stock and its rules."""
    new = [match for match in variants if is_new(match.variant.stock_item)]
    known = [match for match in variants if not is_new(match.variant.stock_item)]
    other = sum(match.row.stock not in (None, match.variant.stock_item.on_hand) for match in known)
    for match in new:
        match.variant.stock_item.name = str(match.variant)[:255]
    items = StockItem.objects.bulk_create([match.variant.stock_item for match in new])
    Queue.objects.bulk_create(
        Queue(item=item, policy=Policy.LEAD_TIME if match.row.backorders else Policy.CLOSED)
        for item, match in zip(items, new, strict=True)
    )
    locked = lock_items(item.pk for item in items)
    counted = [(locked[item.pk], match.row.stock) for item, match in zip(items, new, strict=True) if match.row.stock]
    opened = counted if opens_stock else []
    ledger.opening([ledger.Entry(item, units, "catalog import") for item, units in opened], actor=actor, at=at)
    return Outcome(
        opened_units=sum(units for _, units in opened),
        opened_skus=len(opened),
        unopened_skus=len(counted) - len(opened),
        open_queues=sum(match.row.backorders for match in new),
        other_stock=other,
    )


def _write_variants(variants: Sequence[Match], actor: str) -> Outcome:
    new = [match.variant for match in variants if match.is_new]
    changed = [match for match in variants if not match.is_new and match.changed]
    # Two variants may have changed places: their options are set aside first, so that none meets the other's.
    moving = [match.variant.pk for match in changed if "options" in match.changed]
    if moving:
        Variant.objects.filter(pk__in=moving).update(options=JSONObject(moving=F("pk")))
    _update(Variant, changed, actor)
    bulk_create_with_history(new, Variant, default_change_reason=_why(actor))
    return Outcome(
        new_variants=len(new),
        changed_variants=len(changed),
        same_variants=len(variants) - len(new) - len(changed),
    )


def _write_pictures(matches: Sequence[ProductMatch], known: Known, actor: str) -> Outcome:
    new: list[ProductImage] = []
    changed: list[tuple[ProductImage, dict[str, Any]]] = []
    for match in matches:
        images = {image.source: image for image in known.images.get(match.product.pk, ()) if image.source}
        moves = not stand_so([images.get(picture.source) for picture in match.row.pictures])
        for position, picture in enumerate(match.row.pictures):
            image = images.get(picture.source) or ProductImage(product=match.product, source=picture.source)
            place = min(position, 32767) if moves else None
            changed_fields = changes(image, _picture_fields(match, picture, place))
            if is_new(image):
                new.append(image)
            elif changed_fields:
                changed.append((image, changed_fields))
    fields = set().union(*(names for _, names in changed))
    if changed:
        rows = [image for image, _ in changed]
        bulk_update_with_history(rows, ProductImage, sorted(fields), default_change_reason=_why(actor))
    bulk_create_with_history(new, ProductImage, default_change_reason=_why(actor))
    return Outcome(new_pictures=len(new), changed_pictures=len(changed))


def _picture_fields(match: ProductMatch, picture: Picture, position: int | None) -> dict[str, Any]:
    """An empty text in the file leaves the words that staff gave to the picture."""
    fields: dict[str, Any] = {"position": position, "alt": picture.alt or None}
    if picture.variant is not None:
        fields["variant_id"] = match.variants[picture.variant].variant.pk
    return fields


def _update(model: type[Model], changed: Sequence[ProductMatch] | Sequence[Match], actor: str) -> None:
    """One statement for all of them, with the fields that changed in any; and one for their history."""
    rows = [match.product if isinstance(match, ProductMatch) else match.variant for match in changed]
    fields = set().union(*(match.changed for match in changed)) - {"stock_item"}
    if rows and fields:
        bulk_update_with_history(rows, model, sorted(fields), default_change_reason=_why(actor))


def _why(actor: str) -> str:
    return f"catalog import by {actor}"[:100]
