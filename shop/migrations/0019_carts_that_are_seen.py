import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0018_prices_of_claims")]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="seen_on",
            field=models.DateField(default=django.utils.timezone.localdate, editable=False),
        ),
    ]
