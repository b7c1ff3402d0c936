from django.db import migrations

TOLD = """
UPDATE backorders_claim SET told = newest.version
    FROM (SELECT claim_id, max(version) AS version FROM backorders_promise GROUP BY claim_id) AS newest
    WHERE newest.claim_id = backorders_claim.id;
"""

CREATE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON backorders_claimchange
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

DROP = "DROP TRIGGER append_only ON backorders_claimchange;"


class Migration(migrations.Migration):
    dependencies = [("backorders", "0003_turns_and_limits"), ("inventory", "0002_append_only")]

    operations = [
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
        migrations.RunSQL(CREATE, DROP),
    ]
