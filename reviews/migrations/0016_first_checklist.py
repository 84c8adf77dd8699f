"""The seals on what checkers note, and on the checklist."""

from django.db import migrations
from django.db.migrations import RunSQL

SEALED_TABLES = (
    "reviews_contact",
    "reviews_checklistversion",
    "reviews_checklistevent",
)

SEAL = """
CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""
UNSEAL = """
DROP TRIGGER {table}_sealed ON {table};
DROP TRIGGER {table}_not_truncated ON {table};
"""

class Migration(migrations.Migration):
    dependencies = [("reviews", "0015_worksheet")]

    operations = [
        *(
            RunSQL(SEAL.format(table=table), UNSEAL.format(table=table))
            for table in SEALED_TABLES
        ),
    ]
