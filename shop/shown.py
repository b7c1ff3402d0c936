"""The state of what pages of the catalog show, in one short text: while it stays the same, so do price and day."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import ExecStatus

from inventory.prepared import asked_first, planned_once

_SNAPSHOT = "SELECT pg_current_snapshot()::text"

# A row that changes lies elsewhere (ctid) or was written by another transaction (xmin), or both.
_STATE = """
WITH item AS (SELECT DISTINCT stock_item_id AS id FROM shop_variant WHERE product_id = ANY(%(products)s))
SELECT pg_current_snapshot()::text, md5(concat_ws('/',
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_category),
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_shippingmethod),
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_product
        WHERE id = ANY(%(products)s)),
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_variant
        WHERE product_id = ANY(%(products)s)),
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_productimage
        WHERE product_id = ANY(%(products)s)),
    (SELECT coalesce(string_agg(concat(ctid, xmin), ' ' ORDER BY id), '') FROM shop_product_alternatives
        WHERE from_product_id = ANY(%(products)s)),
    (SELECT coalesce(string_agg(concat(stock.ctid, stock.xmin), ' ' ORDER BY stock.id), '')
        FROM inventory_stockitem AS stock JOIN item USING (id)),
    (SELECT coalesce(string_agg(concat(queue.ctid, queue.xmin), ' ' ORDER BY queue.id), '')
        FROM backorders_queue AS queue JOIN item ON item.id = queue.item_id),
    (SELECT coalesce(string_agg(
            concat(line.ctid, line.xmin, purchase.ctid, purchase.xmin, supplier.ctid, supplier.xmin),
            ' ' ORDER BY line.id
        ), '')
        FROM inventory_purchaseorderline AS line
        JOIN item ON item.id = line.item_id
        JOIN inventory_purchaseorder AS purchase ON purchase.id = line.order_id
        JOIN inventory_supplier AS supplier ON supplier.id = purchase.supplier_id
        WHERE line.received < line.quantity - line.written_off),
    (SELECT coalesce(string_agg(concat(claim.ctid, claim.xmin), ' ' ORDER BY claim.id), '')
        FROM backorders_claim AS claim JOIN item ON item.id = claim.item_id
        WHERE claim.put_off_to_id IS NOT NULL AND claim.allocated < claim.quantity)
))
"""


@dataclass(frozen=True, slots=True)
class State:
    """What was to be seen, and by whom: the database's own name for all transactions that had ended by then."""

    snapshot: str
    seen: str


def snapshot() -> str:
    """While it is the same, nothing at all has been written: the cheapest question to the database that there is.

    Empty inside a transaction, which sees what it wrote itself whatever others see.
    """
    return "" if connection.in_atomic_block else snapshot_at_hand() or asked_first(_snapshot)


def snapshot_at_hand() -> str:
    """`snapshot` of the connection that this thread has kept, asked past Django and most of its driver, which takes
    half the time; empty where it cannot be asked so, as when there is no such connection, or it has ended."""
    kept: Any = connection
    driver = kept.connection
    if driver is None or kept.in_atomic_block:
        return ""
    try:
        # Not prepared: the driver takes back what was, after each rollback.
        answer = driver.pgconn.exec_params(_SNAPSHOT.encode(), None)
    except psycopg.Error:
        return ""
    said: bytes | None = answer.get_value(0, 0) if answer.status == ExecStatus.TUPLES_OK else None
    if said is None:
        return ""
    kept.health_check_done = True
    return said.decode()


def _snapshot() -> str:
    with planned_once() as cursor:
        cursor.execute(_SNAPSHOT)
        return str(cursor.fetchone()[0])


def state_of(product_ids: Collection[int]) -> State:
    """What is seen of these products: it changes with every change of their words, variants, pictures, stock, queues
    and supply, and of any shelf or way of shipping. One query."""
    with planned_once() as cursor:
        cursor.execute(_STATE, {"products": list(product_ids)})
        return State(*cursor.fetchone())
