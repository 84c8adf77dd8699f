"""Reads checkpoints back: whether each is whole and signed, and what the record must still have.

It trusts neither the files nor the record, only the public keys it is given.
"""

from __future__ import annotations

import gzip
import hashlib
import heapq
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from reviews import signing, verification
from reviews.checkpoints import FORMAT
from reviews.models import Checkpoint, Delivery, Verification
from reviews.verification import Head

LONGEST_LINE = 10_000  # bytes
OPEN_AT_ONCE = 100  # files
FIELDS = {
    "format": str, "desk": str, "number": int, "taken_at": str, "previous": str, "verdicts": int,
    "versions": int, "heads": str, "key": str,
}  # fmt: skip

Keys = Mapping[str, Ed25519PublicKey]  # by their fingerprints


class Unsound(Exception):
    """A file that proves nothing; the sentence says why, and names the file."""


@dataclass(frozen=True, slots=True)
class Attested:
    """A checkpoint whose signature and heads are sound."""

    path: Path
    number: int
    taken_at: str
    previous: str
    hash: str


def keyring(keys: Iterable[Ed25519PublicKey]) -> Keys:
    """Return the keys by what statements call them."""
    return {signing.fingerprint(key): key for key in keys}


# Reading


def read_all(path: Path, keys: Keys) -> tuple[list[Attested], list[str]]:
    """Read a checkpoint, or all in a folder; return the sound ones by number, and what is wrong.

    In a folder each must name the one before it, so that none can be missing but the first and the
    last. Memory does not grow with their size.
    """
    paths = sorted(path.glob("checkpoint-*.gz")) if path.is_dir() else [path]
    if not paths:
        return [], [f"{path} holds no checkpoint."]
    sound, problems = _read_each(paths, keys)
    return sound, [*problems, *_gaps(sound)]


def _read_each(paths: Iterable[Path], keys: Keys) -> tuple[list[Attested], list[str]]:
    sound, problems = [], []
    for one in paths:
        try:
            sound.append(read(one, keys))
        except Unsound as error:
            problems.append(str(error))
    return sorted(sound, key=lambda one: one.number), problems


def _gaps(sound: list[Attested]) -> Iterator[str]:
    for before, after in pairwise(sound):
        if after.number > before.number + 1:
            yield f"Between {before.path} and {after.path} one is missing or unsound."
        elif after.number == before.number and after.hash != before.hash:
            yield f"{before.path} and {after.path} have one number and say different things."
        elif after.number > before.number and after.previous != before.hash:
            yield f"{after.path} follows another checkpoint {before.number} than {before.path}."


def read(path: Path, keys: Keys) -> Attested:
    """Read one checkpoint to its end.

    :raises Unsound: if it cannot be read, is garbled, is signed with none of `keys`, was forged, or
        has other heads than were signed.
    """
    try:
        with gzip.open(path) as file:
            lines = _lines(file, path)
            line, signature = next(lines, b""), next(lines, b"")
            statement = _statement(line, path)
            _check_signature(line, signature, statement["key"], path, keys)
            _check_heads(lines, statement, path)
    except OSError as error:  # what is no gzip file, too
        raise Unsound(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error) as error:
        raise Unsound(f"{path} is garbled: {error}.") from error
    return Attested(
        path, statement["number"], statement["taken_at"], statement["previous"],
        hashlib.sha256(line).hexdigest(),
    )  # fmt: skip


def _lines(file: gzip.GzipFile, path: Path) -> Iterator[bytes]:
    """Every line without its end."""
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise Unsound(f"{path} is garbled: a line has no end.")
        yield line[:-1]


def _statement(line: bytes, path: Path) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError as error:
        raise Unsound(f"{path} is no checkpoint.") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise Unsound(f"{path} is no checkpoint of the format “{FORMAT}”.")
    if {name: type(value) for name, value in told.items()} != FIELDS:
        raise Unsound(f"{path} is garbled: its statement lacks something.")
    return told


def _check_signature(
    line: bytes, signature: bytes, fingerprint: str, path: Path, keys: Keys
) -> None:
    if fingerprint not in keys:
        raise Unsound(
            f"{path} names another key: its fingerprint is {fingerprint}, expected was "
            f"{' or '.join(keys)}."
        )
    if not signing.is_signed(keys[fingerprint], line, signature):
        raise Unsound(f"{path} is forged: its statement is not what was signed.")


