from django.db import migrations

# Limits per customer count her claims: those from before have to say whose they are.
CUSTOMERS = """
UPDATE backorders_claim AS claim SET customer = lower(trim(shop_order.email))
    FROM shop_orderline AS line JOIN shop_order ON shop_order.id = line.order_id
    WHERE line.claim_id = claim.id AND claim.customer = '';
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_sending_and_paying_ahead"), ("backorders", "0004_told_and_append_only")]

    operations = [migrations.RunSQL(CUSTOMERS, migrations.RunSQL.noop)]
