"""What holds several documents is an import from the start, and no offer any more."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0025_waiting_since'),
    ]

    operations = [
        migrations.RunSQL(
            "DELETE FROM claims_offer WHERE state = 'several'",  # their imports stay
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name='offer',
            name='claims_offer_several_names_its_import',
        ),
        migrations.RemoveField(
            model_name='offer',
            name='batch',
        ),
        migrations.AlterField(
            model_name='offer',
            name='state',
            field=models.CharField(choices=[('looking', 'Being fetched'), ('read', 'To be kept or dropped'), ('failed', 'Could not be read'), ('kept', 'Kept')], default='looking', max_length=8),
        ),
    ]
