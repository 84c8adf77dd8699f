"""The role by which the desk works: all its work under it, and nothing that guards the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import ProgrammingError

from claims import analysis, intake, reading
from claims.models import Article
from reviews import history, publication, queue, workflow
from reviews.models import Publication
from reviews.states import Status
from tests import factories, record
from tests.factories import fact_checker, supervisor

ROLE, REFUSED = "desk", "42501"  # insufficient privilege
RIGHTS = """
SELECT relname::text, relacl::text FROM pg_class WHERE relacl IS NOT NULL
UNION ALL SELECT nspname::text, nspacl::text FROM pg_namespace WHERE nspname = 'public'
UNION ALL SELECT datname::text, datacl::text FROM pg_database ORDER BY 1
"""


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def found(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextmanager
def connected_as(user: str) -> Iterator[None]:
    """Talk to the database as somebody else, in a session of their own."""
    before = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = user
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = before


@pytest.fixture
def owner(transactional_db, settings) -> Iterator[None]:
    """The owner of the tables, who is to grant; what was granted is gone after the test."""
    database = connection.settings_dict
    settings.DESK_DATABASE = database | {"USER": ROLE, "PASSWORD": "f0und-nowhere"}
    yield
    if found(f"SELECT FROM pg_roles WHERE rolname = '{ROLE}'"):
        sql(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
    sql(f"GRANT TEMPORARY ON DATABASE {database['NAME']} TO PUBLIC")


@pytest.fixture
def desk(owner) -> Iterator[None]:
    """This process as web, workers and beat are: connected by the role that was granted."""
    call_command("grant", verbosity=0)
    with connected_as(ROLE):
        yield


# What it can


def test_the_work_of_the_desk_is_done_under_it(desk, site):
    site.PUBLIC_URL = "https://desk.example"
    checker, decider = fact_checker(), supervisor()
    (read,) = reading.read(factories.TEXT.encode(), name="catch.txt").documents
    intake.store(read)
    article = Article.objects.get()
    assert analysis.analyse(article_id=article.pk)
    queue.open_reviews()

    review = queue.take_next(checker)
    factories.write_verdict(review, checker)
    factories.submit(review)
    workflow.return_to_checker(
        review, by=decider, seq=history.of(review).seq, comment="Name the year."
    )
    workflow.take(review, by=checker)
    factories.save(review, summary="Landings fell by a ninth in 2025.")
    factories.submit(review)
    factories.approve(review, by=decider)
    publication.publish(review_id=review.pk)

    review.refresh_from_db()
    assert review.status == Status.PUBLISHED
    assert Publication.objects.get().version.seq == history.of(review).seq
    workflow.correct(review, by=checker, reason="The wrong year.")
    factories.save(review, summary="Landings fell by a ninth in 2024, said A. Child.")
    factories.redacted(review)
    call_command("verify", verbosity=0)
    assert record.problems() == []


def test_a_table_that_comes_later_is_its_to_write(owner):
    call_command("grant", verbosity=0)
    sql("CREATE TABLE later (id bigserial, words text)")
    try:
        with connected_as(ROLE):
            sql("INSERT INTO later (words) VALUES ('one'); UPDATE later SET words = 'two'")
    finally:
        sql("DROP TABLE later")


# What it cannot


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE reviews_decision DISABLE TRIGGER ALL",
        "DROP TRIGGER reviews_four_eyes ON reviews_decision",
        "SET session_replication_role = replica",
        "DROP FUNCTION reviews_four_eyes() CASCADE",
        "ALTER FUNCTION reviews_four_eyes() SET search_path = pg_catalog",
        "ALTER TABLE claims_claim DROP COLUMN wording",
        "TRUNCATE django_session",
        "UPDATE django_migrations SET app = ''",
        "CREATE TABLE reviews_hidden (id int)",
        "CREATE SCHEMA reviews",
        "CREATE TEMPORARY TABLE reviews_verdictversion (LIKE public.reviews_verdictversion)",
        "CREATE TRIGGER a BEFORE INSERT ON claims_claim EXECUTE FUNCTION reviews_four_eyes()",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "SET ROLE factcheck",
        "CREATE ROLE another",
        "COPY django_session FROM PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/found'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_it_is_refused(desk, statement):
    with pytest.raises(ProgrammingError) as refused:
        sql(statement)

    assert refused.value.__cause__.sqlstate == REFUSED


@pytest.mark.parametrize(
    "given",
    [
        "GRANT TRUNCATE, TRIGGER, REFERENCES ON reviews_decision TO desk",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT UPDATE ON django_migrations TO desk",
        "GRANT TEMPORARY ON DATABASE {database} TO desk",
    ],
)
def test_what_it_was_given_besides_is_taken_away(owner, given):
    call_command("grant", verbosity=0)
    before = found(RIGHTS)
    sql(given.format(database=connection.settings_dict["NAME"]))
    assert found(RIGHTS) != before

    call_command("grant", verbosity=0)

    assert found(RIGHTS) == before


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("ALTER ROLE desk SUPERUSER", "it is superuser"),
        ("ALTER ROLE desk CREATEROLE", "it may create roles or databases"),
        ("GRANT pg_execute_server_program TO desk", "the role pg_execute_server_program"),
        ("CREATE TABLE mine (); ALTER TABLE mine OWNER TO desk", "it owns something"),
    ],
)
def test_a_role_that_can_do_more_is_refused(owner, given, why):
    sql(f"CREATE ROLE desk; {given}")

    with pytest.raises(CommandError, match=why):
        call_command("grant", verbosity=0)

    assert not found("SELECT FROM pg_class WHERE relacl::text LIKE '%desk=%'")


def test_who_migrates_is_not_the_desk(owner, settings):
    settings.DESK_DATABASE = connection.settings_dict

    with pytest.raises(CommandError, match="needs a role of its own"):
        call_command("grant", verbosity=0)


@pytest.mark.parametrize("said", [{}, {"USER": "desk", "NAME": "another", "PASSWORD": ""}])
def test_it_is_said_who_the_desk_is_and_where(owner, settings, said):
    settings.DESK_DATABASE = said

    with pytest.raises(CommandError, match="FACTCHECK_DESK_DATABASE_URL"):
        call_command("grant", verbosity=0)


def test_its_password_is_the_one_of_its_address(owner):
    call_command("grant", verbosity=0)
    ((kept,),) = found("SELECT rolpassword FROM pg_authid WHERE rolname = 'desk'")
    assert kept.startswith("SCRAM-SHA-256$")
    assert "nowhere" not in kept
