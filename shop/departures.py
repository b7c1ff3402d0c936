"""Lines that have left whole, and whether by the day promised first: what the figures of the past are counted from.

A line leaves whole when its last unit ships, when the rest of it is given up, and when that is split off.
"""

from collections.abc import Collection

from django.conf import settings
from django.db import connection

from backorders.plan import SHELF

# Units that were given up, or split off, were the last ones of what was promised first.
_NOTE = """
INSERT INTO shop_departure (line_id, item_id, left_on, wait, kept, awaited)
SELECT line.id, claim.item_id, parcel.left_on, parcel.left_at - claim.placed_at, parcel.left_on <= first.day,
    first.awaited
FROM backorders_claim claim JOIN shop_orderline line ON line.claim_id = claim.id
CROSS JOIN LATERAL (
    SELECT shipment.shipped_at AS left_at, (shipment.shipped_at AT TIME ZONE %(zone)s)::date AS left_on
    FROM shop_shipmentline part JOIN shop_shipment shipment ON shipment.id = part.shipment_id
    WHERE part.line_id = line.id ORDER BY shipment.shipped_at DESC LIMIT 1
) AS parcel
CROSS JOIN LATERAL (
    SELECT max(told.by) AS day,
        coalesce(sum(least(told.quantity, claim.quantity - told.before)) FILTER (WHERE told.basis <> %(shelf)s), 0)
            AS awaited
    FROM (
        SELECT coalesce(ships_on, 'infinity') AS by, basis, quantity,
            sum(quantity) OVER (ORDER BY ships_on NULLS LAST, id) - quantity AS before
        FROM backorders_promise WHERE claim_id = claim.id AND version = 1
    ) AS told WHERE told.before < claim.quantity
) AS first
WHERE claim.id = ANY(%(claims)s) AND claim.shipped = claim.quantity AND claim.quantity > 0
ON CONFLICT (line_id) DO NOTHING
"""


def note(claim_ids: Collection[int]) -> None:
    """Write down those of the lines of these claims that have left whole by now. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"claims": list(claim_ids), "zone": settings.TIME_ZONE, "shelf": SHELF})
