"""Takes checkpoints: the heads of all chains at one moment, signed, for witnesses outside.

A checkpoint is one file of lines, compressed: the statement (canonical JSON, exactly what was
signed), its signature, and then every chain in the order of its verdict: key, number and hash of
its newest version, and the reference of its review. The statement has the SHA-256 of these lines
and the hash of the statement before it: whoever has one checkpoint can tell whether anything before
it was rewritten (`attestation.py`), and whoever has several, whether one is missing.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from reviews import delivery, history, leases, signing
from reviews.models import Checkpoint, Verdict

FORMAT = "factcheck checkpoint 1"
AT_ONCE = 2_000  # heads fetched at once
HEADS = """
SELECT verdict.id, head.seq, head.hash, review.ref
FROM reviews_verdict verdict
JOIN reviews_review review ON review.id = verdict.review_id
CROSS JOIN LATERAL (
    SELECT seq, hash FROM reviews_verdictversion
    WHERE verdict_id = verdict.id ORDER BY seq DESC LIMIT 1
) head
ORDER BY verdict.id
"""
# A save reads its clock after it locked a row, which gives its transaction a number. So whatever
# was saved before the oldest numbered transaction began, or before now, is there to be seen by now.
# Sessions of other roles do not show theirs; those of the desk, which alone save, do.
COMPLETE_TO = """
SELECT LEAST(min(xact_start), clock_timestamp()) FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


class CannotTake(Exception):
    """No checkpoint was taken, and nothing of one is left; the sentence says why."""


class Heads(NamedTuple):
    """What was written of the chains: how many, with how many versions, and their SHA-256."""

    verdicts: int
    versions: int
    sha256: str


# Taking


def take() -> Checkpoint:
    """Sign the heads of all chains as they stand now, and put the file into the outbox.

    It waits in the folder under another name until `delivery` gives it its own, so that no file is
    half there and none has no row. Memory does not grow with the record.

    :raises CannotTake: if it cannot be signed or written.
    """
    complete_to = _complete_to()
    with _alone():
        return _make(None, complete_to)


def take_daily() -> Checkpoint | None:
    """Take the checkpoint of this day (UTC); None if there is one already.

    :raises CannotTake: as above.
    """
    complete_to = _complete_to()
    with _alone():
        day = leases.clock().astimezone(UTC).date()
        if Checkpoint.objects.filter(day=day).exists():
            return None
        return _make(day, complete_to)


def _make(day: date | None, complete_to: datetime) -> Checkpoint:
    if not settings.PUBLIC_URL:
        raise CannotTake(settings.NO_PUBLIC_URL)
    before = Checkpoint.objects.newest()
    key = _key(before)
    number, now = (before.number if before else 0) + 1, leases.clock()
    taken = Checkpoint(number=number, day=day, taken_at=now, complete_to=complete_to)
    with _file(taken) as file, tempfile.TemporaryFile(dir=settings.CHECKPOINT_FOLDER) as spool:
        heads = _write_heads(spool)
        _sign(taken, heads, before, key)
        spool.seek(0)
        file.write(gzip.compress(f"{taken.statement}\n{taken.signature}\n".encode(), mtime=0))
        shutil.copyfileobj(spool, file)
    taken.save(force_insert=True)
    delivery.address(taken)
    return taken


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time; and all that is read inside is of one moment, which begins with the lock."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("LOCK TABLE reviews_checkpoint IN SHARE ROW EXCLUSIVE MODE")
        yield


def _complete_to() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(COMPLETE_TO)
        moment: datetime = cursor.fetchone()[0]
    return moment


def _key(before: Checkpoint | None) -> Ed25519PrivateKey:
    """The key, made for the first checkpoint. One that was lost is not quietly replaced."""
    try:
        key = signing.private_key(may_make=before is None)
        known = {signing.fingerprint(one) for one in signing.public_keys()}
    except signing.NoKey as error:
        raise CannotTake(str(error)) from error
    if before and before.told["key"] not in known:
        raise CannotTake(
            f"Checkpoint {before.number} was signed with another key, whose fingerprint is "
            f"{before.told['key']}. If that is meant, name the file of its public half in "
            "FACTCHECK_CHECKPOINT_OLD_KEYS."
        )
    return key


@contextmanager
def _file(taken: Checkpoint) -> Iterator[IO[bytes]]:
    """Write the file under the name it has until it is delivered; on any error it is gone again."""
    folder: Path = settings.CHECKPOINT_FOLDER
    part = delivery.part_of(folder, taken)
    try:
        if not settings.CHECKPOINT_FOLDER_IS_NAMED:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / taken.file_name).exists():
            raise CannotTake(
                f"{folder / taken.file_name} is there, but the record knows no checkpoint "
                f"{taken.number}: was an older backup restored, or another desk's folder named?"
            )
        file = part.open("wb")
    except OSError as error:
        raise CannotTake(f"{folder} cannot be written: {error.strerror}.") from error
    if settings.CHECKPOINT_FOLDER_IS_NAMED:  # a witness: its folder says who may read there
        with suppress(OSError):  # some file systems know no modes
            part.chmod(0o644)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        part.unlink()
        raise CannotTake(f"{folder} cannot be written: {error.strerror}.") from error
    except BaseException:
        part.unlink()
        raise


def _write_heads(spool: IO[bytes]) -> Heads:
    """Write a line for each chain, in the order of their verdicts, as one statement sees them."""
    verdicts = versions = 0
    digest = hashlib.sha256()
    with gzip.GzipFile(fileobj=spool, mode="wb", filename="", mtime=0) as packed:
        for verdict, seq, seal, ref in _heads():
            line = f"{verdict} {seq} {seal} {ref}\n".encode()
            digest.update(line)
            packed.write(line)
            verdicts += 1
            versions += seq
    return Heads(verdicts, versions, digest.hexdigest())


def _heads() -> Iterator[tuple[int, int, str, str]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(HEADS)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows


def _sign(
    taken: Checkpoint, heads: Heads, before: Checkpoint | None, key: Ed25519PrivateKey
) -> None:
    taken.statement = history.canonical(
        {
            "format": FORMAT,
            "desk": settings.PUBLIC_URL,
            "number": taken.number,
            "taken_at": taken.taken_at.astimezone(UTC).isoformat(),
            "previous": before.hash if before else "",
            "verdicts": heads.verdicts,
            "versions": heads.versions,
            "heads": heads.sha256,
            "key": signing.fingerprint(key.public_key()),
        }
    )
    taken.hash = history.sha256(taken.statement)
    taken.signature = signing.sign(key, taken.statement)


# Asking


class Covered(NamedTuple):
    """A checkpoint, and the last version of a verdict that is in it; 0 if none is."""

    checkpoint: Checkpoint
    seq: int


def covered(verdict: Verdict) -> Covered | None:
    """Say up to which version the newest checkpoint has `verdict`; None before the first.

    Of what was being saved in the moment it was taken, it says the less. Two queries.
    """
    newest = Checkpoint.objects.newest()
    if newest is None:
        return None
    saved = verdict.versions.filter(at__lt=newest.complete_to).order_by("-seq")
    return Covered(newest, saved.values_list("seq", flat=True).first() or 0)
