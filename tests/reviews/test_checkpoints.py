"""Signed checkpoints: who rules the database can rewrite the record, but not what was signed."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from reviews import (
    attestation,
    checkpoints,
    history,
    leases,
    redaction,
    signing,
    tasks,
    verification,
)
from reviews.models import Checkpoint, Delivery, Review, VerdictVersion, Verification
from reviews.states import Status
from tests import factories
from tests.factories import supervisor
from tests.record import commit
from tests.together import together
from tests.witnessing import as_superuser, own_keys, path_of, rewrite, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(site) -> Review:
    """A verdict of three versions, and one of a single version after it."""
    review = factories.review_at(Status.IN_PROGRESS)
    for summary in ("Landings fell.", "Landings fell by a tenth.", "They fell by a ninth."):
        factories.save(review, summary=summary)
    factories.save(factories.review_at(Status.IN_PROGRESS))
    return review


def verify(*, against: Path, keys: list[Path] = ()) -> tuple[str, str]:
    """What `manage.py verify --against` prints, and why it fails; "" if it does not."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify", against=against, key=list(keys), stdout=out, stderr=err)
    except CommandError as error:
        return err.getvalue(), str(error)
    return out.getvalue(), ""


def lines_of(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    return path


# Taking


def test_it_signs_the_head_of_every_chain(written):
    path = taken()

    statement, signature, *heads = lines_of(path)
    rows = VerdictVersion.objects.order_by("verdict", "-seq").distinct("verdict")
    assert [line.decode() for line in heads] == [
        f"{row.verdict_id} {row.seq} {row.hash} {row.verdict.review.ref}" for row in rows
    ]
    told = json.loads(statement)
    taken_at, digest = told.pop("taken_at"), told.pop("heads")
    [key] = signing.public_keys()
    assert told == {
        "format": "factcheck checkpoint 1", "desk": "http://127.0.0.1:8000", "number": 1,
        "previous": "", "verdicts": 2, "versions": 4, "key": signing.fingerprint(key),
    }  # fmt: skip
    row = Checkpoint.objects.get()
    assert (row.statement, row.signature) == (statement.decode(), signature.decode())
    assert (row.taken_at.isoformat(), len(digest)) == (taken_at, 64)
    assert signing.is_signed(key, statement, signature)


def test_each_names_the_one_before(written):
    taken()
    taken()

    first, second = Checkpoint.objects.order_by("number")
    assert second.told["previous"] == first.hash == history.sha256(first.statement)


def test_an_empty_record_is_signed_too(site):
    path = taken()

    assert len(lines_of(path)) == 2
    assert verify(against=path)[1] == ""


def test_the_daily_one_is_taken_once_a_day_and_those_asked_for_whenever(written):
    tasks.take_checkpoint()
    tasks.take_checkpoint()
    taken()
    tasks.take_checkpoint()

    today = leases.clock().date()
    assert [*Checkpoint.objects.order_by("number").values_list("number", "day")] == [
        (1, today), (2, None),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_the_daily_one_once(written):
    done = together(checkpoints.take_daily, checkpoints.take_daily)

    assert sorted(one is None for one in done) == [False, True]
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_being_saved_meanwhile_is_not_said_to_be_in_it(written):
    """A save that read its clock before, and commits after, is in no checkpoint taken between."""

    def while_saving() -> None:
        with transaction.atomic():
            factories.save(written, summary="Not yet.")
            saved.append(True)
            while len(saved) < 2:
                time.sleep(0.01)

    def take() -> Checkpoint:
        while not saved:
            time.sleep(0.01)
        try:
            return checkpoints.take()
        finally:
            saved.append(True)
            connections.close_all()

    saved: list[bool] = []
    together(while_saving, take)

    verdict = history.of(written)
    assert verdict.seq == 4
    assert checkpoints.covered(verdict).seq <= 3
    assert verify(against=path_of(Checkpoint.objects.get()))[1] == ""


def test_memory_and_queries_do_not_grow_with_the_record(written):
    with CaptureQueriesContext(connection) as few:
        checkpoints.take()
    for _ in range(3):
        factories.save(factories.review_at(Status.IN_PROGRESS))
    with CaptureQueriesContext(connection) as more:
        checkpoints.take()

    assert len(more) == len(few)


def refused_to_take() -> str:
    """Why `manage.py checkpoint` fails, having left nothing behind."""
    with pytest.raises(CommandError) as error:
        call_command("checkpoint")
    assert error.value.returncode == 1
    assert not Checkpoint.objects.exists()
    assert not Delivery.objects.exists()
    return str(error.value)


def test_a_named_folder_that_is_not_there_is_not_made(written, site):
    site.CHECKPOINT_FOLDER_IS_NAMED = True

    assert refused_to_take().endswith("witness cannot be written: No such file or directory.")
    assert not site.CHECKPOINT_FOLDER.exists()


def test_who_reads_in_a_named_folder_it_says_itself(written, site):
    site.CHECKPOINT_FOLDER_IS_NAMED = True
    site.CHECKPOINT_FOLDER.mkdir(mode=0o755)
    before = os.umask(0o077)  # as the desk has it

    checkpoints.take()
    os.umask(before)

    (file,) = site.CHECKPOINT_FOLDER.iterdir()
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_a_file_is_named(written, site):
    site.CHECKPOINT_FOLDER.write_text("")

    assert refused_to_take().endswith("witness cannot be written: File exists.")


def test_a_disk_that_fills_up_leaves_no_half_a_file(written, site):
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    site.CHECKPOINT_KEY.write_bytes(new_key())
    site.CHECKPOINT_KEY.chmod(0o600)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, most))
    try:
        said = refused_to_take()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    assert said.endswith("witness cannot be written: File too large.")
    assert [*site.CHECKPOINT_FOLDER.iterdir()] == []


