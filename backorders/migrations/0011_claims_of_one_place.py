import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [
        ("backorders", "0010_ready_asked_and_given_up"),
        ("inventory", "0007_damaged_and_undone_receipts"),
    ]

    operations = [
        # Every claim is written anew with its place, once: a minute for millions of them.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        # The claim to go on behind is named by its place from now on: each queue in doubt is looked at from its head.
        migrations.RunSQL(
            "UPDATE backorders_queue SET looked_to = NULL WHERE looked_to IS NOT NULL", migrations.RunSQL.noop
        ),
        migrations.RemoveIndex(model_name="claim", name="claim_waiting"),
        migrations.RemoveIndex(model_name="claim", name="claim_served"),
        migrations.AddField(
            model_name="claim",
            name="part_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="backorders.claim",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="units_before",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="claim",
            name="place",
            field=models.GeneratedField(
                db_persist=True, expression=Coalesce("part_of", "id"), output_field=models.BigIntegerField()
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("allocated__lt", models.F("quantity"))),
                fields=["item", "rank", "place", "units_before"],
                name="claim_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("allocated__lt", models.F("quantity")), ("hold", ""), ("put_off_to", None)),
                fields=["item", "rank", "place", "units_before"],
                name="claim_served",
            ),
        ),
    ]
