from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("backorders", "0013_price_of_a_claim"), ("shop", "0017_departures")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(
            """
            UPDATE backorders_claim AS claim SET unit_price = line.unit_price
            FROM shop_orderline AS line WHERE line.claim_id = claim.id
            """,
            migrations.RunSQL.noop,
        ),
    ]
