from django.contrib.auth.management import create_permissions
from django.db import migrations


def give(apps, schema_editor):
    """A group that somebody took away stays away."""
    rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="shop")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Catalog", "Manager"]):
        group.permissions.add(*rights.filter(content_type__model="infopage"))


def give_with_rights(apps, schema_editor):
    """Rights are written when all migrations are through, which would be too late."""
    config = apps.get_app_config("shop")
    config.models_module = True
    create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
    config.models_module = None
    give(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0023_info_pages"),
    ]

    operations = [
        migrations.RunPython(give_with_rights, migrations.RunPython.noop),
    ]
