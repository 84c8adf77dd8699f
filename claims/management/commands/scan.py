"""`manage.py scan`: what the engine finds in a text, without touching a database."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand

from claims import text as engine

CLOSED = 141  # as a shell says of what SIGPIPE ended
MOST_BYTES = 20_000_000  # of a file, and of a line with --jsonl
BOLD, PLAIN = "\033[1m", "\033[0m"
HELP = """\
Show claims and unverified items in texts; nothing is stored, no database is needed.

Without files, or with "-", standard input is read. Offsets are half-open characters into the text.

With --jsonl every line of the input is {"id", "text"} or {"id", "text", "lang"}; every line is
answered as soon as it is read, by one line in the same order:
  {"id", "lang", "sentences": n,
   "flags": [{"kind", "start", "end", "cue", "rule", "who", "confidence"}],
   "claims": [{"start", "end", "text", "claimant", "worthiness", "reasons"}],
   "attributions": [{"source": [s, e] or null, "cue": [s, e], "content": [s, e]}]}
or {"id", "error"} when the line is malformed; then its number is also told on standard error.

Exit codes: 0 all was analysed; 1 a file or a line could not be read, the others were analysed;
2 the command was called wrongly.
"""


class Unreadable(Exception):
    """A file or a line that cannot be read as text; says which and why."""


class Malformed(Exception):
    """A line of JSON that is not what it should be; `id` is the document's, None when unknown."""

    def __init__(self, reason: str, identity: Any = None) -> None:
        super().__init__(reason)
        self.id = identity


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def create_parser(self, *arguments: Any, **options: Any) -> Any:
        """Keep the line breaks of the help."""
        return super().create_parser(
            *arguments, formatter_class=RawDescriptionHelpFormatter, **options
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", default=["-"], metavar="FILE")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON document for each file")
        form.add_argument("--jsonl", action="store_true", help="one JSON document for each line")
        parser.add_argument("--lang", default=None, help="language code; detected when left out")
        parser.add_argument("--outlet", default="", help="who publishes the text")

    def handle(self, *args: Any, **options: Any) -> None:
        all_read = True
        for name in options["files"] or ["-"]:
            try:
                all_read &= (
                    self._lines(name, options) if options["jsonl"] else self._text(name, options)
                )
            except Unreadable as problem:
                self.stderr.write(str(problem))
                all_read = False
            except BrokenPipeError:
                # Whoever read has enough; the interpreter must not write the rest on its way out.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                sys.exit(CLOSED)
        if not all_read:
            sys.exit(1)

    def _text(self, name: str, options: dict[str, Any]) -> bool:
        content = read(name)
        found = engine.analyse(content, language=options["lang"], outlet=options["outlet"])
        if options["json"]:
            self.stdout.write(json.dumps(document(name, content, found)))
        else:
            self.stdout.write(page(name, content, found, colour=self.stdout.isatty()))
        return True

    def _lines(self, name: str, options: dict[str, Any]) -> bool:
        """Answer every line of a file at once; whether all of them could be read."""
        all_read = True
        for number, line in lines(name):
            try:
                identity, content, language = parse(line)
                found = engine.analyse(
                    content, language=language or options["lang"], outlet=options["outlet"]
                )
                answer = row(identity, content, found)
            except Malformed as problem:
                self.stderr.write(f"{name}, line {number}: {problem}")
                answer, all_read = {"id": problem.id, "error": str(problem)}, False
            self.stdout.write(json.dumps(answer))
            self.stdout.flush()
        return all_read


def read(name: str) -> str:
    """Return the text of a file, or of standard input for "-", line ends as they are.

    :raises Unreadable: if it is missing, a folder, too large or not UTF-8.
    """
    with opened(name) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unreadable(f"{name}: larger than {MOST_BYTES // 1_000_000} MB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name}: not UTF-8 text (byte {error.start})") from error


