from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("claims", "0008_search")]

    operations = [
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["rule", "state"], name="claims_flag_by_rule"),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["rule", "-id"], name="claims_flag_of_rule_newest"),
        ),
    ]
