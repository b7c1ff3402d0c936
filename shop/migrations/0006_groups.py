from django.contrib.auth.management import create_permissions
from django.db import migrations

# What each group may do, by app: model -> verbs. Everybody on the staff may look at what is sold and who waits.
LOOK = {
    "shop": {"product": "view", "variant": "view", "productimage": "view", "category": "view", "order": "view"},
    "inventory": {"stockitem": "view", "purchaseorder": "view", "purchaseorderline": "view", "supplier": "view"},
    "backorders": {"queue": "view", "claim": "view"},
}
GROUPS = {
    "Catalog": {
        "shop": {
            "product": "add change delete",
            "variant": "add change delete",
            "productimage": "add change delete",
            "category": "add change delete",
        },
        "inventory": {"stockitem": "add change"},
        "backorders": {"queue": "add change"},
    },
    "Warehouse": {
        "shop": {"shipment": "add view"},
        "inventory": {"delivery": "add view", "stockmovement": "add view"},
    },
    "Support": {
        "shop": {"order": "change", "shipment": "view", "refund": "view change", "user": "view change"},
        "backorders": {
            "claim": "change",
            "withdrawal": "add view",
            "notice": "view",
            "consent": "add view",
            "bounce": "view",
        },
        "notifications": {"letter": "view change"},
    },
}
BUYING = {
    "shop": {"shippingmethod": "add view change delete", "payment": "change", "user": "add"},
    "inventory": {
        "supplier": "add change delete",
        "purchaseorder": "add change delete",
        "purchaseorderline": "add change delete",
        "expecteddaychange": "add view",
    },
}

MANAGER = [LOOK, *GROUPS.values(), BUYING]


def make(apps, schema_editor):
    """The groups with their rights. One that is there already keeps the rights that it was given."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, parts in {**{name: [LOOK, rights] for name, rights in GROUPS.items()}, "Manager": MANAGER}.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            group.permissions.set(found for rights in parts for found in _permissions(Permission, rights))


def make_with_rights(apps, schema_editor):
    """Rights are written when all migrations are through, which would be too late."""
    for label in LOOK | {"notifications": {}}:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
        config.models_module = None
    make(apps, schema_editor)


def _permissions(Permission, rights):
    for app, models in rights.items():
        for model, verbs in models.items():
            for verb in verbs.split():
                yield Permission.objects.get(content_type__app_label=app, codename=f"{verb}_{model}")


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("backorders", "0008_newest_notice_is_not_checked"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("inventory", "0003_turns_and_limits"),
        ("notifications", "0003_what_was_sent"),
        ("shop", "0005_goodwill_and_records"),
    ]

    operations = [migrations.RunPython(make_with_rights, migrations.RunPython.noop)]