def lines(name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not empty, with their numbers from 1; memory holds one of them.

    A line longer than `MOST_BYTES` is cut, so that it is malformed.

    :raises Unreadable: if the file is missing or a folder.
    """
    with opened(name) as file:
        number = 0
        while line := file.readline(MOST_BYTES + 1):
            number += 1
            if line.strip():
                yield number, line
            while len(line) > MOST_BYTES and not line.endswith(b"\n"):
                line = file.readline(MOST_BYTES + 1)


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file, or standard input for "-", to read bytes from.

    :raises Unreadable: if it cannot be opened, or read within the block.
    """
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with Path(name).open("rb") as file:
                yield file
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unreadable(f"{name}: {reason}") from error


def parse(line: bytes) -> tuple[Any, str, str | None]:
    """The id, text and language (None when left out) of one line of JSON.

    :raises Malformed: if the line is no JSON object with a text.
    """
    if len(line) > MOST_BYTES:
        raise Malformed(f"longer than {MOST_BYTES // 1_000_000} MB")
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON ({error})") from error
    if not isinstance(content, dict):
        raise Malformed("no JSON object")
    identity, text, language = content.get("id"), content.get("text"), content.get("lang")
    if "id" not in content:
        raise Malformed("no id")
    if not isinstance(text, str):
        raise Malformed("no text", identity)
    if not isinstance(language, str | None):
        raise Malformed("lang is no string", identity)
    return identity, text, language


def row(identity: Any, text: str, found: engine.Analysis) -> dict[str, Any]:
    """What was found in one line of JSON, as the help of the command shows it.

    Where there are no rules for the language it says so: then nothing was looked for.
    """
    return {
        **({} if found.supported else {"supported": False}),
        "id": identity,
        "lang": found.language,
        "sentences": len(found.sentences),
        "flags": [
            {
                "kind": flag.kind,
                **_place(flag.cue),
                "cue": flag.cue.of(text),
                "rule": flag.rule,
                "who": flag.who,
                "confidence": flag.confidence,
            }
            for flag in found.flags
        ],
        "claims": [_claim(claim) for claim in found.claims],
        "attributions": [
            {
                "source": _pair(said.source) if said.source else None,
                "cue": _pair(said.cue),
                "content": _pair(said.content),
            }
            for said in found.attributions
        ],
    }


def document(name: str, text: str, found: engine.Analysis) -> dict[str, Any]:
    """What was found as JSON values; offsets are half-open characters into the file's text."""
    return {
        "file": name,
        "lang": found.language,
        "supported": found.supported,
        "sentences": len(found.sentences),
        "flags": [
            {
                "kind": flag.kind,
                **_place(flag.cue),
                "cue": flag.cue.of(text),
                "rule": flag.rule,
                "who": flag.who,
                "agent": flag.agent,
                "confidence": flag.confidence,
                "scope": flag.scope,
                "covers": [_place(span) for span in flag.covers],
            }
            for flag in found.flags
        ],
        "claims": [_claim(claim) for claim in found.claims],
        "attributions": [
            {
                "name": said.name,
                "source": _place(said.source) if said.source else None,
                "cue": _place(said.cue),
                "content": _place(said.content),
                "direct": said.direct,
                "anonymous": said.anonymous,
            }
            for said in found.attributions
        ],
        "citations": [
            {"name": cited.name, "kind": cited.kind, **_place(cited.span)}
            for cited in found.citations
        ],
    }


def _claim(claim: engine.DetectedClaim) -> dict[str, Any]:
    return {
        **_place(claim.span),
        "text": claim.wording,
        "claimant": claim.claimant,
        "worthiness": claim.worthiness,
        "reasons": list(claim.reasons),
    }


def _pair(span: engine.Span) -> list[int]:
    return [span.start, span.end]


def _place(span: engine.Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end}


def page(name: str, text: str, found: engine.Analysis, *, colour: bool) -> str:
    """What was found for a person to read, the cues marked in their sentences."""
    language = found.language or "unknown language"
    lines = [f"{_shown(name)}: {language}, {len(found.sentences)} sentences"]
    if not found.supported:
        return "\n".join([*lines, "  No rules for this language: nothing was looked for.", ""])
    lines.append(f"  {len(found.flags)} unverified items")
    for flag in found.flags:
        by = f", by {_shown(flag.agent)}" if flag.agent else ""
        lines.append(f"    {flag.kind.label}{by} (characters {flag.cue.start} to {flag.cue.end})")
        lines.append(f"      {_marked(text, flag, colour=colour)}")
    lines.append(f"  {len(found.claims)} claims")
    for claim in found.claims:
        claimant = f" [{claim.claimant}]" if claim.claimant else ""
        lines.append(f"    {claim.worthiness:.2f}  {_shown(claim.wording + claimant)}")
    if found.citations:
        cited = ", ".join(citation.name for citation in found.citations)
        lines.append(f"  Rests on: {_shown(cited)}")
    return "\n".join([*lines, ""])


def _marked(text: str, flag: engine.Finding, *, colour: bool) -> str:
    before = text[flag.sentence.start : flag.cue.start]
    after = text[flag.cue.end : flag.sentence.end]
    opening, closing = (BOLD, PLAIN) if colour else ("[", "]")
    return f"{_shown(before)}{opening}{_shown(flag.cue.of(text))}{closing}{_shown(after)}"


def _shown(words: str) -> str:
    """`words` on one line, without what would steer a terminal."""
    return "".join(
        mark if mark.isprintable() else " " if mark.isspace() else "\N{REPLACEMENT CHARACTER}"
        for mark in words
    )