def test_a_desk_that_says_no_address_signs_nothing(written, site):
    site.PUBLIC_URL = ""

    assert refused_to_take() == site.NO_PUBLIC_URL


def test_a_record_that_was_set_back_does_not_overwrite_what_it_signed_since(written, site):
    site.CHECKPOINT_FOLDER.mkdir()
    (site.CHECKPOINT_FOLDER / "checkpoint-000001.gz").write_text("Signed before the restore.")

    assert "knows no checkpoint 1: was an older backup restored" in refused_to_take()
    assert [one.name for one in site.CHECKPOINT_FOLDER.iterdir()] == ["checkpoint-000001.gz"]


def test_a_maker_that_stopped_before_the_file_had_its_name_loses_nothing(written, site):
    checkpoints.take()
    assert [one.name for one in site.CHECKPOINT_FOLDER.iterdir()] == [".checkpoint-000001.gz.part"]

    tasks.deliver_checkpoints()

    assert verify(against=site.CHECKPOINT_FOLDER)[1] == ""
    assert [one.name for one in site.CHECKPOINT_FOLDER.iterdir()] == ["checkpoint-000001.gz"]


# The rows


FURTHER = """
INSERT INTO reviews_checkpoint (number, taken_at, complete_to, statement, hash, signature)
SELECT number + {}, taken_at, complete_to, statement, hash, '' FROM reviews_checkpoint
"""
ROUND = {
    "another signature": ("UPDATE reviews_checkpoint SET signature = ''", "are sealed"),
    "deleted": ("DELETE FROM reviews_checkpoint", "are sealed"),
    "all of them": ("TRUNCATE reviews_checkpoint CASCADE", "TRUNCATE refused"),
    "a gap": (FURTHER.format(2), "checkpoint 3 does not follow checkpoint 1"),
    "another past": (FURTHER.format(1), "checkpoint 2 does not follow checkpoint 1"),
}