def _check_heads(lines: Iterable[bytes], statement: dict[str, Any], path: Path) -> None:
    digest = hashlib.sha256()
    verdicts = versions = last = 0
    for line in lines:
        digest.update(line + b"\n")
        head = _head(line, path)
        if head.verdict <= last:
            raise Unsound(f"{path} is garbled: verdict {head.verdict} follows {last}.")
        last = head.verdict
        verdicts += 1
        versions += head.seq
    signed = (statement["heads"], statement["verdicts"], statement["versions"])
    if (digest.hexdigest(), verdicts, versions) != signed:
        raise Unsound(f"{path} was changed: its heads are not those that were signed.")


def _head(line: bytes, path: Path, *, checkpoint: int = 0) -> Head:
    try:
        verdict, seq, seal, _ = line.decode("ascii").split(" ")
        return Head(int(verdict), int(seq), seal, checkpoint)
    except ValueError as error:
        raise Unsound(f"{path} is garbled: a head is none.") from error


# Comparing


def heads(attested: Iterable[Attested]) -> Iterator[Head]:
    """Yield what these checkpoints signed, in the order in which the record is read, each once.

    Memory grows neither with their number nor with their size: they are merged on disk, a hundred
    at a time.
    """
    with ExitStack() as stack:
        runs = [_heads_of(one) for one in attested]
        while len(runs) > OPEN_AT_ONCE:
            merged = _once(heapq.merge(*runs[:OPEN_AT_ONCE]))
            file = stack.enter_context(tempfile.TemporaryFile())
            runs = [*runs[OPEN_AT_ONCE:], _spooled(file, merged)]
        yield from _once(heapq.merge(*runs))


def _heads_of(one: Attested) -> Iterator[Head]:
    with gzip.open(one.path) as file:
        for line in islice(_lines(file, one.path), 2, None):
            yield _head(line, one.path, checkpoint=one.number)


def _spooled(file: IO[bytes], heads: Iterable[Head]) -> Iterator[Head]:
    """Write `heads` out now, to be read again one by one."""
    for head in heads:
        file.write(b"%d %d %s %d\n" % (head.verdict, head.seq, head.hash.encode(), head.checkpoint))
    file.seek(0)
    return map(_unspooled, file)


def _unspooled(line: bytes) -> Head:
    verdict, seq, seal, checkpoint = line.split()
    return Head(int(verdict), int(seq), seal.decode(), int(checkpoint))


def _once(heads: Iterable[Head]) -> Iterator[Head]:
    """Of equal heads only that of the first checkpoint: most chains do not grow from day to day."""
    before: tuple[int, int, str] | None = None
    for head in heads:
        if head[:3] != before:
            before = head[:3]
            yield head


# Every night


def nightly() -> Verification:
    """Check the whole record against the checkpoints that the folder has, and keep what was found.

    Each check that held vouches for what came before it; so only the checkpoint before the last
    check that held is read again, and what came since.
    """
    paths = [
        Path(row.to) / row.checkpoint.file_name
        for row in Delivery.objects.filter(
            way=Delivery.Way.FOLDER, state=Delivery.State.DONE, checkpoint__in=_since_it_held()
        )
        .select_related("checkpoint")
        .order_by("checkpoint__number")
    ]
    sound: list[Attested] = []
    problems: list[str] = []
    if paths:
        try:
            sound, problems = _read_each(paths, keyring(signing.public_keys()))
        except signing.NoKey as error:
            problems = [str(error)]
    return verification.nightly(heads(sound), [*problems, *_gaps(sound)])


def _since_it_held() -> QuerySet[Checkpoint]:
    held = Verification.objects.filter(problem_count=0).newest()
    if held is None:
        return Checkpoint.objects.all()
    before = Checkpoint.objects.filter(taken_at__lte=held.begun_at).newest()
    return Checkpoint.objects.filter(number__gte=before.number if before else 1)


def told_time(one: Attested) -> str:
    """When it was taken, as people read it."""
    moment = parse_datetime(one.taken_at)
    return f"{moment:%d %B %Y, %H:%M} UTC" if moment else one.taken_at
