import django.db.models.functions.text
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

import shop.models.orders


def give(apps, schema_editor):
    """A group that somebody took away stays away."""
    rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="shop")
    for group in apps.get_model("auth", "Group").objects.filter(name="Manager"):
        group.permissions.add(*rights.filter(content_type__model="carrier"))


def give_with_rights(apps, schema_editor):
    """Rights are written when all migrations are through, which would be too late."""
    config = apps.get_app_config("shop")
    config.models_module = True
    create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
    config.models_module = None
    give(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0020_stock_alerts"),
    ]

    operations = [
        migrations.AddField(
            model_name="shipment",
            name="tracking_link",
            field=models.CharField(blank=True, max_length=1500),
        ),
        migrations.CreateModel(
            name="Carrier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="As it is written when a parcel leaves, such as DHL.", max_length=50),
                ),
                (
                    "tracking_address",
                    models.CharField(
                        blank=True,
                        help_text="The address of the page that follows a parcel, with {number} in place of its"
                        " tracking number.",
                        max_length=300,
                        validators=[shop.models.orders.check_tracking_address],
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="carrier_once",
                        violation_error_message="There is a carrier of this name.",
                    )
                ],
            },
        ),
        migrations.RunPython(give_with_rights, migrations.RunPython.noop),
    ]
