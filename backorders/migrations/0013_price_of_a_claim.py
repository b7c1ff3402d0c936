from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backorders", "0012_a_claim_is_split")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="unit_price",
            field=models.DecimalField(decimal_places=2, default=0, editable=False, max_digits=10),
        ),
    ]
