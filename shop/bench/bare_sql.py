"""The limit: the least SQL that a correct shop must do, in tables of its own beside the shop's.

A sale locks its items, sees what is free, writes the order, draws the places and moves the counters: four statements
in one transaction. There are no letters, promises, payments, ledger and no checks of what the buyer saw.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

type Connection = psycopg.Connection[tuple[int, ...]]

_TABLES = """
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE TABLE bare.item (
    id int PRIMARY KEY, on_hand int NOT NULL, inbound int NOT NULL, allocated int NOT NULL DEFAULT 0,
    waiting int NOT NULL DEFAULT 0, CHECK (allocated <= on_hand)
);
CREATE TABLE bare.purchase (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, placed_at timestamptz NOT NULL
);
CREATE TABLE bare.claim (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, purchase_id bigint REFERENCES bare.purchase,
    item_id int NOT NULL REFERENCES bare.item, rank smallint NOT NULL DEFAULT 0, quantity int NOT NULL,
    allocated int NOT NULL, CHECK (allocated <= quantity)
);
CREATE INDEX ON bare.claim (item_id, rank, id) WHERE allocated < quantity;
"""


def connect() -> Connection:
    """A connection of our own: no ORM, no signals, prepared statements as psycopg makes them."""
    return connect_to(connection.settings_dict)


def connect_to(of: Mapping[str, Any], **more: Any) -> Connection:
    """A plain connection to the database of Django's settings; raises psycopg.Error."""
    # Such as sslmode; the pool is Django's, and the limits of time are for requests.
    options = {name: value for name, value in of.get("OPTIONS", {}).items() if name not in {"pool", "options"}}
    return psycopg.connect(
        host=of["HOST"] or None,
        port=of["PORT"] or None,
        user=of["USER"] or None,
        password=of["PASSWORD"] or None,
        dbname=of["NAME"],
        autocommit=True,
        **options | more,
    )


def build(bare: Connection, items: int, *, on_hand: int, inbound: int) -> None:
    """Fresh tables; the items are numbered from 1."""
    bare.execute(_TABLES)
    sql = "INSERT INTO bare.item (id, on_hand, inbound) SELECT i, %s, %s FROM generate_series(1, %s) AS i"
    bare.execute(sql, [on_hand, inbound, items])


def place(bare: Connection, items: Sequence[int]) -> bool:
    """Sell one unit of each of these; False if one of them can be had neither now nor later."""
    ids = list(items)
    with bare.transaction(), bare.cursor() as cursor:
        cursor.execute(
            "SELECT id, on_hand - allocated - waiting, inbound - waiting FROM bare.item"
            " WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [ids],
        )
        found = cursor.fetchall()
        if any(free <= 0 and coming <= 0 for _, free, coming in found):
            return False
        now = [int(free > 0) for _, free, _ in found]
        cursor.execute("INSERT INTO bare.purchase (email, placed_at) VALUES ('ada@example.com', now()) RETURNING id")
        (purchase,) = cursor.fetchone() or (None,)
        cursor.execute(
            "INSERT INTO bare.claim (purchase_id, item_id, quantity, allocated)"
            " SELECT %s, item, 1, now FROM unnest(%s::int[], %s::int[]) AS line (item, now)",
            [purchase, [pk for pk, _, _ in found], now],
        )
        cursor.execute(
            "UPDATE bare.item SET allocated = allocated + now, waiting = waiting + 1 - now"
            " FROM unnest(%s::int[], %s::int[]) AS line (item, now) WHERE id = item",
            [[pk for pk, _, _ in found], now],
        )
    return True


def crowd(bare: Connection, waiting: int) -> None:
    """So many claims of one unit wait for item 1."""
    build(bare, 1, on_hand=0, inbound=waiting)
    sql = "INSERT INTO bare.claim (item_id, quantity, allocated) SELECT 1, 1, 0 FROM generate_series(1, %s)"
    bare.execute(sql, [waiting])
    bare.execute("UPDATE bare.item SET waiting = %s", [waiting])
    bare.execute("VACUUM (ANALYZE) bare.claim")


def fill(bare: Connection, units: int) -> None:
    """Units arrive and go to the head of the queue: the item is locked in a statement of its own."""
    with bare.transaction():
        bare.execute("SELECT 1 FROM bare.item WHERE id = 1 FOR UPDATE")
        bare.execute(
            "UPDATE bare.claim SET allocated = quantity WHERE id IN (SELECT id FROM bare.claim"
            " WHERE item_id = 1 AND allocated < quantity ORDER BY rank, id LIMIT %s)",
            [units],
        )
        bare.execute(
            "UPDATE bare.item SET on_hand = on_hand + %s, allocated = allocated + %s, waiting = waiting - %s",
            [units, units, units],
        )
