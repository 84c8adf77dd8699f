"""Sources are found by their names and other names, each by an index."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models
from django.db.migrations import RunSQL

# Whatever `str.casefold` makes alike is alike in this, too: letters in one case, taken apart.
FOLDED = """
CREATE FUNCTION claims_folded(names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(lower(upper(replace(replace(normalize(name, NFKD), 'ẞ', 'ss'), 'ß', 'ss'))))
    FROM unnest(names) AS name
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0023_bytes_of_snapshots'),
    ]

    operations = [
        RunSQL(FOLDED, "DROP FUNCTION claims_folded(text[]);"),
        migrations.AddIndex(
            model_name='source',
            index=models.Index(django.db.models.functions.text.Upper('name'), name='claims_source_named'),
        ),
        migrations.AddIndex(
            model_name='source',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['aliases'], name='claims_source_aliases'),
        ),
        migrations.AddIndex(
            model_name='source',
            index=django.contrib.postgres.indexes.GinIndex(models.Func(models.Func('aliases', 'name', function='array_append'), function='claims_folded', output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), fastupdate=False, name='claims_source_folded'),
        ),
    ]
