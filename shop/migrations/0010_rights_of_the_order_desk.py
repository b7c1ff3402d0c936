from django.contrib.auth.management import create_permissions
from django.db import migrations

# What the groups may do besides, by model -> verbs. A group that somebody took away stays away.
SUPPORT = {"ordernote": "add view", "addresschange": "add view", "sentagain": "add view", "proposal": "add view"}
RIGHTS = {"Warehouse": {"ordernote": "add view"}, "Support": SUPPORT, "Manager": SUPPORT}


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for group in Group.objects.filter(name__in=RIGHTS):
        for model, verbs in RIGHTS[group.name].items():
            for verb in verbs.split():
                right = Permission.objects.get(content_type__app_label="shop", codename=f"{verb}_{model}")
                group.permissions.add(right)


def give_with_rights(apps, schema_editor):
    """Rights are written when all migrations are through, which would be too late."""
    config = apps.get_app_config("shop")
    config.models_module = True
    create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
    config.models_module = None
    give(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("shop", "0009_notes_addresses_and_proposals")]

    operations = [migrations.RunPython(give_with_rights, migrations.RunPython.noop)]
