import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

TABLES = ("shop_inquiry", "shop_reply")

CREATE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

DROP = "DROP TRIGGER append_only ON {table};"

# What the groups may do besides, by model -> verbs. A group that somebody took away stays away.
RIGHTS = {"inquiry": "view", "reply": "add view"}


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for group in Group.objects.filter(name__in=["Support", "Manager"]):
        for model, verbs in RIGHTS.items():
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
    dependencies = [
        ("inventory", "0002_append_only"),
        ("shop", "0013_history_of_pictures"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="inquiries", to="shop.order"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "inquiries",
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=2000)),
                ("actor", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "inquiry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="shop.inquiry"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "replies",
            },
        ),
        *(migrations.RunSQL(CREATE.format(table=table), DROP.format(table=table)) for table in TABLES),
        migrations.RunPython(give_with_rights, migrations.RunPython.noop),
    ]
