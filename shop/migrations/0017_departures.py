import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As shop.departures counted at the time, for all lines that had left.
_NOTE = """
INSERT INTO shop_departure (line_id, item_id, left_on, wait, kept, awaited)
SELECT line.id, claim.item_id, (parcel.left_at AT TIME ZONE %(zone)s)::date, parcel.left_at - claim.placed_at,
    (parcel.left_at AT TIME ZONE %(zone)s)::date <= first.day, first.awaited
FROM (
    SELECT part.line_id, max(shipment.shipped_at) AS left_at
    FROM shop_shipmentline part JOIN shop_shipment shipment ON shipment.id = part.shipment_id GROUP BY part.line_id
) AS parcel
JOIN shop_orderline line ON line.id = parcel.line_id
JOIN backorders_claim claim ON claim.id = line.claim_id
CROSS JOIN LATERAL (
    SELECT max(told.by) AS day,
        coalesce(sum(least(told.quantity, claim.quantity - told.before)) FILTER (WHERE told.basis <> 'shelf'), 0)
            AS awaited
    FROM (
        SELECT coalesce(ships_on, 'infinity') AS by, basis, quantity,
            sum(quantity) OVER (ORDER BY ships_on NULLS LAST, id) - quantity AS before
        FROM backorders_promise WHERE claim_id = claim.id AND version = 1
    ) AS told WHERE told.before < claim.quantity
) AS first
WHERE claim.shipped = claim.quantity
"""


def note_all(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_NOTE, {"zone": settings.TIME_ZONE})


class Migration(migrations.Migration):
    dependencies = [
        ("backorders", "0012_a_claim_is_split"),
        ("inventory", "0007_damaged_and_undone_receipts"),
        ("shop", "0016_history_of_ordering"),
    ]

    operations = [
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left_on", models.DateField()),
                ("wait", models.DurationField()),
                ("kept", models.BooleanField()),
                ("awaited", models.PositiveIntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.stockitem",
                    ),
                ),
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="departure", to="shop.orderline"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["left_on"], include=("item", "wait", "kept", "awaited"), name="departure_by_day"
                    )
                ],
            },
        ),
        migrations.RunPython(note_all, migrations.RunPython.noop),
    ]