@pytest.mark.parametrize("way", ROUND)
def test_rows_are_sealed_and_each_follows_the_one_before(written, way):
    statement, problem = ROUND[way]
    checkpoints.take()
    commit()

    with (
        pytest.raises(IntegrityError, match=problem),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


# Verifying against what was signed


def test_an_honest_record_holds_against_all_that_was_signed_of_it(written):
    path = taken()
    factories.save(written, summary="They fell by an eighth.")
    redaction.redact(written, by=supervisor(), seq=2, reason="It names a child.")
    factories.save(factories.review_at(Status.IN_PROGRESS))
    taken()

    said, failed = verify(against=path)
    assert (failed, said.splitlines()[0]) == (
        "", "6 versions of 3 verdicts, every chain holds.",
    )  # fmt: skip
    assert said.splitlines()[1].startswith("Nothing before checkpoint 1 (")
    assert verify(against=path.parent)[0].splitlines()[1].startswith("Nothing before checkpoint 2")


def first_word(versions):
    versions[0].content = versions[0].content.replace("Landings fell.", "Landings rose.")
    return versions


def other_author(versions):
    versions[1].actor_name = "Somebody Else"
    return versions


def inserted(versions):
    further = VerdictVersion.objects.get(pk=versions[0].pk)
    further.content = further.content.replace("Landings fell.", "Landings rose.")
    return [versions[0], further, *versions[1:]]


REWRITTEN = (
    "version 3, which checkpoint 1 signed, is another now: it or one before it was rewritten"
)
EDITS = {
    "the first version says something else": (first_word, REWRITTEN),
    "another author": (other_author, REWRITTEN),
    "a version inserted before": (inserted, REWRITTEN),
    "the first version left out": (
        lambda versions: versions[1:], "version 3, which checkpoint 1 signed, is gone",
    ),
    "the tail cut off": (
        lambda versions: versions[:-1], "version 3, which checkpoint 1 signed, is gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_a_superuser_who_rewrites_a_whole_chain_is_found_by_what_was_signed(written, edit):
    path = taken()
    change, problem = EDITS[edit]
    verdict = history.of(written)

    rewrite(verdict, change)

    assert [*verification.problems()] == []
    told = f"Verdict {verdict.pk}: {problem}\n"
    assert verify(against=path) == (told, "1 problems found.")


def test_a_verdict_that_is_gone_is_named(written):
    path = taken()
    verdict = history.of(written).pk
    as_superuser(
        f"DELETE FROM reviews_verdictversion WHERE verdict_id = {verdict}",
        f"DELETE FROM reversion_version WHERE object_id = '{verdict}'",
        f"DELETE FROM reviews_verdict WHERE id = {verdict}",
    )

    assert [*verification.problems()] == []
    assert verify(against=path)[0] == (
        f"Verdict {verdict}: it is gone, with version 3, which checkpoint 1 signed\n"
    )


def test_the_last_verdict_that_is_gone_is_named_too(written):
    path = taken()
    as_superuser(
        *(f"DELETE FROM {table}" for table in ("reviews_verdictversion", "reversion_version")),
        "DELETE FROM reviews_verdict",
    )

    assert len(verify(against=path)[0].splitlines()) == 2


def test_a_checkpoint_of_what_was_rewritten_does_not_cover_it_up(written):
    """In a folder the older ones are still asked, and the first that is broken is told."""
    first = taken()
    rewrite(history.of(written), first_word)
    taken()

    told = f"Verdict {history.of(written).pk}: {REWRITTEN}\n"
    assert verify(against=first.parent) == (told, "1 problems found.")


def test_many_checkpoints_are_merged_a_few_at_a_time(written, monkeypatch):
    monkeypatch.setattr(attestation, "OPEN_AT_ONCE", 2)
    paths = [taken()]
    for number in range(4):
        factories.save(written, summary=f"Landings fell by {number}.")
        paths.append(taken())

    sound, problems = attestation.read_all(paths[0].parent, own_keys())

    assert problems == []
    verdict = history.of(written).pk
    heads = [
        (one.seq, one.checkpoint) for one in attestation.heads(sound) if one.verdict == verdict
    ]
    assert heads == [(3, 1), (4, 2), (5, 3), (6, 4), (7, 5)]


# Files that prove nothing


def changed_head(path):
    statement, signature, first, *rest = lines_of(path)
    verdict, seq, seal, ref = first.split()
    return write(path, [statement, signature, b" ".join([verdict, seq, seal[::-1], ref]), *rest])


def changed_statement(path):
    statement, *rest = lines_of(path)
    return write(path, [statement.replace(b'"verdicts":2', b'"verdicts":1'), *rest])


def forged(path):
    """Signed by somebody else in the name of the desk's key."""
    statement, _, *rest = lines_of(path)
    signature = signing.sign(Ed25519PrivateKey.generate(), statement.decode())
    return write(path, [statement, signature.encode(), *rest])


def of_another_desk(path):
    statement, _, *rest = lines_of(path)
    key = Ed25519PrivateKey.generate()
    told = json.loads(statement) | {"key": signing.fingerprint(key.public_key())}
    line = history.canonical(told)
    return write(path, [line.encode(), signing.sign(key, line).encode(), *rest])


FILES = {
    "missing": (lambda path: path.unlink(), "cannot be read: No such file or directory."),
    "no gzip": (lambda path: path.write_text("{}"), "cannot be read: Not a gzipped file (b'{}')."),
    "cut off": (
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        "is garbled: Compressed file ended before the end-of-stream marker was reached.",
    ),
    "no checkpoint": (lambda path: write(path, [b"hello"]), "is no checkpoint."),
    "empty": (lambda path: write(path, []), "is no checkpoint."),
    "another format": (
        lambda path: write(path, [b'{"format":"2"}']),
        "is no checkpoint of the format “factcheck checkpoint 1”.",
    ),
    "half a statement": (
        lambda path: write(path, [b'{"format":"factcheck checkpoint 1"}']),
        "is garbled: its statement lacks something.",
    ),
    "a line without end": (
        lambda path: path.write_bytes(gzip.compress(b"x" * 20_000)),
        "is garbled: a line has no end.",
    ),
    "no signature": (
        lambda path: write(path, lines_of(path)[:1]),
        "is forged: its statement is not what was signed.",
    ),
    "forged": (forged, "is forged: its statement is not what was signed."),
    "another statement": (changed_statement, "is forged: its statement is not what was signed."),
    "another head": (changed_head, "was changed: its heads are not those that were signed."),
    "a head left out": (
        lambda path: write(path, lines_of(path)[:-1]),
        "was changed: its heads are not those that were signed.",
    ),
    "heads in another order": (
        lambda path: write(path, [*lines_of(path)[:2], *lines_of(path)[:1:-1]]), "follows",
    ),
    "no heads": (
        lambda path: write(path, [*lines_of(path)[:2], b"hello"]), "is garbled: a head is none.",
    ),
    "another desk's": (of_another_desk, "names another key: its fingerprint is "),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    """A checkpoint and its key, once taken: to take one for each way to spoil it would be slow."""
    return {}


@pytest.fixture
def signed(kept, request, site) -> Path:
    if not kept:
        request.getfixturevalue("written")
        kept |= {"file": taken().read_bytes(), "key": site.CHECKPOINT_KEY.read_bytes()}
    site.CHECKPOINT_KEY.write_bytes(kept["key"])
    site.CHECKPOINT_KEY.chmod(0o600)
    path = site.CHECKPOINT_KEY.with_name("checkpoint.gz")
    path.write_bytes(kept["file"])
    return path


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_proves_nothing_says_why(signed, kind):
    assert attestation.read(signed, own_keys()).number == 1
    spoil, problem = FILES[kind]
    spoil(signed)

    with pytest.raises(attestation.Unsound) as unsound:
        attestation.read(signed, own_keys())

    assert str(unsound.value).startswith(str(signed))
    assert problem in str(unsound.value)


def test_what_is_unsound_is_told_beside_what_is_broken(written):
    path = changed_head(taken())

    assert verify(against=path) == (
        f"{path} was changed: its heads are not those that were signed.\n", "1 problems found.",
    )  # fmt: skip


def test_another_key_is_named_by_its_file_and_a_folder_by_all_it_lacks(written, tmp_path):
    path = taken()
    [key] = signing.public_keys()
    kept, other = tmp_path / "kept.pem", tmp_path / "other.pem"
    kept.write_text(signing.pem(key))
    other.write_text(signing.pem(Ed25519PrivateKey.generate().public_key()))

    assert verify(against=path, keys=[kept])[1] == ""
    assert verify(against=path, keys=[other, kept])[1] == ""
    assert "names another key" in verify(against=path, keys=[other])[0]
    assert verify(against=path, keys=[path])[1] == (
        f"{path} is no public key in PEM. Name one with --key."
    )
    assert verify(against=tmp_path / "empty")[0].startswith(str(tmp_path / "empty"))


def test_a_folder_from_which_one_is_missing_is_told(written, site):
    for _ in range(3):
        taken()
    middle = site.CHECKPOINT_FOLDER / "checkpoint-000002.gz"
    content = middle.read_bytes()
    middle.unlink()
    assert "one is missing or unsound" in verify(against=site.CHECKPOINT_FOLDER)[0]

    middle.write_bytes(content)
    assert verify(against=site.CHECKPOINT_FOLDER)[1] == ""
    for path in site.CHECKPOINT_FOLDER.iterdir():
        path.unlink()
    assert verify(against=site.CHECKPOINT_FOLDER)[0].endswith("holds no checkpoint.\n")


def test_a_history_of_checkpoints_begun_anew_does_not_follow_the_old_one(written, site):
    first = taken()
    old = first.read_bytes()
    as_superuser("DELETE FROM reviews_delivery", "DELETE FROM reviews_checkpoint")
    first.unlink()
    taken()
    taken()
    first.write_bytes(old)

    assert "follows another checkpoint 1 than" in verify(against=site.CHECKPOINT_FOLDER)[0]


# Every night


def test_the_night_compares_with_what_was_signed_since_it_last_held(written, site):
    taken()
    assert attestation.nightly().holds
    taken()
    rewrite(history.of(written), first_word)
    taken()

    tasks.verify_history()
    tasks.verify_history()

    told = f"Verdict {history.of(written).pk}: {REWRITTEN}".replace("checkpoint 1", "checkpoint {}")
    found = [one.problems for one in Verification.objects.order_by("pk")]
    assert found == [[], [told.format(1)], [told.format(1)]]


def test_a_checkpoint_that_left_its_folder_is_missed_at_night(written):
    path = taken()
    path.unlink()

    assert attestation.nightly().problems == [f"{path} cannot be read: No such file or directory."]


# The key


def new_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        signing.PEM, signing.serialization.PrivateFormat.PKCS8,
        signing.serialization.NoEncryption(),
    )  # fmt: skip


def test_the_key_is_made_once_and_for_its_owner_alone(written, site):
    taken()
    pem = site.CHECKPOINT_KEY.read_bytes()
    taken()

    assert site.CHECKPOINT_KEY.stat().st_mode & 0o777 == 0o600
    assert site.CHECKPOINT_KEY.read_bytes() == pem
    assert not [*site.CHECKPOINT_KEY.parent.glob(".key-*")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reviews_checkpoint WHERE statement LIKE '%%PRIVATE%%'")
        assert cursor.fetchone() == (0,)


KEYS = {
    "for others to read": (lambda path: path.chmod(0o640), "can be read by others: chmod 600 it."),
    "garbled": (
        lambda path: path.write_text("key"), "is no private key without a password in PEM.",
    ),
    "lost": (lambda path: path.unlink(), "There is no key"),
    "replaced": (
        lambda path: path.write_bytes(new_key()), "Checkpoint 1 was signed with another key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_that_is_not_as_it_was_signs_nothing(written, site, kind):
    taken()
    spoil, problem = KEYS[kind]
    spoil(site.CHECKPOINT_KEY)

    with pytest.raises(checkpoints.CannotTake, match=problem):
        checkpoints.take()
    assert Checkpoint.objects.count() == 1


def test_a_key_that_the_site_names_is_never_made(written, site):
    site.CHECKPOINT_KEY_IS_NAMED = True

    assert refused_to_take() == f"There is no key {site.CHECKPOINT_KEY}."


def test_a_new_key_takes_over_where_the_old_one_is_named(written, site, tmp_path):
    taken()
    old = tmp_path / "old.pem"
    old.write_text(signing.pem(signing.public_keys()[0]))
    site.CHECKPOINT_KEY.write_bytes(new_key())
    site.CHECKPOINT_OLD_KEYS = [old]

    taken()

    assert verify(against=site.CHECKPOINT_FOLDER)[1] == ""
    assert attestation.nightly().holds


def test_the_public_key_is_printed(written, site):
    with pytest.raises(CommandError, match="The first checkpoint makes it"):
        call_command("checkpoint", public_key=True)
    taken()
    out, err = io.StringIO(), io.StringIO()

    call_command("checkpoint", public_key=True, stdout=out, stderr=err)

    assert out.getvalue() == signing.pem(signing.public_keys()[0])
    assert err.getvalue().startswith("SHA-256 ")
    assert Checkpoint.objects.count() == 1
