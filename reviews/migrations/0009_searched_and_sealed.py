"""What the database keeps by itself: the words to search reviews by, the rating of each, old weights.

The words of a review are those of its claim and of its verdict as it stands, in a column that the
model does not name: no page should fetch it.
"""

from django.db import migrations
from django.db.migrations import RunSQL

WORDS = """
ALTER TABLE reviews_review ADD COLUMN words tsvector;
CREATE INDEX reviews_review_words ON reviews_review USING gin (words);

CREATE FUNCTION reviews_words_of(claim bigint, review bigint) RETURNS tsvector
LANGUAGE sql STABLE AS $$
    SELECT to_tsvector(
        claims_search_configuration(said.language),
        concat_ws(
            ' ', said.wording, verdict.claim_wording, verdict.summary, verdict.explanation
        )
    )
    FROM claims_claim said LEFT JOIN reviews_verdict verdict ON verdict.review_id = review
    WHERE said.id = claim
$$;

CREATE FUNCTION reviews_words_when_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := reviews_words_of(NEW.claim_id, NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_words_when_opened BEFORE INSERT OR UPDATE OF claim_id ON reviews_review
    FOR EACH ROW EXECUTE FUNCTION reviews_words_when_opened();

CREATE FUNCTION reviews_words_when_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reviews_review
        SET rating = NEW.rating, words = reviews_words_of(claim_id, id)
        WHERE id = NEW.review_id;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_words_when_written AFTER INSERT OR UPDATE ON reviews_verdict
    FOR EACH ROW EXECUTE FUNCTION reviews_words_when_written();

CREATE FUNCTION reviews_words_when_worded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reviews_review SET words = reviews_words_of(claim_id, id) WHERE claim_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_words_when_worded AFTER UPDATE OF wording, language ON claims_claim
    FOR EACH ROW WHEN (OLD.wording <> NEW.wording OR OLD.language <> NEW.language)
    EXECUTE FUNCTION reviews_words_when_worded();

UPDATE reviews_review SET
    words = reviews_words_of(claim_id, id),
    rating = COALESCE(
        (SELECT rating FROM reviews_verdict WHERE review_id = reviews_review.id), ''
    );
"""

NO_WORDS = """
DROP FUNCTION reviews_words_when_worded CASCADE;
DROP FUNCTION reviews_words_when_written CASCADE;
DROP FUNCTION reviews_words_when_opened CASCADE;
DROP FUNCTION reviews_words_of CASCADE;
ALTER TABLE reviews_review DROP COLUMN words;
"""

SEAL = """
CREATE TRIGGER reviews_weights_sealed BEFORE UPDATE OR DELETE ON reviews_weights
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER reviews_weights_not_truncated BEFORE TRUNCATE ON reviews_weights
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0008_ordering_and_waiting"), ("claims", "0008_search")]

    operations = [RunSQL(WORDS, NO_WORDS), RunSQL(SEAL, RunSQL.noop)]
