from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backorders", "0011_claims_of_one_place")]

    operations = [
        migrations.AlterField(
            model_name="claimchange",
            name="kind",
            field=models.CharField(
                choices=[("rank", "Rank"), ("hold", "Hold"), ("delivery", "Delivery"), ("split", "Split")],
                max_length=10,
            ),
        ),
    ]
