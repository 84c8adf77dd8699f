"""Full-text search in articles: each is read by the rules of its language, else word by word."""

from django.db import migrations
from django.db.migrations import RunSQL

# The names are literals of the function, so that it may be called immutable.
CONFIGURATION = """
CREATE FUNCTION claims_search_configuration(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE left(language, 2)
        WHEN 'en' THEN 'pg_catalog.english'::regconfig
        WHEN 'de' THEN 'pg_catalog.german'::regconfig
        WHEN 'fr' THEN 'pg_catalog.french'::regconfig
        WHEN 'es' THEN 'pg_catalog.spanish'::regconfig
        WHEN 'ru' THEN 'pg_catalog.russian'::regconfig
        WHEN 'nb' THEN 'pg_catalog.norwegian'::regconfig
        WHEN 'nn' THEN 'pg_catalog.norwegian'::regconfig
        WHEN 'no' THEN 'pg_catalog.norwegian'::regconfig
        ELSE 'pg_catalog.simple'::regconfig
    END
$$;
"""

# All of the words, in the forms that any of the languages gives them.
QUERY = """
CREATE FUNCTION claims_search_query(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT plainto_tsquery('pg_catalog.simple', words)
        || plainto_tsquery('pg_catalog.english', words)
        || plainto_tsquery('pg_catalog.german', words)
        || plainto_tsquery('pg_catalog.french', words)
        || plainto_tsquery('pg_catalog.spanish', words)
        || plainto_tsquery('pg_catalog.russian', words)
        || plainto_tsquery('pg_catalog.norwegian', words)
$$;
"""

# A column that the model does not name: no page should fetch it. 200,000 characters keep it under
# PostgreSQL's limit of one megabyte.
ARTICLES = """
ALTER TABLE claims_article ADD COLUMN search tsvector GENERATED ALWAYS AS (
    to_tsvector(claims_search_configuration(language), left(title || ' ' || text, 200000))
) STORED;
CREATE INDEX claims_article_search ON claims_article USING gin (search);
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0007_rebuild")]

    operations = [
        RunSQL(CONFIGURATION, "DROP FUNCTION claims_search_configuration(text);"),
        RunSQL(QUERY, "DROP FUNCTION claims_search_query(text);"),
        RunSQL(ARTICLES, "ALTER TABLE claims_article DROP COLUMN search;"),
    ]
