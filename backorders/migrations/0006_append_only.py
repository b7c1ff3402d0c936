from django.db import migrations

TABLES = ("backorders_notice", "backorders_consent", "backorders_bounce")

CREATE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

DROP = "DROP TRIGGER append_only ON {table};"


class Migration(migrations.Migration):
    dependencies = [("backorders", "0005_notices_and_consent"), ("inventory", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE.format(table=table), DROP.format(table=table)) for table in TABLES]
