from django.db import migrations

FORWARDS = """
UPDATE inventory_purchaseorder AS placed SET state = CASE
    WHEN EXISTS (SELECT FROM inventory_purchaseorderline AS line WHERE line.order_id = placed.id AND line.received > 0)
    THEN 'partly' ELSE 'sent' END
WHERE state = 'placed'
"""
BACKWARDS = "UPDATE inventory_purchaseorder SET state = 'placed' WHERE state IN ('sent', 'confirmed', 'partly')"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_states_of_purchase_orders")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
