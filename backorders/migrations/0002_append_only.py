from django.db import migrations

CREATE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON backorders_promise
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON backorders_withdrawal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

DROP = """
DROP TRIGGER append_only ON backorders_withdrawal;
DROP TRIGGER append_only ON backorders_promise;
"""


class Migration(migrations.Migration):
    dependencies = [("backorders", "0001_initial"), ("inventory", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
